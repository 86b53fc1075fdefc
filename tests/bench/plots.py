#!/usr/bin/python3
"""Draws docs/growth.svg from build/bench-growth.json: the same bytes for the same figures.

usage: tests/bench/plots.py [JSON [SVG]]
"""
import json
import os
import sys

import matplotlib
matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  pylint: disable=wrong-import-position

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SETTINGS = {"svg.hashsalt": "ringif", "svg.fonttype": "none", "font.size": 8, "axes.spines.top": False,
            "axes.spines.right": False, "axes.titlesize": 9, "lines.marker": "o", "lines.markersize": 3,
            "axes.grid": True, "grid.linewidth": 0.3}
# (table of the file, what is on the x axis, title, the figures' names or all but "idle")
PANELS = (
    ("rings", "descriptors in a ring", "UDP echo 64 B:\nno loop goes over a ring", None),
    ("batches", "datagrams in the ring at the wake-up",
     "UDP echo 64 B:\na batch shares its interrupt and its turns", None),
    ("connections", "open TCP connections", "a packet: the search in lwIP's\ntcp_active_pcbs is linear", None),
    ("connections", "open TCP connections",
     "an idle second: lwIP's tcp_slowtmr and\ntcp_fasttmr are linear", ("idle",)),
    ("interfaces", "interfaces", "a packet: the search in lwIP's\nnetif_list is linear", None),
    ("interfaces", "interfaces", "an idle second: each interface\nhas timers", ("idle",)),
)


def draw(axes, table, x_label, title, names):
    counts = sorted(table, key=int)
    lines = {name: [table[count][name]["instructions"] for count in counts]
             for name in names or [name for name in table[counts[0]] if name != "idle"]}
    numbers = [int(count) for count in counts]
    for name, line in lines.items():
        axes.plot(numbers, line, label=name)
    axes.plot(numbers, [table[count][next(iter(lines))]["share"] for count in counts], linestyle="--",
              label=f"the driver's share{f' of {next(iter(lines))}' if len(lines) > 1 else ''}")
    if len(counts) > 4:  # powers of two
        axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, counts)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(x_label)
    axes.set_ylabel("instructions")
    axes.set_title(title)
    axes.legend(frameon=False, fontsize=6)


def main():
    source, target = (sys.argv[1:] + [os.path.join(ROOT, "build/bench-growth.json"),
                                      os.path.join(ROOT, "docs/growth.svg")][len(sys.argv) - 1:])[:2]
    if not os.path.exists(source):
        print(f"plots: {source}: no such file; make bench-growth writes it", file=sys.stderr)
        return 2
    with open(source, encoding="utf-8") as file:
        results = json.load(file)
    with matplotlib.rc_context(SETTINGS):
        figure, axes = pyplot.subplots(3, 2, figsize=(8, 9), layout="constrained")
        for place, (table, *rest) in zip(axes.flat, PANELS):
            draw(place, results[table], *rest)
        figure.savefig(target, metadata={"Date": None, "Creator": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
