/* A host as a port: virtual time, and interrupt lines and devices that a test scripts. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_IRQ_LINES = 64 };

/* A device behind a range of addresses. */
struct host_device {
  uintptr_t base;
  size_t size;
  uint32_t (*read)(void *context, unsigned offset);
  void (*write)(void *context, unsigned offset, uint32_t value);
  void (*write16)(void *context, unsigned offset, uint16_t value); /* NULL: whole words only */
  void *context;
};

/* Back to time 0, no devices, no interrupts, an empty console. */
void host_reset(void);

/* Sets the clock, which must not be moved back; what is due by then interrupts at its own time. */
void host_run_until_us(uint64_t time_us);
void host_run_for_us(uint64_t duration_us);

/* Starts the clock at another time, such as just before a wrap. Nothing must be armed. */
void host_start_clock_at_us(uint64_t time_us);

/* Puts a device on the bus. An access outside of all devices fails the test, and so does a driver
 * that reads registers a million times without a write or a host_run_until_us() in between: it
 * waits without a bound for what a test's device never does. */
void host_attach(const struct host_device *device);

/* Connects `handler` to an interrupt line. */
void host_connect_irq(unsigned line, void (*handler)(void *context), void *context);

/* Sets the level of a line, which interrupts while it is up, enabled and not masked. */
void host_set_irq_level(unsigned line, bool up);

bool host_irq_enabled(unsigned line);

/* A device does something by itself: `step` runs with interrupts masked, and never inside another
 * step. The interrupts that it raises follow. */
void host_device_step(void (*step)(void *context), void *context);

/* All that was written to the console since the last host_reset() or this call. */
const char *host_console(void);

/* Types `text` on the console. */
void host_type(const char *text);

/* Runs something that ends by a reset, or never: true if it has come to host_end(). */
bool host_ends(void (*run)(void));
_Noreturn void host_end(void);

/* What port_exit() calls until host_reset(); NULL: it fails the test. */
void host_on_exit(void (*exit)(int status));

#endif
