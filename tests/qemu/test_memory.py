"""How much memory the firmwares take: the profiles at work and within their limits, and stacks that suffice."""
import importlib.machinery
import importlib.util
import os
import socket
import sys
import tempfile
import threading

import pytest
from conftest import BOARD, ELF, ROOT, built_profile
from elf import Elf
from emulator import ECHO_PORT, virtual_time
from lan import GUEST_MAC, MAC, Lan
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                  ICMPv6NDOptDstLLAddr, IPv6)
from scapy.layers.l2 import Ether


def tool(name):
    """The program tools/NAME as a module."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, "tools", name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


size, stack = tool("size"), tool("stack")
KIB = 1024


# All tests of a profile run in one process, so that it is built once.
def of_profiles(*names):
    return pytest.mark.parametrize(
        "profile", [pytest.param(name, marks=pytest.mark.xdist_group(f"profile {name}")) for name in names])


@pytest.fixture
def profile_elf(profile):
    return built_profile(profile)


def taken(table):
    """Flash, RAM, and RAM without packets, according to tools/size."""
    flash, ram = (sum(row[column] for row in table.values()) for column in range(2))
    return flash, ram, ram - table[size.PACKETS][1]


def stack_used(guest, elf):
    """Bytes of the main loop's stack that have lost the start-up's paint."""
    bottom, top = elf.values["ram_start"], elf.values["stack_top"]
    with tempfile.TemporaryDirectory(prefix="ringif-") as directory:
        path = os.path.join(directory, "stack")
        guest.qmp("pmemsave", val=bottom, size=top - bottom, filename=path)
        with open(path, "rb") as file:
            words = file.read()
    untouched = 0
    while words[untouched:untouched + 4] == b"\xa5\xa5\xa5\xa5":
        untouched += 4
    return top - bottom - untouched


def assert_stack_holds(guest, path):
    elf = Elf(path)
    main_loop = stack.lines(elf)[0]
    assert 200 < stack_used(guest, elf) <= main_loop.worst <= main_loop.size


# ---- limits ----

@of_profiles("node")
def test_a_node_takes_less_than_64_kib_of_flash_and_24_of_ram_without_packets(profile_elf):
    elf = Elf(profile_elf)
    table = size.measure(elf)
    flash, _, ram = taken(table)
    assert flash < 64 * KIB and ram < 24 * KIB
    assert all(table[f"lwIP {protocol}"][0] > 500 for protocol in ("IPv4", "IPv6", "UDP", "TCP", "DHCP", "DNS"))
    assert table["simulated NIC"] == table["page"] == table["lwIP httpd"] == [0, 0]


@of_profiles("small")
def test_small_takes_less_than_24_kib_of_flash_and_12_of_ram_in_all(profile_elf):
    flash, ram, _ = taken(size.measure(Elf(profile_elf)))
    assert flash < 24 * KIB and ram < 12 * KIB


def test_the_parts_add_up_to_what_the_linker_has_counted():
    elf = Elf(ELF)
    table = size.measure(elf)
    flash, ram, _ = taken(table)
    assert flash == elf.values["flash_used"]
    assert ram == sum(section.size for section in elf.sections if section.name in size.RAM)
    assert all(flash >= 0 and ram >= 0 for flash, ram in table.values())


# ---- at work ----

@of_profiles("node", "small")
def test_a_profile_answers_and_its_stack_holds(boot, profile_elf):
    guest = boot(elf=profile_elf, net="lan")
    host = Lan(guest)  # before there is an address: it sees the requests that come then
    guest.expect(r"I node: en0 has 10\.0\.2\.15; the stack has held \d+ of \d+ bytes")
    for number, length in enumerate((0, 56, 1472)):
        host.ping(length, sequence=number + 1)
    for length in (1, 64, 1472):
        data = bytes(range(256)) * (length // 256 + 1)
        host.send(host.ip() / UDP(sport=7000 + length, dport=ECHO_PORT) / data[:length])
        answer = host.receive(lambda p, length=length: UDP in p and p[UDP].dport == 7000 + length)
        assert bytes(answer[UDP].payload)[:length] == data[:length]
    assert_stack_holds(guest, profile_elf)


@of_profiles("node")
def test_a_node_asks_for_a_name(boot, profile_elf, tmp_path):
    """The emulator's server knows no such name; without a route to one, lwIP gives up after its last query."""
    capture = tmp_path / "lan.pcap"
    guest = boot(elf=profile_elf, net="slirp", pcap=capture, extra=virtual_time(0))
    guest.expect(r"ringif\.test is not known\r\n")
    guest.close()
    assert b"\x06ringif\x04test\x00" in capture.read_bytes()


@of_profiles("node")
def test_a_node_speaks_ipv6_and_tcp(boot, profile_elf):
    guest = boot(elf=profile_elf, net="lan")
    guest.expect(r"en0 has FE80::FF:FE12:3456")
    host = Lan(guest)
    to_guest = Ether(dst=GUEST_MAC, src=MAC) / IPv6(src="fe80::77", dst="fe80::ff:fe12:3456")
    host.send(to_guest / ICMPv6EchoRequest(id=6, seq=1, data=b"six"))
    host.receive(lambda p: ICMPv6ND_NS in p and p[ICMPv6ND_NS].tgt == "fe80::77")
    host.send(to_guest / ICMPv6ND_NA(tgt="fe80::77", S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=MAC))
    assert host.receive(lambda p: ICMPv6EchoReply in p)[ICMPv6EchoReply].data == b"six"

    data = os.urandom(100000)
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", ECHO_PORT))) as connection:
        connection.settimeout(60)
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        got = b""
        while len(got) < len(data):
            got += connection.recv(65536)
        sender.join()
    assert got == data
    assert_stack_holds(guest, profile_elf)
