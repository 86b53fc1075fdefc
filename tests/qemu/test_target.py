"""Assembly code, checked on the board: by firmwares of its own (tests/target), and the start-up code."""
import os
import struct
import subprocess

from conftest import BOARD, ELF, ROOT
from emulator import virtual_time


def target_test(name):
    return os.path.join(ROOT, "build", BOARD, f"test_{name}.elf")


def test_the_checksum_is_right_and_takes_a_third_of_an_instruction_a_byte(boot):
    guest = boot(elf=target_test("checksum"), net="none", extra=virtual_time(0))
    for offset in range(4):
        for length in (20, 64, 536, 1460, 1472):
            took = guest.expect(rf"checksum: {length} bytes from {offset}: (\d+) ns").group(1)
            # An instruction is a nanosecond here; an odd start, which no packet has, takes one call more.
            assert int(took) < 60 + 20 * (offset % 2) + length / 3
    for variant in ("internet_checksum", "internet_checksum_add", "internet_checksum_copy",
                    "internet_checksum_copy to an odd address", "internet_checksum_ip4_header"):
        guest.expect(rf"checksum: ok 49176 cases of {variant}\r?\n")


def test_the_other_cores_wait(boot, tmp_path):
    """All start at once, in the secure state, if no firmware holds them back: here by a jump, for all of them."""
    symbols = subprocess.run(["arm-none-eabi-nm", ELF], capture_output=True, text=True, check=True).stdout
    entry = next(int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" reset_handler"))
    jump = tmp_path / "jump.bin"
    jump.write_bytes(struct.pack("<II", 0xe51ff004, entry))  # ldr pc, [pc, #-4]
    guest = boot(net="default", extra=("-machine", "secure=on", "-smp", "4", "-bios", str(jump), "-nic", "none",
                                       "-device", f"loader,file={ELF}", *virtual_time(6)))
    for tick in range(1, 4):
        guest.expect(rf"sim0 tick {tick}: 8 requests, 8 right, 0 wrong, 0 missing")
    cores = guest.qmp("query-cpus-fast")
    assert len(cores) == 4
    assert guest.text.count("ringif on virt") == 1
    assert "fault" not in guest.text
