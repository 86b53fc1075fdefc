/* A split virtqueue under a ring of the kit (OASIS, Virtual I/O Device (VIRTIO) Version 1.2, 2.7).
 */
#include "virtq.h"

#include <assert.h>

#include "port.h"

static_assert(sizeof(struct virtq_descriptor) == 16, "the descriptor's layout is the device's");
static_assert(offsetof(struct virtq, available.ring) == 16 * VIRTQ_SIZE_MAX + 4 &&
                  sizeof((struct virtq *)0)->used.ring[0] == 8,
              "the virtqueue's layout is the device's");

void virtqueue_init(struct virtqueue *queue, struct virtq *shared, struct nic_ring *ring,
                    uint8_t *blocks, unsigned stride) {
  *queue = (struct virtqueue){
      .shared = shared, .ring = ring, .blocks = blocks, .stride = (uint8_t)stride};
  for (unsigned i = 0; i < virtqueue_size(queue); i++)
    shared->descriptors[i] = (struct virtq_descriptor){.next = (uint16_t)(i + 1)};
  for (unsigned i = 0; i < ring_size(&ring->ring); i++)
    blocks[i] = (uint8_t)i;
  shared->available.flags = VIRTQ_AVAILABLE_NO_INTERRUPT;
  shared->available.index = 0;
  shared->used.flags = 0;
  shared->used.index = 0;
}

/* The entry of the available or used ring that a free-running index is for. */
static unsigned entry_of(const struct virtqueue *queue, uint16_t index) {
  return index & (virtqueue_size(queue) - 1);
}

unsigned virtqueue_push(struct virtqueue *queue, struct pbuf *packet) {
  unsigned entry = entry_of(queue, queue->ring->ring.head);
  unsigned block = queue->blocks[nic_ring_push(queue->ring, packet)];

  queue->shared->available.ring[entry] = (uint16_t)(block * queue->stride);
  return block;
}

/* Without VIRTIO_F_IN_ORDER, which is not taken here, a device may be done with chains in another
 * order than it got them (2.7.9). The ring is taken from in order: so the slot that has the block
 * changes places with the oldest one. Where the order is kept, the first look finds it. False where
 * the block is not in the device's hands. */
static bool bring_to_tail(struct nic_ring *ring, uint8_t *blocks, uint32_t block) {
  uint16_t oldest = ring_slot(&ring->ring, ring->ring.tail);

  for (uint16_t i = ring->ring.tail; i != ring->ring.head; i++) {
    uint16_t slot = ring_slot(&ring->ring, i);
    struct pbuf *packet = ring->slots[slot];

    if (blocks[slot] != block)
      continue;
    ring->slots[slot] = ring->slots[oldest];
    blocks[slot] = blocks[oldest];
    ring->slots[oldest] = packet;
    blocks[oldest] = (uint8_t)block;
    return true;
  }
  return false;
}

struct pbuf *virtqueue_pop(struct virtqueue *queue, unsigned *block, uint32_t *length,
                           volatile bool *faulted) {
  uint16_t tail = queue->ring->ring.tail;
  uint16_t used = (uint16_t)(queue->shared->used.index - tail);
  uint32_t id;

  if (used == 0 || ring_empty(&queue->ring->ring))
    return NULL;
  dma_observe();
  id = queue->shared->used.ring[entry_of(queue, tail)].id;
  *length = queue->shared->used.ring[entry_of(queue, tail)].length;
  *block = id / queue->stride;
  if (used > ring_count(&queue->ring->ring) || id % queue->stride != 0 ||
      !bring_to_tail(queue->ring, queue->blocks, *block)) {
    *faulted = true;
    return NULL;
  }
  return nic_ring_pop(queue->ring);
}
