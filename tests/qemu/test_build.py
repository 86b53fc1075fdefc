"""What make builds, and when: anew if the options have changed, and not otherwise."""
import glob
import os
import re
import shutil
import subprocess

import pytest
from conftest import BOARD, ROOT, without_make
from emulator import BOARDS

TREE = ("Makefile", "Filelists.mk", "app", "driver", "linker", "port", "profiles", "tests", "tools")
# An object in each folder that make builds in.
TARGET = f"build/{BOARD}/lwip/src/core/def.o"
HOST = {"build/host-threads/port/log.o", "build/host-coverage/port/log.o", "build/fuzz/lwip/src/core/def.o",
        *(f"build/host-{name}/lwip/src/core/def.o"
          for name in ("gcc", "clang", "interleave", "sim-fast", "sim-checked"))}


@pytest.fixture
def tree(tmp_path):
    """A tree of its own in which nothing is built yet."""
    for name in TREE:
        (tmp_path / name).symlink_to(os.path.abspath(os.path.join(ROOT, name)))
    (tmp_path / "build").mkdir()
    (tmp_path / "build/lwip").symlink_to(os.path.abspath(os.path.join(ROOT, "build/lwip")))
    return tmp_path


@pytest.fixture
def built(tree):
    """built("LWIP_DIR=/path") makes the objects in a tree of their own, and returns the new ones."""

    def build(*options):
        shown = subprocess.run(["make", "-s", f"BOARD={BOARD}", *options, TARGET, *sorted(HOST)], cwd=tree,
                               check=True, env=without_make(), stdout=subprocess.PIPE, text=True).stdout
        return set(re.findall(r"^  CC\t(\S+)$", shown, re.MULTILINE))

    return build


def test_what_was_built_with_other_options_is_built_again(built, tree):
    assert built() == HOST | {TARGET}
    assert built() == set()

    lwip = tree / "another-lwip"
    lwip.symlink_to(os.path.realpath(os.path.join(ROOT, "build/lwip")))
    assert built(f"LWIP_DIR={lwip}") == HOST | {TARGET}
    assert built() == HOST | {TARGET}

    compiler = tree / "another-gcc"
    compiler.write_text('#!/bin/sh\nexec arm-none-eabi-gcc "$@"\n')
    compiler.chmod(0o755)
    assert built(f"CROSS={tree}/another-") == {TARGET}


def test_lwip_does_without_the_patches(tree):
    """The source as it comes, in another place."""
    lwip = tree / "lwip-2.2.1"
    shutil.copytree(os.path.join(ROOT, "build/lwip"), lwip)
    for patch in sorted(glob.glob(f"{ROOT}/port/lwip/patches/*.patch"), reverse=True):
        with open(patch, "rb") as text:
            subprocess.run(["patch", "-s", "-R", "-p1", "-d", lwip], stdin=text, check=True)
    shown = subprocess.run(["make", "-s", f"BOARD={BOARD}", f"LWIP_DIR={lwip}", "run"], cwd=tree, check=True,
                           env=without_make(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    assert "5 packets transmitted, 5 received" in shown
    assert "control page: there" in shown


def test_tests_wait_for_what_they_run_and_system_tests_for_the_others():
    """`make test`, even with -j, runs one make after the other, and nothing in parallel to them."""
    shown = subprocess.run(["make", "-n", "-j4", "test", f"BOARD={BOARD}", "MAKE=echo"], cwd=ROOT, check=True,
                           env=without_make(), stdout=subprocess.PIPE, text=True).stdout.splitlines()
    makes = [line for line in shown if not line.startswith("echo ")]
    assert [make.replace("--no-print-directory ", "").replace("-O ", "") for make in makes] == [
        "test-host-programs test-firmwares", "test-clang test-unit coverage test-interleave test-sim", "test-qemu"]


def test_check_runs_what_needs_no_emulator():
    for board, wanted in ((BOARD, ["test-clang test-unit"]),
                          ("all", [f"BOARD={min(BOARDS)} test-unit",
                                   *(f"BOARD={board} test-clang" for board in sorted(BOARDS))])):
        shown = subprocess.run(["make", "-n", "-j4", "check", f"BOARD={board}", "MAKE=echo"], cwd=ROOT, check=True,
                               env=without_make(), stdout=subprocess.PIPE, text=True).stdout.splitlines()
        makes = [line for line in shown if not line.startswith("echo ")]
        assert [make.replace("--no-print-directory ", "").replace("-O ", "") for make in makes] == wanted


def test_what_is_built_has_the_packages_that_it_needs():
    """By -p, which shows make's variables: even a single test's program, as in the docs, needs the tests' packages.
    And another lwIP does not show whether the patches are in build/lwip."""
    for goal, stamp in (("firmware", "run"), ("test-unit", "test"), ("check", "test"), ("build/host-gcc/test_suite", "test"),
                        ("LWIP_DIR=build/lwip", "run-elsewhere")):
        shown = subprocess.run(["make", "-n", "-p", "-q", goal], cwd=ROOT, check=False, env=without_make(),
                               stdout=subprocess.PIPE, text=True).stdout
        assert f"\nSETUP := build/setup-{stamp}.stamp\n" in shown, goal


def test_each_boards_make_has_the_processors_that_all_were_given():
    """A line that make does not recognize as a make (+) shares no jobs, and -n only shows it: here it is run."""
    for goals in ("firmware", "test-clang", "load"):
        shown = subprocess.run(["make", "-n", "-j2", "BOARD=all", goals, "MAKE=echo"], cwd=ROOT, check=True,
                               env=without_make(), stdout=subprocess.PIPE, text=True).stdout.splitlines()
        assert [line for line in shown if not line.startswith("echo ")] == [
            f"--no-print-directory BOARD={board} {goals}" for board in sorted(BOARDS)]


def lines_of(*names):
    return sum(len(open(name, encoding="utf-8").readlines()) for name in names)


def test_a_mac_is_a_short_file_and_a_board_a_short_folder():
    for driver in glob.glob(f"{ROOT}/driver/nic/*.c"):
        assert lines_of(driver) < 450, driver
    for board in BOARDS:
        folder = f"{ROOT}/port/boards/{board}"
        assert set(os.listdir(folder)) >= {"board.c", "board.h", "board.mk"}
        assert lines_of(*glob.glob(f"{folder}/*")) < 200, board
