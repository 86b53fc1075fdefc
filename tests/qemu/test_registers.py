"""What matters to a chip and not to the emulator: registers after a reset, and which memory is cached."""
import os
import re
import struct

from conftest import ELF
from elf import Elf

# The SmartFusion2's (UG0331, SYSREG): what it holds in reset; at power-on, all 27 bits.
SOFT_RESET_CR = 0x40038048
POWER_ON = 0x07ffffff
MAC, TIMER, MMUART0, MMUART1 = (1 << bit for bit in (4, 6, 7, 8))
MAC_CR = 0x4003808c
MII_100 = 0xd

# The i.MX 6UltraLite's (IMX6ULRM, CCM): what WFI turns off.
CCM_CLPCR = 0x020c4054
RUN, LOW_POWER_MODE = 0, 3


def word_of(guest, address):
    """A word of the guest's memory or devices, through the emulator's monitor."""
    answer = guest.qmp("human-monitor-command", **{"command-line": f"xp /1xw {address:#x}"})
    return int(re.search(r": (0x[0-9a-f]+)", answer).group(1), 16)


def test_what_power_on_holds_in_reset_is_let_go(boot):
    """The emulator's devices work anyway: the register shows whether a chip's would."""
    guest = boot(net="none", extra=("-device", f"loader,addr={SOFT_RESET_CR:#x},data={POWER_ON:#x},data-len=4"))
    guest.expect("type help for the console's commands")
    assert word_of(guest, SOFT_RESET_CR) == POWER_ON & ~(MAC | TIMER | MMUART0 | MMUART1)
    assert word_of(guest, MAC_CR) == MII_100


def test_sleep_leaves_the_clocks_on(boot):
    """In the emulator the core's timer ends each sleep; a chip's would not in WAIT mode, the mode after reset."""
    guest = boot(net="none")
    guest.expect("type help for the console's commands")
    assert word_of(guest, CCM_CLPCR) & LOW_POWER_MODE == RUN


# Sections of the memory map for privileged code (ARM DDI 0406C, B3.5.1; TEX, C and B: B3.8.2).
WRITE_BACK = 0x140e             # normal memory
NOT_CACHED = 0x1412             # never executed
DEVICE = 0x416                  # never executed
SECTIONS, SECTION_SHIFT = 4096, 20


def test_memory_is_mapped_as_it_is_used(boot):
    """The emulator has no caches: descriptors in cached memory would work in it. Below each stack nothing is mapped."""
    guest = boot(net="none")
    guest.expect("type help for the console's commands")
    elf = Elf(ELF)
    path = os.path.join(guest.lan_dir, "table")
    table = next(section for section in elf.sections if section.name == ".table")
    guest.qmp("pmemsave", val=table.address, size=4 * SECTIONS, filename=path)
    with open(path, "rb") as file:
        entries = struct.unpack(f"<{SECTIONS}I", file.read())
    wanted = {section: attributes for start, end, attributes in (
        ("ram_start", "image_end", WRITE_BACK), ("dma_start", "dma_end", NOT_CACHED),
        ("irq_stack_start", "irq_stack_top", WRITE_BACK))
              for section in range(elf.values[start] >> SECTION_SHIFT, (elf.values[end] - 1 >> SECTION_SHIFT) + 1)}
    mapped = {section: entry for section, entry in enumerate(entries) if entry != 0}
    assert set(wanted) < set(mapped)
    for section, entry in mapped.items():
        assert entry == section << SECTION_SHIFT | wanted.get(section, DEVICE), hex(entry)
    for stack in ("ram_start", "irq_stack_start"):
        assert elf.values[stack] % (1 << SECTION_SHIFT) == 0
        assert (elf.values[stack] >> SECTION_SHIFT) - 1 not in mapped, stack
    assert 0 not in mapped, "a null pointer"


# A boot loader's code: MMU and caches on, each address for itself; then the firmware's entry.
LOADER = (0xe59f0028,  # ldr r0, its table
          0xee020f10,  # mcr p15, 0, r0, c2, c0, 0: TTBR0
          0xe3a01004,  # mov r1, #4: accesses to domain 1 alone
          0xee031f10,  # mcr p15, 0, r1, c3, c0, 0: DACR
          0xee080f17,  # mcr p15, 0, r0, c8, c7, 0: TLBIALL
          0xee112f10,  # mrc p15, 0, r2, c1, c0, 0: SCTLR
          0xe3822005,  # orr r2, r2, #5: the MMU, data caches
          0xe3822a01,  # orr r2, r2, #0x1000: instruction caches
          0xee012f10,  # mcr p15, 0, r2, c1, c0, 0
          0xf57ff06f,  # isb
          0xe51ff004)  # ldr pc, the entry
LOADERS_SECTION = 0x8c22  # domain 1, read only
LOADER_OFFSET = 32 << SECTION_SHIFT  # from the firmware's first section on


def test_a_boot_loaders_caches_and_mmu_are_turned_off(boot, tmp_path):
    """Its map lets nothing be written, and holds until ours is there: the MMU has to be off in between."""
    elf = Elf(ELF)
    table = elf.values["ram_start"] + LOADER_OFFSET
    loader = table + 4 * SECTIONS
    (tmp_path / "table").write_bytes(struct.pack(
        f"<{SECTIONS}I", *(section << SECTION_SHIFT | LOADERS_SECTION for section in range(SECTIONS))))
    (tmp_path / "loader").write_bytes(struct.pack(
        f"<{len(LOADER) + 2}I", *LOADER, elf.values["reset_handler"], table))
    guest = boot(net="none", extra=(
        "-device", f"loader,file={tmp_path}/table,addr={table:#x},force-raw=on",
        "-device", f"loader,file={tmp_path}/loader,addr={loader:#x},force-raw=on",
        "-device", f"loader,addr={loader:#x},cpu-num=0"))
    guest.expect("type help for the console's commands")
    guest.expect("sim0 tick 1: 8 requests, 8 right")
