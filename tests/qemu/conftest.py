"""Guests for the system tests: each test boots its own, so that they can run in parallel."""
import fcntl
import os
import re
import subprocess
import sys

import pytest
from control_page import Device

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))

from emulator import BOARDS, Guest, find_qemu  # noqa: E402  pylint: disable=wrong-import-position

BOARD = os.environ.get("BOARD", "emcraft-sf2")
FACTS = BOARDS[BOARD]
ELF = os.path.join(ROOT, "build", BOARD, "firmware.elf")
# The counters of a NIC that are each a cause of a drop, as nic_dropped() adds them up.
COUNTERS = re.findall(r'X\(\w+, "(\w+)"\)', open(os.path.join(ROOT, "driver", "nic.h"), encoding="utf-8").read())
DROPS = COUNTERS[COUNTERS.index("in_runt"):COUNTERS.index("out_stopped") + 1]


# Tests that are not for every board: which boards they are for, and why not for the others.
def only(*boards):
    return frozenset(boards)


def all_but(*boards):
    return frozenset(BOARDS) - frozenset(boards)


def emulator_version():
    """The first number of QEMU's version."""
    shown = subprocess.run([find_qemu(os.environ.get("QEMU") or "qemu-system-arm"), "--version"],
                           capture_output=True, text=True, check=True).stdout
    return int(re.search(r"version (\d+)\.", shown).group(1))


# A virtio device works by the host's time; in QEMU 7.2 it can be set to go by the guest's.
SAME_EACH_TIME = (only(*BOARDS) if emulator_version() < 8 else all_but("virt"),
                  "in this version of QEMU the time that a virtio device takes is the host's")
NO_SECOND_UART = (all_but("virt"), "the machine has one UART for its normal world")
README = (only("emcraft-sf2"), "README.md shows emcraft-sf2")
LIMITS = (only("emcraft-sf2"), "the limits are for emcraft-sf2")
ONCE = (only("emcraft-sf2"), "it has nothing to do with the board")
ITS_OWN_BOARD = (only("emcraft-sf2"), "the product has a board of its own")
PROFILES = (only("emcraft-sf2", "xilinx-zynq-a9"), "one board of each class of cores is enough")
VIRTIO = (only("virt"), "the board has no virtio device")
FOR_SOME_BOARDS = {
    "test_readme_shows_what_happens": README,
    "test_readme_console_session_is_what_the_console_says": README,
    "test_lwip_is_brought_where_it_is_not_there": ONCE,
    "test_an_option_that_lwipopts_lacks_is_named": ITS_OWN_BOARD,
    "test_a_version_of_ip_or_udp_may_be_off": ITS_OWN_BOARD,
    "test_lwips_applications_compile": ITS_OWN_BOARD,
    "test_a_driver_and_its_fake_may_be_in_more_files": ONCE,
    "test_a_product_of_its_own_answers": ITS_OWN_BOARD,
    "test_boots_with_no_network_option_at_all":
        (all_but("virt"), "the NIC that the emulator adds is on PCI: virtio-net-device has to be asked for"),
    "test_the_same_seed_is_the_same_run_bit_for_bit": SAME_EACH_TIME,
    "test_a_run_is_the_same_each_time": SAME_EACH_TIME,
    "test_a_capture_over_the_second_uart": NO_SECOND_UART,
    "test_a_capture_with_a_filter_alone": NO_SECOND_UART,
    "test_a_capture_ends_with_its_interface": NO_SECOND_UART,
    "test_a_second_mac_is_on_a_network_of_its_own":
        (only(*(name for name, board in BOARDS.items() if len(board.interfaces) > 2)), "the board has one MAC"),
    "test_a_legacy_device_is_refused_with_the_option_to_give": VIRTIO,
    "test_a_device_that_is_not_there_is_told": VIRTIO,
    "test_the_device_is_found_in_any_slot": VIRTIO,
    "test_what_the_guest_does_as_a_device_is_counted_aside":
        (only("emcraft-sf2"), "the guest is one of emcraft-sf2"),
    "test_a_known_guest_is_counted_to_the_instruction":
        (only("emcraft-sf2"), "the guest is one of emcraft-sf2"),
    "test_a_node_takes_less_than_64_kib_of_flash_and_24_of_ram_without_packets": LIMITS,
    "test_small_takes_less_than_24_kib_of_flash_and_12_of_ram_in_all": LIMITS,
    "test_what_was_built_with_other_options_is_built_again": ONCE,
    "test_lwip_does_without_the_patches": ONCE,
    "test_tests_wait_for_what_they_run_and_system_tests_for_the_others": ONCE,
    "test_check_runs_what_needs_no_emulator": ONCE,
    "test_what_is_built_has_the_packages_that_it_needs": ONCE,
    "test_a_mac_is_a_short_file_and_a_board_a_short_folder": ONCE,
    "test_a_fuzzer_that_fails_fails_make": ONCE,
    "test_the_stack_withstands_a_fuzzer": ONCE,
    "test_readmes_profiles_take_what_make_size_says": ONCE,
    "test_torture_has_numbers_alone": ONCE,
    "test_a_driver_that_is_none_is_told_which_there_are": ONCE,
    "test_interleave_does_not_pass_where_it_has_explored_nothing": ONCE,
    "test_a_figure_is_the_least_that_many_rounds_have_taken": ONCE,
    "test_a_figure_is_of_one_packet": ONCE,
    "test_runs_checks_tell_right_from_wrong": ONCE,
    "test_a_run_that_is_not_answered_fails": ONCE,
    "test_lanping_tells_each_answer_that_is_wrong": ONCE,
    "test_lanping_counts_an_answer_once_and_anothers_not": ONCE,
    "test_lanping_fails_where_one_is_not_answered": ONCE,
    "test_lanping_leaves_no_socket_where_a_signal_ends_it": ONCE,
    "test_lanping_goes_on_where_its_caller_ignores_a_hangup": ONCE,
    "test_lanping_leaves_no_socket_where_it_may_not_send": ONCE,
    "test_lanping_fails_where_its_output_is_lost": ONCE,
    "test_an_emulator_that_has_ended_answers_by_a_failure": ONCE,
    "test_each_boards_make_has_the_processors_that_all_were_given": ONCE,
    "test_frames_are_those_that_the_compiler_tells": ONCE,
    "test_the_deepest_way_is_found_by_calls_of_every_kind": ONCE,
    "test_a_list_of_registers_is_so_many_words": ONCE,
    "test_what_cannot_be_bounded_is_an_error": ONCE,
    "test_the_main_loops_stack_holds_an_interrupt_and_an_nmi_as_well": ONCE,
    "test_a_profile_answers_and_its_stack_holds": PROFILES,
    "test_make_run_of_a_profile_pings_it": PROFILES,
    "test_a_node_asks_for_a_name": PROFILES,
    "test_a_node_speaks_ipv6_and_tcp": PROFILES,
    "test_the_address_is_the_hosts_until_another_is_set": VIRTIO,
    "test_the_devices_mtu_bounds_the_interfaces": VIRTIO,
    "test_the_device_filters_as_it_is_told": VIRTIO,
    "test_what_power_on_holds_in_reset_is_let_go":
        (only("emcraft-sf2"), "no other board's devices are held in reset"),
    "test_memory_is_mapped_as_it_is_used":
        (only(*(name for name, board in BOARDS.items() if board.core == "cortex_a")), "a Cortex-M has no memory map"),
    "test_a_boot_loaders_caches_and_mmu_are_turned_off":
        (only(*(name for name, board in BOARDS.items() if board.core == "cortex_a")), "a Cortex-M has neither here"),
    "test_sleep_leaves_the_clocks_on":
        (only("mcimx6ul-evk"), "no other board's WFI turns a clock off"),
    "test_the_other_cores_wait": (only("virt"), "the emulator's machine starts one core alone"),
    "test_the_host_and_the_device_make_each_others_checksums": VIRTIO,
}


# The tests that wait longest for their guests begin first, so that nothing long is left for the end.
LONGEST = ("test_commands", "test_watchdog", "test_page", "test_page_browser")


def begins_late(item):
    name = item.module.__name__
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_collection_modifyitems(items):
    items.sort(key=begins_late)
    for item in items:
        boards, reason = FOR_SOME_BOARDS.get(item.originalname, (frozenset(BOARDS), None))
        if BOARD not in boards:
            item.add_marker(pytest.mark.skip(reason=reason))


def without_make():
    """The environment of a command that a user types, rather than make runs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def built_profile(profile):
    """The firmware of a profile, which one of the tests' processes builds for all of them."""
    with open(os.path.join(ROOT, "build", BOARD, "building.lock"), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", f"-j{os.cpu_count()}", f"BOARD={BOARD}", f"PROFILE={profile}"], cwd=ROOT,
                       check=True, env=without_make(), stdout=subprocess.DEVNULL)
    return os.path.join(ROOT, "build", BOARD, profile, "firmware.elf")


# Runs a command as root of a network namespace of its own.
IN_NETWORK = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--net"]


def no_tap():
    """Why NET=tap cannot work here; empty if it can."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun cannot be opened here"
    return subprocess.run([*IN_NETWORK, "true"], capture_output=True, text=True,
                          check=False).stderr.strip()


needs_tap = pytest.mark.skipif(no_tap() != "", reason=f"NET=tap: {no_tap()}")


@pytest.fixture
def boot(request):
    """boot(net="lan", ...) starts a guest that ends with the test; its console's output is kept under build."""
    guests = []

    def start(elf=ELF, **options):
        logs = os.path.join(ROOT, "build", BOARD, "tests")
        os.makedirs(logs, exist_ok=True)
        name = f"{request.node.name}-{len(guests)}.log"
        guest = Guest(elf, board=BOARD, transcript=os.path.join(logs, name), **options)
        guests.append(guest)
        return guest

    yield start
    for guest in guests:
        guest.close()


@pytest.fixture
def booted(boot):
    """booted(net="slirp", ...) is boot() that also waits for en0's address."""

    def start(**options):
        guest = boot(**options)
        guest.expect(r"en0 up 10\.0\.2\.15/24")
        return guest

    return start


@pytest.fixture
def on_lan(booted):
    """A guest with an address, and a host on its LAN that knows it."""
    from lan import Lan  # which needs this file  pylint: disable=import-outside-toplevel
    guest = booted(net="lan")
    host = Lan(guest)
    host.ping()
    return guest, host


def assert_nothing_missing(guest):
    """Checks that every packet is back in its place, and that the stack holds none."""
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
    """The counters, as soon as `condition(counters)` is true."""
    for _ in range(100):
        found = counters(guest, name)
        if condition(found):
            return found
    raise AssertionError(f"it never came: {found}")


@pytest.fixture
def page(booted):
    """A guest, and its control page's server."""
    guest = booted(net="slirp")
    return guest, Device(guest)
