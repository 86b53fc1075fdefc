"""What a guest does after faults and under load: the time until all is as before, by its own clock.

Run as a program (`make faults`, `make load`) it prints a table; test_recovery.py asserts what that says."""
import contextlib
import re
import sys
import threading

from conftest import BOARD, ELF, FACTS, Guest
from emulator import virtual_time
from lan import GUEST, Lan, Session
from scapy.layers.inet import UDP

EXACT = virtual_time(3)  # 125 million instructions a second, like a small MCU
PERIOD_MS = 50
SETTLED_S = 1.5       # without a loss for that long
FLOOD_FRAMES = 10000  # one of each of the flood's hosts
FAULTS = {  # the simulated NIC's: thousandths, and how often each has to strike
    "drop": (500, 20), "duplicate": (500, 20), "reorder": (500, 20), "delay": (500, 20), "corrupt": (500, 20),
    "truncate": (500, 20), "bad-status": (500, 20), "stuck": (500, 8), "lost-interrupt": (1000, 20),
    "storm": (500, 5), "overrun": (500, 20), "link-flap": (500, 3)}
FLOODS = ("broadcast", "udp", "fragments", "syn", "arp", "nd")


def uptime(guest):
    return float(guest.ask("uptime", r"\r\nup (\d+\.\d+) s\r\n").group(1))


@contextlib.contextmanager
def unhurried(guest):
    """A guest in virtual time gets no sleep meanwhile, so that its clock cannot run ahead of a host on its wire: for
    one that sleeps, minutes pass before that host has its turn, and ARP, sessions and leases run out. The flood is of
    a kind that nobody answers, since answers to so many hosts would take all of the guest's ARP entries."""
    guest.ask(f"nic flood {FACTS.simulated} broadcast", "a second")
    yield
    guest.ask(f"nic flood {FACTS.simulated} off", ", 0 a second")


# ---- the simulated NIC, in virtual time ----

def start_session(guest):
    """Has the peer ping, and send on a TCP session, every PERIOD_MS."""
    guest.expect("sim0 tick 1:")
    guest.ask(f"ifconfig {FACTS.simulated} 10.1.0.1/16", "done")
    guest.ask(f"nic profile {FACTS.simulated} session {PERIOD_MS} 4", "session, 4 frames")
    next_report(guest)


def next_report(guest):
    """From the simulated NIC's peer: the time, missing pings, missing segments, lost sessions."""
    tick = guest.expect(r"\[ *(\d+\.\d+)\] I sim: sim0 tick \d+: \d+ requests, (\d+) right, \d+ wrong, "
                        r"(\d+) missing\r\n(?:.*\r\n)*?.*sim0 tcp: (\d+) of (\d+) segments came back, "
                        r"(\d+) sessions lost\r\n")
    time, right, missing, echoed, segments, lost = (float(part) for part in tick.groups())
    return time, missing, right, segments - echoed, lost


def recovered_after(guest, end):
    """Seconds from `end` until pings, and the TCP session, are as before: the last loss is reported, the
    segment that was in flight has come back; and how many sessions were lost."""
    ping = tcp = None
    while True:
        time, missing, right, under_way, lost = next_report(guest)
        if missing:
            ping = None
        elif right and ping is None:  # there are none without a link, or when the previous report has had them
            ping = time
        if under_way:
            tcp = None
        elif tcp is None:
            tcp = time
        if ping and tcp and time - ping >= SETTLED_S and time - tcp >= SETTLED_S:
            return ping - end, tcp - end, lost


def simulated_faults(guest):
    """For each fault: its name, how often it struck, and recovered_after()."""
    name = FACTS.simulated
    start_session(guest)
    for fault, (thousandths, least) in FAULTS.items():
        def struck(fault=fault):
            guest.send(f"nic fault {name}")
            return int(guest.expect(rf"\n{fault} +\d+ of 1000, struck (\d+)\r\n").group(1))

        before = struck()
        guest.ask(f"nic fault {name} {fault} {thousandths}", "done")
        while struck() < before + least:
            pass
        guest.ask(f"nic fault {name} {fault} 0", "done")
        yield (fault, struck() - before, *recovered_after(guest, uptime(guest)))


def floods(guest):
    """For each flood: its name, frames that arrived, frames that found no buffer, the lateness of timers and of
    the console in milliseconds, and recovered_after()."""
    name = FACTS.simulated
    start_session(guest)
    for flood in FLOODS:
        guest.ask("lateness -z", r"answered within")
        guest.ask(f"nic flood {name} {flood}", "a second")
        while int(guest.ask(f"nic flood {name}", r"a second: (\d+) came").group(1)) < FLOOD_FRAMES:
            next_report(guest)
        came, lost = guest.ask(f"nic flood {name} off", r", 0 a second: (\d+) came, (\d+) found").groups()
        timers = guest.ask("lateness", r"at most (\d+) ms late").group(1)
        console = guest.expect(r"answered within (\d+\.\d+) ms").group(1)
        yield flood, int(came), int(lost), int(timers), float(console), *recovered_after(guest, uptime(guest))


# ---- the board's own MAC, by the guest's clock ----

WIRE = "net0" if FACTS.nic else "dgram0"
FILTERS = ("-chardev", "null,id=nowhere",
           "-object", f"filter-redirector,id=drop,netdev={WIRE},queue=all,outdev=nowhere,status=off",
           "-object", f"filter-buffer,id=delay,netdev={WIRE},queue=all,interval=100000,status=off")


def start_wire(guest):
    """A host on the guest's wire, which has no others."""
    guest.expect("type help")
    guest.ask(f"ifconfig en0 {GUEST}/24", rf"en0 up {GUEST}/24")
    host = Lan(guest)
    host.ping_until_answered(1)
    return host


def set_filter(guest, name, on):
    guest.qmp("qom-set", path=f"/objects/{name}", property="status", value="on" if on else "off")


def lose_link(guest, traffic):
    guest.set_link(False)
    guest.expect("en0 link down")
    traffic(1)
    guest.set_link(True)


def overrun(guest, traffic):
    """Sends more than the ring holds, while the main loop does nothing."""
    guest.ask("stall 300", "the main loop stops")
    traffic(2 * FACTS.ring + 8)


def stop(guest, traffic):
    """Stops the emulator, which reads nothing meanwhile: the host's frames wait for it."""
    guest.qmp("stop")
    sender = threading.Thread(target=traffic, args=(2 * FACTS.ring,))
    sender.start()
    guest.qmp("cont")
    sender.join()


def drop(guest, traffic):
    set_filter(guest, "drop", True)
    traffic(20)
    set_filter(guest, "drop", False)


def delay(guest, traffic):
    """Delays by up to 100 ms, in bursts."""
    set_filter(guest, "delay", True)
    traffic(20)
    set_filter(guest, "delay", False)


def read_nothing(guest, traffic):
    """The emulator keeps what it cannot send, and the guest goes on. A device that waits for its peer is
    taken for one that hangs, and reset."""
    traffic.host.reads.clear()
    traffic(400)
    if FACTS.nic:
        guest.ask("ping -c 3 10.0.2.99", "3 packets transmitted, 0 received")  # which takes 3 s
    uptime(guest)
    traffic.host.reads.set()


def reset(guest, traffic):
    traffic(1)
    guest.qmp("system_reset")
    guest.expect("I main: ringif on")
    guest.ask(f"ifconfig en0 {GUEST}/24", rf"en0 up {GUEST}/24")


class Traffic:
    """What is in flight when something happens: a TCP segment, and datagrams to be echoed."""

    def __init__(self, host):
        self.host = host
        self.session = Session(host, 6000)

    def __call__(self, datagrams):
        self.session.start(b"meanwhile")
        for number in range(datagrams):
            self.host.send(bytes(self.host.ip() / UDP(sport=1000 + number, dport=7) / bytes(1000)))


REAL_FAULTS = {"link off, on": lose_link, "burst beyond the ring": overrun, "stop, cont": stop,
               "filter drops": drop, "filter delays": delay, "peer reads nothing": read_nothing,
               "system_reset": reset}


def real_faults(guest):
    """For each fault of the emulator: its name, and seconds until a ping is answered and until the TCP session
    goes on (after a reset, a new one)."""
    host = start_wire(guest)
    traffic = Traffic(host)
    for number, (name, fault) in enumerate(REAL_FAULTS.items()):
        fault(guest, traffic)
        end = 0 if fault is reset else uptime(guest)
        host.ping_until_answered(100 + number)
        ping = uptime(guest)
        if fault is reset:
            assert traffic.session.is_gone()
            traffic.session = Session(host, 6001)
            traffic.session.start(b"anew")
        traffic.session.finish()
        yield name, ping - end, uptime(guest) - end


# ---- the tables ----

def print_faults():
    print(f"{BOARD}: seconds until all is as before")
    print(f"{'fault of the simulated NIC':<26}  struck   ping     TCP  sessions lost")
    with Guest(ELF, board=BOARD, net="none", extra=EXACT) as guest:
        for fault, struck, ping, tcp, lost in simulated_faults(guest):
            print(f"{fault:<26}  {struck:6}  {ping:5.2f}   {tcp:5.2f}  {lost:13.0f}", flush=True)
    print(f"{'fault of the emulator':<26}            ping     TCP")
    with Guest(ELF, board=BOARD, net="wire", extra=FILTERS) as guest:
        for fault, ping, tcp in real_faults(guest):
            print(f"{fault:<26}          {ping:5.2f}   {tcp:5.2f}", flush=True)


def print_load():
    print(f"{BOARD}: {FLOOD_FRAMES} frames and more at the line's rate; then seconds until all is as before")
    print("flood       taken    lost  timers late  console within   ping    TCP  sessions lost")
    with Guest(ELF, board=BOARD, net="none", extra=EXACT) as guest:
        for flood, came, lost, timers, console, ping, tcp, gone in floods(guest):
            print(f"{flood:<10} {came:6}  {lost:6}  {timers:8} ms  {console:11.3f} ms  {ping:5.2f}  {tcp:5.2f}"
                  f"  {gone:13.0f}", flush=True)


if __name__ == "__main__":
    {"faults": print_faults, "load": print_load}[sys.argv[1]]()
