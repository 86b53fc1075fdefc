"""What a chip has in its registers after a reset and the emulator does nothing by: the board sets it."""
import re

# Of the SmartFusion2 (UG0331, SYSREG): what it holds in reset, all of 27 bits at power-on.
SOFT_RESET_CR = 0x40038048
POWER_ON = 0x07ffffff
MAC, TIMER, MMUART0, MMUART1 = (1 << bit for bit in (4, 6, 7, 8))

# Of the i.MX 6UltraLite (IMX6ULRM, CCM): what WFI turns off.
CCM_CLPCR = 0x020c4054
RUN, LOW_POWER_MODE = 0, 3


def word_of(guest, address):
    """A word of the guest's memory or devices, through the emulator's monitor."""
    answer = guest.qmp("human-monitor-command", **{"command-line": f"xp /1xw {address:#x}"})
    return int(re.search(r": (0x[0-9a-f]+)", answer).group(1), 16)


def test_what_power_on_holds_in_reset_is_let_go(boot):
    """The emulator's devices work all the same: the register says whether a chip's would."""
    guest = boot(net="none", extra=("-device", f"loader,addr={SOFT_RESET_CR:#x},data={POWER_ON:#x},data-len=4"))
    guest.expect("type help for the console's commands")
    assert word_of(guest, SOFT_RESET_CR) == POWER_ON & ~(MAC | TIMER | MMUART0 | MMUART1)


def test_sleep_leaves_the_clocks_on(boot):
    """In the emulator the core's timer ends each sleep; a chip's would not in WAIT mode, that of the reset."""
    guest = boot(net="none")
    guest.expect("type help for the console's commands")
    assert word_of(guest, CCM_CLPCR) & LOW_POWER_MODE == RUN
