#!/usr/bin/python3
"""Guest instructions per packet of a board's firmware as it ships, exact and repeatable.

usage: tests/bench/bench.py [--compare | --baseline] BOARD...

Prints a table for each board and writes build/bench.json. --compare fails if a figure is more than 2 %
above tests/bench/baseline.json; --baseline writes that file. docs/performance.md says what is counted.
"""
import argparse
import collections
import contextlib
import dataclasses
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.dirname(os.path.abspath(__file__))]

import peer as lan  # noqa: E402  pylint: disable=wrong-import-position
from emulator import (BOARDS, Guest, Problem, find_board, find_qemu,  # noqa: E402  pylint: disable=wrong-import-position
                      same_each_time)
from meter import PART_NAMES, Meter, Stuck, tool  # noqa: E402  pylint: disable=wrong-import-position

RESULTS = os.path.join(ROOT, "build/bench.json")
BASELINE = os.path.join(ROOT, "tests/bench/baseline.json")
GROWTH = 0.02     # more than this is a failure
ROUNDS = 100
WARM_UP = 8       # rounds before the measured ones: an address is looked up, a window opens
COMMON = 0.05     # the share of the rounds that have to agree on a number for it to be the figure
IDLE_SECONDS = (20, 80)  # of virtual time since lwIP's start: idle is counted in between
TOP = 60
# Registers whose device the emulator serves in its main loop, in parallel to the guest's processor, not within
# the access as with other MACs. Two rounds are the same only if the guest waits for it. (virtio 1.1, 4.2.2:
# QueueNotify of each of the board's 32 slots.)
SERVED_LATER = {"virt": [0x0a000050 + 0x200 * slot for slot in range(32)]}
NUMBERS = ("instructions", "interrupts", "mmio_reads", "mmio_writes", "copied", "summed")


SECOND = "etharp_tmr"  # lwIP calls it once a second
READY = (r"en0 up 10\.0\.2\.15/24", r"en0 up FE80")  # most of the firmware's own traffic is over


def elf_of(board):
    path = os.path.join(ROOT, "build", board, "firmware.elf")
    if not os.path.exists(path):
        raise Problem(f"{path}: no such firmware; run make BOARD={board} first")
    return path


def version(qemu):
    text = subprocess.run([find_qemu(qemu), "--version"], check=True, capture_output=True, text=True).stdout
    return re.search(r"version ([\d.]+)", text).group(1)


def plugin_for(qemu):
    """The plugin, built for the emulator's version of the plugin interface."""
    major = int(version(qemu).split(".")[0])
    path = os.path.join(ROOT, f"build/tools/insn_counter_{1 if major < 9 else 2}.so")
    if not os.path.exists(path):
        raise Problem(f"{path}: no such plugin; make bench builds it")
    return path


# ---- a figure ----

@dataclasses.dataclass(frozen=True)
class Figure:
    """What it took: the least number that at least a twentieth of the rounds, and two, agree on.

    A round is disturbed if a timer of the stack, a log line or another host's frame falls into it: it
    then takes more, and hardly any two take the same."""
    name: str
    per: int          # of what is counted in a round: packets, or seconds
    counts: object
    rounds: int
    agree: int
    note: str = ""

    def number(self, value):
        """A number per packet or second: rounded if it is so large that tenths do not matter."""
        one = value / self.per
        return round(one, 1) if one < 100 and value % self.per else round(one)


def choose(rounds):
    """(the counts, how many rounds have that number of instructions)"""
    numbers = collections.Counter(counts.instructions for counts in rounds)
    common = [number for number, times in numbers.items() if times >= max(2, COMMON * len(rounds))]
    number = min(common) if common else numbers.most_common(1)[0][0]
    alike = collections.Counter(counts for counts in rounds if counts.instructions == number)
    return alike.most_common(1)[0][0], numbers[number]


class Bench:
    """A guest that has its address, with the meter on it and the peer that sends it packets."""

    def __init__(self, board, plugin, elf=None, ready=READY):
        elf = elf or elf_of(board)
        self.board = BOARDS[board]
        self.meter = Meter(elf, plugin, mark=SECOND, doorbells=SERVED_LATER.get(board, ()))
        self.meter.serve = self.go_around
        self.guest = self.peer = None
        try:
            self.guest = Guest(elf, board=board, net="lan", extra=self.meter.arguments,
                               transcript=os.path.join(os.path.dirname(elf), "bench.log"))
            self.meter.connect()
            for line in ready:
                self.guest.expect(line)
            # slirp, which has given the lease, would answer any TCP segment that it sees.
            self.guest.qmp("set_link", name="user0", up=False)
            self.meter.hold_at_points()
            self.meter.listen()
            self.peer = lan.Peer(self.guest.lan_dir, self.board.mac)
            self.exchange(self.peer.arp_request())
        except BaseException:
            self.close()
            raise

    def close(self):
        for part in (self.peer, self.guest, self.meter):
            if part:
                part.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- traffic: each waits until the guest sleeps again ----

    def settle(self, done):
        self.meter.settle(done, self.peer.socket, self.peer.take)

    def tell(self, line):
        """Sends a command to the console. A guest that is held at the mark meanwhile is let go."""
        answered = self.guest.text.count("done")
        self.guest.send(line)
        self.settle(lambda: self.guest.text.count("done") > answered)

    def exchange(self, frame, replies=1):
        self.peer.replies.clear()
        self.peer.send(frame)
        self.settle(lambda: len(self.peer.replies) >= replies)

    def go_around(self):
        """Lets the emulator's main loop, which answers us, go around."""
        for _ in range(2):
            self.guest.qmp("query-status")

    def burst(self, frame, batch):
        """Holds the guest at its wake-up until all requests are in its ring."""
        self.peer.replies.clear()
        self.meter.hold_when_it_wakes()
        self.peer.send(frame)
        self.meter.wait_until_held()
        for _ in range(batch - 1):
            self.peer.send(frame)
        unread = 1
        while unread:
            unread = struct.unpack("i", fcntl.ioctl(self.peer.socket, termios.TIOCOUTQ, bytes(4)))[0]
            self.go_around()
        self.meter.let_go()
        self.settle(lambda: len(self.peer.replies) >= batch)

    @contextlib.contextmanager
    def fast_path(self):
        self.tell("ifconfig en0 fast on")
        yield
        self.tell("ifconfig en0 fast off")

    def connect(self, connection):
        connection.open()
        self.settle(connection.opened)
        self.acknowledge(connection)
        return connection

    def acknowledge(self, connection):
        wakes = self.meter.wakes
        connection.acknowledge()
        self.settle(lambda: self.meter.wakes > wakes)

    def reset(self, connection):
        wakes = self.meter.wakes
        connection.reset()
        self.settle(lambda: self.meter.wakes > wakes)

    def segments(self, connection, data, count):
        """Sends segments, each when the guest is done with the one before; it may acknowledge several at
        once, and has acknowledged all of them at the end."""
        for i in range(count):
            wakes = self.meter.wakes
            connection.say(data)
            self.settle((lambda: self.meter.wakes > wakes) if i < count - 1 else connection.is_acknowledged)

    def echo(self, connection, data):
        connection.say(data)
        self.settle(lambda: connection.came() >= len(data))

    def take(self, connection, size):
        connection.acknowledge()
        self.settle(lambda: connection.came() >= size)

    # ---- figures ----

    def figure(self, name, traffic, per=1, note="", rounds=ROUNDS):
        """The figure of `rounds` times `traffic`, each of which handles `per` of the counted units."""
        taken = []
        before = self.meter.read()
        for i in range(rounds + WARM_UP):
            traffic(i)
            after = self.meter.read()
            taken.append(after - before)
            before = after
        counts, agree = choose(taken[WARM_UP:])
        return Figure(name, per, counts, rounds, agree, note)

    def sending(self):
        for size in (64, lan.MSS):
            connection = self.connect(lan.chargen(self.peer, port=41000 + size, mss=size))
            connection.window = size
            sending = lambda _, c=connection, s=size: self.take(c, s)
            yield self.figure(f"TCP send {size} B", sending)
            if size != lan.MSS:
                self.reset(connection)
        with self.fast_path():
            yield self.figure(f"TCP send {size} B, fast", sending)
        connection.window = 2 * size
        yield self.figure("TCP send, 2 an ACK", lambda _: self.take(connection, 2 * size), per=2)

    def figures(self):
        peer = self.peer
        data = bytes(i % 251 for i in range(lan.MSS + 12))
        yield self.figure("ARP", lambda _: self.exchange(peer.arp_request()))
        for size in (56, 1472):
            yield self.figure(f"ICMP echo {size} B", lambda i, s=size: self.exchange(peer.ping(data[:s], i)))
        for size in (18, 64, 512, 1472):
            yield self.figure(f"UDP echo {size} B", lambda _, s=size: self.exchange(peer.udp(data[:s])))
        for batch in (8, 32):
            size = min(batch, self.board.ring)
            note = f"{size} at a time, all that the ring takes" if size < batch else ""
            yield self.figure(f"UDP echo 64 B, batch {batch}", lambda _, n=size: self.burst(peer.udp(data[:64]), n),
                              per=size, note=note, rounds=ROUNDS // 2)
        with self.fast_path():
            for size in (56, 1472):
                yield self.figure(f"ICMP echo {size} B, fast", lambda i, s=size: self.exchange(peer.ping(data[:s], i)))
            for size in (64, 1472):
                yield self.figure(f"UDP echo {size} B, fast", lambda _, s=size: self.exchange(peer.udp(data[:s])))
        connection = self.connect(lan.discard(peer))
        receiving = lambda _: self.segments(connection, data[:lan.MSS], 2)
        yield self.figure("TCP receive 1460 B", receiving, per=2)
        with self.fast_path():
            yield self.figure("TCP receive 1460 B, fast", receiving, per=2)
        yield from self.sending()
        connection = self.connect(lan.echo(peer))
        yield self.figure("TCP echo 1 B", lambda _: self.echo(connection, data[:1]))


def idle(board, plugin, elf=None):
    """A second of virtual time without traffic, marked out by lwIP's timer of a second: the median of all,
    which leaves out the pings of the simulated NIC's peer, every five seconds."""
    elf = elf or elf_of(board)
    with Meter(elf, plugin, mark=SECOND) as meter:
        meter.hold_at_points()
        with Guest(elf, board=board, net="none",
                   extra=[*same_each_time(0), *meter.arguments]):
            meter.connect()
            taken = []
            before = None
            for second in range(IDLE_SECONDS[1]):
                meter.wait_until_held("m")
                now = meter.read()
                if second > IDLE_SECONDS[0]:
                    taken.append(now - before)
                before = now
                meter.let_go()
    counts = sorted(taken, key=lambda counts: counts.instructions)[len(taken) // 2]
    agree = sum(other.instructions == counts.instructions for other in taken)
    return Figure("idle, a second", 1, counts, len(taken), agree), meter


# ---- what comes of it ----

def regions(guest):
    """(start, end, name) of the devices in the guest's memory map."""
    text = guest.qmp("human-monitor-command", **{"command-line": "info mtree -f"})
    return [(int(start, 16), int(end, 16), name) for start, end, name in
            re.findall(r"^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, i/o\): (\S+)", text, re.MULTILINE)]


def device_name(devices, address):
    spans = [(end - start, name) for start, end, name in devices if start <= address <= end]
    return min(spans)[1] if spans else "?"


def record(figure, meter, devices):
    """The figure as it is in build/bench.json."""
    counts, number = figure.counts, figure.number
    return {
        "instructions": number(counts.instructions),
        "share": number(meter.share(counts)),
        "parts": {name: number(value) for name, value in meter.parts(counts).items()},
        "interrupts": number(counts.interrupts),
        "mmio_reads": number(counts.reads),
        "mmio_writes": number(counts.writes),
        "registers": [{"address": f"0x{address:08x}", "device": device_name(devices, address),
                       "reads": number(reads), "writes": number(writes)}
                      for address, reads, writes in counts.registers],
        "copied": number(counts.copied),
        "summed": number(counts.summed),
        "functions": {name: number(value) for name, value in meter.top(counts, TOP)},
        "rounds": figure.rounds,
        "agree": figure.agree,
        **({"note": figure.note} if figure.note else {}),
    }


HEADINGS = ("instr.", "share", *PART_NAMES, "irq", "read", "write", "copied", "summed")


def print_row(name, cells, note=""):
    print(f"{name:23}" + "".join(f"{cell:>{max(len(heading) + 1, 6)}}" for heading, cell in zip(HEADINGS, cells)) +
          (f"  ({note})" if note else ""), flush=True)


def print_figure(name, entry):
    cells = (entry["instructions"], entry["share"], *(entry["parts"][part] for part in PART_NAMES), entry["interrupts"],
             entry["mmio_reads"], entry["mmio_writes"], entry["copied"], entry["summed"])
    print_row(name, [round(cell) if cell >= 10 else cell for cell in cells], entry.get("note", ""))


def measure(board, qemu):
    """Prints the board's table and returns its entry for build/bench.json."""
    plugin = plugin_for(qemu)
    figures = {}
    print(board)
    print_row("", HEADINGS)
    with Bench(board, plugin) as bench:
        devices = regions(bench.guest)
        for figure in bench.figures():
            figures[figure.name] = record(figure, bench.meter, devices)
            print_figure(figure.name, figures[figure.name])
    figure, meter = idle(board, plugin)
    figures[figure.name] = record(figure, meter, devices)
    print_figure(figure.name, figures[figure.name])
    return {"compiler": tool("gcc", "--version").splitlines()[0], "emulator": version(qemu), "figures": figures}


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def store(path, boards):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(boards, file, indent=1)
        file.write("\n")


def essence(result):
    """The part of a board's result that the baseline keeps."""
    return {"compiler": result["compiler"], "emulator": result["emulator"],
            "figures": {name: {number: entry[number] for number in NUMBERS}
                        for name, entry in result["figures"].items()}}


def grown(board, result, baseline):
    """A line for each figure that grew or is gone."""
    for tool_kind in ("compiler", "emulator"):
        if result[tool_kind] != baseline[tool_kind]:
            print(f"{board}: the baseline is of another {tool_kind}: {baseline[tool_kind]}")
    for name, old in baseline["figures"].items():
        new = result["figures"].get(name)
        if new is None:
            yield f"{board}: {name}: is not measured any more"
            continue
        more = [f"{number} {old[number]} -> {new[number]}"
                + (f" ({new[number] / old[number] - 1:+.1%})" if old[number] else "")
                for number in NUMBERS if new[number] > old[number] * (1 + GROWTH)]
        if more:
            yield f"{board}: {name}: " + ", ".join(more)


def compare(results):
    baseline = load(BASELINE)
    lines = []
    for board, result in results.items():
        if board not in baseline:
            lines.append(f"{board}: no baseline; make bench-baseline BOARD={board} writes it")
        else:
            lines += grown(board, result, baseline[board])
    for line in lines:
        print(line)
    if not lines:
        print(f"no figure grew by more than {GROWTH:.0%}")
    return not lines


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Problem(f"{message}; --help names the valid options")


def main():
    parser = Parser(usage=__doc__.split("usage: ")[1])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--compare", action="store_true")
    mode.add_argument("--baseline", action="store_true")
    parser.add_argument("boards", nargs="+", metavar="BOARD")
    try:
        options = parser.parse_args()
        for board in options.boards:
            find_board(board)
        results = {board: measure(board, os.environ.get("QEMU") or "qemu-system-arm")
                   for board in options.boards}
    except (Problem, Stuck) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    store(RESULTS, {**load(RESULTS), **results})
    if options.baseline:
        store(BASELINE, {**load(BASELINE), **{board: essence(result) for board, result in results.items()}})
    return 0 if not options.compare or compare(results) else 1


if __name__ == "__main__":
    sys.exit(main())
