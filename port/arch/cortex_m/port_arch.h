/* Inline port primitives of Cortex-M: masking, registers, barriers (ARM DDI 0403E, ARMv7-M). */
#ifndef PORT_ARCH_H
#define PORT_ARCH_H

#include <stddef.h>
#include <stdint.h>

#if defined __ARM_ARCH_ISA_THUMB && __ARM_ARCH_ISA_THUMB < 2
#error "CPU: valid: a Cortex-M3 or higher: an M0 or M0+ has no exclusive accesses"
#endif

static inline uint32_t port_irq_save(void) {
  uint32_t primask;
  __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
  return primask;
}

static inline void port_irq_restore(uint32_t primask) {
  __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

static inline uint32_t mmio_read(uintptr_t address) { return *(volatile uint32_t *)address; }

static inline uint16_t mmio_read16(uintptr_t address) { return *(volatile uint16_t *)address; }
static inline uint8_t mmio_read8(uintptr_t address) { return *(volatile uint8_t *)address; }

static inline void mmio_write(uintptr_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}
static inline void mmio_write16(uintptr_t address, uint16_t value) {
  *(volatile uint16_t *)address = value;
}

/* The M3 issues normal-memory and device accesses in program order to one bus matrix, but its write
 * buffer may still hold a store when a device store overtakes it: DMB orders them (B2.3,
 * A3.7.3). */
static inline void dma_publish(void) { __asm volatile("dmb" ::: "memory"); }
static inline void dma_observe(void) { __asm volatile("dmb" ::: "memory"); }

/* A Cortex-M3 has no data cache, and the Cortex-M7's stays off: hand-overs are visible, and cost
 * nothing. */
enum { DMA_IS_CACHED = 0 };
static inline void dma_clean(const void *start, size_t length) {
  (void)start;
  (void)length;
}
static inline void dma_invalidate(void *start, size_t length) {
  (void)start;
  (void)length;
}

/* One core: an interrupt sees its own core's stores in program order, so it is enough to keep the
 * compiler from moving them (A3.7.2). */
static inline uint32_t spsc_load(const uint32_t *index) {
  uint32_t value = *(const volatile uint32_t *)index;
  __asm volatile("" ::: "memory");
  return value;
}
static inline void spsc_store(uint32_t *index, uint32_t value) {
  __asm volatile("" ::: "memory");
  *(volatile uint32_t *)index = value;
}

#endif
