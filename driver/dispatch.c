/* The dispatch queue: an interrupt posts an event bit, the main loop runs the handler. */
#include "dispatch.h"

#include <errno.h>
#include <stddef.h>

static const uint32_t FIRST_BIT = UINT32_C(1) << 31;

int dispatch_add(struct dispatch_queue *queue, struct dispatch_source *source,
                 void (*action)(void *context), void *context) {
  if (source->queue != NULL)
    return -EBUSY;
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++) {
    if (queue->sources[i] != NULL)
      continue;
    source->action = action;
    source->context = context;
    source->bit = FIRST_BIT >> i;
    source->queue = queue;
    queue->sources[i] = source;
    return 0;
  }
  return -ENOSPC;
}

void dispatch_remove(struct dispatch_source *source) {
  struct dispatch_queue *queue = source->queue;

  if (queue == NULL)
    return;
  queue->sources[__builtin_clz(source->bit)] = NULL;
  source->queue = NULL;
  __atomic_fetch_and(&queue->pending, ~source->bit, __ATOMIC_RELAXED);
}

unsigned dispatch_count(const struct dispatch_queue *queue, unsigned *posted) {
  unsigned count = 0;

  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    count += queue->sources[i] != NULL;
  *posted = (unsigned)__builtin_popcount(__atomic_load_n(&queue->pending, __ATOMIC_RELAXED));
  return count;
}

bool dispatch_run(struct dispatch_queue *queue) {
  uint32_t events = __atomic_exchange_n(&queue->pending, 0, __ATOMIC_ACQUIRE);
  bool ran = events != 0;

  while (events != 0) {
    unsigned first = (unsigned)__builtin_clz(events);
    struct dispatch_source *source = queue->sources[first];

    events &= ~(FIRST_BIT >> first);
    if (source != NULL) /* an earlier action may have removed it */
      source->action(source->context);
  }
  return ran;
}
