"""The guest on a network: DHCP, ping, echo services, and what a hostile wire can do."""
import hashlib
import os
import socket
import struct
import subprocess
import threading

import pytest
from conftest import FACTS, ROOT, assert_nothing_missing, counters, counters_when
from emulator import virtual_time
from lan import ADDRESS, DISCOVER, GUEST, GUEST_MAC, MAC, RELEASE, REQUEST, Lan, dhcp_type
from recovery import unhurried, uptime
from scapy.layers.dhcp import DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP, UDPerror
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6MLReport, ICMPv6ND_NA, ICMPv6ND_NS,
                                  ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.layers.l2 import ARP, Dot1Q, Ether

LANPING = os.path.join(ROOT, "build", "tools", "lanping")
MEBIBYTE = 1 << 20


def lanping(guest, *options):
    return subprocess.run(
        [LANPING, "--local", f"{guest.lan_dir}/host.sock", "--remote", f"{guest.lan_dir}/nic.sock",
         *options, GUEST], capture_output=True, text=True, check=False)


# ---- addresses ----

def test_dhcp_lease_comes_from_slirp(boot):
    guest = boot(net="slirp")
    guest.expect(r"en0 up 10\.0\.2\.15/24 gw 10\.0\.2\.2\r\n")


def test_without_a_server_the_fixed_address_is_taken(boot):
    guest = boot(net="none", extra=virtual_time(0))
    at = guest.expect(r"\[ +(\d+\.\d+)\] W netif: en0 no DHCP server has answered: fixed address")
    assert 10.0 <= float(at.group(1)) < 10.02
    guest.expect(r"en0 up 10\.0\.2\.15/24 gw 10\.0\.2\.2\r\n")
    if len(FACTS.interfaces) > 2:  # its second MAC
        guest.expect(r"en1 up 10\.0\.3\.15/24 gw 10\.0\.3\.2\r\n")


WEEK_S = 7 * 24 * 3600
LEASED = "10.0.2.99"
UP_BY_LEASE = r"en0 up 10\.0\.2\.99/24 gw 10\.0\.2\.77\r\n"
UP_WITHOUT = r"W netif: en0 no DHCP server has answered: .*\r\n.*en0 up 10\.0\.2\.15/24 gw 10\.0\.2\.2\r\n"


def is_search(packet):
    return dhcp_type(packet) == DISCOVER


def is_check_of_lease(packet):
    """A request that names the address and no server: is it still the guest's? (RFC 2131, 4.3.2)"""
    return (dhcp_type(packet) == REQUEST and ("requested_addr", LEASED) in packet[DHCP].options and
            not any(option[0] == "server_id" for option in packet[DHCP].options))


def test_a_server_that_answers_late_is_heard(boot):
    guest = boot(net="wire", extra=virtual_time(0))
    host = Lan(guest)
    guest.expect(UP_WITHOUT)
    host.lease = LEASED, WEEK_S
    guest.expect(UP_BY_LEASE)
    host.lease = None
    guest.ask("ifconfig en0 dhcp", r"done\r\n")
    host.receive(is_check_of_lease)


def test_a_fixed_address_gives_the_lease_back(boot):
    """And the server gets no more requests, not even when the lease would have to be renewed or has expired."""
    guest = boot(net="wire", extra=virtual_time(0))
    host = Lan(guest)
    assert ("hostname", b"ringif") in host.receive(is_search)[DHCP].options
    guest.expect(UP_WITHOUT)
    with unhurried(guest):
        host.lease = LEASED, 300
        guest.ask("ifconfig en0 dhcp", UP_BY_LEASE)
        guest.ask("ifconfig en0 10.0.2.98/24", r"en0 up 10\.0\.2\.98/24")
        assert host.receive(lambda packet: dhcp_type(packet) == RELEASE)[IP].src == LEASED
    start = uptime(guest)
    while uptime(guest) < start + 310:
        pass
    while not host.received.empty():
        assert DHCP not in host.received.get()
    guest.ask("ifconfig en0", r"inet 10\.0\.2\.98/24 gw 0\.0\.0\.0\r\n")


def test_a_lease_is_kept_on_a_new_link_where_nobody_answers(boot):
    guest = boot(net="wire", extra=virtual_time(0))
    host = Lan(guest)
    host.lease = LEASED, WEEK_S
    guest.expect(UP_BY_LEASE)
    guest.set_link(False)
    guest.expect(r"en0 down")
    host.lease = None
    host.forget_received()
    guest.set_link(True)
    start = guest.expect(UP_BY_LEASE).end()
    assert is_check_of_lease(host.receive(lambda packet: is_search(packet) or is_check_of_lease(packet)))
    for _ in range(6):  # each time it waits twice as long, from two seconds on
        host.receive(is_search)
    guest.ask("ifconfig en0", r"inet 10\.0\.2\.99/24 gw 10\.0\.2\.77 dhcp\r\n")
    assert "en0 no DHCP server" not in guest.text[start:]


def test_a_lease_ends_where_nobody_answers(boot):
    """While lwIP asks to renew it and, after a new link, for any address."""
    guest = boot(net="wire", extra=virtual_time(0))
    host = Lan(guest)
    for new_link in (False, True):
        host.lease = LEASED, 300
        guest.expect(UP_BY_LEASE)
        guest.set_link(not new_link)
        host.lease = None
        guest.set_link(True)
        guest.expect(UP_WITHOUT)


def test_boots_with_no_network_option_at_all(boot):
    """With just `qemu-system-arm -M BOARD -kernel firmware.elf`: QEMU adds slirp."""
    guest = boot(net="default")
    guest.expect(r"en0 up 10\.0\.2\.15/24 gw 10\.0\.2\.2")


def test_a_second_mac_is_on_a_network_of_its_own(boot):
    guest = boot(net="lan", extra=("-nic", "user,id=net1,net=10.0.3.0/24"))
    guest.expect(r"en0 up 10\.0\.2\.15/24")
    guest.expect(r"en1 up 10\.0\.3\.15/24 gw 10\.0\.3\.2")
    host = Lan(guest)
    data = os.urandom(100000)
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", 7, "net1"))) as connection:
        connection.settimeout(60)
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        host.ping()
        got = b""
        while len(got) < len(data):
            got += connection.recv(65536)
        sender.join()
    assert got == data
    assert counters(guest, "en1")["in_octets"] > len(data)
    assert_nothing_missing(guest)


def test_ipv6_neighbours_find_it_and_ping_it(on_lan):
    guest, host = on_lan
    guest.expect(r"en0 up FE80::FF:FE12:3456")
    host.send(Ether(dst="33:33:ff:12:34:56", src=MAC) /
              IPv6(src="fe80::77", dst="ff02::1:ff12:3456") /
              ICMPv6ND_NS(tgt="fe80::ff:fe12:3456") / ICMPv6NDOptSrcLLAddr(lladdr=MAC))
    host.receive(lambda p: ICMPv6ND_NA in p and p[ICMPv6ND_NA].tgt == "fe80::ff:fe12:3456")
    host.send(Ether(dst=GUEST_MAC, src=MAC) / IPv6(src="fe80::77", dst="fe80::ff:fe12:3456") /
              ICMPv6EchoRequest(id=6, seq=1, data=b"six"))
    reply = host.receive(lambda p: ICMPv6EchoReply in p)
    assert reply[ICMPv6EchoReply].data == b"six"
    guest.ask("nd", r"FE80::77 +02:00:00:00:00:77  en0  (reachable|stale|delay|probe)\r\n")
    assert_nothing_missing(guest)


# ---- ping ----

@pytest.mark.parametrize("size", ["0", "1", "56", "1472"])
def test_ping_sizes(booted, size):
    guest = booted(net="lan")
    result = lanping(guest, "-c", "5", "-s", size, "-i", "0")
    assert result.returncode == 0, result.stdout
    assert "5 packets transmitted, 5 received, 0% packet loss" in result.stdout
    assert_nothing_missing(guest)


def test_a_thousand_pings_and_none_is_lost(booted):
    guest = booted(net="lan")
    result = lanping(guest, "-q", "-c", "1000", "-s", "1472", "-i", "0")
    assert result.returncode == 0, result.stdout
    assert "1000 packets transmitted, 1000 received, 0% packet loss" in result.stdout
    found = counters(guest)
    assert "copy_outs" not in found and "out_copies" not in found
    assert_nothing_missing(guest)


def test_a_fragmented_ping_is_reassembled(on_lan):
    guest, host = on_lan
    data = bytes(i % 251 for i in range(2000))
    whole = host.ip() / ICMP(id=3, seq=9) / data
    payload = bytes(whole[IP].payload)
    first = host.ip(id=77, flags="MF", proto=1) / payload[:1480]
    second = host.ip(id=77, frag=185, proto=1) / payload[1480:]
    host.send(first)  # in this order: the emulator's slirp, which sees them too, crashes on the other
    host.send(second)
    parts = [host.receive(lambda p: IP in p and p[IP].src == GUEST and p[IP].proto == 1)
             for _ in range(2)]
    parts.sort(key=lambda p: p[IP].frag)
    got = b"".join(bytes(p[IP].payload)[:p[IP].len - 20] for p in parts)
    assert got[8:] == data
    assert_nothing_missing(guest)


# ---- services ----

def test_tcp_echo_of_a_mebibyte(booted):
    guest = booted(net="slirp")
    data = os.urandom(MEBIBYTE)
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", 7))) as connection:
        connection.settimeout(60)
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        got = hashlib.sha256()
        left = len(data)
        while left:
            part = connection.recv(65536)
            assert part, f"the connection ended {left} bytes early"
            got.update(part)
            left -= len(part)
        sender.join()
    assert got.hexdigest() == hashlib.sha256(data).hexdigest()
    assert_nothing_missing(guest)


def test_udp_echo_of_a_mebibyte(booted):
    guest = booted(net="slirp")
    data = os.urandom(MEBIBYTE)
    got = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", guest.forward("udp", 7)))
        sock.settimeout(60)
        pieces = [data[i:i + 1024] for i in range(0, len(data), 1024)]
        for start in range(0, len(pieces), 4):  # a window of four, which any receive ring holds
            window = range(start, start + 4)
            for number in window:
                sock.send(struct.pack("!I", number) + pieces[number])
            for _ in window:
                answer = sock.recv(2048)
                got[struct.unpack("!I", answer[:4])[0]] = answer[4:]
    whole = b"".join(got[number] for number in sorted(got))
    assert hashlib.sha256(whole).hexdigest() == hashlib.sha256(data).hexdigest()
    assert_nothing_missing(guest)


def test_an_echo_of_an_echo_is_none(on_lan):
    """A datagram that claims to come from another host's echo port would keep both busy for ever."""
    guest, host = on_lan
    for port in (7, 5000):
        host.send(host.ip() / UDP(sport=port, dport=7) / b"again")
    assert host.receive(lambda p: UDP in p and p[UDP].sport == 7)[UDP].dport == 5000
    assert_nothing_missing(guest)


def test_an_echo_to_many_is_from_the_guests_own_address(on_lan):
    """RFC 1122, 3.2.1.3: a source is neither a group nor a broadcast address."""
    guest, host = on_lan
    for port, (ether, ip) in enumerate((("ff:ff:ff:ff:ff:ff", "255.255.255.255"), ("ff:ff:ff:ff:ff:ff", "10.0.2.255"),
                                        ("01:00:5e:00:00:01", "224.0.0.1"), (GUEST_MAC, GUEST)), 5000):
        host.send(Ether(dst=ether, src=MAC) / IP(src=ADDRESS, dst=ip) / UDP(sport=port, dport=7) / b"to many")
        answer = host.receive(lambda p, port=port: UDP in p and p[UDP].dport == port)
        assert (answer[IP].src, answer[IP].dst) == (GUEST, ADDRESS)
        assert bytes(answer[UDP].payload)[:7] == b"to many"
    assert_nothing_missing(guest)


def test_tcp_discard_and_chargen(booted):
    guest = booted(net="slirp")
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", 9))) as connection:
        connection.settimeout(60)
        connection.sendall(bytes(100000))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""  # it closes when it has read all
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", 19))) as connection:
        connection.settimeout(60)
        lines = connection.makefile("rb")
        for number in range(200):
            expected = bytes(32 + (number + i) % 95 for i in range(72)) + b"\r\n"
            assert lines.readline() == expected
        lines.close()
    assert_nothing_missing(guest)


def test_more_connections_than_it_serves_are_reset_and_served_later(booted):
    guest = booted(net="slirp")
    port = guest.forward("tcp", 7)
    connections = []
    for _ in range(4):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.settimeout(60)
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        connections.append(connection)
    with socket.create_connection(("127.0.0.1", port)) as refused:
        refused.settimeout(60)
        with pytest.raises(ConnectionResetError):
            if refused.recv(1) == b"":
                raise ConnectionResetError
    guest.expect(r"port 7: all 4 connections are taken")
    connections.pop().close()
    for connection in connections:
        connection.sendall(b"y")
        assert connection.recv(1) == b"y"
        connection.close()
    assert_nothing_missing(guest)


def test_tcp_sequence_numbers_are_not_guessable(on_lan):
    """Two connections a moment apart start far from each other (RFC 6528)."""
    guest, host = on_lan
    numbers = []
    for port in (5001, 5002, 5003, 5004):
        host.send(host.ip() / TCP(sport=port, dport=7, flags="S", seq=1))
        answer = host.receive(lambda p, port=port: TCP in p and p[TCP].dport == port)
        assert answer[TCP].flags == "SA"
        numbers.append(answer[TCP].seq)
        host.send(host.ip() / TCP(sport=port, dport=7, flags="R", seq=2))
    steps = [(b - a) % (1 << 32) for a, b in zip(numbers, numbers[1:])]
    assert all(step > 100000 for step in steps)
    assert len(set(steps)) == len(steps)
    assert_nothing_missing(guest)


# ---- a hostile wire ----

def test_an_overflow_of_the_receive_ring_is_survived(on_lan):
    """A model that drops frames without a descriptor stops receiving then; others leave the rest on
    the wire."""
    guest, host = on_lan
    burst = [bytes(host.ip() / UDP(sport=1000 + number, dport=9) / bytes(1000))
             for number in range(2 * FACTS.ring + 8)]
    for round_number in range(5):
        before = counters(guest)
        guest.ask("stall 500", "the main loop stops")  # the main loop does nothing: the ring has to take the burst
        for frame in burst:
            host.send(frame)
        grows = "in_ucast_pkts" if FACTS.full == "silently" else "rx_restarts"
        after = counters_when(guest, lambda now, before=before, grows=grows:
                              now.get(grows, 0) > before.get(grows, 0))
        if FACTS.full == "counted":
            assert after["in_overflow"] > before.get("in_overflow", 0)
        host.ping(sequence=100 + round_number)
    assert_nothing_missing(guest)


def test_bad_frames_are_counted_and_leave_nothing_behind(on_lan):
    guest, host = on_lan
    before = counters(guest)
    ether = Ether(dst=GUEST_MAC, src=MAC)
    mac = bytes.fromhex(GUEST_MAC.replace(":", ""))
    frames = {
        "runts": [mac + bytes(4), mac + bytes(7)],
        "giants": [bytes(ether / IP(src=ADDRESS, dst=GUEST) / UDP(dport=7) / bytes(1480))],
        "unknown ethertype": [bytes(ether)[:12] + b"\x88\xb5" + bytes(46)],
        "VLAN tag": [bytes(ether / Dot1Q(vlan=5) / IP(src=ADDRESS, dst=GUEST) / ICMP())],
        "bad checksums": [bytes(ether / IP(src=ADDRESS, dst=GUEST, chksum=1) / ICMP()),
                          bytes(ether / IP(src=ADDRESS, dst=GUEST) / ICMP(chksum=1)),
                          bytes(ether / IP(src=ADDRESS, dst=GUEST) / UDP(dport=7, chksum=1)),
                          bytes(ether / IP(src=ADDRESS, dst=GUEST) / TCP(dport=7, chksum=1))],
        "not for us": [bytes(Ether(dst="02:00:00:00:99:99", src=MAC) /
                             IP(src=ADDRESS, dst=GUEST) / ICMP()),
                       bytes(ether / IP(src=ADDRESS, dst="10.0.2.99") / ICMP())],
        "cut short": [bytes(ether / IP(src=ADDRESS, dst=GUEST, len=400) / ICMP()),
                      bytes(ether / IP(src=ADDRESS, dst=GUEST, ihl=15) / ICMP()),
                      bytes(ether / ARP())[:20], bytes(ether)[:14]],
    }
    for number, kind in enumerate(frames.values()):
        for frame in kind:
            host.send(frame)
        host.ping(sequence=2 + number)  # so that the ring has room for the next ones
    after = counters(guest)

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    assert grown("in_runt") in {True: {2}, False: {0}, None: {0, 2}}[FACTS.sees_runts]
    assert grown("in_too_long") == 1
    assert grown("in_unknown_protos") >= 2
    assert_nothing_missing(guest)


def test_the_stacks_drops_are_counted(on_lan):
    guest, host = on_lan
    ether = Ether(dst=GUEST_MAC, src=MAC)
    for _ in range(3):
        host.send(ether / IP(src=ADDRESS, dst=GUEST, chksum=1) / ICMP())
        host.send(ether / IP(src=ADDRESS, dst=GUEST) / UDP(dport=7, chksum=1))
    host.ping(sequence=2)
    guest.ask("proto", r"ip +received \d+, sent \d+, dropped 3, bad checksum 3")
    for port in (4001, 4002):  # ports without a listener
        host.send(ether / IP(src=ADDRESS, dst=GUEST) / UDP(sport=5000, dport=port))
        host.receive(lambda p, port=port: UDPerror in p and p[UDPerror].dport == port)
    guest.ask("proto", r"udp +received \d+, sent \d+, dropped 5, bad checksum 3")


# ---- link ----

def test_link_down_and_up(on_lan):
    guest, host = on_lan
    for _ in range(3):
        guest.set_link(False)
        guest.expect(r"en0 link down")
        guest.expect(r"en0 down")
        guest.set_link(True)
        guest.expect(rf"en0 link up, {FACTS.speed} Mbit/s full duplex")
        guest.expect(r"en0 up 10\.0\.2\.15/24")
        host.ping(sequence=3)
    assert_nothing_missing(guest)


def test_a_new_link_hears_of_the_guest_again(on_lan):
    """It announces itself by ARP, asks for its lease again, and reports its IPv6 groups."""
    guest, host = on_lan
    guest.expect(r"en0 up FE80")
    guest.set_link(False)
    guest.expect(r"en0 link down")
    host.forget_received()
    guest.set_link(True)
    heard = set()
    while heard != {"ARP announcement", "DHCP request", "MLD report"}:
        frame = host.receive(lambda p: True)
        if ARP in frame and frame[ARP].psrc == frame[ARP].pdst == GUEST:
            heard.add("ARP announcement")
        elif UDP in frame and frame[UDP].dport == 67:
            heard.add("DHCP request")
        elif ICMPv6MLReport in frame:
            heard.add("MLD report")
    host.ping(sequence=2)
    assert_nothing_missing(guest)


# ---- the simulated NIC ----

def test_ticks_come_at_their_times_and_every_answer_is_right(boot):
    """Virtual time: one instruction is a nanosecond, so that the run is the same everywhere."""
    guest = boot(net="none", extra=virtual_time(0))
    enabled = float(guest.expect(rf"\[ +(\d+\.\d+)\] I nic: {FACTS.simulated} link up").group(1))
    for tick in range(1, 8):
        match = guest.expect(rf"\[ +(\d+\.\d+)\] I sim: sim0 tick {tick}: 8 requests, "
                             r"8 right, 0 wrong, 0 missing")
        due = enabled + 1 + 5 * (tick - 1)
        assert abs(float(match.group(1)) - due) <= 0.003
    assert_nothing_missing(guest)


def test_a_run_is_the_same_each_time(boot):
    texts = []
    for _ in range(2):
        guest = boot(net="none", extra=virtual_time(0))
        guest.expect(r"sim: sim0 tick 4:.*\r\n")
        texts.append(guest.text[:guest.seen])
    assert texts[0] == texts[1]


def test_the_periods_can_be_set(boot):
    guest = boot(net="none", extra=virtual_time(0))
    guest.expect(r"sim: sim0 tick 1:")
    guest.send(f"nic profile {FACTS.simulated} echo 100 3")
    pattern = r"\[ *(\d+\.\d+)\] I sim: sim0 tick \d+: 3 requests, 3 right"
    times = [float(guest.expect(pattern).group(1)) for _ in range(3)]
    assert abs(times[1] - times[0] - 0.1) <= 0.002
    assert abs(times[2] - times[1] - 0.1) <= 0.002
