/* A machine whose device is a thread, which also runs the interrupt handler; masking interrupts
 * takes a lock. */
#include "machine.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dma.h"
#include "explore.h"
#include "port.h"
#include "rig.h"

enum { DEVICES_MAX = 4 };

/* The sanitizer's functions. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
void __tsan_read_range(void *address, unsigned long size);
void __tsan_write_range(void *address, unsigned long size);

static char published, given_back; /* what the barriers order, for the sanitizer */

/* ---- a lock that the sanitizer does not see: this file is not instrumented ---- */

static int bus_taken;

void machine_take_bus(void) {
  while (__atomic_exchange_n(&bus_taken, 1, __ATOMIC_ACQUIRE) != 0)
    sched_yield();
}

void machine_leave_bus(void) { __atomic_store_n(&bus_taken, 0, __ATOMIC_RELEASE); }

/* ---- interrupts ---- */

static pthread_mutex_t interrupts = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static __thread unsigned masked; /* by this thread */
static void (*handler)(void *context);
static void *handler_context;
static bool enabled, pending, level; /* atomics */
static bool exhausted;               /* the device will do nothing more; under the lock */

static bool is_ready(void) {
  return __atomic_load_n(&enabled, __ATOMIC_ACQUIRE) &&
         (__atomic_load_n(&pending, __ATOMIC_ACQUIRE) || __atomic_load_n(&level, __ATOMIC_ACQUIRE));
}

uint32_t port_irq_save(void) {
  if (masked++ == 0)
    pthread_mutex_lock(&interrupts);
  return masked - 1;
}

void port_irq_restore(uint32_t state) {
  masked = state;
  if (masked == 0)
    pthread_mutex_unlock(&interrupts);
}

void port_irq_enable(unsigned line) {
  (void)line;
  __atomic_store_n(&enabled, true, __ATOMIC_RELEASE);
}

/* When it returns, no handler runs. */
void port_irq_disable(unsigned line) {
  uint32_t state = port_irq_save();

  (void)line;
  __atomic_store_n(&enabled, false, __ATOMIC_RELEASE);
  port_irq_restore(state);
}

void port_irq_pend(unsigned line) {
  (void)line;
  __atomic_store_n(&pending, true, __ATOMIC_RELEASE);
}

void host_set_irq_level(unsigned line, bool up) {
  (void)line;
  __atomic_store_n(&level, up, __ATOMIC_RELEASE);
}

void host_connect_irq(unsigned line, void (*connected)(void *context), void *context) {
  (void)line;
  handler = connected;
  handler_context = context;
}

void machine_deliver(void) {
  if (!is_ready())
    return;
  (void)port_irq_save();
  if (is_ready()) {
    __atomic_store_n(&pending, false, __ATOMIC_RELEASE);
    handler(handler_context);
    pthread_cond_signal(&woken);
  }
  port_irq_restore(0);
}

void machine_exhaust(bool on) {
  static bool was;
  uint32_t state;

  if (on == was) /* the lock would make an order that no device makes */
    return;
  state = port_irq_save();
  exhausted = was = on;
  pthread_cond_signal(&woken);
  port_irq_restore(state);
}

/* A handler may run meanwhile, as it does after the unmask. */
void port_sleep(void) {
  if (exhausted && !is_ready())
    explore_fail("lost wake-up: asleep, and nothing is to come");
  pthread_cond_wait(&woken, &interrupts);
}

/* ---- bus and memory ---- */

static struct host_device devices[DEVICES_MAX];
static unsigned device_count;

void host_reset(void) {
  device_count = 0;
  enabled = pending = level = exhausted = false;
}

void host_attach(const struct host_device *device) { devices[device_count++] = *device; }

static const struct host_device *device_at(uintptr_t address) {
  for (unsigned i = 0; i < device_count; i++) {
    if (address >= devices[i].base && address < devices[i].base + devices[i].size)
      return &devices[i];
  }
  explore_fail("access to %#lx, where no device is", (unsigned long)address);
}

uint32_t mmio_read(uintptr_t address) {
  const struct host_device *device = device_at(address);
  uint32_t value;

  machine_take_bus();
  value = device->read(device->context, (unsigned)(address - device->base));
  machine_leave_bus();
  return value;
}

uint16_t mmio_read16(uintptr_t address) {
  return (uint16_t)(mmio_read(address - address % 4) >> 8 * (address % 4));
}

uint8_t mmio_read8(uintptr_t address) {
  return (uint8_t)(mmio_read(address - address % 4) >> 8 * (address % 4));
}

void mmio_write(uintptr_t address, uint32_t value) {
  const struct host_device *device = device_at(address);

  machine_take_bus();
  device->write(device->context, (unsigned)(address - device->base), value);
  machine_leave_bus();
}

void host_device_step(void (*step)(void *context), void *context) {
  machine_take_bus();
  step(context);
  machine_leave_bus();
}

/* Descriptors are volatile; the rest is buffers. */
static bool is_buffer(uint32_t address) {
  uint32_t rings = (uint32_t)(uintptr_t)rig.mac->rings;

  return address < rings || address >= rings + rig.mac->rings_size;
}

static void copy(uint8_t *to, const uint8_t *from, size_t length) {
  for (size_t i = 0; i < length; i++)
    ((volatile uint8_t *)to)[i] = from[i];
}

void host_dma_read(uint32_t address, void *to, size_t length) {
  __tsan_acquire(&published);
  if (is_buffer(address))
    __tsan_read_range((void *)(uintptr_t)address, length);
  copy(to, (const void *)(uintptr_t)address, length);
}

void host_dma_write(uint32_t address, const void *from, size_t length) {
  __tsan_acquire(&published);
  if (is_buffer(address))
    __tsan_write_range((void *)(uintptr_t)address, length);
  copy((void *)(uintptr_t)address, from, length);
}

/* The owner's word is one store. */
void host_dma_give_back(uint32_t address, const void *from, size_t length) {
  __tsan_release(&given_back);
  if (length == 4)
    __atomic_store_n((uint32_t *)(uintptr_t)address, *(const uint32_t *)from, __ATOMIC_RELEASE);
  else
    __atomic_store_n((uint16_t *)(uintptr_t)address, *(const uint16_t *)from, __ATOMIC_RELEASE);
}

void host_dma_start(const struct host_dma_options *options) { (void)options; }

void dma_publish(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  __tsan_release(&published);
}

void dma_observe(void) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  __tsan_acquire(&given_back);
}

void dma_clean(const void *start, size_t length) {
  __tsan_read_range((void *)(uintptr_t)start, length);
}

void dma_invalidate(void *start, size_t length) { __tsan_write_range(start, length); }

/* ---- the rest of the port ---- */

uint64_t port_clock_us(void) { return 0; }
uint32_t port_clock_ms(void) { return 0; }
void port_timer_arm(uint32_t delay_us) { (void)delay_us; }
void port_timer_stop(void) {}
void port_console_write(const char *text, size_t length) { fwrite(text, 1, length, stdout); }
void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) { (void)timeout_ms, (void)bite; }
void port_watchdog_feed(void) {}
uint32_t port_entropy(void) { return 1; }
void host_run_for_us(uint64_t duration_us) { (void)duration_us; }
const char *host_console(void) { return ""; }

void port_exit(int status) { explore_fail("exit with status %d", status); }

void explore_fail(const char *format, ...) {
  va_list arguments;

  printf("violation: %s: ", rig.mac->ops->name);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  fflush(NULL);
  _Exit(1);
}

/* Accesses to volatile memory, hidden from the sanitizer. */
#define VOLATILE(name)                                                                             \
  void __tsan_volatile_##name(void *address);                                                      \
  void __tsan_volatile_##name(void *address) { (void)address; }

VOLATILE(read1)
VOLATILE(read2)
VOLATILE(read4)
VOLATILE(read8)
VOLATILE(write1)
VOLATILE(write2)
VOLATILE(write4)
VOLATILE(write8)
