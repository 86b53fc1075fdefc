"""The watchdog: each subject is made to hang, the board restarts, and then reports the reason."""
import json

import pytest
from conftest import FACTS, assert_nothing_missing
from emulator import virtual_time
from scapy.layers.inet import UDP

# Virtual time skips sleep, and is slow enough for a loop that spins.
FAST = virtual_time(6)

CONSOLE_IS_THERE = r"type help for the console's commands"
ADDRESS = r"en0 up 10\.0\.2\.15/24"


# A loop that spins for the watchdog's whole time, or takes one interrupt after the other, has fewer
# instructions for that.
SLOW = virtual_time(10)


@pytest.fixture
def spinning(boot):
    """Like `alone`, for guests that keep the processor busy until the bite."""
    guest = boot(net="none", extra=SLOW)
    guest.expect(CONSOLE_IS_THERE)
    return guest


@pytest.fixture
def alone(boot):
    """A guest without a network, in virtual time, whose console listens."""
    guest = boot(net="none", extra=FAST)
    guest.expect(CONSOLE_IS_THERE)
    return guest


def expect_reset(guest, reason, then=CONSOLE_IS_THERE):
    """Awaits the start after the bite, its reason and what comes `then`; the console has to show it, too."""
    guest.expect(r"I main: ringif on ")
    guest.expect(rf"W watchdog: reset: {reason} s\r\n")
    guest.expect(then)
    guest.ask("watchdog", rf"last reset: {reason} s\r\n")


def test_idle_and_busy_it_is_fed(alone):
    """For several times as long as it waits: at first idle, then under a flood."""
    alone.ask("watchdog", rf"(?s)fed within 8 s\r\ntimers: .*console: .*tx of {FACTS.device}: \w+, \d of 8 looks\r\n")
    assert "last reset" not in alone.text
    alone.ask("log sim warning", "> ")
    for profile in ("echo", "flood 1 8"):
        alone.ask(f"nic profile {FACTS.simulated} {profile}", "every")
        start = float(alone.ask("uptime", r"up (\d+\.\d+) s").group(1))
        while float(alone.ask("uptime", r"up (\d+\.\d+) s").group(1)) < start + 30:
            pass
    assert "watchdog: " not in alone.text
    assert alone.text.count("I main: ringif on") == 1


def events_of_reset(guest):
    """The emulator's events up to that of a reset that has happened."""
    events = []
    while "RESET" not in events:
        events.append(json.loads(guest.monitor.readline()).get("event"))
    return events


def test_a_main_loop_that_never_comes_back(spinning):
    """If the emulator models the watchdog, the model resets the machine."""
    spinning.qmp("query-status")  # from now on it reports events
    spinning.ask("wedge loop", "wedge loop")
    expect_reset(spinning, "main loop made no progress for 8")
    assert ("WATCHDOG" in events_of_reset(spinning)) == FACTS.hardware_watchdog


def test_a_main_loop_with_interrupts_masked(spinning):
    """If the warning cannot be masked: an NMI, or an FIQ."""
    if "masked" not in FACTS.bites_in:
        spinning.ask("wedge masked", r"the board's watchdog is an interrupt: it would not come")
        return
    spinning.ask("wedge masked", "wedge masked")
    expect_reset(spinning, "main loop made no progress for 8")


def test_an_interrupt_that_never_ends(spinning):
    """If the warning interrupts the handlers of others."""
    if "interrupt" not in FACTS.bites_in:
        spinning.ask("wedge interrupt", r"the board's watchdog is an interrupt: it would not come")
        return
    spinning.ask("wedge interrupt", "done")
    spinning.keys("x")
    expect_reset(spinning, "main loop made no progress for 8")


def test_after_a_fault(alone):
    """If no debugger ends the run, the board restarts."""
    alone.ask("crash bus", "hint: ")
    alone.expect(r"I main: ringif on ")
    alone.expect(r"I watchdog: reset from outside, by a fault or with interrupts masked: nothing else was stuck")
    alone.expect(CONSOLE_IS_THERE)


def test_timers_that_do_not_run(alone):
    alone.ask("wedge timers", "done")
    alone.expect(r"E watchdog: timers made no progress for 4 s: not fed any more")
    expect_reset(alone, "timers made no progress for 4")


def test_a_console_that_takes_nothing(alone):
    alone.ask("wedge console", "done")
    alone.expect("sim0 tick")  # the main loop has had other turns: what is typed now posts no event
    alone.keys("x")
    alone.expect(r"E watchdog: console made no progress for 4 s: not fed any more")
    expect_reset(alone, "console made no progress for 4")


def test_a_transmitter_that_takes_nothing(on_lan):
    guest, host = on_lan
    guest.ask("wedge tx", "done")
    guest.send("ping -c 1 10.0.2.77")
    guest.expect(rf"E watchdog: tx of {FACTS.device} made no progress for 4 s: not fed any more")
    expect_reset(guest, rf"tx of {FACTS.device} made no progress for 4", then=ADDRESS)
    host.ping(sequence=2)
    assert_nothing_missing(guest)


def test_a_receive_ring_that_runs_dry(on_lan):
    guest, host = on_lan
    guest.ask("wedge rx", "done")
    for number in range(FACTS.ring):  # the wire itself may hold more than these
        host.send(host.ip() / UDP(sport=1000 + number, dport=9) / b"lost")
    guest.expect(rf"E watchdog: rx of {FACTS.device} made no progress for 4 s: not fed any more")
    expect_reset(guest, rf"rx of {FACTS.device} made no progress for 4", then=ADDRESS)
    host.ping(sequence=2)
    assert_nothing_missing(guest)


@pytest.mark.parametrize("way", ["rx", "tx"])
def test_a_simulated_nic_that_is_stuck(alone, way):
    """The reason names it, and none of the board's other NICs."""
    alone.expect("sim0 tick 1")
    alone.ask(f"nic profile {FACTS.simulated} flood 10 8", "every")
    alone.ask(f"wedge {way} {FACTS.simulated}", "done")
    expect_reset(alone, f"{way} of sim0 made no progress for 4")


def test_a_wanted_reset_is_not_its_own(alone):
    """Nor is the end of a run that no emulator ends."""
    for command in ("reboot", "exit 7"):
        alone.send(command)
        start = alone.expect(r"I main: ringif on ").end()
        alone.expect(CONSOLE_IS_THERE)
        assert "watchdog: " not in alone.text[start:alone.seen]
    alone.qmp("system_reset")
    alone.expect(r"I watchdog: reset from outside, by a fault or with interrupts masked: nothing else was stuck")
    alone.expect(CONSOLE_IS_THERE)
    alone.ask("wedge", "usage: wedge")
    alone.ask("wedge rx en9", "en9: no such interface")
    alone.ask("wedge rx en0 now", "usage: wedge")
    alone.ask("watchdog now", "usage: watchdog")
