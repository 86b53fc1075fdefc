/* A device's side of a virtqueue in memory (virtio 1.2, 2.7). */
#include "fake_virtq.h"

#include "dma.h"
#include "unit.h"

enum { NO_INTERRUPT = 1 };

/* Offsets of the fields of the available and the used ring. */
enum { FLAGS = 0, INDEX = 2, RING = 4, USED_BYTES = 8 };

struct fake_virtq_descriptor fake_virtq_descriptor(const struct fake_virtq *queue, unsigned i) {
  struct fake_virtq_descriptor descriptor;

  assert_true(i < queue->size);
  host_dma_read(queue->descriptors + i * (uint32_t)sizeof descriptor, &descriptor,
                sizeof descriptor);
  return descriptor;
}

static uint16_t read16(uint32_t address) {
  uint16_t value;

  host_dma_read(address, &value, sizeof value);
  return value;
}

/* Entries of the available ring that have not been taken. */
uint16_t fake_virtq_waiting(const struct fake_virtq *queue) {
  uint16_t count = (uint16_t)(read16(queue->driver + INDEX) - queue->taken);

  assert_true(count <= queue->size);
  return count;
}

uint32_t fake_virtq_take(struct fake_virtq *queue) {
  return read16(queue->driver + RING + 2 * (queue->taken++ % queue->size));
}

bool fake_virtq_put(const struct fake_virtq *queue, uint32_t id, uint32_t length) {
  uint16_t index = read16(queue->device + INDEX);
  const uint32_t element[] = {id, length};

  host_dma_write(queue->device + RING + USED_BYTES * (index % queue->size), element,
                 sizeof element);
  index++;
  host_dma_give_back(queue->device + INDEX, &index, sizeof index);
  return (read16(queue->driver + FLAGS) & NO_INTERRUPT) == 0;
}

void fake_virtq_set_flags(const struct fake_virtq *queue, uint16_t flags) {
  if (read16(queue->device + FLAGS) != flags)
    host_dma_give_back(queue->device + FLAGS, &flags, sizeof flags);
}

uint32_t fake_virtq_gather(const struct fake_virtq *queue, uint32_t id, uint8_t *data,
                           uint32_t size, unsigned *parts, int *first_write) {
  uint32_t length = 0;

  *parts = 0;
  *first_write = -1;
  for (unsigned i = 0;; i++) {
    const struct fake_virtq_descriptor descriptor = fake_virtq_descriptor(queue, id);

    assert_true(i < queue->size); /* no loop */
    assert_int_not_equal(descriptor.length, 0);
    assert_int_equal(descriptor.address >> 32, 0);
    if ((descriptor.flags & FAKE_VIRTQ_WRITE) != 0) {
      *first_write = (int)id;
      return length;
    }
    assert_true(length + descriptor.length <= size);
    host_dma_read((uint32_t)descriptor.address, data + length, descriptor.length);
    length += descriptor.length;
    ++*parts;
    if ((descriptor.flags & FAKE_VIRTQ_NEXT) == 0)
      return length;
    id = descriptor.next;
  }
}
