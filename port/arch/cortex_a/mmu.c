/* The memory map of a Cortex-A board: flat, in sections of 1 MiB, addresses mapped to themselves.
 *
 * Everything here runs before memory is mapped, where an unaligned access faults: words only. */
#include "mmu.h"

#include "board.h"
#include "cp15.h"

/* Section descriptors of the short-descriptor format (ARM DDI 0406C, B3.5.1, B3.8.2), domain 0,
 * reached by privileged code, which all is. */
enum {
  SECTION = 2 << 0,
  SECTION_B = 1 << 2,
  SECTION_C = 1 << 3,
  SECTION_EXECUTE_NEVER = 1 << 4,
  SECTION_PRIVILEGED = 1 << 10,
  SECTION_TEX0 = 1 << 12,
  CACHED = SECTION | SECTION_PRIVILEGED | SECTION_TEX0 | SECTION_C | SECTION_B, /* write-back */
  UNCACHED = SECTION | SECTION_PRIVILEGED | SECTION_TEX0 | SECTION_EXECUTE_NEVER,
  DEVICE = SECTION | SECTION_PRIVILEGED | SECTION_B | SECTION_EXECUTE_NEVER,

  SECTIONS = 4096,
  DOMAIN0_CLIENT = 1,
  CACHE_LEVELS = 7,
};

/* From the linker script. */
extern uint8_t ram_start[], image_end[], dma_start[], dma_end[], irq_stack_start[], irq_stack_top[];

static _Alignas(SECTIONS * sizeof(uint32_t))
    __attribute__((section(".table"))) uint32_t table[SECTIONS];

static void map(uint32_t base, uint32_t sections, uint32_t attributes) {
  uint32_t first = base / MMU_SECTION_BYTES;

  for (uint32_t i = 0; i < sections && first + i < SECTIONS; i++)
    table[first + i] = (first + i) * MMU_SECTION_BYTES | attributes;
}

/* From `start`, with which a section begins, to `end`. */
static void map_memory(const uint8_t *start, const uint8_t *end, uint32_t attributes) {
  uint32_t bytes = (uint32_t)(end - start);

  map((uint32_t)(uintptr_t)start, (bytes + MMU_SECTION_BYTES - 1) / MMU_SECTION_BYTES, attributes);
}

/* Data caches hold whatever they hold at power-on (A9: ARM DDI 0388I, 1.5). CCSIDR says how many
 * sets and ways a level has (B4.1.19), a way's number stands at the top of the word (B4.2.1). */
static void invalidate_data_caches(void) {
  uint32_t levels = cp15_read_clidr();

  for (uint32_t level = 0; level < CACHE_LEVELS; level++) {
    uint32_t type = levels >> 3 * level & 7;
    uint32_t size, ways, sets, line_log2, way_shift;

    if (type < 2) /* none, or for instructions only */
      continue;
    cp15_write_csselr(level << 1);
    cp15_isb();
    size = cp15_read_ccsidr();
    line_log2 = (size & 7) + 4;
    ways = (size >> 3 & 0x3ff) + 1;
    sets = (size >> 13 & 0x7fff) + 1;
    way_shift = ways == 1 ? 0 : (uint32_t)__builtin_clz(ways - 1);
    for (uint32_t way = 0; way < ways; way++) {
      for (uint32_t set = 0; set < sets; set++)
        cp15_write_dcisw(way << way_shift | set << line_log2 | level << 1);
    }
  }
  cp15_dsb();
}

void mmu_start(void) {
  uint32_t control = cp15_read_sctlr();

  for (unsigned i = 0; i < SECTIONS; i++)
    table[i] = 0;
  map_memory(ram_start, image_end, CACHED);
  map_memory(dma_start, dma_end, UNCACHED);
  map_memory(irq_stack_start, irq_stack_top, CACHED);
  for (unsigned i = 0; i < BOARD_DEVICE_REGIONS; i++)
    map(board_device_regions[i].base, board_device_regions[i].sections, DEVICE);

  cp15_write_actlr(cp15_read_actlr() | ACTLR_SMP);
  invalidate_data_caches();
  cp15_write_iciallu(0);
  cp15_write_bpiall(0);
  cp15_write_tlbiall(0);
  cp15_write_ttbcr(0);
  cp15_write_ttbr0((uint32_t)(uintptr_t)table); /* walked past the caches: it is in memory */
  cp15_write_dacr(DOMAIN0_CLIENT);
  cp15_dsb();
  cp15_isb();
  control &= ~(uint32_t)(SCTLR_ALIGNMENT_CHECK | SCTLR_HIGH_VECTORS | SCTLR_TEX_REMAP |
                         SCTLR_ACCESS_FLAG | SCTLR_THUMB_EXCEPTIONS);
  control |= SCTLR_MMU | SCTLR_DATA_CACHE | SCTLR_BRANCH_PREDICTION | SCTLR_INSTRUCTION_CACHE;
  cp15_write_sctlr(control);
  cp15_isb();
}
