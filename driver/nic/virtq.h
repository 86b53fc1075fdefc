/* A split virtqueue under a ring of the kit (OASIS, Virtual I/O Device (VIRTIO) Version 1.2, 2.7).
 */
#ifndef VIRTQ_H
#define VIRTQ_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

enum {
  VIRTQ_SIZE_MAX = 256, /* descriptors that there is room for */
  VIRTQ_DESCRIPTOR_NEXT = 1 << 0,
  VIRTQ_DESCRIPTOR_WRITE = 1 << 1, /* the device writes to it */
  VIRTQ_AVAILABLE_NO_INTERRUPT = 1 << 0,
  VIRTQ_USED_NO_NOTIFY = 1 << 0,
};

/* What the device sees of it, in little-endian numbers as the core's. Its three parts may each be
 * longer than what is used of them. Both sides write into it, side by side: it lies in memory that
 * is not cached. */
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
 * entry of both the available and the used ring. So the ring's head and tail are their indices, and
 * the queue's size is the ring's times the stride. */
struct virtqueue {
  struct virtq *shared;
  struct nic_ring *ring;
  uint8_t *blocks; /* which block a slot has, one for each slot */
  uint8_t stride;  /* a power of two */
};

/* Starts over an empty ring: the descriptors of each block chained, their other fields 0, nothing
 * available, nothing used, no interrupts. */
void virtqueue_init(struct virtqueue *queue, struct virtq *shared, struct nic_ring *ring,
                    uint8_t *blocks, unsigned stride);

static inline unsigned virtqueue_size(const struct virtqueue *queue) {
  return ring_size(&queue->ring->ring) * (unsigned)queue->stride;
}

/* The block of a slot, and the first of its descriptors. */
static inline unsigned virtqueue_block(const struct virtqueue *queue, uint16_t slot) {
  return queue->blocks[slot];
}
static inline struct virtq_descriptor *virtqueue_descriptors(const struct virtqueue *queue,
                                                             unsigned block) {
  return &queue->shared->descriptors[block * queue->stride];
}

/* Puts the packet on the ring, which must not be full, with its block on the available ring, and
 * returns the block, whose descriptors are the caller's until the device is notified. */
unsigned virtqueue_push(struct virtqueue *queue, struct pbuf *packet);

/* True if the device has used a chain that is still on the ring. */
static inline bool virtqueue_is_used(const struct virtqueue *queue) {
  return queue->shared->used.index != queue->ring->ring.tail && !ring_empty(&queue->ring->ring);
}

/* Takes a chain back that the device has used: returns its packet with its block in `*block` and
 * the bytes that the device wrote in `*length`, or NULL where there is none. Sets `*faulted` where
 * it has used what it was not given. */
struct pbuf *virtqueue_pop(struct virtqueue *queue, unsigned *block, uint32_t *length,
                           volatile bool *faulted);

#endif
