/* Free-running indices of a ring, behind one accessor each.
 *
 * `head` counts all that was ever put in, `tail` all that was ever taken out; both wrap at 2^32,
 * and a slot is the index masked. So a full ring (head - tail = size) and an empty one (0) differ,
 * and no slot is wasted. As unsigned numbers as wide as an int, their difference wraps as they
 * do. */
#ifndef RING_H
#define RING_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

static_assert(sizeof(unsigned) == sizeof(uint32_t), "else indices would be promoted to it");

enum { RING_SIZE_MAX = 256 };

struct ring {
  uint32_t head; /* index of the next entry to put in; its producer writes it */
  uint32_t tail; /* index of the next entry to take out; its consumer writes it */
  uint32_t mask; /* size - 1; the size is a power of two */
};

/* True if a ring can have `size` slots: a power of two from 2 to RING_SIZE_MAX. */
static inline bool ring_size_valid(unsigned size) {
  return size >= 2 && size <= RING_SIZE_MAX && (size & (size - 1)) == 0;
}

static inline unsigned ring_size(const struct ring *ring) { return (unsigned)(ring->mask + 1); }

static inline unsigned ring_count(const struct ring *ring) {
  return (unsigned)(ring->head - ring->tail);
}

static inline bool ring_empty(const struct ring *ring) { return ring->head == ring->tail; }

static inline bool ring_full(const struct ring *ring) { return ring_count(ring) > ring->mask; }

/* The number of entries that can still be put in. */
static inline unsigned ring_room(const struct ring *ring) {
  return ring_size(ring) - ring_count(ring);
}

/* The slot of a free-running index. */
static inline uint32_t ring_slot(const struct ring *ring, uint32_t index) {
  return index & ring->mask;
}

#endif
