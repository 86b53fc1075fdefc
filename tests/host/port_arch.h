/* The host's port primitives: host.c models interrupts and registers, dma.c models DMA. */
#ifndef PORT_ARCH_H
#define PORT_ARCH_H

#include <stddef.h>
#include <stdint.h>

uint32_t port_irq_save(void);
void port_irq_restore(uint32_t state);
uint32_t mmio_read(uintptr_t address);
uint16_t mmio_read16(uintptr_t address);
uint8_t mmio_read8(uintptr_t address);
void mmio_write(uintptr_t address, uint32_t value);
void mmio_write16(uintptr_t address, uint16_t value);
enum { DMA_IS_CACHED = 1 };
void dma_clean(const void *start, size_t length);
void dma_invalidate(void *start, size_t length);
void dma_publish(void);
void dma_observe(void);

static inline uint32_t spsc_load(const uint32_t *index) {
  return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}
static inline void spsc_store(uint32_t *index, uint32_t value) {
  __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

#endif
