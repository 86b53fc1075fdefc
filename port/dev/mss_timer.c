/* A SmartFusion2 MSS timer, one-shot (Microsemi UG0331, chapter System Timer). */
#include "mss_timer.h"

#include "port.h"

enum {
  TIMX_VAL = 0x00,
  TIMX_LOADVAL = 0x04,
  TIMX_CTRL = 0x0c,
  TIMX_CTRL_ENABLE = 1 << 0,
  TIMX_CTRL_ONE_SHOT = 1 << 1,
  TIMX_CTRL_INTERRUPT = 1 << 2,
  TIMX_RIS = 0x10,
  READ_US_MAX = 3,
  READ_TRIES_MAX = 1000,
  TICKS_MIN = 16, /* an interrupt that comes before the handler has returned is of no use */
};

/* Reads the clock with the timer's register between two readings; a reading that took long (an
 * interrupt, or a busy host under the emulator) is made again. */
static uint64_t read_both(const struct mss_timer *timer, uint32_t *ticks) {
  uint64_t before;
  uint64_t after;
  unsigned tries = 0;

  do {
    before = port_clock_us();
    *ticks = UINT32_MAX - mmio_read(timer->base + TIMX_VAL);
    after = port_clock_us();
  } while (after - before > READ_US_MAX && ++tries < READ_TRIES_MAX);
  return after;
}

uint32_t mss_timer_measure(const struct mss_timer *timer, uint32_t measure_us) {
  uint32_t ticks_from;
  uint32_t ticks_to;
  uint64_t from;
  uint64_t to;

  mmio_write(timer->base + TIMX_CTRL, 0);
  mmio_write(timer->base + TIMX_LOADVAL, UINT32_MAX);
  mmio_write(timer->base + TIMX_CTRL, TIMX_CTRL_ENABLE | TIMX_CTRL_ONE_SHOT);
  from = read_both(timer, &ticks_from);
  do
    to = read_both(timer, &ticks_to);
  while (to - from < measure_us);
  mmio_write(timer->base + TIMX_CTRL, 0);
  return (ticks_to - ticks_from + (uint32_t)(to - from) / 2) / (uint32_t)(to - from);
}

void mss_timer_arm(const struct mss_timer *timer, uint32_t delay_us) {
  uint32_t longest_us = UINT32_MAX / timer->ticks_per_us;
  uint32_t ticks = (delay_us < longest_us ? delay_us : longest_us) * timer->ticks_per_us;

  mmio_write(timer->base + TIMX_CTRL, 0);
  mmio_write(timer->base + TIMX_LOADVAL, ticks > TICKS_MIN ? ticks : TICKS_MIN);
  mmio_write(timer->base + TIMX_CTRL, TIMX_CTRL_ENABLE | TIMX_CTRL_ONE_SHOT | TIMX_CTRL_INTERRUPT);
}

void mss_timer_stop(const struct mss_timer *timer) { mmio_write(timer->base + TIMX_CTRL, 0); }

void mss_timer_acknowledge(const struct mss_timer *timer) { mmio_write(timer->base + TIMX_RIS, 1); }
