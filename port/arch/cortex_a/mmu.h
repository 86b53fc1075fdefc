/* The memory map of a Cortex-A board: flat, in sections of 1 MiB, addresses mapped to themselves.
 *
 * Where memory is comes from the linker script (linker/cortex_a.ld), where registers are from the
 * board: board.h declares `const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS]`,
 * which cover all devices that are used, the interrupt controller among them. */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

enum { MMU_SECTION_BYTES = 1 << 20 };

/* Registers of devices: any number of sections from `base` on. */
struct mmu_devices {
  uint32_t base; /* a multiple of MMU_SECTION_BYTES */
  uint32_t sections;
};

/* Uncached memory for descriptors. A device writes one while the processor writes others in what
 * would be the same cache line, and maintenance by line would lose the writes of one side. */
#define DMA_DESCRIPTORS __attribute__((section(".dma")))

/* Maps the memory of the linker script and the board's devices, and turns on the MMU, the caches
 * and branch prediction. Unmapped addresses fault, such as the megabyte below each stack, which
 * catches one that runs over and, if it is at address 0, null pointers. Start-up only: caches and
 * MMU must be off, and all that was written must be in memory. */
void mmu_start(void);

#endif
