/* A host as a port: virtual time, interrupt lines and devices that a test scripts. */
#include "host.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dma.h"
#include "port.h"
#include "timer_source.h"

enum {
  DEVICES_MAX = 4,
  CONSOLE_BYTES = 1 << 16,
  READS_MAX = 10000000, /* of registers, in a row */
  IRQS_MAX = 2000,      /* in a row; the kit turns off one that goes on for NIC_IRQ_STORM */
};

static uint64_t now_us;
static bool timer_armed;
static uint64_t timer_deadline_us;
static uint32_t masked; /* like PRIMASK */

static struct {
  void (*handler)(void *context);
  void *context;
} lines[HOST_IRQ_LINES];
static uint64_t enabled, pending, level; /* a bit for each line */

static struct host_device devices[DEVICES_MAX];
static unsigned device_count;
static unsigned reads; /* of registers, since one was written, or the main loop came by */

static char console[CONSOLE_BYTES], console_shown[CONSOLE_BYTES];
static size_t console_used;
static const char *typed;
static void (*console_received)(void);
static bool stepping; /* a device is at work */
static void (*exit_hook)(int status);

void host_reset(void) {
  now_us = 0;
  timer_armed = false;
  masked = 0;
  memset(lines, 0, sizeof lines);
  enabled = pending = level = 0;
  device_count = 0;
  reads = 0;
  console_used = 0;
  typed = "";
  console_received = NULL;
  stepping = false;
  exit_hook = NULL;
  host_dma_stop();
}

/* ---- interrupts ---- */

static_assert(HOST_IRQ_LINES == 64, "a bit for each line");

static uint64_t bit(unsigned line) { return UINT64_C(1) << line; }

/* The lowest line first. A level that stays up interrupts for ever: a driver that does not silence
 * its device hangs. */
static void deliver(void) {
  uint64_t ready;

  for (unsigned taken = 0; masked == 0 && (ready = enabled & (pending | level)) != 0; taken++) {
    unsigned line = (unsigned)__builtin_ctzll(ready);

    if (taken == IRQS_MAX)
      fail_msg("interrupt line %u is never quietened", line);
    assert_non_null(lines[line].handler);
    pending &= ~bit(line);
    masked = 1;
    lines[line].handler(lines[line].context);
    masked = 0;
  }
}

uint32_t port_irq_save(void) {
  uint32_t state = masked;

  masked = 1;
  return state;
}

void port_irq_restore(uint32_t state) {
  masked = state;
  deliver();
}

void port_irq_enable(unsigned line) {
  enabled |= bit(line);
  deliver();
}

void port_irq_disable(unsigned line) { enabled &= ~bit(line); }

void port_irq_pend(unsigned line) {
  pending |= bit(line);
  deliver();
}

void host_connect_irq(unsigned line, void (*handler)(void *context), void *context) {
  lines[line].handler = handler;
  lines[line].context = context;
}

void host_set_irq_level(unsigned line, bool up) {
  level = up ? level | bit(line) : level & ~bit(line);
  deliver();
}

bool host_irq_enabled(unsigned line) { return (enabled & bit(line)) != 0; }

void host_device_step(void (*step)(void *context), void *context) {
  uint32_t state = masked;

  if (stepping)
    return;
  stepping = true;
  masked = 1;
  step(context);
  masked = state;
  stepping = false;
  deliver();
}

/* ---- time ---- */

uint64_t port_clock_us(void) { return now_us; }

uint32_t port_clock_ms(void) { return (uint32_t)(now_us / 1000); }

void port_timer_arm(uint32_t delay_us) {
  timer_armed = true;
  timer_deadline_us = now_us + delay_us;
}

void port_timer_stop(void) { timer_armed = false; }

void host_start_clock_at_us(uint64_t time_us) {
  assert_false(timer_armed);
  now_us = time_us;
}

void host_run_until_us(uint64_t time_us) {
  assert_true(time_us >= now_us);
  reads = 0;
  while (timer_armed && timer_deadline_us <= time_us) {
    uint32_t state = masked;

    now_us = timer_deadline_us;
    timer_armed = false;
    masked = 1;
    timer_source_interrupt();
    masked = state;
    deliver();
  }
  now_us = time_us;
}

void host_run_for_us(uint64_t duration_us) { host_run_until_us(now_us + duration_us); }

/* The driver kit does not sleep: its tests' loops do what a sleep would wait for. */
void port_sleep(void) { fail_msg("the driver kit must not sleep"); }

/* ---- bus ---- */

void host_attach(const struct host_device *device) {
  assert_true(device_count < DEVICES_MAX);
  devices[device_count++] = *device;
}

static const struct host_device *device_at(uintptr_t address) {
  for (unsigned i = 0; i < device_count; i++) {
    if (address >= devices[i].base && address < devices[i].base + devices[i].size)
      return &devices[i];
  }
  fail_msg("access to %#lx, where no device is", (unsigned long)address);
  return NULL;
}

uint32_t mmio_read(uintptr_t address) {
  const struct host_device *device = device_at(address);
  uint32_t value;

  if (++reads > READS_MAX)
    fail_msg("register %#lx is polled without a bound", (unsigned long)(address - device->base));
  value = device->read(device->context, (unsigned)(address - device->base));
  host_dma_look();
  return value;
}

/* Devices answer only to whole words. */
uint16_t mmio_read16(uintptr_t address) {
  assert_int_equal(address % 2, 0);
  return (uint16_t)(mmio_read(address - address % 4) >> 8 * (address % 4));
}

uint8_t mmio_read8(uintptr_t address) {
  return (uint8_t)(mmio_read(address - address % 4) >> 8 * (address % 4));
}

void mmio_write(uintptr_t address, uint32_t value) {
  const struct host_device *device = device_at(address);

  reads = 0;
  device->write(device->context, (unsigned)(address - device->base), value);
  host_dma_look();
  deliver();
}

void mmio_write16(uintptr_t address, uint16_t value) {
  const struct host_device *device = device_at(address);

  assert_non_null(device->write16);
  device->write16(device->context, (unsigned)(address - device->base), value);
  deliver();
}

/* ---- console ---- */

void port_console_write(const char *text, size_t length) {
  if (console_used + length >= sizeof console)
    fail_msg("the console is full; it ends in %.300s", console + console_used - 300);
  memcpy(console + console_used, text, length);
  console_used += length;
}

void port_console_flush(void) {}

void port_console_on_input(void (*received)(void)) { console_received = received; }

int port_console_read(void) { return *typed != '\0' ? (unsigned char)*typed++ : -1; }

bool port_console_waits(void) { return *typed != '\0'; }

void host_type(const char *text) {
  typed = text;
  if (console_received != NULL)
    console_received();
}

const char *host_console(void) {
  memcpy(console_shown, console, console_used);
  console_shown[console_used] = '\0';
  console_used = 0;
  return console_shown;
}

/* ---- what ends ---- */

static jmp_buf at_end;
static bool may_end;

bool host_ends(void (*run)(void)) {
  bool ended = true;

  may_end = true;
  if (setjmp(at_end) == 0) {
    run();
    ended = false;
  }
  may_end = false;
  masked = 0;
  return ended;
}

void host_end(void) {
  assert_true(may_end);
  longjmp(at_end, 1);
}

void host_on_exit(void (*exit)(int status)) { exit_hook = exit; }

/* ---- the rest ---- */

uint32_t port_entropy(void) { return 1; }

void port_exit(int status) {
  if (exit_hook != NULL)
    exit_hook(status);
  fail_msg("exit with status %d: %s", status, host_console());
  __builtin_unreachable();
}
