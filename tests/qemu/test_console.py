"""The console, the log and the fault report."""
import pytest
from boards import FACTS


def test_commands_answer_and_bad_ones_are_told(booted):
    guest = booted(net="slirp")
    guest.ask("help", r"pool \r\n +where each packet is")
    guest.ask("nic", rf"{FACTS.driver} \(1\.0\) +{FACTS.device} +en0 +active +02:00:00:12:34:56 "
                     r"+\[activated enabled\]"
                     r"\r\nsim \(1\.0\) +sim0 +en1 +active +\S+ +\[activated enabled\]"
                     r"\r\nsim \(1\.0\) +sim1 +- +- +- +\[available\]")
    guest.ask("pool", rf"en0 {FACTS.pool}, completion 0, stack 0")
    guest.ask("nosuch", r"nosuch: no such command; try help")
    guest.ask("pool now", r"usage: pool ")
    guest.ask("log loud", r"usage: log ")
    guest.ask("profile en1 echo 0", r"usage: profile NAME")
    guest.ask("profile en1 echo 100 33", r"usage: profile ")
    guest.ask("profile en1 nosuch", r"usage: profile ")
    guest.ask("profile en0", r"en0: no simulated NIC")
    guest.ask("a b c d e f g h i", r"more than 8 words")
    guest.send("x" * 100)
    guest.expect(r"more than 79 characters")
    guest.ask("uptime", r"up \d+\.\d{3} s")


def test_typing_ahead_of_a_busy_guest_is_not_lost(booted):
    """More than its buffers hold: the rest waits in the line."""
    guest = booted(net="slirp")
    guest.ask("stall 300", "the main loop stops")
    for _ in range(40):
        guest.send("uptime")
    for _ in range(40):
        guest.expect(r"up \d+\.\d{3} s\r\n")
    guest.send("x" * 3000)
    guest.expect(r"more than 79 characters")
    guest.ask("uptime", r"up \d+\.\d{3} s\r\n")


def test_log_levels_are_set_at_run_time(booted):
    guest = booted(net="slirp")
    guest.ask("log", r"level info")
    guest.send("log sim debug")
    guest.expect(r"D sim: tx packet 0x[0-9a-f]+ offset \d+ length 98 link header 14")
    guest.send("log error")
    guest.ask("log", r"level error")


@pytest.mark.parametrize("kind, exception, hint", [
    ("bus", "HardFault", "bus error"),
    ("undefined", "HardFault", "undefined instruction"),
    ("stack", "HardFault", "stack overflow"),
])
def test_a_fault_is_reported_and_ends_the_run(booted, kind, exception, hint):
    guest = booted(net="slirp", extra=("-semihosting",))
    guest.send(f"crash {kind}")
    guest.expect(rf"\*\*\* fault: exception \d+ \({exception}\)")
    if kind != "stack":
        guest.expect(r"pc   0000[0-9a-f]{4} +lr   0000[0-9a-f]{4}")
    guest.expect(r"cfsr [0-9a-f]{8}")
    guest.expect(rf"hint: {hint}")
    assert guest.wait() == 99


def test_exit_status_is_the_emulators(booted):
    guest = booted(net="slirp", extra=("-semihosting",))
    guest.send("exit 7")
    assert guest.wait() == 7
