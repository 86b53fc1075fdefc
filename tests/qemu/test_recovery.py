"""Faults and floods: the guest recovers by itself, in the time that docs/reliability.md gives."""
from conftest import assert_nothing_missing
from emulator import virtual_time
from lan import ADDRESS, GUEST, GUEST_MAC, SAFETY_S, Session
from recovery import (EXACT, FAULTS, FILTERS, FLOODS, PERIOD_MS, REAL_FAULTS, floods, real_faults,
                      next_report, simulated_faults, start_wire, unhurried, uptime)
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Ether

PING_S = 1 + PERIOD_MS / 1000  # a loss is reported when the next pings are sent
RETRANSMISSION_S = 10  # by a station whose segments were lost several times in a row


def test_each_fault_of_the_simulated_nic_is_recovered_from(boot):
    guest = boot(net="none", extra=EXACT)
    seen = []
    for fault, struck, ping, tcp, lost in simulated_faults(guest):
        assert struck >= FAULTS[fault][1]
        # A device that is reset logs nothing for a second, as at its start.
        assert ping <= (PING_S + 1 if fault == "stuck" else PING_S), fault
        assert tcp <= RETRANSMISSION_S, fault
        assert lost == 0, fault
        seen.append(fault)
    assert seen == list(FAULTS)
    assert_nothing_missing(guest)


def test_each_fault_of_the_emulator_is_recovered_from(boot):
    """More or less by the host's time: what is awaited comes; the table says when."""
    guest = boot(net="wire", extra=FILTERS)
    assert [name for name, *_ in real_faults(guest)] == list(REAL_FAULTS)
    assert_nothing_missing(guest)


def test_floods_at_the_lines_rate_leave_timers_console_and_sessions(boot):
    guest = boot(net="none", extra=EXACT)
    seen = []
    for flood, came, lost, timers, console, ping, _, gone in floods(guest):
        assert came >= 10000
        # Under the flood the guest does not keep up: these are its figures at its limit.
        assert lost > came or flood not in ("udp", "fragments"), flood
        assert timers <= 10 and console <= 100, flood
        assert ping <= PING_S and gone == 0, flood
        seen.append(flood)
    assert seen == list(FLOODS)
    while uptime(guest) < 60:  # fragments are kept for 15 s
        next_report(guest)
    assert_nothing_missing(guest)


def test_lateness_is_seen(boot):
    """Shows that the figures of the test above mean something."""
    guest = boot(net="none", extra=EXACT)
    guest.expect("type help")
    guest.ask("lateness -z", "answered within")
    guest.ask("stall 120", "stops for 120 ms")
    guest.expect("sim0 tick")
    timers, console = guest.ask("lateness", r"at most (\d+) ms late\r\nconsole +\d+ lines, answered within "
                                            r"(\d+\.\d+) ms\r\n").groups()
    assert 20 <= int(timers) <= 125  # some come every 100 ms
    assert 120 <= float(console) <= 125
    guest.ask("lateness -z", rf"at most {timers} ms late\r\nconsole +\d+ lines, answered within {console} ms\r\n")
    timers, lines, console = guest.ask("lateness", r"at most (\d+) ms late\r\nconsole +(\d+) lines, answered within "
                                                   r"(\d+\.\d+) ms\r\n").groups()
    assert int(timers) < 20 and lines == "1" and float(console) < 20


HOSTS, ROUNDS = 250, 4  # of its own network; 10,000 come to the simulated NIC


def floods_on_the_wire():
    """The frames of each kind, from HOSTS hosts."""
    own = f"fe80::ff:fe{GUEST_MAC[9:11]}:{GUEST_MAC[12:14]}{GUEST_MAC[15:]}"
    group = f"ff02::1:ff{GUEST_MAC[9:11]}:{GUEST_MAC[12:14]}{GUEST_MAC[15:]}"
    make = {
        "broadcast": lambda eth, ip, n: eth("ff:ff:ff:ff:ff:ff") / IP(src=ip, dst="255.255.255.255") / UDP(dport=9999),
        "udp": lambda eth, ip, n: eth(GUEST_MAC) / IP(src=ip, dst=GUEST) / UDP(dport=9999) / bytes(1000),
        "fragments": lambda eth, ip, n: eth(GUEST_MAC) / IP(src=ip, dst=GUEST, id=n, flags="MF", proto=17) /
                                        bytes(1480),
        "IPv6 fragments": lambda eth, ip, n: eth(GUEST_MAC) / IPv6(src=f"fe80::{n + 256:x}", dst=own) /
                                             IPv6ExtHdrFragment(id=n, m=1, nh=17) / bytes(1400),
        "syn": lambda eth, ip, n: eth(GUEST_MAC) / IP(src=ip, dst=GUEST) / TCP(sport=n + 1000, dport=7, flags="S"),
        "arp": lambda eth, ip, n: eth("ff:ff:ff:ff:ff:ff") / ARP(hwsrc=f"02:00:00:00:01:{n:02x}", psrc=ip, pdst=GUEST),
        "nd": lambda eth, ip, n: eth(f"33:33:ff:{GUEST_MAC[9:]}") / IPv6(src=f"fe80::{n + 256:x}", dst=group) /
                                 ICMPv6ND_NS(tgt=own) / ICMPv6NDOptSrcLLAddr(lladdr=f"02:00:00:00:01:{n:02x}"),
    }
    for kind, frame in make.items():
        yield kind, [bytes(frame(lambda dst, n=n: Ether(dst=dst, src=f"02:00:00:00:01:{n:02x}"), f"10.0.2.{n}", n))
                     for n in range(1, HOSTS + 1) if f"10.0.2.{n}" not in (GUEST, ADDRESS)]


def test_floods_at_the_boards_mac_are_survived(boot):
    guest = boot(net="wire")
    host = start_wire(guest)
    session = Session(host, 7000)
    for number, (_, frames) in enumerate(floods_on_the_wire()):
        session.start(b"meanwhile")
        for _ in range(ROUNDS):
            for frame in frames:
                host.send(frame)
            guest.ask("uptime", r"\r\nup \d+\.\d+ s\r\n")
        host.ping_until_answered(10 + number)
        session.finish()
    host.ping(sequence=9)
    # The stack keeps the fragments of two datagrams until they time out.
    assert int(guest.ask("pool", r"en0 packets .*, stack (\d+) \(most \d+\)\r\n").group(1)) <= 8


class Taker(Session):
    """A session with chargen that acknowledges nothing that it receives."""
    PORT = 19


class Talker(Session):
    """A session with the echo service that reads nothing: it sends what the window allows, and the guest keeps it."""

    def talk(self):
        for offset in range(0, 4 * 1460, 1460):
            self.lan.send(self.lan.ip() / TCP(sport=self.port, dport=7, flags="PA", window=0, seq=self.next + offset,
                                              ack=self.expected) / bytes(1460))
        self.next += 4 * 1460


def test_peers_that_take_nothing_leave_others_room(boot):
    """What waits for them does not use up the heap, from which addresses and other connections come."""
    guest = boot(net="wire")
    host = start_wire(guest)
    peers = [Taker(host, 5000), Taker(host, 5001), Talker(host, 5100)]
    peers[-1].talk()
    guest.ask("mem", r"heap +used \d+")
    guest.ask("netstat", r"tcp  10\.0\.2\.15:7 +10\.0\.2\.77:5100 +ESTABLISHED\r\n")
    session = Session(host, 5200)
    session.start(b"meanwhile")
    session.finish()
    guest.send("ping -c 1 10.0.2.99")
    host.receive(lambda packet: ARP in packet and packet[ARP].pdst == "10.0.2.99")
    guest.expect("1 packets transmitted, 0 received")
    host.ping_until_answered(1)
    for peer in peers:
        host.send(host.ip() / TCP(sport=peer.port, dport=peer.PORT, flags="R", seq=peer.next))
    assert_nothing_missing(guest)


def test_a_peer_that_has_gone_without_a_word_is_given_up(boot):
    """After two minutes without traffic in either direction; another may take its place then."""
    guest = boot(net="wire", extra=virtual_time(3))
    host = start_wire(guest)
    with unhurried(guest):
        session = Session(host, 5300)
        before = uptime(guest)
        session.start(b"and no more")
        session.finish()
    while not session.segments.get(timeout=SAFETY_S)[TCP].flags & 1:  # FIN
        pass
    assert uptime(guest) - before >= 120
