/* A queue of packets with a single producer and a single consumer, which may be an interrupt.
 *
 * The four queues of a NIC are of this kind. Neither side ever waits or locks: a full queue
 * refuses, an empty one returns NULL. As in the seed, a queue can tell its consumer that data has
 * become available; it does so when it was empty, so a consumer drains it or comes back by itself.
 */
#ifndef PACKET_QUEUE_H
#define PACKET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"
#include "lwip/pbuf.h"
#include "port.h"
#include "ring.h"

struct packet_queue {
  struct ring ring;
  struct pbuf **slots;                    /* ring_size() pointers */
  struct dispatch_source *data_available; /* posted when the first packet comes in; NULL: none */
  bool enabled;                           /* a disabled queue refuses */
  uint16_t high_water;                    /* most packets it ever held */
  uint32_t enqueued;                      /* packets put in */
  uint32_t dequeued;                      /* packets taken out, purged ones too */
  uint32_t refused;                       /* packets not taken: full or disabled */
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
static inline uint16_t packet_queue_count(const struct packet_queue *queue) {
  return (uint16_t)(spsc_load(&queue->ring.head) - spsc_load(&queue->ring.tail));
}

/* Puts `packet` in. Returns false, and counts, where the queue is full or disabled: the caller
 * keeps the packet. Producer only. */
static inline bool packet_queue_put(struct packet_queue *queue, struct pbuf *packet) {
  uint16_t head = queue->ring.head;
  uint16_t count = (uint16_t)(head - spsc_load(&queue->ring.tail));

  if (count > queue->ring.mask || !queue->enabled) {
    queue->refused++;
    return false;
  }
  queue->slots[ring_slot(&queue->ring, head)] = packet;
  spsc_store(&queue->ring.head, (uint16_t)(head + 1));
  queue->enqueued++;
  if (count >= queue->high_water)
    queue->high_water = (uint16_t)(count + 1);
  if (count == 0 && queue->data_available != NULL)
    dispatch_post(queue->data_available);
  return true;
}

/* The oldest packet, which stays in, or NULL where the queue is empty. Consumer only. */
static inline struct pbuf *packet_queue_peek(struct packet_queue *queue) {
  uint16_t tail = queue->ring.tail;

  if (spsc_load(&queue->ring.head) == tail)
    return NULL;
  return queue->slots[ring_slot(&queue->ring, tail)];
}

/* Takes out the oldest packet, or returns NULL where the queue is empty. Consumer only. */
static inline struct pbuf *packet_queue_get(struct packet_queue *queue) {
  struct pbuf *packet = packet_queue_peek(queue);

  if (packet != NULL) {
    spsc_store(&queue->ring.tail, (uint16_t)(queue->ring.tail + 1));
    queue->dequeued++;
  }
  return packet;
}

#endif
