/* The generic timer of an ARMv7-A core: its counter is the clock, its virtual timer fires once
 * (ARM DDI 0406C, chapter B8). */
#include "generic_timer.h"

#include "cp15.h"
#include "port.h"

enum {
  CNTV_CTL_ENABLE = 1 << 0,
  TICKS_FRACTION_BITS = 16,
};
#define TICKS_MAX UINT32_C(0x7fffffff) /* the timer's value is signed */

static uint64_t started;      /* the counter at time 0 */
static uint32_t us_per_tick;  /* in 2^-32 us */
static uint32_t ticks_per_us; /* in 2^-TICKS_FRACTION_BITS ticks */

/* A tick is at most a microsecond: as a fraction it is one less where it is just that. */
void generic_timer_start(uint32_t default_hz) {
  uint32_t told_hz = cp15_read_cntfrq();
  uint32_t hz = told_hz != 0 ? told_hz : default_hz;

  us_per_tick = (uint32_t)(((UINT64_C(1000000) << 32) - 1) / hz);
  ticks_per_us = (uint32_t)(((uint64_t)hz << TICKS_FRACTION_BITS) / 1000000);
  cp15_write_cntv_ctl(0);
  started = cp15_read_cntvct();
}

/* No 64-bit number is divided, which the core cannot do: high and low half are multiplied. */
uint64_t port_clock_us(void) {
  uint64_t ticks = cp15_read_cntvct() - started;

  return (ticks >> 32) * us_per_tick + ((ticks & UINT32_MAX) * us_per_tick >> 32);
}

/* 2^32 us are 4294967 ms and 296 us. */
uint32_t port_clock_ms(void) {
  uint64_t now = port_clock_us();
  uint32_t high = (uint32_t)(now >> 32);
  uint32_t low = (uint32_t)now;

  return high * 4294967 + low / 1000 + (high * 296 + low % 1000) / 1000;
}

void port_timer_arm(uint32_t delay_us) {
  uint64_t ticks = ((uint64_t)delay_us * ticks_per_us >> TICKS_FRACTION_BITS) + 1;

  cp15_write_cntv_tval(ticks < TICKS_MAX ? (uint32_t)ticks : TICKS_MAX);
  cp15_write_cntv_ctl(CNTV_CTL_ENABLE);
  cp15_isb();
}

void port_timer_stop(void) {
  cp15_write_cntv_ctl(0);
  cp15_isb();
}

/* The line follows the comparison as long as the timer is on. */
void generic_timer_acknowledge(void) { port_timer_stop(); }
