/* A device's side of a virtqueue in memory (virtio 1.2, 2.7). */
#ifndef FAKE_VIRTQ_H
#define FAKE_VIRTQ_H

#include <stdbool.h>
#include <stdint.h>

enum {
  FAKE_VIRTQ_NEXT = 1, /* descriptor flags */
  FAKE_VIRTQ_WRITE = 2,
};

struct fake_virtq_descriptor {
  uint64_t address;
  uint32_t length;
  uint16_t flags, next;
};

struct fake_virtq {
  uint32_t size, ready;
  uint32_t descriptors, driver, device; /* its parts' addresses */
  uint16_t taken;                       /* entries of the available ring; free-running */
};

/* Descriptor `i`. */
struct fake_virtq_descriptor fake_virtq_descriptor(const struct fake_virtq *queue, unsigned i);

/* Entries of the available ring that have not been taken; takes the next one. */
uint16_t fake_virtq_waiting(const struct fake_virtq *queue);
uint32_t fake_virtq_take(struct fake_virtq *queue);

/* Uses the chain that begins with descriptor `id`; true if the driver wants an interrupt. */
bool fake_virtq_put(const struct fake_virtq *queue, uint32_t id, uint32_t length);

/* Sets the used ring's flags. */
void fake_virtq_set_flags(const struct fake_virtq *queue, uint16_t flags);

/* Gathers a chain's readable part; the rest of the chain, from descriptor `*first_write` on, is to
 * be written (-1: there is none). */
uint32_t fake_virtq_gather(const struct fake_virtq *queue, uint32_t id, uint8_t *data,
                           uint32_t size, unsigned *parts, int *first_write);

#endif
