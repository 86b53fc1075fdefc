/* Cache maintenance by line, for memory that the processor and a device's DMA share.
 *
 * The DMA of the boards here is not coherent with the processor's caches. A level 2 cache outside
 * of the core (PL310) is left as it is at reset, off, so that the point of coherency is memory. */
#include "cp15.h"
#include "port.h"

/* CTR.DminLine: words of the shortest data cache line, as a power of two (B4.1.42). */
static uintptr_t line_bytes(void) { return UINT32_C(4) << (cp15_read_ctr() >> 16 & 0xf); }

void dma_clean(const void *start, size_t length) {
  uintptr_t bytes = line_bytes();
  uintptr_t end = (uintptr_t)start + length;

  for (uintptr_t line = (uintptr_t)start & ~(bytes - 1); line < end; line += bytes)
    cp15_write_dccmvac(line);
  cp15_dsb();
}

/* A line that lies in the range only in part may hold what the processor has written beside it:
 * that one is written back as well. The kit's buffers begin and end with a line. */
void dma_invalidate(void *start, size_t length) {
  uintptr_t bytes = line_bytes();
  uintptr_t line = (uintptr_t)start;
  uintptr_t end = line + length;

  if (line % bytes != 0) {
    line -= line % bytes;
    cp15_write_dccimvac(line);
    line += bytes;
  }
  for (; line + bytes <= end; line += bytes)
    cp15_write_dcimvac(line);
  if (line < end)
    cp15_write_dccimvac(line);
  cp15_dsb();
}
