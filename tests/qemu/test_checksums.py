"""What the guest sends is right: checksums, which the MAC may make, and chains, which it may gather."""
import random
import socket

import pytest
from conftest import FACTS, assert_nothing_missing, counters
from lan import ADDRESS, GUEST, GUEST_MAC, MAC
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether


def some_data(size):
    """The same each time: with other data a checksum may be 0, for which the emulator sends none."""
    return random.Random(size).randbytes(size)


def assert_checksums(packet):
    """Each checksum in `packet` is the one that scapy computes; UDP's is not left out."""
    whole = packet.copy()
    layers = [layer for layer in (IP, UDP, TCP, ICMP) if layer in whole]
    for layer in layers:
        del whole[layer].chksum
    whole = Ether(bytes(whole))
    for layer in layers:
        assert packet[layer].chksum == whole[layer].chksum, layer
    assert UDP not in packet or packet[UDP].chksum != 0


@pytest.mark.parametrize("size", [1, 2, 99, 1000, 1472])
def test_checksums_of_udp_are_right(on_lan, size):
    _, host = on_lan
    data = some_data(size)
    host.send(host.ip() / UDP(sport=4000, dport=7) / data)
    answer = host.receive(lambda p: UDP in p and p[UDP].dport == 4000)
    assert bytes(answer[UDP].payload)[:size] == data
    assert_checksums(answer)


def test_checksums_of_tcp_and_icmp_are_right(on_lan):
    """The connection is slirp's; the host on the LAN sees what the guest sends to it."""
    guest, host = on_lan
    assert_checksums(host.ping(sequence=2))
    data = some_data(5000)
    with socket.create_connection(("127.0.0.1", guest.forward("tcp", 7))) as connection:
        connection.settimeout(60)
        connection.sendall(data)
        got = b""
        while len(got) < len(data):
            got += connection.recv(4096)
    assert got == data
    carried = 0
    while carried < len(data):
        segment = host.receive(lambda p: TCP in p)
        assert_checksums(segment)
        carried += segment[IP].len - 20 - segment[TCP].dataofs * 4
    assert_nothing_missing(guest)


@pytest.mark.parametrize("size", [100, 1452])
def test_checksums_over_ipv6_are_right(on_lan, size):
    guest, host = on_lan
    guest.expect(r"en0 up FE80::FF:FE12:3456")
    ether = Ether(dst=GUEST_MAC, src=MAC)
    source, target = "fe80::77", "fe80::ff:fe12:3456"
    host.send(ether / IPv6(src=source, dst=target) / ICMPv6ND_NS(tgt=target) /
              ICMPv6NDOptSrcLLAddr(lladdr=MAC))  # so that it knows us
    host.receive(lambda p: ICMPv6ND_NA in p)
    host.send(ether / IPv6(src=source, dst=target) / UDP(sport=4002, dport=7) / some_data(size))
    answer = host.receive(lambda p: IPv6 in p and UDP in p and p[UDP].dport == 4002)
    assert_checksums(answer)
    host.send(ether / IPv6(src=source, dst=target) / TCP(sport=4003, dport=7, flags="S", seq=1))
    answer = host.receive(lambda p: IPv6 in p and TCP in p and p[TCP].dport == 4003)
    assert answer[TCP].flags == "SA"
    assert_checksums(answer)
    assert_nothing_missing(guest)


def in_two(whole, at):
    """An IPv4 packet as two fragments, cut `at` bytes (a multiple of 8) after its header."""
    header, payload = whole[IP], bytes(whole[IP].payload)
    for offset, part, flags in ((0, payload[:at], "MF"), (at // 8, payload[at:], 0)):
        yield (Ether(dst=whole.dst, src=whole.src) /
               IP(src=header.src, dst=header.dst, proto=header.proto, id=99, frag=offset,
                  flags=flags) / part)


def test_the_checksum_of_a_datagram_that_is_cut_up_is_right(on_lan):
    guest, host = on_lan
    data = some_data(2000)
    for part in in_two(host.ip() / UDP(sport=4004, dport=7) / data, 1480):
        host.send(part)
    parts = [host.receive(lambda p: IP in p and p[IP].src == GUEST and p[IP].proto == 17)
             for _ in range(2)]
    parts.sort(key=lambda p: p[IP].frag)
    datagram = b"".join(bytes(p[IP].payload)[:p[IP].len - 20] for p in parts)
    assert datagram[8:] == data
    assert_checksums(Ether(bytes(Ether() / IP(src=GUEST, dst=ADDRESS, proto=17) / datagram)))
    assert_nothing_missing(guest)


def test_a_chain_of_buffers_leaves_as_one_frame(on_lan):
    """The echo of a datagram that came in two fragments: the MAC gathers their buffers, or they are copied."""
    guest, host = on_lan
    before = counters(guest)
    for number in range(20):
        data = some_data(1000 + number)
        for part in in_two(host.ip() / UDP(sport=4005, dport=7) / data, 8 * (number + 1)):
            host.send(part)
        answer = host.receive(lambda p: UDP in p and p[UDP].dport == 4005)
        assert bytes(answer[UDP].payload)[:len(data)] == data
        assert_checksums(answer)
    copies = counters(guest).get("out_copies", 0) - before.get("out_copies", 0)
    assert copies == (0 if FACTS.gathers else 20)
    assert_nothing_missing(guest)
