"""The packet tap, read back by tshark; and the simulated NIC's faults, set on the console."""
import os
import re
import struct
import subprocess

from conftest import BOARD, ELF, FACTS, assert_nothing_missing, counters
from elf import Elf
from emulator import Guest, same_each_time, virtual_time
from lan import Lan
from scapy.layers.inet import UDP

ICOUNT = virtual_time(0)


def tshark(file, *options):
    """What tshark reads from a capture, a line per frame; it must not complain."""
    result = subprocess.run(["tshark", "-r", str(file), *options], capture_output=True, text=True,
                            check=True)
    complaints = [line for line in result.stderr.splitlines() if "Running as user" not in line]
    assert not complaints
    return result.stdout.splitlines()


def test_a_capture_over_the_second_uart(booted, tmp_path):
    file = tmp_path / "uart.pcap"
    guest = booted(net="lan", extra=("-serial", f"file:{file}"))
    host = Lan(guest)
    guest.ask("pcap en0 start 200 icmp", "capturing")
    for sequence in range(5):
        host.ping(size=300, sequence=sequence + 1)
    host.send(host.ip() / UDP(sport=5000, dport=7) / b"not wanted")
    host.receive(lambda p: UDP in p and p[UDP].dport == 5000)
    guest.ask("pcap en0 start", "a capture is on already")
    guest.ask("wedge tx", "a capture is on, or an interface is stuck already")
    guest.ask("pcap en0 stop", r"10 frames captured, [1-9]\d* passed by")
    guest.ask("pcap en0 stop", "no capture is on")
    assert_nothing_missing(guest)
    guest.qmp("quit")  # the file is complete when the emulator has ended
    guest.wait()
    lines = tshark(file)
    assert len(lines) == 10
    assert sum("Echo (ping) request" in line for line in lines) == 5
    assert sum("Echo (ping) reply" in line for line in lines) == 5
    sizes = tshark(file, "-T", "fields", "-e", "frame.len", "-e", "frame.cap_len")
    assert set(sizes) == {"342\t200"}


def test_a_capture_with_a_filter_alone(booted, tmp_path):
    file = tmp_path / "uart.pcap"
    guest = booted(net="lan", extra=("-serial", f"file:{file}"))
    guest.ask("pcap en0 start icmp", "capturing")
    Lan(guest).ping(size=300)
    guest.ask("pcap en0 stop", r"2 frames captured, \d+ passed by")
    guest.qmp("quit")
    guest.wait()
    assert set(tshark(file, "-T", "fields", "-e", "frame.len", "-e", "frame.cap_len")) == {"342\t128"}


def test_a_capture_into_a_file_of_the_host(booted, tmp_path):
    file = tmp_path / "x.pcap"
    guest = booted(net="lan", extra=("-semihosting",))
    host = Lan(guest)
    # A line on the console is short, and so must the path be: a link in the directory of the guest's LAN.
    link = f"{guest.lan_dir}/x"
    file.touch()
    subprocess.run(["ln", "-s", file, link], check=True)
    guest.ask(f"pcap en0 start file {link} 1518", "capturing")
    for sequence in range(3):
        host.ping(size=1400, sequence=sequence + 1)
    guest.ask("pcap en0 stop", r"\d+ frames captured, 0 passed by")
    assert len(tshark(file, "-Y", "icmp.type == 0 && frame.cap_len == 1442")) == 3
    assert len(tshark(file, "-Y", "arp")) >= 1
    emulators = f"/proc/{guest.process.pid}/fd"
    assert str(file) not in [os.path.realpath(f"{emulators}/{number}") for number in os.listdir(emulators)]  # it is closed
    size = file.stat().st_size
    guest.ask("pcap en0 start", "capturing" if FACTS.second_uart else "no second UART")
    host.ping(sequence=9)
    assert file.stat().st_size == size  # what is captured now is the UART's


def test_a_capture_ends_with_its_interface(booted, tmp_path):
    if not FACTS.second_uart:
        without = booted(net="slirp")
        without.ask("pcap en0 start", "no second UART")
    guest = booted(net="lan", extra=("-serial", f"file:{tmp_path}/u.pcap"))
    guest.ask("pcap en0 start 64", "capturing")
    guest.ask("nic uninstall en0", "done")
    guest.ask(f"nic install {FACTS.driver}", r"en0 up 10\.0\.2\.15/24")
    guest.ask("pcap en0 stop", "no capture is on")
    guest.ask("pcap en0 start file x", r"x: no such file can be made; it needs qemu -semihosting")
    for wrong in ("pcap en0", "pcap en0 begin", "pcap en0 start 63", "pcap en0 start arp 7",
                  "pcap en0 start tcp 70000", "pcap en0 start 100 tcp 7 8"):
        guest.ask(wrong, "usage: pcap")
    guest.ask("pcap en9 start", "en9: no such interface")


def test_profiles_of_the_simulated_nic(boot):
    guest = boot(net="none", extra=ICOUNT)
    guest.expect(r"sim0 tick 1:")
    guest.ask(f"nic profile {FACTS.simulated}", "echo, 8 frames every 5000 ms")
    guest.ask(f"nic profile {FACTS.simulated} flood 10 8", "flood, 8 frames every 10 ms")
    for _ in range(3):
        guest.expect(r"8 requests, 8 right, 0 wrong, 0 missing")
    # Its frames of 1514 bytes do not fit into the buffers of this board's simulated NICs.
    guest.ask(f"nic profile {FACTS.simulated} imix 100 8", "imix, 8 frames every 100 ms")
    for _ in range(3):
        guest.expect(r"[78] requests, [78] right, 0 wrong, 0 missing")
    guest.ask(f"nic profile {FACTS.simulated} replay 100 3", "replay, 3 frames every 100 ms")
    guest.expect(r"3 requests, 0 right, 0 wrong, 0 missing")
    # Two of the capture's three frames are to groups: the NIC's filter keeps them out, until it is opened.
    assert "in_unknown_protos" not in counters(guest, FACTS.simulated)
    guest.ask(f"ifconfig {FACTS.simulated} allmulti on", "done")
    for _ in range(2):  # one of them is after the change
        guest.expect(r"3 requests, 0 right, 0 wrong, 0 missing")
    assert counters(guest, FACTS.simulated)["in_unknown_protos"] > 0
    # A session of eight segments with the TCP echo service, each checked.
    guest.ask(f"nic profile {FACTS.simulated} peer 1000 8", "peer, 8 frames every 1000 ms")
    for _ in range(3):
        guest.expect(r"1 requests, 1 right, 0 wrong, 0 missing")
    guest.ask(f"nic profile {FACTS.simulated} echo 100 8", "echo")
    guest.expect(r"8 requests, 8 right, 0 wrong, 0 missing")
    assert_nothing_missing(guest)


def test_faults_are_set_and_survived(boot):
    """When they stop, every answer is right again. (That a seed repeats a run is tested on the host,
    where nothing comes from outside.)"""
    guest = boot(net="none", extra=ICOUNT)
    guest.expect(r"sim0 tick 1:")
    guest.send(f"nic fault {FACTS.simulated} seed 7")
    guest.send(f"nic fault {FACTS.simulated} all 50")
    guest.send(f"nic profile {FACTS.simulated} echo 100 8")
    guest.expect(r"sim0 tick (?:[2-9]\d\d|\d{4,}):")
    guest.ask(f"nic fault {FACTS.simulated}", r"drop +50 of 1000, struck [1-9]\d*\r\nduplicate +50")
    guest.ask(f"nic fault {FACTS.simulated} all 0", "done")
    for _ in range(3):
        guest.expect(r"8 requests, 8 right, 0 wrong, 0 missing")
    guest.ask("stats", rf"{FACTS.simulated} recoveries [1-9]")
    assert_nothing_missing(guest)
    guest.ask(f"nic fault {FACTS.simulated} nosuch 5", "usage: nic fault")
    guest.ask(f"nic fault {FACTS.simulated} drop 1001", "usage: nic fault")
    for seed in ("0", "4294967296", "99999999999999999999", "-1", "+1", "1x"):
        guest.ask(f"nic fault {FACTS.simulated} seed {seed}", "usage: nic fault")
    guest.ask(f"nic fault {FACTS.simulated} seed 4294967295", "done")
    guest.ask("nic fault en0", "en0: no simulated NIC")


def with_faults(folder, seed, thousandths):
    """A copy of the firmware in `folder`, whose simulated NICs have faults from the start."""
    firmware = Elf(ELF)
    variable = next(symbol for symbol in firmware.symbols if symbol.source_name == "faults_at_start")
    section = next(section for section in firmware.sections
                   if section.address <= variable.address < section.address + section.size)
    copy = folder / f"seed-{seed}.elf"
    copy.write_bytes(open(ELF, "rb").read())
    with open(copy, "r+b") as file:
        file.seek(variable.address - section.address + section.offset)
        file.write(struct.pack("<IH", seed, thousandths))
    return copy


def test_the_same_seed_is_the_same_run_bit_for_bit(tmp_path):
    """Firmwares with faults from the start, and virtual time: what they print is the same each time,
    and another seed prints something else."""
    runs = []
    for seed in (7, 7, 8):
        with Guest(with_faults(tmp_path, seed, 60), board=BOARD, net="none", extra=same_each_time(0)) as guest:
            guest.expect(r"sim0 tick (?:[4-9]\d|\d{3,}):.*\r\n")  # two ticks may share a line
            runs.append(guest.text[:guest.seen])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert re.search(r"[1-9]\d* missing", runs[0])
