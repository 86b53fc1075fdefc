#!/usr/bin/python3
"""What a packet costs as rings, batches, connections and interfaces grow, and how many a second are too many.

usage: tests/bench/growth.py

Prints tables and writes build/bench-growth.json. The guests are those of tests/bench/guest, which make
builds; docs/performance.md says what is counted.
"""
import os
import sys

import bench
from bench import ROOT, Bench, Problem, plugin_for
from emulator import Guest, same_each_time
from meter import Meter, Stuck
import peer as lan

RESULTS = os.path.join(ROOT, "build/bench-growth.json")
BOARD = "emcraft-sf2"
RINGS = (4, 8, 16, 32, 64, 128, 256)
POSTED_MAX = 255  # a pool has at most 256 packets, of which one stays at rest
BATCHES = (1, 2, 4, 8, 16, 32, 64)
BATCH_RING = 64
CONNECTIONS = (1, 8, 64, 256)
CONNECTIONS_RING = 16
INTERFACES = {1: "ring-16", 2: "interfaces-2", 4: "interfaces-4"}
ROUNDS = 40
SECONDS = 5
READY = (r"guest: en0 up",)
SWEEP_SHIFT = 5   # a millisecond is 31250 instructions
SWEEP_MOST = 32   # frames a millisecond
LONGEST = 1518    # bytes of a frame, with its FCS
LINE_BITS = 100e6
PREAMBLE_AND_GAP = 20  # bytes (IEEE 802.3, 4.4.2 and 3.1.1)
# An estimate, not a measurement: a Cortex-M3's loads, stores and branches take two cycles or more (ARM DDI
# 0337E, chapter 18), most others one; the flash's wait states come on top.
CORE_MHZ = 71
CYCLES_AN_INSTRUCTION = 1.5


def elf_of(guest):
    path = os.path.join(ROOT, "build/bench", guest, "guest.elf")
    if not os.path.exists(path):
        raise Problem(f"{path}: no such firmware; make bench-growth builds it")
    return path


def start(guest, plugin):
    return Bench(BOARD, plugin, elf_of(guest), READY)


def entry(meter, counts, packets=1):
    return {"instructions": round(counts.instructions / packets, 1), "share": round(meter.share(counts) / packets, 1)}


def datagrams(guest, batch=1):
    """UDP echo of 64 bytes, `batch` at a time."""
    frame = guest.peer.udp(bytes(64))
    if batch == 1:
        figure = guest.figure("", lambda _: guest.exchange(frame), rounds=ROUNDS)
    else:
        figure = guest.figure("", lambda _: guest.burst(frame, batch), rounds=ROUNDS // 2)
    return entry(guest.meter, figure.counts, batch)


def idle(guest, plugin):
    figure, meter = bench.idle(BOARD, plugin, elf_of(guest))
    return entry(meter, figure.counts)


def rings(plugin):
    for ring in RINGS:
        with start(f"ring-{ring}", plugin) as guest:
            yield ring, {"one at a time": datagrams(guest), "a full ring at a time": datagrams(guest, min(ring, POSTED_MAX))}


def batches(plugin):
    with start(f"ring-{BATCH_RING}", plugin) as guest:
        for batch in BATCHES:
            yield batch, {"a batch at a time": datagrams(guest, batch)}


def second(guest):
    """A second without traffic, by the guest's clock."""
    taken, before = [], None
    for _ in range(SECONDS + 1):
        guest.meter.wait_until_held("m")
        now = guest.meter.read()
        if before is not None:
            taken.append(now - before)
        before = now
        guest.meter.let_go()
    return entry(guest.meter, sorted(taken, key=lambda counts: counts.instructions)[SECONDS // 2])


def connections(plugin):
    with start(f"ring-{CONNECTIONS_RING}", plugin) as guest:
        opened = []
        for count in CONNECTIONS:
            while len(opened) < count:
                opened.append(guest.connect(lan.echo(guest.peer, 20000 + len(opened))))
            same = guest.figure("", lambda _: guest.echo(opened[0], b"x"), rounds=ROUNDS)
            guest.acknowledge(opened[0])
            turn = guest.figure("", lambda i, n=count: guest.echo(opened[i % n], b"x"), rounds=max(ROUNDS, count))
            for connection in opened:
                guest.acknowledge(connection)  # or else it is sent again
            yield count, {"UDP echo 64 B": datagrams(guest), "TCP echo 1 B, on one": entry(guest.meter, same.counts),
                          "TCP echo 1 B, on each in turn": entry(guest.meter, turn.counts), "idle": second(guest)}


def interfaces(plugin):
    for count, name in INTERFACES.items():
        with start(name, plugin) as guest:
            figure, meter = bench.idle(BOARD, plugin, elf_of(name))
            connection = guest.connect(lan.echo(guest.peer, 20000))
            echo = guest.figure("", lambda _, c=connection: guest.echo(c, b"x"), rounds=ROUNDS)
            guest.acknowledge(connection)  # or else it is sent again
            yield count, {"UDP echo 64 B": datagrams(guest), "TCP echo 1 B": entry(guest.meter, echo.counts),
                          "idle": entry(meter, figure.counts)}


def sweep(plugin):
    """For each step of the guest that floods itself: bytes of a frame, frames a millisecond, frames sent, frames
    lost, the step's counts, the meter."""
    elf = elf_of("sweep")
    with Meter(elf, plugin, mark="next_step") as meter:
        meter.hold_at_points()
        with Guest(elf, board=BOARD, net="none",
                   extra=[*same_each_time(SWEEP_SHIFT), *meter.arguments]) as guest:
            meter.connect()
            before = None
            while True:
                meter.wait_until_held("m")
                now = meter.read()
                meter.let_go()
                line = guest.expect(r"sweep: (?:(\d+) bytes, (\d+) a ms: (\d+) sent, (\d+) lost|rested)")
                if line[1] is not None and before is not None:
                    yield *map(int, line.groups()), now - before, meter
                before = now


def throughput(plugin):
    """For the shortest frames and for the longest, the step with the most frames of which none was lost."""
    best = {}
    for size, rate, sent, lost, counts, meter in sweep(plugin):
        if lost == 0:
            best[size] = {**entry(meter, counts, sent), "device": round(counts.aside / sent, 1),
                          "a millisecond": rate, "frames a million instructions":
                          round(sent * 1e6 / counts.instructions, 1)}
        if size == LONGEST and (lost or rate == SWEEP_MOST):
            return best


def print_growth(title, points):
    """Prints rows as they come, and returns them as they are in the file."""
    table = {}
    for count, row in points:
        if not table:
            print(f"{title:14}" + "".join(f"{name:>32}" for name in row))
        table[count] = row
        cells = (f"{value['instructions']:.0f} (share {value['share']:.0f})" for value in row.values())
        print(f"{count:<14}" + "".join(f"{cell:>32}" for cell in cells), flush=True)
    print()
    return table


def print_throughput(best):
    print(f"{'frame':14}{'instructions a frame':>24}{'frames a million':>20}"
          f"{'estimated at 71 MHz':>24}{'of 100 Mbit/s':>16}")
    for size, found in best.items():
        rate = found["frames a million instructions"]
        second_ = rate * CORE_MHZ / CYCLES_AN_INSTRUCTION
        line = LINE_BITS / 8 / (size + PREAMBLE_AND_GAP)
        print(f"{size:<14}{found['instructions']:>24.0f}{rate:>20.0f}{second_:>20.0f} a s{second_ / line:>16.0%}")
    return best


def main():
    qemu = os.environ.get("QEMU") or "qemu-system-arm"
    try:
        plugin = plugin_for(qemu)
        results = {name: print_growth(title, points(plugin)) for name, title, points in (
            ("rings", "ring", rings), ("batches", "batch", batches),
            ("connections", "connections", connections), ("interfaces", "interfaces", interfaces))}
        results["throughput"] = print_throughput(throughput(plugin))
    except (Problem, Stuck) as problem:
        print(f"growth: {problem}", file=sys.stderr)
        return 2
    bench.store(RESULTS, {"compiler": bench.tool("gcc", "--version").splitlines()[0],
                          "emulator": bench.version(qemu), **results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
