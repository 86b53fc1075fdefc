"""What the system tests have to know of each board, and what they cannot ask of it."""
import dataclasses
import os
from typing import Callable, Optional

BOARD = os.environ.get("BOARD", "emcraft-sf2")


def crc32_upper_six(group):
    """The upper six bits of the CRC-32 of an Ethernet address "01:00:5e:00:00:01"."""
    crc = 0xffffffff
    for byte in bytes.fromhex(group.replace(":", "")):
        for bit in range(8):
            carry = crc >> 31 ^ byte >> bit & 1
            crc = (crc << 1 & 0xffffffff) ^ (0x04c11db7 if carry else 0)
    return crc >> 26


@dataclasses.dataclass(frozen=True)
class Facts:
    """A board and its models in the emulator. Those of en0 are of its MAC."""
    driver: str           # of en0, as nic install takes it
    device: str           # of en0
    pool: str             # where its packets are when nothing is on its way
    flash_bytes: int
    ram_bytes: int
    runts: bool           # frames shorter than an Ethernet header reach the driver
    longest: int          # frame that reaches the driver, in bytes, without FCS
    overflow: tuple       # counters that a frame without a place grows; (): it is dropped silently
    promiscuous: bool
    group_hash: Optional[Callable]  # of its address filter; None: it passes every group on
    second_uart_always: bool        # else only where QEMU has something to connect it to


SF2 = Facts(
    driver="msf2_emac", device="emac0", pool="packets 16: rest 0, submission 0, ring 16",
    flash_bytes=160 * 1024, ram_bytes=64 * 1024, runts=True, longest=1536,
    overflow=("in_overflow", "rx_restarts"), promiscuous=False, group_hash=None,
    second_uart_always=False)
MPS2 = Facts(
    driver="lan9118", device="eth0", pool="packets 24: rest 8, submission 0, ring 16",
    flash_bytes=4 << 20, ram_bytes=4 << 20, runts=False, longest=2047,
    overflow=(), promiscuous=True, group_hash=crc32_upper_six, second_uart_always=True)
FACTS = {"emcraft-sf2": SF2, "mps2-an385": MPS2, "mps2-an500": MPS2}[BOARD]

# Tests that make no sense on a board: their names, and why.
README_BOARD = "README.md shows emcraft-sf2"
README_TESTS = {
    "test_readme_shows_what_happens": README_BOARD,
    "test_readme_console_session_is_what_the_console_says": README_BOARD,
}
UNSUPPORTED = {"mps2-an385": README_TESTS, "mps2-an500": README_TESTS}.get(BOARD, {})
