/* A virtio device behind memory-mapped registers: its status, features and virtqueues (OASIS,
 * Virtual I/O Device (VIRTIO) Version 1.2, 4.2). */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "virtq.h"

enum { VIRTIO_INTERRUPT_CONFIG = 1 << 1 }; /* a cause of an interrupt (4.2.2) */

enum { VIRTIO_MMIO_CONFIG = 0x100 }; /* where the registers of the kind of device begin */

/* `base` is that of the device's registers. All but virtio_interrupt() are for the main loop. */

/* True if there is a device of kind `id` (5) that speaks version 1 or later of the specification;
 * else a line in the log says what is missing, and names `qemu_option`. */
bool virtio_is_device(uintptr_t base, uint32_t id, const char *qemu_option);

/* Makes the device let go of everything; false, with a line in the log, if it does not. */
bool virtio_reset(uintptr_t base);

/* Resets it, and negotiates those features of `wanted` (bits 0 to 31) that the device has, into
 * `*features`; besides, VIRTIO_F_VERSION_1, which is required, and those of the platform. Those in
 * `depend` are accepted only together with `on`. Returns 0 or -ENODEV. */
int virtio_negotiate(uintptr_t base, uint32_t wanted, uint32_t depend, uint32_t on,
                     uint32_t *features);

/* Gives it virtqueue `number`, empty and without interrupts, of `size` descriptors, a power of two.
 * False, with a line in the log, if it cannot be that long. */
bool virtio_add_queue(uintptr_t base, unsigned number, struct virtq *queue, unsigned size);

/* Ends the initialization: the device works from here on. */
void virtio_driver_ok(uintptr_t base);

/* True if the device still works; false: it was reset, asks for a reset, or is gone. */
bool virtio_works(uintptr_t base);

/* Makes all entries of the available ring before `index` the device's, and tells it. */
void virtio_notify(uintptr_t base, unsigned number, struct virtq *queue, uint16_t index);

/* Acknowledges the interrupt; returns its causes. Sets `*needs_reset` if the device asks for a
 * reset. Interrupt only. */
uint32_t virtio_interrupt(uintptr_t base, volatile bool *needs_reset);

/* A number that changes when the configuration does: fields that belong together are read between
 * two equal ones (2.5.1). */
uint32_t virtio_config_generation(uintptr_t base);

#endif
