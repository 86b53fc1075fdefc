/* Inline port primitives of Cortex-A: masking, registers, barriers (ARM DDI 0406C, ARMv7-A). */
#ifndef PORT_ARCH_H
#define PORT_ARCH_H

#include <stddef.h>
#include <stdint.h>

/* The state is the whole CPSR; only its interrupt mask is put back. */
enum { CPSR_IRQ_MASKED = 1 << 7 };

static inline uint32_t port_irq_save(void) {
  uint32_t cpsr;
  __asm volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr)::"memory");
  return cpsr;
}

static inline void port_irq_restore(uint32_t cpsr) {
  if ((cpsr & CPSR_IRQ_MASKED) == 0)
    __asm volatile("cpsie i" ::: "memory");
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

/* Descriptors are in uncached normal memory, registers in device memory: DMB orders both for every
 * observer, but a store may rest in a buffer before the bus, which only DSB empties (A3.8.3). A
 * doorbell must not overtake it, so publishing takes the stronger of the two. */
static inline void dma_publish(void) { __asm volatile("dsb" ::: "memory"); }
static inline void dma_observe(void) { __asm volatile("dmb" ::: "memory"); }

/* By cache line, to the point of coherency, where the device's DMA reads and writes (cache.c). */
enum { DMA_IS_CACHED = 1 };
void dma_clean(const void *start, size_t length);
void dma_invalidate(void *start, size_t length);

/* One core: an interrupt sees its own core's stores in program order, so it is enough to keep the
 * compiler from moving them (A3.8.2). */
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
