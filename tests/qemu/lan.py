"""A host on the guest's LAN, made of scapy's packets on QEMU's datagram sockets."""
import os
import queue
import socket
import threading

from conftest import FACTS
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

GUEST_MAC = FACTS.mac
GUEST = "10.0.2.15"
MAC = "02:00:00:00:00:77"
ADDRESS = "10.0.2.77"
SAFETY_S = 60


class Lan:
    """Sends and receives Ethernet frames; answers ARP requests for its address.

    A thread reads all the time: the emulator spins, and so slows its guest down, while a peer of its
    datagram socket does not read."""

    def __init__(self, guest):
        self.remote = os.path.join(guest.lan_dir, "nic.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(guest.lan_dir, "host.sock"))
        self.received = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            packet = Ether(self.socket.recv(65536))
            if packet.src != GUEST_MAC:
                continue  # slirp is on the LAN as well, and answers whatever it sees of TCP
            if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst == ADDRESS:
                self.send(Ether(dst=packet.src, src=MAC) / ARP(
                    op=2, hwsrc=MAC, psrc=ADDRESS, hwdst=packet[ARP].hwsrc, pdst=packet[ARP].psrc))
            self.received.put(packet)

    def send(self, frame):
        """Sends a scapy packet, or bytes as they are."""
        self.socket.sendto(bytes(frame), self.remote)

    def receive(self, wanted):
        """Waits for a packet of the guest that `wanted(packet)` is true of, and returns it."""
        while True:
            try:
                packet = self.received.get(timeout=SAFETY_S)
            except queue.Empty:
                raise AssertionError("no such frame has come from the guest") from None
            if wanted(packet):
                return packet

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
