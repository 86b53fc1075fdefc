/* The host's watchdog: it counts, and a test asks whether it would bite. */
#include "host_watchdog.h"

#include <stdint.h>

#include "port.h"

static uint64_t fed_us;
static uint32_t timeout;
static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {
    .name = "host", .bites_masked = true, .bites_in_interrupts = true};

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  timeout = timeout_ms;
  on_bite = bite;
  port_watchdog_feed();
}

void port_watchdog_feed(void) { fed_us = port_clock_us(); }

bool host_watchdog_is_due(void) { return port_clock_us() - fed_us >= UINT64_C(1000) * timeout; }

void host_watchdog_bite(void) { on_bite(); }
