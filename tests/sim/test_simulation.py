"""Tests the simulation: it finds defects, a seed is always the same run, a replay is readable."""
import os
import re
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FAST = "build/host-sim-fast/soak"
CHECKED = "build/host-sim-checked/soak"
DEFECTS = re.findall(r'^  X\([A-Z_]+, "([\w-]+)"\)', open(
    os.path.join(ROOT, "tests/sim/node.h"), encoding="utf-8").read(), re.MULTILINE)[1:]


def soak(*arguments):
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def replay(program, seed, *arguments):
    result = soak(program, "--replay", "--seed", str(seed), *arguments)
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr[-1000:]
    return result.stdout


def test_there_are_defects_to_find():
    assert len(DEFECTS) >= 14


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_within_some_seeds(defect):
    result = soak(FAST, "--defect", defect, "--seeds", "10", "--jobs", "1")
    assert result.returncode == 1, result.stdout
    found = re.findall(r"^seed (\d+): after [\d.]+ s: .*\n  make replay SEED=\1$", result.stdout,
                       re.MULTILINE)
    assert found, result.stdout


def test_storms_bring_all_that_they_are_made_of():
    """Else there would be nothing to survive: some of each fault, and of each thing that a node does."""
    said = soak(FAST, "--seed", "1", "--seeds", "50").stdout

    def numbers(line):
        return [float(number) for number in re.findall(r"[\d.]+", re.search(rf"^{line} .*", said, re.MULTILINE).group())]

    _, lost, doubled, corrupted, _ = packets = numbers("packets")
    assert min(lost, doubled, corrupted) > packets[0] / 10000
    assert min(numbers("TCP")) > 20
    assert min(numbers("nodes")) > 20
    assert numbers("storms")[0] >= 50
    faults = dict(re.findall(r"([\w-]+) (\d+)", re.search(r"^faults +(.*)", said, re.MULTILINE).group(1)))
    assert len(faults) == 12 and min(map(int, faults.values())) > 0, faults


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_is_the_same_run_by_any_compiler_options(seed):
    assert (re.search(r"^digest .*$", replay(FAST, seed), re.MULTILINE).group() ==
            re.search(r"^digest .*$", replay(CHECKED, seed), re.MULTILINE).group())


def test_a_replay_writes_what_is_on_the_wire(tmp_path):
    file = tmp_path / "wire.pcap"
    said = replay(FAST, 5, "--pcap", str(file))
    listed = subprocess.run(["tshark", "-r", file, "-T", "fields", "-e", "frame.number"],
                            capture_output=True, text=True, check=True).stdout.split()
    assert len(listed) == int(re.search(r"^packets +(\d+) sent", said, re.MULTILINE).group(1))


def test_a_run_that_is_broken_writes_what_was_on_the_wire_till_then(tmp_path):
    file = tmp_path / "wire.pcap"
    result = soak(FAST, "--replay", "--seed", "1", "--defect", "leak-rx", "--pcap", str(file))
    assert result.returncode == 1
    assert "packets that have an owner" in result.stdout
    assert subprocess.run(["tshark", "-r", file], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("arguments", [
    ["--nosuch"], ["--seed"], ["--defect", "nosuch"],
])
def test_a_wrong_option_is_refused(arguments):
    result = soak(FAST, *arguments)
    assert result.returncode == 2
    assert "usage:" in result.stderr


@pytest.mark.parametrize("option, value, valid", [
    ("--seed", "x", "0 to 18446744073709551615"), ("--seed", "-1", "0 to"), ("--seconds", "", "0 to"),
    ("--seed", "18446744073709551616", "0 to"), ("--jobs", "0", "1 to 64"), ("--jobs", "65", "1 to 64"),
])
def test_a_wrong_number_is_one_line_that_says_what_is_valid(option, value, valid):
    result = soak(FAST, option, value)
    assert result.returncode == 2
    assert result.stderr.startswith(f"soak: {option} {value}: valid: a whole number, {valid}")
    assert result.stderr.count("\n") == 1
