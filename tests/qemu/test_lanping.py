"""Tests lanping: a target's wrong answer is printed, counted, and fails the run."""
import contextlib
import os
import signal
import socket
import subprocess
import threading

import pytest
from conftest import ROOT
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

LANPING = os.path.join(ROOT, "build", "tools", "lanping")
TARGET, MAC = "10.0.2.15", "02:00:00:00:00:15"


def answer(request, *, mac=MAC, source=TARGET, size=None, flip=None, **changes):
    """A right answer to the request, except for the given changes."""
    data = bytes(request[ICMP].payload)[:size]
    if flip is not None:
        data = data[:flip] + bytes([data[flip] ^ 1]) + data[flip + 1:]
    fields = {"id": request[ICMP].id, "seq": request[ICMP].seq, **changes}
    header = {"chksum": fields.pop("header_sum")} if "header_sum" in fields else {}
    return (Ether(src=mac, dst=request.src) / IP(src=source, dst=request[IP].src, **header) /
            ICMP(type=0, **fields) / data)


@pytest.fixture
def ping(tmp_path):
    """ping(respond, "-c", "2", ...) is what lanping prints when respond(request) answers each request."""
    ends = []

    def run(respond, *options, stdout=subprocess.PIPE):
        target = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target.bind(f"{tmp_path}/nic")

        def serve():
            while data := target.recv(65536):
                request = Ether(data)
                if ARP in request:
                    answers = [Ether(src=MAC, dst=request.src) / ARP(op=2, hwsrc=MAC, psrc=TARGET, pdst=request[ARP].psrc)]
                else:
                    answers = respond(request)
                for packet in answers:
                    with contextlib.suppress(OSError):  # it has ended with what it wanted
                        target.sendto(bytes(packet), f"{tmp_path}/host")

        server = threading.Thread(target=serve)
        server.start()
        ends.append((target, server))
        return subprocess.run([LANPING, "--local", f"{tmp_path}/host", "--remote", f"{tmp_path}/nic", *options, TARGET],
                              stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)

    yield run
    for target, server in ends:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", target.getsockname())
        server.join()
        target.close()


def hangs_up(disposition):
    """For a child: what a hangup does to it, whatever runs the tests has chosen."""
    return lambda: signal.signal(signal.SIGHUP, disposition)


def without_a_guest(tmp_path, *options, **how):
    """lanping while it asks for a target that is not there yet; the socket is there."""
    lanping = subprocess.Popen([LANPING, "--local", f"{tmp_path}/host", "--remote", f"{tmp_path}/nic", *options, TARGET],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)
    assert lanping.stdout.readline().startswith("PING ")
    assert os.path.exists(f"{tmp_path}/host")
    return lanping


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"])
def test_lanping_leaves_no_socket_where_a_signal_ends_it(tmp_path, name):
    lanping = without_a_guest(tmp_path, "--wait", "3600", preexec_fn=hangs_up(signal.SIG_DFL))
    lanping.send_signal(getattr(signal, name))
    said, _ = lanping.communicate()
    assert "no answer to ARP" in said and lanping.returncode == 1
    assert not os.path.exists(f"{tmp_path}/host")


def test_lanping_goes_on_where_its_caller_ignores_a_hangup(tmp_path):
    lanping = without_a_guest(tmp_path, "--wait", "3600", preexec_fn=hangs_up(signal.SIG_IGN))
    lanping.send_signal(signal.SIGHUP)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
        target.bind(f"{tmp_path}/nic")
        assert target.recv(100)  # it still asks
    lanping.terminate()
    lanping.communicate()


def test_lanping_leaves_no_socket_where_it_may_not_send(tmp_path):
    os.mkdir(f"{tmp_path}/file")
    open(f"{tmp_path}/file/nic", "wb").close()
    result = subprocess.run([LANPING, "--local", f"{tmp_path}/host", "--remote", f"{tmp_path}/file/nic/beyond", TARGET],
                            capture_output=True, text=True, check=False)
    assert "Not a directory" in result.stderr and result.returncode == 2
    assert not os.path.exists(f"{tmp_path}/host")


def test_lanping_fails_where_its_output_is_lost(ping):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = ping(lambda request: [answer(request)], "-c", "1", stdout=full)
    assert "could not be written" in result.stderr and result.returncode == 2


WRONG = {  # what it says to an answer, and how the answer is changed
    "wrong data": {"flip": 55},
    "wrong ICMP checksum": {"chksum": 1},
    "wrong length": {"size": 55},
    "wrong sequence number": {"seq": 60000},
    "wrong Ethernet address": {"mac": "02:00:00:00:00:16"},
    "wrong IP address": {"source": "10.0.2.16"},
    "wrong IP header": {"header_sum": 1},
}


def test_lanping_tells_each_answer_that_is_wrong(ping):
    """The right one follows it."""
    changes = iter(WRONG.values())
    result = ping(lambda request: [answer(request, **next(changes)), answer(request)], "-c", str(len(WRONG)), "-i", "0")
    told = [line for line in result.stdout.splitlines() if line.startswith("From ")]
    assert [line.partition("wrong")[2] for line in told] == [name.partition("wrong")[2] for name in WRONG]
    assert f"{len(WRONG)} packets transmitted, {len(WRONG)} received, +{len(WRONG)} errors, 0% packet loss" in result.stdout
    assert result.returncode == 1


def test_lanping_counts_an_answer_once_and_anothers_not(ping):
    result = ping(lambda request: [answer(request, id=request[ICMP].id ^ 1), answer(request), answer(request)],
                  "-c", "3", "-i", "0")
    assert "icmp_seq=1 ttl=64 time=" in result.stdout and " ms (DUP!)\n" in result.stdout
    assert "3 packets transmitted, 3 received, +2 duplicates, 0% packet loss" in result.stdout
    assert result.returncode == 0


def test_lanping_fails_where_one_is_not_answered(ping):
    result = ping(lambda request: [answer(request)] if request[ICMP].seq == 2 else [],
                  "-q", "-c", "2", "-i", "0.01", "-W", "3")
    assert "2 packets transmitted, 1 received, 50% packet loss" in result.stdout
    assert result.returncode == 1
