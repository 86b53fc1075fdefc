/* The generic timer of ARMv7-A: its counter is the clock, its physical timer fires once (ARM DDI
 * 0406C, chapter B8). */
#include "generic_timer.h"

#include <stdint.h>

#include "cp15.h"
#include "port.h"

enum {
  CNTP_CTL_ENABLE = 1 << 0,
  US_PER_S = 1000000,
};

/* `ratio_us` microseconds are `ratio_ticks` ticks, in lowest terms: at 62.5 MHz 2 are 125. Both are
 * below 2^16: for an odd frequency some low bits are dropped. */
static uint32_t ratio_ticks, ratio_us;
static uint64_t count_at_start;

static void write_cntp_ctl(uint32_t value) {
  cp15_write_cntp_ctl(value);
  cp15_isb();
}

/* `value * factor / divisor`, by hand in digits of 16 bits: the core divides only 32 bits by 32,
 * and the library's 64-bit division is long. Factor and divisor are below 2^16. */
static uint64_t scale(uint64_t value, uint32_t factor, uint32_t divisor) {
  uint64_t product = value * factor;
  uint64_t quotient = 0;
  uint32_t rest = 0;

  for (int shift = 48; shift >= 0; shift -= 16) {
    uint32_t digits = rest << 16 | (uint32_t)(product >> shift & 0xffff);

    quotient = quotient << 16 | digits / divisor;
    rest = digits % divisor;
  }
  return quotient;
}

void generic_timer_start(void) {
  uint32_t a = cp15_read_cntfrq();
  uint32_t b = US_PER_S;

  write_cntp_ctl(0);
  ratio_ticks = a;
  ratio_us = b;
  while (b != 0) { /* their greatest common divisor, in fewer than 32 rounds */
    uint32_t rest = a % b;

    a = b;
    b = rest;
  }
  ratio_ticks /= a;
  ratio_us /= a;
  while (ratio_ticks > UINT16_MAX || ratio_us > UINT16_MAX) {
    ratio_ticks /= 2;
    ratio_us /= 2;
  }
  count_at_start = cp15_read_cntpct();
}

uint64_t port_clock_us(void) {
  return scale(cp15_read_cntpct() - count_at_start, ratio_us, ratio_ticks);
}

uint32_t port_clock_ms(void) { return (uint32_t)scale(port_clock_us(), 1, 1000); }

void port_timer_arm(uint32_t delay_us) {
  cp15_write_cntp_cval(cp15_read_cntpct() + scale(delay_us, ratio_ticks, ratio_us));
  write_cntp_ctl(CNTP_CTL_ENABLE);
}

void port_timer_stop(void) { write_cntp_ctl(0); }

/* The line is up as long as the time has passed and the timer is on (B8.1.5). */
void generic_timer_acknowledge(void) { write_cntp_ctl(0); }
