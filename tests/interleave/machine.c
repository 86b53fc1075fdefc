/* A machine for the explorer: interrupt lines, a clock with a timer, devices on a bus. */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#include "dma.h"
#include "explore.h"
#include "host.h"
#include "log.h"
#include "port.h"
#include "timer_source.h"

#define HERE __builtin_return_address(0)

enum { DEVICES_MAX = 4, INTERRUPTS_MAX = 300 };
#define HORIZON_US UINT64_C(1000000) /* what is due later does not happen */

void (*machine_asleep)(bool for_ever);
void (*machine_device_access)(uint32_t address, size_t length, bool write);

static struct {
  void (*handler)(void *context);
  void *context;
  unsigned irq; /* its number on the host's boards */
  bool enabled, pending, level;
} lines[MACHINE_LINES];
static uint32_t masked; /* like PRIMASK */
static bool handling;   /* an interrupt is being handled: they do not nest */
static bool asleep;     /* so an interrupt comes next, if one is raised */
static bool woken;      /* by an interrupt that has not been taken yet */
static unsigned interrupts;

static uint64_t now_us, deadline_us;
static bool timer_armed;

static struct host_device devices[DEVICES_MAX];
static unsigned device_count;
static char bus; /* that the processor is about to use */

/* ---- interrupts ---- */

static bool is_ready(unsigned line) {
  return lines[line].enabled && (lines[line].pending || lines[line].level);
}

static bool any_is_ready(void) {
  for (unsigned i = 0; i < MACHINE_LINES; i++) {
    if (is_ready(i))
      return true;
  }
  return false;
}

bool machine_is_interruptible(void) { return asleep || (masked == 0 && !handling); }

bool machine_can_interrupt(unsigned line) { return masked == 0 && !handling && is_ready(line); }

/* A line that is still up when the handler returns interrupts again before the code goes on: the
 * processor looks at it in between. */
bool machine_interrupt(unsigned line) {
  explore_touch(&lines[line], sizeof lines[line], FOOTPRINT_WRITE);
  explore_touch(&masked, sizeof masked, FOOTPRINT_READ);
  handling = true;
  woken = false;
  masked = 1;
  do {
    if (++interrupts == INTERRUPTS_MAX)
      explore_fail("an interrupt is never quietened");
    lines[line].pending = false;
    lines[line].handler(lines[line].context);
    explore_access(&lines[line], sizeof lines[line], FOOTPRINT_READ, HERE);
  } while (is_ready(line));
  masked = 0;
  handling = false;
  return true;
}

bool machine_interrupt_is_due(void) { return woken && masked == 0 && !handling && any_is_ready(); }

/* Before the explorer runs, interrupts come at the unmask. */
static void take_any(void) {
  for (unsigned i = 0; i < MACHINE_LINES; i++) {
    if (machine_can_interrupt(i))
      (void)machine_interrupt(i);
  }
}

/* An interrupt can come just before the mask closes. That it cannot come after that makes no
 * difference by itself: hence the read. */
uint32_t port_irq_save(void) {
  uint32_t state = masked;

  if (explore_in_hardware())
    return state;
  explore_access(&masked, sizeof masked, FOOTPRINT_READ, HERE);
  masked = 1;
  return state;
}

void port_irq_restore(uint32_t state) {
  if (explore_in_hardware())
    return;
  explore_access(&masked, sizeof masked, FOOTPRINT_READ, HERE);
  masked = state;
  while (!explore_is_running() && !handling && masked == 0 && any_is_ready())
    take_any();
}

static unsigned line_of(unsigned irq) {
  for (unsigned i = 0; i < MACHINE_LINES; i++) {
    if (lines[i].irq == irq)
      return i;
  }
  explore_fail("there is no interrupt line %u", irq);
}

void port_irq_enable(unsigned irq) {
  unsigned line = line_of(irq);

  explore_access(&lines[line], sizeof lines[line], FOOTPRINT_WRITE, HERE);
  lines[line].enabled = true;
}

void port_irq_disable(unsigned irq) {
  unsigned line = line_of(irq);

  explore_access(&lines[line], sizeof lines[line], FOOTPRINT_WRITE, HERE);
  lines[line].enabled = false;
}

void port_irq_pend(unsigned irq) {
  unsigned line = line_of(irq);

  explore_access(&lines[line], sizeof lines[line], FOOTPRINT_WRITE, HERE);
  lines[line].pending = true;
}

void host_set_irq_level(unsigned irq, bool up) {
  unsigned line = line_of(irq);

  explore_touch(&lines[line], sizeof lines[line], FOOTPRINT_WRITE);
  lines[line].level = up;
}

void host_connect_irq(unsigned irq, void (*handler)(void *context), void *context) {
  lines[MACHINE_NIC].handler = handler;
  lines[MACHINE_NIC].context = context;
  lines[MACHINE_NIC].irq = irq;
}

void machine_connect(enum machine_line line, void (*handler)(void *context), void *context) {
  lines[line].handler = handler;
  lines[line].context = context;
  lines[line].irq = 1000 + line;
  lines[line].enabled = true;
}

void machine_pulse(enum machine_line line) {
  explore_touch(&lines[line], sizeof lines[line], FOOTPRINT_WRITE);
  lines[line].pending = true;
}

/* Like WFI: a pending interrupt ends it, masked or not, and is taken at the unmask at the
 * latest. */
void port_sleep(void) {
  if (masked == 0 || handling)
    explore_fail("a sleep with interrupts unmasked, or in one");
  explore_access(lines, sizeof lines, FOOTPRINT_READ, HERE);
  while (!any_is_ready()) {
    explore_begin_look();
    machine_asleep(false);
    explore_end_look();
    asleep = true;
    if (!explore_is_running() || !explore_wait(HERE)) {
      explore_begin_look();
      machine_asleep(true);
    }
  }
  asleep = false;
  woken = true;
}

/* ---- time ---- */

uint64_t machine_now_us(void) { return now_us; }

uint64_t port_clock_us(void) {
  explore_access(&now_us, sizeof now_us, FOOTPRINT_READ, HERE);
  return now_us;
}

uint32_t port_clock_ms(void) {
  explore_access(&now_us, sizeof now_us, FOOTPRINT_READ, HERE);
  return (uint32_t)(now_us / 1000);
}

void port_timer_arm(uint32_t delay_us) {
  explore_access(&timer_armed, sizeof timer_armed, FOOTPRINT_WRITE, HERE);
  timer_armed = true;
  deadline_us = now_us + delay_us;
}

void port_timer_stop(void) {
  explore_access(&timer_armed, sizeof timer_armed, FOOTPRINT_WRITE, HERE);
  timer_armed = false;
}

bool machine_can_expire(unsigned unused) {
  (void)unused;
  return timer_armed && deadline_us < HORIZON_US;
}

bool machine_expire(unsigned unused) {
  (void)unused;
  explore_touch(&timer_armed, sizeof timer_armed, FOOTPRINT_WRITE);
  explore_touch(&now_us, sizeof now_us, FOOTPRINT_WRITE);
  timer_armed = false;
  now_us = deadline_us > now_us ? deadline_us : now_us;
  machine_pulse(MACHINE_TIMER);
  return true;
}

void host_run_for_us(uint64_t duration_us) { (void)duration_us; }

/* ---- bus ---- */

void host_reset(void) {
  memset(lines, 0, sizeof lines);
  for (unsigned i = 0; i < MACHINE_LINES; i++)
    lines[i].irq = UINT32_MAX;
  device_count = 0;
}

void host_attach(const struct host_device *device) {
  if (device_count == DEVICES_MAX)
    explore_fail("too many devices");
  devices[device_count++] = *device;
}

static const struct host_device *device_at(uintptr_t address) {
  for (unsigned i = 0; i < device_count; i++) {
    if (address >= devices[i].base && address < devices[i].base + devices[i].size)
      return &devices[i];
  }
  explore_fail("access to %#lx, where no device is", (unsigned long)address);
}

static uint32_t read_word(uintptr_t address, const void *where) {
  const struct host_device *device = device_at(address);
  uint32_t value;
  bool was;

  explore_access(&bus, sizeof bus, FOOTPRINT_READ, where);
  was = explore_begin_hardware();
  value = device->read(device->context, (unsigned)(address - device->base));
  explore_end_hardware(was);
  return value;
}

uint32_t mmio_read(uintptr_t address) { return read_word(address, HERE); }

/* Devices answer only to whole words. */
uint16_t mmio_read16(uintptr_t address) {
  return (uint16_t)(read_word(address - address % 4, HERE) >> 8 * (address % 4));
}

uint8_t mmio_read8(uintptr_t address) {
  return (uint8_t)(read_word(address - address % 4, HERE) >> 8 * (address % 4));
}

void mmio_write(uintptr_t address, uint32_t value) {
  const struct host_device *device = device_at(address);
  bool was;

  explore_access(&bus, sizeof bus, FOOTPRINT_READ, HERE);
  was = explore_begin_hardware();
  device->write(device->context, (unsigned)(address - device->base), value);
  explore_end_hardware(was);
}

/* A device does something by itself. */
void host_device_step(void (*step)(void *context), void *context) {
  bool was = explore_begin_hardware();

  step(context);
  explore_end_hardware(was);
}

/* The simulated NIC's device is called, not mapped: its functions are wrapped. So are the C
 * library's that access memory. */
uint32_t __real_sim_device_read(void *device, unsigned which);
uint32_t __wrap_sim_device_read(void *device, unsigned which);
void __real_sim_device_write(void *device, unsigned which, uint32_t value);
void __wrap_sim_device_write(void *device, unsigned which, uint32_t value);

uint32_t __wrap_sim_device_read(void *device, unsigned which) {
  explore_access(&bus, sizeof bus, FOOTPRINT_READ, HERE);
  return __real_sim_device_read(device, which);
}

void __wrap_sim_device_write(void *device, unsigned which, uint32_t value) {
  bool was;

  explore_access(&bus, sizeof bus, FOOTPRINT_READ, HERE);
  was = explore_begin_hardware();
  __real_sim_device_write(device, which, value);
  explore_end_hardware(was);
}

/* ---- memory ---- */

void *__real_memcpy(void *to, const void *from, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);
void *__wrap_memset(void *to, int byte, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size) {
  explore_access(from, size, FOOTPRINT_READ, HERE);
  explore_access(to, size, FOOTPRINT_WRITE, HERE);
  return __real_memcpy(to, from, size);
}

void *__wrap_memset(void *to, int byte, size_t size) {
  explore_access(to, size, FOOTPRINT_WRITE, HERE);
  return __real_memset(to, byte, size);
}

void host_dma_start(const struct host_dma_options *options) { (void)options; }

void host_dma_stop(void) {}

void host_dma_look(void) {}

void host_dma_forbid(bool on) { (void)on; }

unsigned host_dma_accesses(void) { return 0; }

static void device_access(uint32_t address, size_t length, bool write) {
  explore_touch((const void *)(uintptr_t)address, length, write ? FOOTPRINT_WRITE : FOOTPRINT_READ);
  if (machine_device_access != NULL)
    machine_device_access(address, length, write);
}

void host_dma_read(uint32_t address, void *to, size_t length) {
  device_access(address, length, false);
  memcpy(to, (const void *)(uintptr_t)address, length);
}

void host_dma_write(uint32_t address, const void *from, size_t length) {
  device_access(address, length, true);
  memcpy((void *)(uintptr_t)address, from, length);
}

void host_dma_give_back(uint32_t address, const void *from, size_t length) {
  host_dma_write(address, from, length);
}

void dma_publish(void) {}

void dma_observe(void) {}

/* The processor is done with the data, or a device that is software has written it. */
void dma_clean(const void *start, size_t length) {
  if (explore_in_hardware())
    device_access((uint32_t)(uintptr_t)start, length, true);
  else
    explore_access(start, length, FOOTPRINT_READ, HERE);
}

/* The processor is about to use the data. */
void dma_invalidate(void *start, size_t length) {
  explore_access(start, length, FOOTPRINT_WRITE, HERE);
}

/* ---- the rest ---- */

void port_console_write(const char *text, size_t length) { (void)text, (void)length; }

const char *host_console(void) { return ""; }

void port_console_flush(void) {}

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) { (void)timeout_ms, (void)bite; }

void port_watchdog_feed(void) {}

uint32_t port_entropy(void) { return 1; }

void port_exit(int status) { explore_fail("exit with status %d", status); }
