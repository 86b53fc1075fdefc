/* A virtio device behind memory-mapped registers: its status, features and virtqueues (OASIS,
 * Virtual I/O Device (VIRTIO) Version 1.2, 4.2). */
#include "virtio_mmio.h"

#include <errno.h>

#include "log.h"
#include "mac_access.h"
#include "port.h"

/* Registers, by their names in the specification (4.2.2). */
enum {
  MAGIC_VALUE = 0x000,
  VERSION = 0x004,
  VERSION_LEGACY = 1,
  VERSION_MODERN = 2,
  DEVICE_ID = 0x008,
  DEVICE_FEATURES = 0x010,
  DEVICE_FEATURES_SEL = 0x014,
  DRIVER_FEATURES = 0x020,
  DRIVER_FEATURES_SEL = 0x024,
  QUEUE_SEL = 0x030,
  QUEUE_NUM_MAX = 0x034,
  QUEUE_NUM = 0x038,
  QUEUE_READY = 0x044,
  QUEUE_NOTIFY = 0x050,
  INTERRUPT_STATUS = 0x060,
  INTERRUPT_ACK = 0x064,
  STATUS = 0x070,
  STATUS_ACKNOWLEDGE = 1 << 0,
  STATUS_DRIVER = 1 << 1,
  STATUS_DRIVER_OK = 1 << 2,
  STATUS_FEATURES_OK = 1 << 3,
  STATUS_NEEDS_RESET = 1 << 6,
  STATUS_FAILED = 1 << 7,
  QUEUE_DESC_LOW = 0x080,
  QUEUE_DESC_HIGH = 0x084,
  QUEUE_DRIVER_LOW = 0x090,
  QUEUE_DRIVER_HIGH = 0x094,
  QUEUE_DEVICE_LOW = 0x0a0,
  QUEUE_DEVICE_HIGH = 0x0a4,
  CONFIG_GENERATION = 0x0fc,

  /* Bits 32, 33 and 36 of the features (6). A device that offers one of the latter may not work for
   * a driver without it (6.1). They ask for what is done here anyway: addresses are those of the
   * bus, and barriers are for a device. */
  F_HIGH_VERSION_1 = 1 << 0,
  F_HIGH_ACCESS_PLATFORM = 1 << 1,
  F_HIGH_ORDER_PLATFORM = 1 << 4,
  F_HIGH_WANTED = F_HIGH_VERSION_1 | F_HIGH_ACCESS_PLATFORM | F_HIGH_ORDER_PLATFORM,
  RESET_POLLS_MAX = 100000,
};
#define MAGIC UINT32_C(0x74726976)

bool virtio_is_device(uintptr_t base, uint32_t id, const char *qemu_option) {
  uint32_t version = mmio_read(base + VERSION);

  if (mmio_read(base + MAGIC_VALUE) == MAGIC && mmio_read(base + DEVICE_ID) == id) {
    if (version == VERSION_MODERN)
      return true;
    if (version == VERSION_LEGACY) {
      log_error("virtio", "legacy device at %#lx, not supported: qemu -global %s",
                (unsigned long)base, "virtio-mmio.force-legacy=false");
      return false;
    }
  }
  log_error("virtio", "no such device at %#lx: qemu %s", (unsigned long)base, qemu_option);
  return false;
}

/* The reset is over when the status reads as 0 (2.4.2). */
bool virtio_reset(uintptr_t base) {
  mmio_write(base + STATUS, 0);
  for (unsigned polls = 0; polls < RESET_POLLS_MAX; polls++) {
    if (mmio_read(base + STATUS) == 0)
      return true;
  }
  log_error("virtio", "the device at %#lx does not reset", (unsigned long)base);
  return false;
}

static uint32_t offered(uintptr_t base, uint32_t word) {
  mmio_write(base + DEVICE_FEATURES_SEL, word);
  return mmio_read(base + DEVICE_FEATURES);
}

static void accept(uintptr_t base, uint32_t word, uint32_t features) {
  mmio_write(base + DRIVER_FEATURES_SEL, word);
  mmio_write(base + DRIVER_FEATURES, features);
}

/* The first six steps of initialization (3.1.1). */
int virtio_negotiate(uintptr_t base, uint32_t wanted, uint32_t depend, uint32_t on,
                     uint32_t *features) {
  uint32_t low, high;

  if (!virtio_reset(base))
    return -ENODEV;
  mmio_write(base + STATUS, STATUS_ACKNOWLEDGE);
  mmio_write(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
  low = offered(base, 0) & wanted;
  if ((low & on) == 0)
    low &= ~depend;
  high = offered(base, 1) & F_HIGH_WANTED;
  accept(base, 0, low);
  accept(base, 1, high);
  mmio_write(base + STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
  if ((high & F_HIGH_VERSION_1) == 0 || (mmio_read(base + STATUS) & STATUS_FEATURES_OK) == 0) {
    log_error("virtio", "no agreement on features with the device at %#lx", (unsigned long)base);
    mmio_write(base + STATUS, STATUS_FAILED);
    return -ENODEV;
  }
  *features = low;
  return 0;
}

bool virtio_add_queue(uintptr_t base, unsigned number, struct virtq *queue, unsigned size) {
  queue->available.flags = VIRTQ_AVAILABLE_NO_INTERRUPT;
  queue->available.index = 0;
  queue->used.flags = 0;
  queue->used.index = 0;
  mmio_write(base + QUEUE_SEL, number);
  if (mmio_read(base + QUEUE_READY) != 0 || mmio_read(base + QUEUE_NUM_MAX) < size) {
    log_error("virtio", "queue %u of the device at %#lx has no room for %u descriptors", number,
              (unsigned long)base, size);
    return false;
  }
  mmio_write(base + QUEUE_NUM, size);
  mmio_write(base + QUEUE_DESC_LOW, bus_address(queue->descriptors));
  mmio_write(base + QUEUE_DESC_HIGH, 0);
  mmio_write(base + QUEUE_DRIVER_LOW, bus_address(&queue->available));
  mmio_write(base + QUEUE_DRIVER_HIGH, 0);
  mmio_write(base + QUEUE_DEVICE_LOW, bus_address(&queue->used));
  mmio_write(base + QUEUE_DEVICE_HIGH, 0);
  dma_publish();
  mmio_write(base + QUEUE_READY, 1);
  return true;
}

void virtio_driver_ok(uintptr_t base) {
  mmio_write(base + STATUS,
             STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

bool virtio_works(uintptr_t base) {
  return (mmio_read(base + STATUS) & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET | STATUS_FAILED)) ==
         STATUS_DRIVER_OK;
}

/* The index is written after the entries it counts, and the flag is read after that: either the
 * device looks again and finds the index, or its flag is clear (2.7.13.3, 2.7.13.4, 2.7.10). */
void virtio_notify(uintptr_t base, unsigned number, struct virtq *queue, uint16_t index) {
  dma_publish();
  queue->available.index = index;
  dma_publish();
  if ((queue->used.flags & VIRTQ_USED_NO_NOTIFY) == 0)
    mmio_write(base + QUEUE_NOTIFY, number);
}

uint32_t virtio_interrupt(uintptr_t base, volatile bool *needs_reset) {
  uint32_t causes = mmio_read(base + INTERRUPT_STATUS);

  mmio_write(base + INTERRUPT_ACK, causes);
  if ((causes & VIRTIO_INTERRUPT_CONFIG) != 0 &&
      (mmio_read(base + STATUS) & STATUS_NEEDS_RESET) != 0)
    *needs_reset = true;
  return causes;
}

uint32_t virtio_config_generation(uintptr_t base) { return mmio_read(base + CONFIG_GENERATION); }
