/* The memory map of a Cortex-A board: flat, in sections of 1 MiB, each address its own.
 *
 * Memory is what the linker script says (linker/cortex_a.ld). board.h says where registers are:
 * it declares `const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS]`, which are of
 * all devices that are used, the interrupt controller among them. */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

enum { MMU_SECTION_BYTES = 1 << 20 };

/* Registers of devices: any number of sections from `base`. */
struct mmu_devices {
  uint32_t base; /* a multiple of MMU_SECTION_BYTES */
  uint32_t sections;
};

/* Memory for descriptors, which a device writes while the processor writes others of the same cache
 * line, so that maintenance by line would lose one side's: a section of its own, not cached. */
#define DMA_DESCRIPTORS __attribute__((section(".dma")))

/* Maps the memory of the linker script and the board's devices, turns the MMU, the caches and
 * branch prediction on. What is not mapped faults: the megabyte below each stack, for one that runs
 * over, and where that is address 0, for null pointers. Start-up only: caches and MMU are
 * off, and nothing may have been written that is not in memory. */
void mmu_start(void);

#endif
