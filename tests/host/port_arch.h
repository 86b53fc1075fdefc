/* The host's port primitives: interrupts, registers and DMA are modelled by host.c. */
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
void dma_clean(const void *start, size_t length);
void dma_invalidate(void *start, size_t length);

/* A device beside the processor may look at any moment; here it does when something is published.
 */
void host_publish(void);

static inline void dma_publish(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  host_publish();
}
static inline void dma_observe(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline uint16_t spsc_load(const uint16_t *index) {
  return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}
static inline void spsc_store(uint16_t *index, uint16_t value) {
  __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

#endif
