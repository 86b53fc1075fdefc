/* How a MAC driver reaches its device: its registers, and addresses as the device sees them. */
#ifndef MAC_ACCESS_H
#define MAC_ACCESS_H

#include "nic.h"
#include "port.h"

/* The register at `offset` from the base that the board gives. */
static inline uint32_t reg_read(const struct nic *nic, unsigned offset) {
  return mmio_read(nic->base + offset);
}

static inline void reg_write(const struct nic *nic, unsigned offset, uint32_t value) {
  mmio_write(nic->base + offset, value);
}

/* The address of `pointer` on the device's bus: 32 bits, the same as the processor's. */
static inline uint32_t bus_address(const volatile void *pointer) {
  return (uint32_t)(uintptr_t)pointer;
}

#endif
