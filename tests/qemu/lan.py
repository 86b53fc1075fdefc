"""A host on the guest's LAN: scapy's packets on QEMU's datagram sockets."""
import contextlib
import os
import queue
import socket
import threading

from conftest import FACTS
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether

GUEST_MAC = FACTS.mac
GUEST = "10.0.2.15"
MAC = "02:00:00:00:00:77"
ADDRESS = "10.0.2.77"
SAFETY_S = 60
DISCOVER, REQUEST, RELEASE = 1, 3, 7


class Lan:
    """Sends and receives Ethernet frames; answers ARP requests for its address, and is a DHCP server
    if `lease` is set: to an address, and for how many seconds it is the guest's.

    A thread reads all the time: the emulator spins, and so slows its guest down, while a peer of its
    datagram socket does not read."""

    def __init__(self, guest):
        self.remote = os.path.join(guest.lan_dir, "nic.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(guest.lan_dir, "host.sock"))
        self.received = queue.Queue()
        self.lease = None
        self.sessions = {}  # by our port: where its segments go
        self.reads = threading.Event()  # cleared: what the guest sends is left unread
        self.reads.set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while self.reads.wait():
            packet = Ether(self.socket.recv(65536))
            if packet.src != GUEST_MAC:
                continue  # slirp is on the LAN as well, and answers any TCP segment that it sees
            if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst == ADDRESS:
                self.send(Ether(dst=packet.src, src=MAC) / ARP(
                    op=2, hwsrc=MAC, psrc=ADDRESS, hwdst=packet[ARP].hwsrc, pdst=packet[ARP].psrc))
            lease = self.lease
            if DHCP in packet and lease:
                self.send(dhcp_answer(packet, *lease))
            port = packet[TCP].dport if TCP in packet else None
            self.sessions.get(port, self.received).put(packet)

    def send(self, frame):
        """Sends a scapy packet, or plain bytes."""
        self.socket.sendto(bytes(frame), self.remote)

    def receive(self, wanted):
        """Waits for a packet from the guest for which `wanted(packet)` is true, and returns it."""
        packet = self.receive_within(SAFETY_S, wanted)
        assert packet, "no such frame has come from the guest"
        return packet

    def receive_within(self, seconds, wanted):
        """The same, or None if nothing has come for that long."""
        with contextlib.suppress(queue.Empty):
            while True:
                packet = self.received.get(timeout=seconds)
                if wanted(packet):
                    return packet
        return None

    def forget_received(self):
        while not self.received.empty():
            self.received.get()

    def ping_until_answered(self, identifier):
        """As a program that pings ten times a second until there is an answer."""
        for sequence in range(10 * SAFETY_S):
            self.send(self.ip() / ICMP(id=identifier, seq=sequence) / bytes(56))
            if self.receive_within(0.1, lambda p: ICMP in p and p[ICMP].type == 0 and p[ICMP].id == identifier):
                return
        raise AssertionError("the guest does not answer pings any more")

    def ip(self, **fields):
        return Ether(dst=GUEST_MAC, src=MAC) / IP(src=ADDRESS, dst=GUEST, **fields)

    def ping(self, size=56, identifier=1, sequence=1):
        """Pings once and returns the reply's data, which has to be the request's."""
        data = bytes(range(256)) * (size // 256 + 1)
        data = data[:size]
        self.send(self.ip() / ICMP(id=identifier, seq=sequence) / data)
        reply = self.receive(lambda p: ICMP in p and p[ICMP].type == 0 and
                             p[ICMP].id == identifier and p[ICMP].seq == sequence)
        assert reply[IP].src == GUEST and reply[IP].dst == ADDRESS
        assert bytes(reply[ICMP].payload)[:size] == data
        return reply


def dhcp_type(packet):
    """A packet's DHCP message type (RFC 2132, 9.6), or None."""
    return packet[DHCP].options[0][1] if DHCP in packet else None


def dhcp_answer(asked, address, seconds):
    """The server's offer of an address to a client that looks for one, or its consent to a request."""
    kind = "offer" if dhcp_type(asked) == DISCOVER else "ack"
    return (Ether(dst=asked.src, src=MAC) / IP(src=ADDRESS, dst=address) / UDP(sport=67, dport=68) /
            BOOTP(op=2, xid=asked[BOOTP].xid, yiaddr=address, chaddr=asked[BOOTP].chaddr) /
            DHCP(options=[("message-type", kind), ("server_id", ADDRESS), ("lease_time", seconds),
                          ("subnet_mask", "255.255.255.0"), ("router", ADDRESS), "end"]))


class Session:
    """A TCP session with the guest's echo port, in which one segment at a time is in flight, and is sent
    again until its echo is there."""

    PORT = 7
    RESEND_S = 0.2

    def __init__(self, lan, port):
        self.lan = lan
        self.port = port
        self.next = 1     # number of our next byte
        self.expected = 0  # number of the guest's next byte
        self.data = b""    # what is in flight
        self.segments = lan.sessions[port] = queue.SimpleQueue()
        for _ in range(SAFETY_S):
            self._send("S", seq=0)
            answer = self._receive(self.RESEND_S)
            if answer:
                break
        assert answer and answer[TCP].flags == "SA", f"the connection is not accepted: {answer}"
        self.expected = answer[TCP].seq + 1
        self._send("A")

    def _receive(self, seconds):
        with contextlib.suppress(queue.Empty):
            return self.segments.get(timeout=seconds)
        return None

    def _send(self, flags, data=b"", seq=None):
        self.lan.send(self.lan.ip() / TCP(sport=self.port, dport=self.PORT, flags=flags, window=4000,
                                          seq=self.next if seq is None else seq, ack=self.expected) / data)

    def start(self, data):
        """Sends `data`, at most one segment."""
        self.data = data
        self._send("PA", data)

    def finish(self):
        """Waits until the data has come back."""
        got = b""
        for _ in range(10 * SAFETY_S):
            while got != self.data:
                answer = self._receive(self.RESEND_S)
                if answer is None:
                    break  # so it is sent again
                assert "R" not in answer[TCP].flags, "the connection was reset"
                part = bytes(answer[TCP].payload)[:answer[IP].len - 20 - 4 * answer[TCP].dataofs]
                if part and answer[TCP].seq == self.expected:
                    got += part
                    self.expected += len(part)
                if part:
                    self._send("A", seq=self.next + len(self.data))
            if got == self.data:
                self.next += len(self.data)
                return
            self._send("PA", self.data)
        raise AssertionError("the connection stands")

    def is_gone(self):
        """Asks the guest; true if it does not know the session."""
        self._send("PA", b"?")
        while answer := self._receive(SAFETY_S):
            if "R" in answer[TCP].flags:
                return True
        return False
