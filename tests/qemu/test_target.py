"""What is written in assembly, checked on the board by firmwares of its own (tests/target)."""
import os

from conftest import BOARD, ROOT
from emulator import virtual_time


def target_test(name):
    return os.path.join(ROOT, "build", BOARD, f"test_{name}.elf")


def test_the_checksum_is_right_and_takes_a_third_of_an_instruction_a_byte(boot):
    guest = boot(elf=target_test("checksum"), net="none", extra=virtual_time(0))
    for offset in range(4):
        for length in (20, 64, 536, 1460, 1472):
            took = guest.expect(rf"checksum: {length} bytes from {offset}: (\d+) ns").group(1)
            # An instruction is a nanosecond here; an odd start, which no packet has, takes a call more.
            assert int(took) < 60 + 20 * (offset % 2) + length / 3
    for variant in ("internet_checksum", "internet_checksum_add", "internet_checksum_copy",
                    "internet_checksum_copy to an odd address", "internet_checksum_ip4_header"):
        guest.expect(rf"checksum: ok 49176 cases of {variant}\r?\n")
