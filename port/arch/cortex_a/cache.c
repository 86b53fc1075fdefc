/* Cache maintenance by line, for memory that the processor and a device's DMA share.
 *
 * The DMA of the boards here is not coherent with the processor's caches. A level 2 cache outside
 * of the core (PL310) is left as it is at reset, off, so that the point of coherency is memory. */
#include "cp15.h"
#include "port.h"

/* CTR.DminLine: words of the shortest data cache line, as a power of two (B4.1.42). */
static uintptr_t line_bytes(void) { return UINT32_C(4) << (cp15_read_ctr() >> 16 & 0xf); }

/* Eight lines a turn: most frames have many. */
#define EIGHT_LINES(operation, line, bytes)                                                        \
  do {                                                                                             \
    operation(line);                                                                               \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    operation((line) += (bytes));                                                                  \
    (line) += (bytes);                                                                             \
  } while (0)
#define EACH_LINE(operation, line, end, bytes)                                                     \
  do {                                                                                             \
    const uintptr_t eights_end = (end) - (((end) - (line)) & (8 * (bytes)-1));                     \
                                                                                                   \
    while ((line) != eights_end)                                                                   \
      EIGHT_LINES(operation, line, bytes);                                                         \
    for (; (line) != (end); (line) += (bytes))                                                     \
      operation(line);                                                                             \
  } while (0)

void dma_clean(const void *start, size_t length) {
  const uintptr_t bytes = line_bytes();
  uintptr_t line = (uintptr_t)start & -bytes;
  const uintptr_t end = ((uintptr_t)start + length + bytes - 1) & -bytes;

  EACH_LINE(cp15_write_dccmvac, line, end, bytes);
  cp15_dsb();
}

/* A line that is only partly in the range may also hold what the processor has written next to it:
 * that one is written back as well. The kit's buffers begin and end with a line. */
void dma_invalidate(void *start, size_t length) {
  const uintptr_t bytes = line_bytes();
  const uintptr_t end = (uintptr_t)start + length;
  const uintptr_t last = end & -bytes;
  uintptr_t line = (uintptr_t)start;

  if ((line & (bytes - 1)) != 0) {
    line &= -bytes;
    if (line != last) {
      cp15_write_dccimvac(line);
      line += bytes;
    }
  }
  EACH_LINE(cp15_write_dcimvac, line, last, bytes);
  if (last != end)
    cp15_write_dccimvac(last);
  cp15_dsb();
}
