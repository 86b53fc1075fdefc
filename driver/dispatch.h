/* The dispatch queue: an interrupt posts an event bit, the main loop runs the handler.
 *
 * It is the seam between the two contexts of the driver kit. Interrupts do nothing but quieten
 * their device and post; all work happens in dispatch_run(), one handler at a time, so handlers
 * never race each other. An event that is posted twice before its handler runs runs once. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { DISPATCH_SOURCES_MAX = 32 };

struct dispatch_queue;

/* One event and the action that answers it. */
struct dispatch_source {
  struct dispatch_queue *queue; /* the queue it is added to; NULL: none */
  void (*action)(void *context);
  void *context;
  uint32_t bit; /* its one bit in queue->pending; higher bits run first */
};

struct dispatch_queue {
  uint32_t pending; /* bits of posted events; interrupts set, the main loop clears */
  struct dispatch_source *sources[DISPATCH_SOURCES_MAX];
};

/* Adds `source` to `queue` on the lowest free bit; `action(context)` will answer its posts. Returns
 * 0, -EBUSY if the source is added already, -ENOSPC if all 32 bits are taken. Main loop. */
int dispatch_add(struct dispatch_queue *queue, struct dispatch_source *source,
                 void (*action)(void *context), void *context);

/* Takes `source` out; a post that is still pending is dropped. Does nothing for a source that is
 * not added. Main loop. */
void dispatch_remove(struct dispatch_source *source);

/* Posts the event of `source`, which must be added; true if it was already waiting. Any context. */
static inline bool dispatch_post(struct dispatch_source *source) {
  const uint32_t bit = source->bit;

  return (__atomic_fetch_or(&source->queue->pending, bit, __ATOMIC_RELAXED) & bit) != 0;
}

/* True if an event waits. Any context; a caller that goes to sleep on the answer calls it with
 * interrupts masked. */
static inline bool dispatch_pending(const struct dispatch_queue *queue) {
  return __atomic_load_n(&queue->pending, __ATOMIC_RELAXED) != 0;
}

/* The number of added sources; sets `*posted` to how many of them wait for their action. Main
 * loop. */
unsigned dispatch_count(const struct dispatch_queue *queue, unsigned *posted);

/* Runs the action of every event that was posted when it was called, each once; what is posted
 * meanwhile waits for the next call, so that a busy source cannot keep the main loop here. Returns
 * true if any event was posted. Main loop. */
bool dispatch_run(struct dispatch_queue *queue);

#endif
