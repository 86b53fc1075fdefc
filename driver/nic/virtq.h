/* A split virtqueue under a ring of the kit (OASIS, Virtual I/O Device (VIRTIO) Version 1.2, 2.7).
 */
#ifndef VIRTQ_H
#define VIRTQ_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"
#include "port.h"

enum {
  VIRTQ_SIZE_MAX = 256, /* descriptors that there is room for */
  VIRTQ_DESCRIPTOR_NEXT = 1 << 0,
  VIRTQ_DESCRIPTOR_WRITE = 1 << 1, /* the device writes to it */
  VIRTQ_AVAILABLE_NO_INTERRUPT = 1 << 0,
  VIRTQ_USED_NO_NOTIFY = 1 << 0,
};

/* What the device sees of it, in little-endian numbers like the core's. Not all of its three parts
 * need be used. Both sides write into it, side by side, so it is in uncached memory. */
struct virtq_descriptor {
  volatile uint32_t address, address_high;
  volatile uint32_t length;
  volatile uint16_t flags;
  volatile uint16_t next;
};

struct virtq {
  _Alignas(16) struct virtq_descriptor descriptors[VIRTQ_SIZE_MAX];
  struct {
    volatile uint16_t flags;
    volatile uint16_t index; /* where the driver puts the next entry, modulo 2^16 */
    volatile uint16_t ring[VIRTQ_SIZE_MAX];
  } available;
  _Alignas(4) struct {
    volatile uint16_t flags;
    volatile uint16_t index; /* where the device puts the next entry, modulo 2^16 */
    struct {
      volatile uint32_t id; /* first descriptor of the chain */
      volatile uint32_t length;
    } ring[VIRTQ_SIZE_MAX];
  } used;
};

/* The driver's side: each slot of the ring has a block of `stride` descriptors, chained, and is one
 * entry of both the available and the used ring. So the ring's head and tail are the indices of
 * those, and the queue's size is the ring's times the stride. */
struct virtqueue {
  struct virtq *shared;
  struct nic_ring *ring;
  uint8_t *blocks;      /* the block that each slot has */
  uint16_t entry_mask;  /* the queue's size, a power of two, less 1 */
  uint8_t stride_shift; /* the stride's logarithm */
};

/* Makes a queue over an empty ring: the descriptors of each block chained, their other fields 0,
 * nothing available, nothing used, no interrupts. */
void virtqueue_init(struct virtqueue *queue, struct virtq *shared, struct nic_ring *ring,
                    uint8_t *blocks, unsigned stride);

static inline unsigned virtqueue_size(const struct virtqueue *queue) {
  return queue->entry_mask + 1U;
}

/* The block of a slot, and the first of its descriptors. */
static inline unsigned virtqueue_block(const struct virtqueue *queue, uint32_t slot) {
  return queue->blocks[slot];
}
static inline struct virtq_descriptor *virtqueue_descriptors(const struct virtqueue *queue,
                                                             unsigned block) {
  return &queue->shared->descriptors[block << queue->stride_shift];
}

/* Puts the packet on the ring, which must not be full, with its block on the available ring, and
 * returns the block, whose descriptors are the caller's until the device is notified. */
static inline unsigned virtqueue_push(struct virtqueue *queue, struct pbuf *packet) {
  unsigned entry = queue->ring->ring.head & queue->entry_mask;
  unsigned block = queue->blocks[nic_ring_push(queue->ring, packet)];

  queue->shared->available.ring[entry] = (uint16_t)(block << queue->stride_shift);
  return block;
}

/* True if the device has used a chain that is still on the ring. */
static inline bool virtqueue_is_used(const struct virtqueue *queue) {
  return queue->shared->used.index != (uint16_t)queue->ring->ring.tail &&
         !ring_empty(&queue->ring->ring);
}

/* Makes the packet with `block` the oldest on the ring. False if it is not on the ring. */
bool virtqueue_bring_to_tail(struct virtqueue *queue, uint32_t block);

/* Takes back a chain that the device has used: returns its packet, with its block in `*block` and
 * the number of bytes that the device wrote in `*length`, or NULL if there is none. Sets `*faulted`
 * if the device has used what it was not given.
 *
 * Without VIRTIO_F_IN_ORDER, which is not negotiated here, a device may be done with chains in
 * another order than it got them (2.7.9); mostly the oldest is next. */
static inline struct pbuf *virtqueue_pop(struct virtqueue *queue, unsigned *block, uint32_t *length,
                                         volatile bool *faulted) {
  const struct ring *ring = &queue->ring->ring;
  const uint32_t tail = ring->tail;
  const uint16_t used = (uint16_t)(queue->shared->used.index - tail);
  uint32_t id;

  if (used == 0 || ring_empty(ring))
    return NULL;
  dma_observe();
  id = queue->shared->used.ring[tail & queue->entry_mask].id;
  *length = queue->shared->used.ring[tail & queue->entry_mask].length;
  *block = id >> queue->stride_shift;
  if (used > ring_count(ring) || *block << queue->stride_shift != id ||
      (queue->blocks[ring_slot(ring, tail)] != *block && !virtqueue_bring_to_tail(queue, *block))) {
    *faulted = true;
    return NULL;
  }
  return nic_ring_pop(queue->ring);
}

#endif
