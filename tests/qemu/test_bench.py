"""The meter of `make bench` counts right, counts the same each time, and reports what grew."""
import itertools
import os
import subprocess
import sys

import pytest

from conftest import BOARD, ROOT, without_make

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))
import bench  # noqa: E402  pylint: disable=wrong-import-position
import growth  # noqa: E402  pylint: disable=wrong-import-position
from emulator import BOARDS, Guest  # noqa: E402  pylint: disable=wrong-import-position
from meter import Counts, Meter  # noqa: E402  pylint: disable=wrong-import-position

QEMU = os.environ.get("QEMU") or "qemu-system-arm"


def test_a_known_guest_is_counted_to_the_instruction(tmp_path):
    """tests/bench/known_guest.S says of each of its functions what it takes."""
    elf = str(tmp_path / "known.elf")
    subprocess.run([f"{os.environ.get('CROSS') or 'arm-none-eabi-'}gcc", "-nostdlib", "-Llinker",
                    "-Tlinker/emcraft-sf2.ld", "-Wl,--no-warn-rwx-segments", "tests/bench/known_guest.S",
                    "-o", elf], cwd=ROOT, check=True)
    with Meter(elf, bench.plugin_for(QEMU)) as meter, Guest(elf, net="none", extra=meter.arguments):
        meter.connect()
        meter.listen()
        meter.settle()
        counts = meter.read()
    assert dict(meter.top(counts)) == {
        "known_loop": 2006, "memcpy": 69, "reset_handler": 25, "internet_checksum": 19,
        "systick_handler": 3, "port_sleep": 1}
    assert counts.instructions == 2006 + 69 + 25 + 19 + 3 + 1
    assert counts.interrupts == 3
    assert counts.registers == ((0xe000ed04, 5, 3),)
    assert counts.copied == 64
    assert counts.summed == 40


def check_parts(meter, counts):
    """Parts and functions add up to the whole, and an inlined function counts as a function of its own."""
    parts = meter.parts(counts)
    functions = dict(meter.top(counts, most=None))
    assert sum(parts.values()) == sum(functions.values()) == counts.instructions
    assert parts["driver"] < meter.share(counts) <= parts["driver"] + parts["port"]
    assert parts["checksum"] > 0 and "mmio_read" in functions
    assert "mmio_read" not in {name for _, name, _ in meter.firmware.symbols}


def test_two_runs_give_the_same_figures():
    def run():
        with bench.Bench(BOARD, bench.plugin_for(QEMU)) as guest:
            data = bytes(range(64))
            udp = guest.figure("UDP", lambda _: guest.exchange(guest.peer.udp(data)), rounds=50)
            burst = guest.figure("burst", lambda _: guest.burst(guest.peer.udp(data), 8), rounds=20)
            check_parts(guest.meter, udp.counts)
            return udp.counts, burst.counts

    first, second = run(), run()
    assert first[0].instructions > 500
    assert first == second
    assert first[1].instructions < 8 * first[0].instructions, "a batch costs less than its packets one by one"
    assert first[1].summed == 8 * first[0].summed


@pytest.mark.skipif(BOARDS[BOARD].driver not in ("cadence_gem", "imx_enet"),
                    reason="needs a MAC that sums what it sends")
def test_what_a_segment_costs_to_send_does_not_grow_with_it():
    with bench.Bench(BOARD, bench.plugin_for(QEMU)) as guest:
        taken = {figure.name: figure.counts.instructions for figure in guest.sending()}
        short, long = taken["TCP send 64 B"], taken["TCP send 1460 B"]
    assert short < long * 1.02 and long < short * 1.08


def test_what_the_guest_does_as_a_device_is_counted_aside():
    """The guest that floods itself, at its first rates: all of them take the same virtual time."""
    subprocess.run(["make", "build/bench/sweep/guest.elf"], cwd=ROOT, env=without_make(), check=True,
                   stdout=subprocess.DEVNULL)
    packets = []
    for size, rate, sent, lost, counts, meter in itertools.islice(growth.sweep(bench.plugin_for(QEMU)), 4):
        assert (size, lost) == (64, 0) and abs(sent - 100 * rate) <= rate
        assert counts.instructions + counts.aside < 101 * 1e6 / 2 ** growth.SWEEP_SHIFT, "it sleeps in between"
        assert counts.aside > 500 * sent, "a device copies each frame twice"
        assert not {"sim_peer_send", "sim_device_write"} & set(dict(meter.top(counts, most=None)))
        packets.append(counts.instructions / sent)
    assert packets == sorted(packets, reverse=True), "more packets at a time cost less each"


def counted(instructions, interrupts=1):
    return Counts(interrupts, 64, 40, 0, ((0x40041000, 3, 5),), (instructions,))


def test_a_figure_is_the_least_that_many_rounds_have_taken():
    """What hardly any round has taken is an accident, and what most have taken may include a disturbance."""
    rounds = [counted(900)] * 4 + [counted(1000)] * 40 + [counted(1000, 2)] * 2 + [counted(1100)] * 54
    assert bench.choose(rounds) == (counted(1000), 42)
    assert bench.choose([counted(number) for number in range(21)])[1] == 1
    assert counted(1000, 3) - counted(900) == Counts(2, 0, 0, 0, (), (100,))


def test_a_figure_is_of_one_packet():
    def number(value, per):
        return bench.Figure("", per, counted(value), 100, 50).number(value)

    assert (number(7576, 8), number(20, 8), number(16, 8), number(947, 1), number(804, 8)) == (947, 2.5, 2, 947, 100)


def test_what_grew_is_told_in_a_line_and_a_little_is_not():
    def result(instructions, reads):
        return {"compiler": "gcc", "emulator": "7.2", "figures": {"ARP": {
            "instructions": instructions, "interrupts": 1, "mmio_reads": reads, "mmio_writes": 0, "copied": 0,
            "summed": 0}}}

    assert not list(bench.grown("b", result(1020, 0), result(1000, 0)))
    assert not list(bench.grown("b", result(500, 0), result(1000, 0)))
    assert list(bench.grown("b", result(1021, 0), result(1000, 0))) == [
        "b: ARP: instructions 1000 -> 1021 (+2.1%)"]
    assert list(bench.grown("b", result(1000, 1), result(1000, 0))) == ["b: ARP: mmio_reads 0 -> 1"]
    assert list(bench.grown("b", {**result(0, 0), "figures": {}}, result(1, 0))) == [
        "b: ARP: is not measured any more"]
