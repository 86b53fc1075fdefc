/* What lwIP needs of its port without an operating system: time, random numbers, diagnostics. */
#include <stdarg.h>
#include <stdio.h>

#include "lwip/sys.h"
#include "log.h"
#include "lwip_port.h"
#include "port.h"
#include "tcp_isn.h"

static uint32_t random_state;

u32_t sys_now(void) { return port_clock_ms(); }

/* splitmix32: every output bit depends on every bit of the state. Used by lwIP for port numbers and
 * transaction ids; TCP's sequence numbers come from the ISN hook. */
static uint32_t random_next(void) {
  uint32_t z = (random_state += 0x9e3779b9u);
  z = (z ^ (z >> 16)) * 0x21f0aaadu;
  z = (z ^ (z >> 15)) * 0x735a2d97u;
  return z ^ (z >> 15);
}

unsigned lwip_port_rand(void) {
  random_state ^= (uint32_t)port_clock_us();
  return random_next();
}

uint32_t lwip_port_isn_time(void) { return (uint32_t)(port_clock_us() / 4); }

void lwip_port_init(uint32_t seed) {
  u8_t secret[16];

  random_state = seed ^ port_entropy();
  for (size_t i = 0; i < sizeof secret; i++)
    secret[i] = (u8_t)(random_next() >> 24);
  lwip_init_tcp_isn(sys_now(), secret);
}

void lwip_port_assert(const char *message, const char *file, int line) {
  log_write(LOG_ERROR, "lwip", "assertion \"%s\" failed at %s:%d", message, file, line);
  port_exit(70);
}

void lwip_port_diag(const char *format, ...) {
  char text[96];
  va_list arguments;

  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  log_write(LOG_DEBUG, "lwip", "%s", text);
}
