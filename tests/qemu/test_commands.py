"""The commands of the Makefile and of README.md, as a user types them."""
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest
from conftest import BOARD, FACTS, ROOT, built_profile, needs_tap, without_make
from lan import SAFETY_S
from test_memory import tool

sys.path.insert(0, os.path.join(ROOT, "tools"))
from emulator import HTTP_PORT, Guest  # noqa: E402  pylint: disable=wrong-import-position


def status(command):
    """Runs a shell command in the project's root, without a terminal and as if outside of make."""
    return subprocess.run(command, shell=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, text=True, env=without_make())


# Commands that need the LAN's sockets under build run in one process, in this order.
lan = pytest.mark.xdist_group("lan")


@lan
def test_make_run_pings_five_times():
    result = status("make run")
    assert result.returncode == 0, result.stdout
    assert "ringif on " + BOARD in result.stdout
    assert re.search(r"en0 up 10\.0\.2\.15/24", result.stdout)
    replies = re.findall(r"^64 bytes from 10\.0\.2\.15: icmp_seq=\d ttl=255 time=[\d.]+ ms$",
                         result.stdout, re.MULTILINE)
    assert len(replies) == 5
    assert "5 packets transmitted, 5 received, 0% packet loss" in result.stdout


@lan
def test_make_run_at_a_terminal_leaves_the_console_to_the_user():
    ours, its = pty.openpty()
    with subprocess.Popen(["make", "-s", "run", f"BOARD={BOARD}"], cwd=ROOT, stdin=its, stdout=its, stderr=its,
                          env=without_make(), start_new_session=True) as running:
        os.close(its)
        said = ""

        def read_until(pattern):
            nonlocal said
            while not re.search(pattern, said):
                assert select.select([ours], [], [], SAFETY_S)[0] and len(said) < 10000, said
                said += os.read(ours, 4096).decode()

        try:
            read_until(r"the console is yours: help lists its commands, Ctrl-A x quits\r\n")
            assert "5 packets transmitted, 5 received, 0% packet loss" in said
            assert re.search(r"the control page is http://localhost:\d+/", said)
            os.write(ours, b"ping 10.0.2.99\r")
            read_until(r"PING 10\.0\.2\.99")
            os.write(ours, b"\x03")  # the guest's, and not ours
            read_until(r"\^C\s+\d+ packets transmitted, 0 received")
            os.write(ours, b"\x01x")
            read_until("QEMU: Terminated")
            assert running.wait() == 0
        finally:
            os.close(ours)
            if running.poll() is None:  # and what it has started
                os.killpg(running.pid, signal.SIGTERM)


@lan
def test_make_ping_starts_a_guest_of_its_own():
    result = status("make ping COUNT=3 SIZE=1472 INTERVAL=0")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("1480 bytes from 10.0.2.15") == 3


@lan
def test_a_second_run_is_told_who_has_the_network():
    """The first run lasts for as many pings as it is given."""
    with subprocess.Popen(["tools/run", "--board", BOARD, "--ping", "--count", "3600"], cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as running:
        assert any("bytes from 10.0.2.15" in line for line in running.stdout)
        busy = status(f"tools/run --board {BOARD}")
        assert busy.returncode == 2
        assert f"another run holds build/{BOARD}/lan (pid {running.pid})" in busy.stderr
        capture = status(f"tools/run --board {BOARD} --ping --pcap lan.pcap")
        assert capture.returncode == 2
        assert "PCAP=lan.pcap: another run holds" in capture.stderr
        running.terminate()
        running.stdout.read()


@lan
def test_a_capture_holds_the_pings(tmp_path):
    file = tmp_path / "lan, of today.pcap"
    result = status(f"make ping COUNT=2 INTERVAL=0 PCAP='{file}'")
    assert result.returncode == 0, result.stdout
    listed = subprocess.run(["tshark", "-r", file, "-Y", "icmp"], capture_output=True, text=True,
                            check=True).stdout
    assert listed.count("Echo (ping) request") == 2
    assert listed.count("Echo (ping) reply") == 2


def test_make_run_with_slirp_alone_echoes():
    result = status("http_proxy=http://127.0.0.1:9 make run NET=slirp")  # where there is no proxy
    assert result.returncode == 0, result.stdout
    for line in ("udp echo: right", "tcp echo: right", "control page: there"):
        assert line in result.stdout


def test_make_run_without_a_network_checks_the_simulated_nic():
    result = status("make run NET=none")
    assert result.returncode == 0, result.stdout
    assert "8 right, 0 wrong, 0 missing" in result.stdout


def test_a_run_whose_output_nobody_reads_ends_without_a_traceback():
    result = status(f"tools/run --board {BOARD} --net none | head -n 1")
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


@pytest.mark.parametrize("connected", [False, True])
def test_an_emulator_that_has_ended_answers_by_a_failure(booted, connected):
    """In the words that tools/run prints, and the guest is closed afterwards."""
    guest = booted(net="slirp")
    if connected:
        guest.qmp("query-status")
    guest.process.kill()
    guest.process.wait()
    with pytest.raises(AssertionError, match="the emulator ended before it answered"):
        guest.forward("tcp", 80)


class Answers:
    """Takes a guest's place before tools/run: what its console prints, and a server for each port."""

    def __init__(self, says, page=b"", flip=0):
        self.says = says
        self.page = page
        self.flip = flip  # bits of the echo

    def expect(self, pattern):
        return re.search(pattern, self.says)

    def forward(self, kind, guest_port):
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        serve = self.serve_page if guest_port == HTTP_PORT else self.echo_tcp if kind == "tcp" else self.echo_udp
        if kind == "tcp":
            server.listen(1)
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        return server.getsockname()[1]

    def changed(self, data):
        return bytes(byte ^ self.flip for byte in data)

    def echo_udp(self, server):
        data, address = server.recvfrom(100)
        server.sendto(self.changed(data), address)

    def echo_tcp(self, server):
        with server.accept()[0] as connection:
            connection.sendall(self.changed(connection.recv(100)))

    def serve_page(self, server):
        with server.accept()[0] as connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + self.page)


def test_runs_checks_tell_right_from_wrong(capsys):
    run = tool("run")
    tick = "sim0 tick 1: {} requests, {} right, 0 wrong, 0 missing\r\n"
    assert [run.check_none(Answers(tick.format(*numbers))) for numbers in ((8, 8), (8, 7), (0, 0))] == [
        True, False, False]
    title = b"<title>ringif</title>"
    assert [run.check_slirp(Answers("en0 up 10.0.2.15/24", page, flip)) for page, flip in (
        (title, 0), (title, 1), (b"<title>another</title>", 0))] == [True, False, False]
    said = capsys.readouterr().out
    assert said.count(" echo: right") == 4 and said.count(" echo: no right answer") == 2
    assert said.count("control page: there") == 2 and said.count("control page: not what it should be") == 1


@lan
def test_a_run_that_is_not_answered_fails():
    """Its guest does not run at all (-S)."""
    result = status(f"tools/run --board {BOARD} --extra=-S")
    assert result.returncode == 1
    assert "no answer to ARP" in result.stdout


@lan
def test_make_run_of_a_profile_pings_it():
    built_profile("node")
    result = status("make run PROFILE=node")
    ping = status("make ping PROFILE=node COUNT=1")
    slirp = status("make run PROFILE=node NET=slirp")
    assert result.returncode == 0, result.stdout
    assert "node: ringif on " + BOARD in result.stdout
    assert "5 packets transmitted, 5 received, 0% packet loss" in result.stdout
    assert ping.returncode == 0, ping.stdout
    assert slirp.returncode == 2
    assert "NET=slirp: not with PROFILE=node; valid: lan" in slirp.stderr


@needs_tap
def test_make_run_on_tap_is_pinged_by_the_real_ping():
    result = status("make run NET=tap")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 packets transmitted, 5 received, 0% packet loss" in result.stdout


@needs_tap
def test_nobody_is_pinged_on_tap_where_the_emulator_has_ended():
    result = status("make run NET=tap QEMU_EXTRA=-nosuch")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "-nosuch: invalid option" in result.stdout
    assert "packets transmitted" not in result.stdout  # printed only by a ping that was allowed to finish


@pytest.mark.parametrize("command, words", [
    ("make BOARD=nosuch", ("BOARD=nosuch", "valid:", "emcraft-sf2")),
    ("make PROFILE=nosuch", ("PROFILE=nosuch", "valid: demo node small")),
    ("make test-qemu PROFILE=node", ("PROFILE=node", "valid for firmware size stack run ping")),
    ("make load BOARD=all PROFILE=small", ("PROFILE=small", "valid for firmware size stack run ping")),
    ("make run NET=nosuch", ("NET=nosuch", "valid: lan slirp tap none")),
    ("make run NET=none QEMU=/no/such/qemu", ("QEMU=/no/such/qemu", "no such program")),
    ("make run NET=none PCAP=x.pcap", ("PCAP=", "valid with")),
    ("make run NET=none QEMU_EXTRA=\"'\"", ("QEMU_EXTRA='", "valid: QEMU's options, quoted")),
    ("make ping SIZE=1473", ("--size 1473", "valid: 0 to 1472")),
    ("make ping COUNT=0", ("--count 0", "valid: 1 to 65535")),
    ("make ping INTERVAL=soon", ("--interval soon", "valid: 0 to 3600")),
    ("make torture PRODUCT_DIR=/no/such DRIVER=mac", ("PRODUCT_DIR=/no/such", "valid:", "fake_mac.c")),
    ("tools/setup nosuch", ("nosuch", "valid: run, test, tap")),
    ("make LWIP_DIR='/no such/lwip'", ("LWIP_DIR=/no such/lwip", "valid: a link")),
    ("LWIP_DIR=/no/such tools/setup", ("LWIP_DIR=/no/such", "src/Filelists.mk")),
    ("build/tools/lanping", ("--local and --remote",)),
    ("build/tools/lanping --nosuch 10.0.2.15", ("--nosuch", "no such option", "--help names the valid")),
    ("build/tools/lanping --local a -z", ("-z", "no such option")),
    ("build/tools/lanping --local", ("--local", "value is missing")),
    ("build/tools/lanping --local a --remote b nowhere", ("TARGET", "10.0.2.15")),
])
@lan
def test_a_wrong_option_is_one_line_that_names_the_valid_ones(command, words):
    result = status(command)
    assert result.returncode == 2
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize("option", ["ONLY=nosuch", "DEPTH=deep"])
@pytest.mark.xdist_group("interleave")
def test_interleave_does_not_pass_where_it_has_explored_nothing(option):
    result = status(f"make -s interleave {option}")
    assert result.returncode == 2
    assert "nothing explored; ONLY= has words" in result.stderr


@pytest.mark.parametrize("goal", ["test-conformance", "torture"])
@pytest.mark.xdist_group("test-conformance")
def test_a_driver_that_is_none_is_told_which_there_are(goal):
    result = status(f"make -s {goal} DRIVER=nosuch")
    assert result.returncode == 2
    assert re.search(r"driver nosuch.*; drivers: all .*msf2_emac", result.stdout)


@pytest.mark.xdist_group("test-conformance")
def test_a_netif_driver_that_is_none_is_told_which_there_are():
    result = status("make -s test-netif NETIF=nosuch")
    assert result.returncode == 2
    assert re.search(r"driver nosuch.*; drivers: all plain .*msf2_emac", result.stderr)
    result = status("make -s test-netif PRODUCT_DIR=app NETIF=nosuch")
    assert result.returncode == 2
    assert "valid: a directory with nosuch_driver.c" in result.stderr


@pytest.mark.parametrize("goal", ["torture DRIVER=sim", "test-netif NETIF=sim"])
@pytest.mark.parametrize("option", ["SEED=soon", "RUNS=all"])
@pytest.mark.xdist_group("test-conformance")
def test_torture_has_numbers_alone(goal, option):
    result = status(f"make -s {goal} {option}")
    assert result.returncode == 2
    assert f"{option}: valid: a whole number" in result.stdout + result.stderr


@pytest.mark.xdist_group("fuzz")
def test_a_fuzzer_that_fails_fails_make():
    result = status("make fuzz SECONDS=1 SEED='1 /no/such/corpus'")
    assert result.returncode == 2, result.stdout
    assert "ERROR" in result.stdout


# From nothing, so that it is the same each time.
@pytest.mark.xdist_group("fuzz")
def test_the_stack_withstands_a_fuzzer():
    result = status("make fuzz FUZZER=stack SEED=1 RUNS=300")
    assert result.returncode == 0, result.stdout
    assert "Done 300 runs" in result.stdout


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "tools").mkdir()
    for name in ("run", "emulator.py"):
        (tmp_path / "tools" / name).symlink_to(os.path.abspath(os.path.join(ROOT, "tools", name)))
    (tmp_path / "build").write_text("")
    result = status(f"{tmp_path}/tools/run")
    assert result.returncode == 2
    assert result.stderr == "tools/run: build/emcraft-sf2: Not a directory\n"


def test_lanping_says_so_where_nobody_answers(tmp_path):
    result = status(f"build/tools/lanping --local {tmp_path}/a --remote {tmp_path}/b --wait 0.3 "
                    "10.0.2.15")
    assert result.returncode == 1
    assert "no answer to ARP" in result.stdout
    assert not os.path.exists(tmp_path / "a")


def test_lanping_gets_an_address_by_dhcp_and_pings_slirp(booted):
    guest = booted(net="lan")
    result = subprocess.run(
        [os.path.join(ROOT, "build/tools/lanping"), "--dhcp", "--local",
         f"{guest.lan_dir}/host.sock", "--remote", f"{guest.lan_dir}/nic.sock", "-i", "0", "-c", "2",
         "10.0.2.2"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 packets transmitted, 2 received" in result.stdout


def test_size_is_within_the_boards_limits():
    result = status("make size")
    assert result.returncode == 0
    rows = dict((line[:18].strip(), line[18:].split()) for line in result.stdout.splitlines()[1:])
    assert set(rows) > {"driver kit", "MAC drivers", "port", "app", "lwIP core", "lwIP TCP", "libc, libgcc",
                        "packets, rings", "stacks", "sum"}
    flash, ram = (int(number) for number in rows["sum"])
    assert 0 < flash < FACTS.limits[0]
    assert 0 < ram <= FACTS.limits[1]


# ---- README.md and docs ----

# Goals that build the same programs run in one process as well: those whose group has another name.
GROUPS = {"run": "lan", "ping": "lan", "soak": "sim", "replay": "sim", "interleave-reduction": "interleave",
          "coverage": "interleave", "torture": "test-conformance", "test-netif": "test-conformance",
          "build/host-gcc/test_suite": "test-conformance", "build/host-gcc/test_netif_suite": "test-conformance"}


def readme_transcripts():
    """(command, lines of its output) of each console block."""
    text = "".join(open(os.path.join(ROOT, name), encoding="utf-8").read()
                   for name in ("README.md", "docs/conformance.md", "docs/performance.md",
                                "docs/reliability.md"))
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            goal = re.match(r"make (?:-s )?(\S+)", command).group(1)
            yield pytest.param(command, [line for line in output.splitlines() if line.strip()],
                               marks=pytest.mark.xdist_group(GROUPS.get(goal, goal)))


def shape(line):
    """A line without what differs between runs, and between compilers."""
    line = re.sub(r"0x[0-9a-f]+", "0xN", line)
    return re.sub(r"-?\d+(\.\d+)?", "N", " ".join(line.split()))


@pytest.mark.parametrize("command, lines", readme_transcripts())
def test_readme_shows_what_happens(command, lines):
    for profile in re.findall(r"PROFILE=(\w+)", command):
        built_profile(profile)
    result = status(command)
    assert result.returncode == 0, result.stderr[-2000:]
    output = {shape(line) for line in result.stdout.splitlines()}
    for line in lines:
        if line.strip() != "...":
            assert shape(line) in output, f"{command} did not print: {line}"


def test_readmes_profiles_take_what_make_size_says():
    """The table's KiB are those of the blocks that show the output of make size."""
    readme, performance = (open(os.path.join(ROOT, name), encoding="utf-8").read()
                           for name in ("README.md", "docs/performance.md"))
    rows = re.findall(r"^\| (?:the )?`?(\w+)`? \|.*\| ([\d.]+) KiB \| ([\d.]+) KiB \| ([\d.]+) KiB \|$", readme,
                      re.MULTILINE)
    assert [name for name, *_ in rows] == ["demo", "node", "small"]
    for name, *figures in rows:
        command = "make size" + (f" PROFILE={name}" if name != "demo" else "")
        block = re.search(rf"\$ {command}\n(.*?)```", readme + performance, re.DOTALL).group(1)
        sizes = re.search(r"^sum +(\d+) +(\d+)$", block, re.MULTILINE).groups()
        packets = re.search(r"^packets, rings +0 +(\d+)$", block, re.MULTILINE).groups()
        assert figures == [f"{int(size) / 1024:.1f}" for size in sizes + packets], name


def test_readme_boots_the_board_with_plain_qemu():
    """With the last column of its table of boards."""
    text = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
    arguments = re.search(rf"^\| `{BOARD}` \|.*\| `([^`|]*)` \|$", text, re.MULTILINE).group(1).split()
    emulator = os.environ.get("QEMU") or "qemu-system-arm"
    with subprocess.Popen([emulator, *arguments, "-kernel", f"build/{BOARD}/firmware.elf", "-nographic"],
                          cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as guest:
        assert any("en0 up 10.0.2.15/24" in line for line in guest.stdout)
        guest.terminate()


def test_readme_console_session_is_what_the_console_says(boot):
    """The session in README's text block: what follows "> " is typed."""
    text = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
    session = re.search(r"```text console\n(.*?)```", text, re.DOTALL).group(1)
    guest = boot(net="slirp")
    assert isinstance(guest, Guest)
    guest.expect(r"sim: sim0 tick 1:")
    guest.expect(r"en0 up FEC0")
    for part in session.split("> ")[1:]:
        command, _, answer = part.partition("\n")
        guest.send(command)
        for line in filter(str.strip, answer.splitlines()):
            if line.strip() != "...":
                expected = re.sub(r"\d+", r"\\d+", re.sub(r"(?:\\ )+", " +", re.escape(line)))
                guest.expect(expected)
