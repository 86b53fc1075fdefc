"""Checksums that the host's network stack and the guest leave to each other, seen on a tap interface.

Runs as root of a network of its own: test_virtio.py starts it. A frame comes with the header that says
which checksum is still to be made (PACKET_VNET_HDR, packet(7)): by the device, in either direction.
"""
import os
import socket
import struct
import subprocess

from conftest import BOARD, ELF
from emulator import Guest
from lan import GUEST, GUEST_MAC
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

HOST = "10.0.2.1"
GUEST_IP6 = "fe80::ff:fe12:3456"
SOL_PACKET, PACKET_VNET_HDR, ETH_P_ALL = 263, 15, 3
HEADER = struct.Struct("=BBHHHH")  # flags, segmentation, its 2 fields, the sum's start, its place
NEEDS_CSUM = 1
SAFETY_S = 60


def make_tap():
    for line in ("ip link set lo up", "ip tuntap add tap0 mode tap", f"ip addr add {HOST}/24 dev tap0",
                 "ip link set tap0 up"):
        subprocess.run(line.split(), check=True)


def listen():
    """A socket for all frames of tap0, each after its header."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind(("tap0", ETH_P_ALL))
    sock.settimeout(SAFETY_S)
    return sock


def receive(sock, wanted):
    """The next frame for which `wanted(packet)` is true: its header, its bytes and scapy's view of them."""
    while True:
        data = sock.recv(65536)
        header, frame = HEADER.unpack(data[:HEADER.size]), data[HEADER.size:]
        packet = Ether(frame)
        if wanted(packet):
            return header, frame, packet


def ones_sum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def completed(header, frame):
    """The frame with the checksum that its header asks for, made as the device has to make it."""
    flags, _, _, _, start, offset = header
    assert flags & NEEDS_CSUM
    whole = bytearray(frame)
    struct.pack_into("!H", whole, start + offset, 0xffff - ones_sum(frame[start:]) or 0xffff)
    return bytes(whole)


def assert_right(frame):
    packet = Ether(frame)
    if IP in packet:
        del packet[IP].chksum
    del packet[TCP if TCP in packet else UDP].chksum
    assert bytes(packet) == frame


def check_udp(wire):
    """Each side's frames lack their checksum, and ask for the right one; the other side accepts them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SAFETY_S)
        sock.connect((GUEST, 7))
        for size in (0, 1, 2, 99, 1472):
            data = os.urandom(size)
            sock.send(data)
            for source in (HOST, GUEST):
                header, frame, _ = receive(wire, lambda p, source=source: UDP in p and p[IP].src == source)
                assert_right(completed(header, frame))
            assert sock.recv(2048) == data


def check_what_software_makes(wire):
    """The guest itself makes and checks the sums of IPv6 packets and of fragmented datagrams."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SAFETY_S)
        sock.connect((GUEST_IP6, 7, 0, socket.if_nametoindex("tap0")))
        data = os.urandom(777)
        sock.send(data)
        header, frame, _ = receive(wire, lambda p: IPv6 in p and UDP in p and p[IPv6].src == GUEST_IP6)
        assert header[0] == 0
        assert_right(frame)
        assert sock.recv(2048) == data
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SAFETY_S)
        sock.connect((GUEST, 7))
        data = os.urandom(3000)
        sock.send(data)
        header, _, first = receive(wire, lambda p: UDP in p and p[IP].src == GUEST and p[IP].flags == "MF")
        assert header[0] == 0 and first[UDP].chksum != 0
        assert sock.recv(4096) == data  # the host checks it, since no header vouches for it


def check_tcp(wire):
    data = os.urandom(200000)
    got = b""
    with socket.create_connection((GUEST, 7)) as connection:
        connection.settimeout(SAFETY_S)
        for end in range(4000, len(data) + 1, 4000):
            connection.sendall(data[end - 4000:end])
            carried = 0
            while carried < 4000:  # what the guest sends, segment by segment
                header, frame, packet = receive(wire, lambda p: TCP in p and p[IP].src == GUEST)
                assert_right(completed(header, frame))
                carried += packet[IP].len - 20 - packet[TCP].dataofs * 4
            while len(got) < end:
                got += connection.recv(65536)
    assert got == data


def check_unverified(guest, wire):
    """The guest checks a frame that nobody vouches for."""
    for number, checksum in ((1, 0x1234), (2, None)):
        datagram = UDP(sport=4000 + number, dport=7, chksum=checksum) / b"checked"
        frame = bytes(Ether(dst=GUEST_MAC, src="02:00:00:00:00:77") / IP(src=HOST, dst=GUEST) / datagram)
        wire.send(HEADER.pack(0, 0, 0, 0, 0, 0) + frame)
    receive(wire, lambda p: UDP in p and p[IP].src == GUEST and p[UDP].dport == 4002)
    guest.ask("proto", r"udp +received \d+, sent \d+, dropped 1, bad checksum 1\r\n")


def main():
    make_tap()
    with Guest(ELF, board=BOARD, net="tap") as guest:
        wire = listen()
        guest.expect(r"en0 up 10\.0\.2\.15/24")
        check_udp(wire)
        check_what_software_makes(wire)
        check_tcp(wire)
        check_unverified(guest, wire)
        sent = int(guest.ask("stats", r"en0 out_ucast_pkts (\d+)\r\n").group(1))
        copies = guest.expect(r"(?:en0 out_copies (\d+)\r\n(?:.*\r\n)*?)?en0 dropped 0\r\n").group(1)
        assert int(copies or 0) * 20 < sent  # only frames of more fragments than the device gathers


if __name__ == "__main__":
    main()
