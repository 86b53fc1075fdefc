/* A queue of packets with a single producer and a single consumer, which may be an interrupt.
 *
 * The four queues of a NIC are of this kind. Neither side ever waits or locks: a full queue
 * refuses, an empty one returns NULL. A queue can tell its consumer that data has become available.
 * It does so only when it was empty, so the consumer drains it, or comes back by itself. */
#ifndef PACKET_QUEUE_H
#define PACKET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip_options.h"
#include "dispatch.h"
#include "lwip/pbuf.h"
#include "port.h"

struct packet_queue {
  struct pbuf *
      *slots; /* as many as its depth; a packet's slot is the number of packets before it, masked */
  uint32_t mask;       /* its depth, a power of two, less 1 */
  uint32_t enqueued;   /* packets ever put in, modulo 2^32; the producer writes it */
  uint32_t dequeued;   /* packets ever taken out, purged ones too; the consumer writes it */
  uint32_t room;       /* packets that it takes: its depth, or 0 while it is disabled */
  uint32_t refused;    /* packets not taken: full or disabled */
  uint16_t high_water; /* the most packets that it ever held, if that was more than one */
  struct dispatch_source *data_available; /* posted when the first packet comes in; NULL: none */
};

/* Makes an empty, disabled queue of `depth` packets (a power of two, 2 to 256) over `slots`, which
 * has room for as many pointers. Returns 0, or -EINVAL for a wrong depth. Main loop. */
int packet_queue_init(struct packet_queue *queue, struct pbuf **slots, unsigned depth,
                      struct dispatch_source *data_available);

/* Lets packets in, or refuses them from now on; what it holds stays. Main loop. */
void packet_queue_set_enable(struct packet_queue *queue, bool enable);

/* Hands every packet that the queue holds to `give_back`, oldest first. Main loop, with the
 * producer quiet. */
void packet_queue_purge(struct packet_queue *queue, void (*give_back)(void *context, struct pbuf *),
                        void *context);

/* The number of packets it holds. Producer or consumer. */
static inline unsigned packet_queue_count(const struct packet_queue *queue) {
  return (unsigned)(spsc_load(&queue->enqueued) - spsc_load(&queue->dequeued));
}

/* The number of packets it can hold. Any context. */
static inline unsigned packet_queue_depth(const struct packet_queue *queue) {
  return (unsigned)(queue->mask + 1);
}

/* True if it takes packets. Any context. */
static inline bool packet_queue_enabled(const struct packet_queue *queue) {
  return queue->room != 0;
}

/* The slot of packet number `index` of all that were ever put in. */
static inline struct pbuf **packet_queue_slot(const struct packet_queue *queue, uint32_t index) {
  return &queue->slots[index & queue->mask];
}

/* Puts `packet` in. Returns false, and counts, if the queue is full or disabled: the caller keeps
 * the packet. Producer only. */
static inline bool packet_queue_put(struct packet_queue *queue, struct pbuf *packet) {
  uint32_t head = queue->enqueued;
  uint32_t count = head - spsc_load(&queue->dequeued);

  if (count >= queue->room) {
    queue->refused++;
    return false;
  }
  *packet_queue_slot(queue, head) = packet;
  spsc_store(&queue->enqueued, head + 1);
  if (count != 0) {
    if (count >= queue->high_water)
      queue->high_water = (uint16_t)(count + 1);
  } else if (queue->data_available != NULL) {
    dispatch_post(queue->data_available);
  }
  return true;
}

/* Puts `packet` in a queue that is known to have room and that tells nobody;
 * packet_queue_appended() follows the last of a batch. Producer only. */
static inline void packet_queue_append(struct packet_queue *queue, struct pbuf *packet) {
  uint32_t head = queue->enqueued;

  *packet_queue_slot(queue, head) = packet;
  spsc_store(&queue->enqueued, head + 1);
}

/* Notes that `count` packets were appended to a queue that was empty. Producer only. */
static inline void packet_queue_appended(struct packet_queue *queue, unsigned count) {
  if (count > queue->high_water)
    queue->high_water = (uint16_t)count;
}

/* The most packets that it ever held. Any context. */
static inline unsigned packet_queue_high_water(const struct packet_queue *queue) {
  return queue->high_water != 0 ? queue->high_water : spsc_load(&queue->enqueued) != 0;
}

/* True if it holds none. Consumer only. */
static inline bool packet_queue_empty(const struct packet_queue *queue) {
  return spsc_load(&queue->enqueued) == queue->dequeued;
}

/* The oldest packet of a queue that is not empty; it stays in. Consumer only. */
static inline struct pbuf *packet_queue_peek(const struct packet_queue *queue) {
  return *packet_queue_slot(queue, queue->dequeued);
}

/* Takes the oldest packet out of a queue that is not empty. Consumer only. */
static inline struct pbuf *packet_queue_take(struct packet_queue *queue) {
  struct pbuf *packet = packet_queue_peek(queue);

  spsc_store(&queue->dequeued, queue->dequeued + 1);
  return packet;
}

/* Takes out the oldest packet, or returns NULL if the queue is empty. Consumer only. */
static inline struct pbuf *packet_queue_get(struct packet_queue *queue) {
  return packet_queue_empty(queue) ? NULL : packet_queue_take(queue);
}

#endif
