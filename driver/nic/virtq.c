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
      .shared = shared,
      .ring = ring,
      .blocks = blocks,
      .entry_mask = (uint16_t)(ring_size(&ring->ring) * stride - 1),
      .stride_shift = (uint8_t)__builtin_ctz(stride),
  };
  for (unsigned i = 0; i < virtqueue_size(queue); i++)
    shared->descriptors[i] = (struct virtq_descriptor){.next = (uint16_t)(i + 1)};
  for (unsigned i = 0; i < ring_size(&ring->ring); i++)
    blocks[i] = (uint8_t)i;
  shared->available.flags = VIRTQ_AVAILABLE_NO_INTERRUPT;
  shared->available.index = 0;
  shared->used.flags = 0;
  shared->used.index = 0;
}

/* Packets leave the ring in order: so the slot with this block changes places with the oldest
 * one. */
bool virtqueue_bring_to_tail(struct virtqueue *queue, uint32_t block) {
  struct nic_ring *ring = queue->ring;
  uint8_t *blocks = queue->blocks;
  uint32_t oldest = ring_slot(&ring->ring, ring->ring.tail);

  for (uint32_t i = ring->ring.tail; i != ring->ring.head; i++) {
    uint32_t slot = ring_slot(&ring->ring, i);
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
