"""The console, the log and the fault report."""
import re

import pytest
from conftest import ELF, FACTS
from elf import Elf


def test_commands_answer_and_bad_ones_are_told(booted):
    guest = booted(net="slirp")
    guest.ask("help", r"pool \[NAME\] +where each packet is")
    guest.ask("nic list", rf"{FACTS.driver} \(1\.0\) +{FACTS.device} +en0 +active +{FACTS.mac} +\[activated enabled\]")
    guest.expect(rf"\nsim \(1\.0\) +sim0 +{FACTS.simulated} +active +\S+ +\[activated enabled\]"
                 r"\r\nsim \(1\.0\) +sim1 +- +- +- +\[available\]")
    guest.ask("pool", rf"en0 packets {FACTS.packets}: rest {FACTS.packets - FACTS.ring}, submission 0, "
                      rf"ring {FACTS.ring}, completion 0, stack 0")
    guest.ask("nosuch", r"nosuch: no such command; try help")
    guest.ask("pool now", r"now: no such interface; nic list shows them")
    guest.ask("pool en0 now", r"usage: pool ")
    guest.ask("nic", r"usage: nic list\|install\|uninstall\|.*\|flood\|\.\.\.")
    guest.ask("nic nosuch en0", r"usage: nic list\|install")
    guest.ask("help nic", r"nic list +drivers.*\r\nnic install DRIVER +a driver")
    start = guest.seen
    guest.ask("help", r"exit \[STATUS\].*\r\n> ")
    assert all(len(line) <= 80 for line in guest.text[start:guest.seen].splitlines())
    guest.ask("help nosuch", r"nosuch: no such command; try help")
    guest.ask("log loud", r"usage: log ")
    guest.ask(f"nic profile {FACTS.simulated} echo 0", r"usage: nic profile NAME")
    guest.ask(f"nic profile {FACTS.simulated} echo 100 33", r"usage: nic profile ")
    guest.ask(f"nic profile {FACTS.simulated} nosuch", r"usage: nic profile ")
    guest.ask("nic profile en0", r"en0: no simulated NIC")
    guest.ask("a b c d e f g h i j k", r"more than 10 words")
    guest.send("x" * 100)
    guest.expect(r"more than 77 characters")
    guest.ask("uptime", r"up \d+\.\d{3} s")


def test_typing_ahead_of_a_busy_guest_is_not_lost(booted):
    """More than its buffers hold: the rest waits on the line."""
    guest = booted(net="slirp")
    guest.ask("stall 300", "the main loop stops")
    for _ in range(40):
        guest.send("uptime")
    for _ in range(40):
        guest.expect(r"up \d+\.\d{3} s\r\n")
    guest.send("x" * 3000)
    guest.expect(r"more than 77 characters")
    guest.ask("uptime", r"up \d+\.\d{3} s\r\n")


def test_log_levels_are_set_at_run_time(booted):
    guest = booted(net="slirp")
    guest.ask("log", r"level info")
    guest.send("log sim debug")
    guest.expect(r"D sim: tx packet 0x[0-9a-f]+ offset \d+ length 98 link header 14")
    guest.send("log error")
    guest.ask("log", r"level error")


def test_a_line_is_edited_recalled_and_completed(booted):
    guest = booted(net="slirp")
    guest.keys("uptiXe\x1b[D\x7fm\r")
    guest.expect(r"up \d+\.\d{3} s")
    guest.keys("\x1b[A\r")
    guest.expect(r"up \d+\.\d{3} s")
    guest.keys(f"poo\t{FACTS.simulated}\x01\x05\r")
    guest.expect(rf"\r\n{FACTS.simulated} packets \d+:")
    guest.keys(f"nic in\t{FACTS.driver[:3]}\t\r")
    guest.expect(r"install: refused, error 16")
    names = "  ".join(FACTS.interfaces)
    guest.keys("nic po\ten0 \t\t")
    guest.expect(rf"\r\nlow  on  {names}\r\n")
    guest.keys("\x15po\t\t\t\t")  # the prefix that they share, then the list
    guest.expect(rf"\r\n{names}\r\n")
    guest.keys("\x15ni\tlist\r")  # many commands of two tables begin with this one word
    guest.expect(r"\r\ndriver \(version\)")
    guest.keys(f"\x15nic fault {FACTS.simulated} link\t\x15uptime\r")
    guest.expect(rf"nic fault {FACTS.simulated} link-flap ")
    guest.expect(r"up \d+\.\d{3} s")


def test_a_log_line_passes_by_what_is_being_typed(booted):
    guest = booted(net="slirp")
    guest.keys("upt")
    guest.expect(r"\r\x1b\[K\[ +\d+\.\d{3}\] I sim: sim0 tick \d+:.*\r\n> upt")
    guest.keys("ime\r")
    guest.expect(r"ime\r\nup \d+\.\d{3} s")


def test_reboot_starts_anew(booted):
    guest = booted(net="slirp")
    guest.ask(f"nic uninstall {FACTS.simulated}", "done")
    guest.ask("reboot", r"rebooting\r\n")
    guest.expect(r"I main: ringif on ")
    guest.expect(r"en0 up 10\.0\.2\.15/24")
    guest.ask("pool", rf"{FACTS.simulated} packets")


FAULTS = {  # by core: the register with the cause; the action, the exception and the hint
    "cortex_m": ("cfsr", [("bus", "HardFault", "bus error"),
                          ("undefined", "HardFault", "undefined instruction"),
                          ("stack", "HardFault", "stack overflow")]),
    "cortex_a": ("dfsr", [("bus", "data abort", "no memory and no device is mapped there"),
                          ("undefined", "undefined instruction", "undefined instruction"),
                          ("stack", "data abort", "stack overflow")]),
}


@pytest.mark.parametrize("kind, exception, hint", FAULTS[FACTS.core][1])
def test_a_fault_is_reported_and_ends_the_run(booted, kind, exception, hint):
    guest = booted(net="slirp", extra=("-semihosting",))
    guest.send(f"crash {kind}")
    start = guest.expect(rf"\*\*\* fault: exception \d+ \({exception}\)").end()
    guest.expect(rf"{FAULTS[FACTS.core][0]} [0-9a-f]{{8}}")
    guest.expect(rf"hint: {hint}")
    assert guest.wait() == 99
    report = guest.text[start:]
    registers = {name: int(value, 16) for name, value in re.findall(r"\b([a-z]+\d*) +([0-9a-f]{8})\b", report)}
    check = check_stack_overflow if kind == "stack" else check_place
    check(kind, report, registers, Elf(ELF))


def check_place(kind, report, registers, elf):
    """Checks which instruction it was, and how it relates to the registers; after a call that has returned."""
    code = elf.instructions
    assert re.match({"bus": "str", "undefined": "udf"}[kind], code[registers["pc"]].mnemonic)
    behind = registers["lr"] & ~1
    assert code[max(address for address in range(behind - 4, behind) if address in code)].mnemonic.startswith("bl")
    assert elf.values["ram_start"] < registers["sp"] < elf.values["stack_top"]
    if kind == "bus":
        base = re.search(r"\[(\w+)", code[registers["pc"]].operands).group(1)
        assert registers[base] == registers["bfar" if FACTS.core == "cortex_m" else "dfar"] == 0x50000000
        assert FACTS.core == "cortex_m" or "(a store)" in report


def check_stack_overflow(_, report, registers, elf):
    bottom = elf.values["ram_start"]
    if FACTS.core == "cortex_m":
        assert "is outside of the RAM\r\n" in report and "pc" not in registers
        assert registers["sp"] < bottom
    else:
        assert bottom - (1 << 20) <= registers["sp"] < bottom + 64


def test_exit_status_is_the_emulators(booted):
    guest = booted(net="slirp", extra=("-semihosting",))
    guest.send("exit 7")
    assert guest.wait() == 7
