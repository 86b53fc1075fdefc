"""A host on the guest's LAN whose frames are made of bytes: the same ones in each run."""
import os
import socket
import struct

from emulator import CHARGEN_PORT, DISCARD_PORT, ECHO_PORT, GUEST_ADDRESS

MAC = bytes.fromhex("020000000077")
ADDRESS = bytes((10, 0, 2, 77))
GUEST = bytes(map(int, GUEST_ADDRESS.split(".")))
BROADCAST = b"\xff" * 6
ARP, IP = 0x0806, 0x0800
ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = 1460


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) & ~1]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def put_checksum(data, offset, pseudo=b""):
    total = checksum(pseudo + data)
    return data[:offset] + struct.pack(">H", total) + data[offset + 2:]


class Segment:
    """A received TCP segment."""

    def __init__(self, packet):
        self.source, self.target, self.sequence, self.acknowledged, offset, self.flags, self.window = \
            struct.unpack(">HHIIBBH", packet[:16])
        self.data = packet[offset >> 4 << 2:]
        self.next = self.sequence + len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)


class Peer:
    """Sends requests, and sorts what it receives."""

    def __init__(self, lan_dir, guest_mac):
        self.guest_mac = bytes.fromhex(guest_mac.replace(":", ""))
        self.remote = os.path.join(lan_dir, "nic.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = os.path.join(lan_dir, "host.sock")
        self.socket.bind(self.path)
        self.replies = []   # payloads of ARP, ICMP and UDP replies
        self.segments = []  # of TCP

    def close(self):
        self.socket.close()
        os.unlink(self.path)

    def send(self, frame):
        self.socket.sendto(frame, self.remote)

    def take(self, frame):
        """Takes in a frame; ignores one that has nothing to do with us."""
        target, source, kind = frame[:6], frame[6:12], struct.unpack(">H", frame[12:14])[0]
        if source != self.guest_mac or target not in (MAC, BROADCAST):
            return
        packet = frame[14:]
        if kind == ARP:
            operation = packet[7]
            if operation == 1 and packet[24:28] == ADDRESS:
                self.send(self.arp(2, packet[8:14], packet[14:20], self.guest_mac))
            elif operation == 2:
                self.replies.append(packet[8:28])
        elif kind == IP and packet[16:20] == ADDRESS:
            length = struct.unpack(">H", packet[2:4])[0]
            payload = packet[20:length]
            if packet[9] == TCP:
                self.segments.append(Segment(payload))
            else:
                self.replies.append(payload[8:])

    # ---- frames ----

    def arp(self, operation, target_mac, target, to):
        return to + MAC + struct.pack(">HHHBBH", ARP, 1, IP, 6, 4, operation) + MAC + ADDRESS + \
            target_mac + target

    def ip(self, protocol, payload):
        header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                             ADDRESS, GUEST)
        frame = self.guest_mac + MAC + struct.pack(">H", IP) + put_checksum(header, 10) + payload
        return frame.ljust(60, b"\0")

    def pseudo(self, protocol, length):
        return ADDRESS + GUEST + struct.pack(">BBH", 0, protocol, length)

    def arp_request(self):
        return self.arp(1, bytes(6), GUEST, BROADCAST).ljust(60, b"\0")

    def ping(self, data, sequence):
        return self.ip(ICMP, put_checksum(struct.pack(">BBHHH", 8, 0, 0, 1, sequence & 0xffff) + data, 2))

    def udp(self, data, target=ECHO_PORT):
        length = 8 + len(data)
        return self.ip(UDP, put_checksum(struct.pack(">HHHH", 40000, target, length, 0) + data, 6,
                                         self.pseudo(UDP, length)))

    def tcp(self, source, target, sequence, acknowledged, flags, window, data=b"", mss=MSS):
        options = struct.pack(">BBH", 2, 4, mss) if flags & SYN else b""
        header = struct.pack(">HHIIBBHHH", source, target, sequence & 0xffffffff, acknowledged & 0xffffffff,
                             (20 + len(options)) << 2, flags, window, 0, 0) + options
        return self.ip(TCP, put_checksum(header + data, 16, self.pseudo(TCP, len(header) + len(data))))


class Connection:
    """A TCP connection to one of the guest's services, which loses nothing and waits for everything."""

    def __init__(self, peer, service, window, port=None, mss=MSS):
        self.peer = peer
        self.mss = mss
        self.service = service
        self.window = window
        self.port = port or 41000 + service
        self.sequence = 0x10000000
        self.acknowledged = 0
        self.wanted = 0  # the guest has acknowledged what we have sent up to here

    def _send(self, flags, data=b""):
        self.peer.send(self.peer.tcp(self.port, self.service, self.sequence, self.acknowledged, flags,
                                     self.window, data, self.mss))
        self.sequence += len(data) + bool(flags & SYN)

    def opened(self):
        """True once the answer to our SYN has come."""
        for segment in self.peer.segments:
            if segment.flags & SYN and segment.target == self.port:
                self.acknowledged = segment.next
                return True
        return False

    def open(self):
        self._send(SYN)

    def acknowledge(self):
        """Acknowledges everything received, and forgets it; returns how many bytes of data that was."""
        taken = self._take()
        self._send(ACK)
        return taken

    def reset(self):
        self._take()
        self._send(RST)

    def say(self, data):
        """Sends data, acknowledging everything received."""
        self._take()
        self._send(ACK | PSH, data)

    def _take(self):
        taken = 0
        ours = [segment for segment in self.peer.segments if segment.target == self.port]
        for segment in ours:
            assert not segment.flags & RST, "the guest has reset the connection"
            self.acknowledged = max(self.acknowledged, segment.next)
            taken += len(segment.data)
            self.peer.segments.remove(segment)
        return taken

    def came(self):
        """Bytes of data received since the last acknowledgement."""
        return sum(len(segment.data) for segment in self.peer.segments if segment.target == self.port)

    def is_acknowledged(self):
        """True once the guest has acknowledged everything that we have sent."""
        return any(segment.acknowledged == self.sequence & 0xffffffff for segment in self.peer.segments)


def discard(peer):
    return Connection(peer, DISCARD_PORT, 65535)


def chargen(peer, port=None, mss=MSS):
    return Connection(peer, CHARGEN_PORT, 2 * mss, port, mss)


def echo(peer, port=None):
    return Connection(peer, ECHO_PORT, 65535, port)
