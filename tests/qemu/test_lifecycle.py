"""Installing and uninstalling drivers, suspend and resume, and settings, on the running system."""
import socket

from conftest import FACTS, assert_nothing_missing, counters
from emulator import virtual_time
from lan import ADDRESS, GUEST, MAC, Lan
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether

ICOUNT = virtual_time(0)


def test_a_second_simulated_nic_is_installed_and_uninstalled(boot):
    guest = boot(net="none", extra=ICOUNT)
    guest.expect(r"sim0 tick 1:")
    guest.ask("nic install sim", rf"registry: sim \(1\.0\) on sim1 is {FACTS.next_interface}")
    guest.expect(r"sim1 tick 1: 8 requests, 8 right, 0 wrong, 0 missing")
    guest.ask("nic list", rf"sim1 +{FACTS.next_interface} +active +\S+ +\[activated enabled\]")
    guest.ask("nic install sim", r"install: refused, error 16")
    guest.ask(f"nic uninstall {FACTS.simulated}", r"done")
    guest.ask("nic list", r"sim0 +- +- +- +\[available\]")
    # Virtual time runs on while the host types: the numbers of the ticks are not known.
    seen = guest.expect(r"sim1 tick \d+: 8 requests, 8 right").end()
    guest.expect(r"sim1 tick \d+: 8 requests, 8 right")
    assert "sim0 tick" not in guest.text[seen:guest.seen]
    guest.ask("nic install sim", rf"on sim0 is {FACTS.simulated}")
    guest.expect(r"sim0 tick \d+: 8 requests, 8 right, 0 wrong, 0 missing")
    assert_nothing_missing(guest)


def test_a_hundred_rounds_of_the_real_mac_leave_memory_as_it_was(booted):
    """The host's tests make a thousand; here it is the emulator's MAC, with DHCP each time."""
    guest = booted(net="slirp")
    guest.ask("nic uninstall en0", "done")

    def memory():
        """The part of the heap that stays in use: the simulated NIC's frames in flight come and go."""
        return min(int(guest.ask("mem", r"heap +used (\d+), ").group(1)) for _ in range(20))

    before = memory()
    for _ in range(100):
        guest.ask(f"nic install {FACTS.driver}", r"en0 up 10\.0\.2\.15/24 gw 10\.0\.2\.2")
        guest.ask("nic uninstall en0", "done")
    assert memory() == before
    guest.ask(f"nic install {FACTS.driver}", r"en0 up 10\.0\.2\.15/24")
    assert_nothing_missing(guest)


def test_uninstall_frees_its_connections_for_others(booted):
    """All four that the services have room for used an interface that has gone."""
    guest = booted(net="slirp")
    for _ in range(2):
        port = guest.forward("tcp", 7)
        connections = []
        for _ in range(4):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.settimeout(60)
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"
            connections.append(connection)
        guest.ask("nic uninstall en0", "done")
        guest.ask(f"nic install {FACTS.driver}", r"en0 up 10\.0\.2\.15/24")
        for connection in connections:
            connection.close()
    assert_nothing_missing(guest)


def test_the_way_to_elsewhere_is_the_macs_whatever_came_first(booted):
    """A simulated NIC that is installed while the MAC is away takes the MAC's name, and no more."""
    guest = booted(net="lan")
    host = Lan(guest)
    guest.ask("nic uninstall en0", "done")
    guest.ask("nic install sim", r"sim1 is en0[^>]*done")
    guest.ask(f"nic install {FACTS.driver}", rf"{FACTS.next_interface} up 10\.0\.2\.15/24")
    guest.ask(f"ifconfig {FACTS.next_interface} {GUEST}/24 gw {ADDRESS}", "done")
    guest.send("ping -c 1 -i 0.05 192.168.1.1")
    host.receive(lambda p: ICMP in p and p[IP].dst == "192.168.1.1")


def test_suspend_and_resume_keep_the_lease(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    for number in range(3):
        guest.ask("nic power en0 low", "done")
        guest.ask("nic list", rf"{FACTS.device} +en0 +inactive +\S+ +\[activated low power\]")
        host.send(host.ip() / ICMP(id=9, seq=number) / b"lost")  # on the wire: the MAC is off
        start = guest.seen
        guest.ask("nic power en0 on", r"en0 up 10\.0\.2\.15/24")
        host.ping(sequence=10 + number)
        assert "no DHCP server" not in guest.text[start:]
    assert_nothing_missing(guest)


def test_disable_and_enable(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    guest.ask("nic disable en0", "done")
    guest.ask("nic power en0 low", r"power: refused, error 1 ")
    guest.ask("ifconfig en0 mac 02:00:00:12:34:57", "done")
    guest.ask("ifconfig en0 mac 01:00:00:12:34:57", r"mac: refused, error 22")
    guest.ask("ifconfig en0 mac nonsense", r"usage: ifconfig")
    guest.ask("ifconfig en0 mac 02:00:00:12:34:56", "done")
    guest.ask("nic enable en0", r"en0 up 10\.0\.2\.15/24")
    host.ping(sequence=2)
    guest.ask("ifconfig en0 mac 02:00:00:12:34:57", r"mac: refused, error 16")
    assert_nothing_missing(guest)


def test_media_and_mtu(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    guest.ask("nic media en0", r"auto \(selected\)\r\n" + "".join(rf"{medium}\r\n" for medium in FACTS.media[1:]))
    if "10-full" in FACTS.media:
        guest.ask("nic media en0 10-full", "done")
        guest.expect(r"en0 link up, 10 Mbit/s full duplex")
        guest.ask("nic media en0 auto", "done")
        guest.expect(rf"en0 link up, {FACTS.speed} Mbit/s full duplex")
    guest.ask("nic media en0 1000-half", r"1000-half: no such medium")
    guest.ask("nic media en0 auto", "done")
    guest.ask("ifconfig en0 mtu 1501", r"mtu: refused, error 22")
    guest.ask("ifconfig en0 mtu 67", r"mtu: refused, error 22")
    guest.ask("ifconfig en0 mtu 600", "done")
    # A frame longer than the MTU is dropped; an answer to a shorter one fits.
    before = counters(guest)
    host.send(host.ip() / ICMP(id=1, seq=5) / bytes(700))
    host.ping(size=500, sequence=6)
    assert counters(guest)["in_too_long"] == before.get("in_too_long", 0) + 1
    assert_nothing_missing(guest)


MANY = 10  # more than slirp sends by itself meanwhile, and fewer than any ring takes


def test_groups_that_nobody_joined_are_filtered(booted):
    """By the MAC, which counts nothing, or by the kit, which counts them."""
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()

    def grown(before, name):
        return counters(guest).get(name, 0) - before.get(name, 0)

    stranger = Ether(dst="01:00:5e:00:00:fb", src=MAC) / IP(src=ADDRESS, dst="224.0.0.251")
    member = Ether(dst="01:00:5e:00:00:01", src=MAC) / IP(src=ADDRESS, dst="224.0.0.1") / ICMP()
    before = counters(guest)
    for _ in range(MANY):
        host.send(stranger)
    host.ping(sequence=2)
    assert grown(before, "in_multicast_pkts") < MANY
    assert (grown(before, "in_filtered") < MANY) == FACTS.filters_groups
    for _ in range(MANY):
        host.send(member)
    host.ping(sequence=3)
    assert grown(before, "in_multicast_pkts") >= MANY
    before = counters(guest)
    guest.ask("ifconfig en0 allmulti on", "done")
    for _ in range(MANY):
        host.send(stranger)
    host.ping(sequence=4)
    assert grown(before, "in_multicast_pkts") >= MANY
    assert grown(before, "in_filtered") == 0
    guest.ask("ifconfig en0 allmulti off", "done")
    guest.ask(f"ifconfig {FACTS.simulated} promisc on", "done")
    guest.ask(f"ifconfig {FACTS.simulated} promisc perhaps", "usage: ifconfig")
    guest.ask("nic enable en9", "en9: no such interface")
    assert GUEST in str(host.ping(sequence=5)[IP].src)
    assert_nothing_missing(guest)


def test_frames_for_others_come_in_when_they_are_asked_for(booted):
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    if not FACTS.promiscuous:
        guest.ask("ifconfig en0 promisc on", r"promisc: refused")
        return
    always = not FACTS.filters_stations  # they are received all the same
    other = Ether(dst="02:00:00:00:99:99", src=MAC) / IP(src=ADDRESS, dst="10.0.2.99") / ICMP()
    for number, (setting, passes) in enumerate((("off", always), ("on", True), ("off", always))):
        guest.ask(f"ifconfig en0 promisc {setting}", "done")
        before = counters(guest)
        for _ in range(MANY):
            host.send(other)
        host.ping(sequence=2 + number)
        assert (counters(guest)["in_ucast_pkts"] >= before["in_ucast_pkts"] + MANY) == passes
    assert_nothing_missing(guest)
