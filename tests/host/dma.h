/* The host's DMA memory: what a device sees of it, behind a write-back cache and a weak store
 * order.
 *
 * Memory is either cached or, where it holds descriptors, not. Of cached memory the model keeps,
 * line by line, what memory holds (the device's view) and what the processor last took from it or
 * gave to it; the program's own variables are the cache. dma_clean() writes lines to memory,
 * dma_invalidate() takes them from it. A missing hand-over shows as an error that says where; so
 * does a line with two owners, since one of them would undo what the other wrote.
 *
 * In memory that is not cached the device sees the processor's stores only when dma_publish() is
 * called, and then one after the other, in an order that the program did not choose: stores that no
 * dma_publish() separates are unordered. The processor sees what the device wrote before its last
 * give-back only after dma_observe().
 *
 * Before host_dma_start() and after host_reset() all of it is plain memory. */
#ifndef HOST_DMA_H
#define HOST_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  HOST_DMA_LINE_MAX = 64,
  HOST_DMA_RINGS_MAX = 32768,
};

struct host_dma_options {
  unsigned line;     /* of a cache line, in bytes: 16, 32 or 64 */
  void *rings;       /* uncached memory, where the descriptors are; NULL: none */
  size_t rings_size; /* in bytes, up to HOST_DMA_RINGS_MAX; a multiple of `unit` */
  unsigned unit;     /* bytes of a descriptor's smallest field with a meaning of its own: 2 or 4 */
  bool last_first; /* unordered stores arrive from the highest address down; else from the lowest up
                    */
  void (*look)(void *context); /* gives the device a moment: at each hook, each register access and
                                  each store that arrives. NULL: it looks only when it is told to */
  void *context;               /* for `look` */
};

/* Starts the model, with empty caches and nothing in flight. */
void host_dma_start(const struct host_dma_options *options);

/* Ends it: memory is plain again. */
void host_dma_stop(void);

/* The device reads and writes memory. */
void host_dma_read(uint32_t address, void *to, size_t length);
void host_dma_write(uint32_t address, const void *from, size_t length);

/* The device gives a descriptor back: the store that tells the processor so. What it wrote to the
 * descriptor before becomes visible at the processor's next dma_observe(). */
void host_dma_give_back(uint32_t address, const void *from, size_t length);

/* While it is on, the device must not touch memory. */
void host_dma_forbid(bool on);

/* Accesses of the device so far. */
unsigned host_dma_accesses(void);

/* Gives the device its moment; the host's bus calls it. */
void host_dma_look(void);

#endif
