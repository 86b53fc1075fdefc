"""Guests for the system tests: each test boots its own, so that they can run side by side."""
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))

from emulator import BOARDS, Guest  # noqa: E402  pylint: disable=wrong-import-position

BOARD = os.environ.get("BOARD", "emcraft-sf2")
FACTS = BOARDS[BOARD]
ELF = os.path.join(ROOT, "build", BOARD, "firmware.elf")


# Tests that a board cannot pass, and why not.
NO_SECOND_UART = "the machine has one UART for its normal world"
UNSUPPORTED = {
    "virt": {
        "test_boots_with_no_network_option_at_all":
            "the NIC that the emulator adds by itself is on PCI: virtio-net-device has to be asked for",
        "test_a_capture_over_the_second_uart": NO_SECOND_UART,
        "test_a_capture_ends_with_its_interface": NO_SECOND_UART,
    },
}


def pytest_collection_modifyitems(items):
    for item in items:
        reason = UNSUPPORTED.get(BOARD, {}).get(item.originalname)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def without_make():
    """The environment of a command that a user types, and not make."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


# Runs a command as root of a network of its own.
IN_NETWORK = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--net"]


def no_tap():
    """Why NET=tap cannot work here, or an empty string."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened here"
    return subprocess.run([*IN_NETWORK, "true"], capture_output=True, text=True,
                          check=False).stderr.strip()


needs_tap = pytest.mark.skipif(no_tap() != "", reason=f"NET=tap: {no_tap()}")


@pytest.fixture
def boot(request):
    """boot(net="lan", ...) starts a guest that ends with the test; its console is kept under build."""
    guests = []

    def start(**options):
        logs = os.path.join(ROOT, "build", BOARD, "tests")
        os.makedirs(logs, exist_ok=True)
        name = f"{request.node.name}-{len(guests)}.log"
        guest = Guest(ELF, board=BOARD, transcript=os.path.join(logs, name), **options)
        guests.append(guest)
        return guest

    yield start
    for guest in guests:
        guest.close()


@pytest.fixture
def booted(boot):
    """booted(net="slirp", ...) is boot() that has waited for en0's address."""

    def start(**options):
        guest = boot(**options)
        guest.expect(r"en0 up 10\.0\.2\.15/24")
        return guest

    return start


@pytest.fixture
def on_lan(booted):
    """A guest with an address and a host on its LAN that knows it."""
    from lan import Lan  # which needs this file  pylint: disable=import-outside-toplevel
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    return guest, host


def assert_nothing_missing(guest):
    """Every packet is in its place again, and none is in the stack's hands."""
    for _ in range(100):
        guest.send("pool")
        places = [guest.expect(rf"{name} packets (\d+): rest (\d+), submission (\d+), ring (\d+), "
                               r"completion (\d+), stack (\d+) \(most \d+\)( MISSING)?\r\n")
                  for name in FACTS.interfaces]
        for place in places:
            assert place.group(7) is None, guest.text[-500:]
            numbers = [int(place.group(i)) for i in range(1, 7)]
            assert numbers[0] == sum(numbers[1:])
        if all(place.group(6) == "0" for place in places):
            return
    raise AssertionError("the stack does not give its packets back: " + guest.text[-500:])


def counters(guest, name="en0"):
    """The interface's counters that are not 0, and "dropped", the sum of the drops."""
    start = guest.seen
    guest.ask("stats", rf"{name} dropped \d+\r\n")
    return {counter: int(value) for counter, value in
            re.findall(rf"{name} (\w+) (\d+)\r\n", guest.text[start:guest.seen])}


def counters_when(guest, condition, name="en0"):
    """The counters as soon as `condition(counters)` is true of them."""
    for _ in range(100):
        found = counters(guest, name)
        if condition(found):
            return found
    raise AssertionError(f"it never came: {found}")
