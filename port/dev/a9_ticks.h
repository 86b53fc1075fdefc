/* What the timers within a Cortex-A9 MPCore count: PERIPHCLK, divided by a prescaler of 8 bits (ARM
 * DDI 0407I, 4.1.1).
 *
 * With a clock of 1 to 256 whole megahertz a tick is a microsecond, and the compiler sees that
 * there is nothing to convert. Any other clock's ticks are somewhat shorter, and are converted by a
 * factor that is too small by less than one in 10^8. */
#ifndef A9_TICKS_H
#define A9_TICKS_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

enum {
  A9_PRESCALE_MAX = 256,
  A9_PRESCALER_SHIFT = 8, /* in each timer's control register */
  A9_HZ_PER_MHZ = 1000000,

  /* Binary places of the factors, chosen so that they are below 2^32 whatever the clock. */
  A9_TICKS_PLACES = 27,
  A9_US_PLACES = 32,
};

/* Clocks a tick: as many as fit into a microsecond. */
static inline uint32_t a9_prescale(void) {
  uint32_t clocks = BOARD_PERIPHCLK_HZ / A9_HZ_PER_MHZ;

  return clocks < A9_PRESCALE_MAX ? clocks : A9_PRESCALE_MAX;
}

/* The prescaler in a control register. */
static inline uint32_t a9_prescaler(void) { return (a9_prescale() - 1) << A9_PRESCALER_SHIFT; }

/* The clock that would make a tick a microsecond. */
static inline uint32_t a9_prescaled_hz(void) { return a9_prescale() * A9_HZ_PER_MHZ; }

static inline bool a9_ticks_are_us(void) { return a9_prescaled_hz() == BOARD_PERIPHCLK_HZ; }

/* Converts a count of ticks, in two halves, to whole microseconds. */
static inline void a9_make_us(uint32_t *high, uint32_t *low) {
  if (!a9_ticks_are_us()) {
    const uint64_t us_a_tick = ((uint64_t)a9_prescaled_hz() << A9_US_PLACES) / BOARD_PERIPHCLK_HZ;
    uint64_t us = *high * us_a_tick + (*low * us_a_tick >> A9_US_PLACES);

    *high = (uint32_t)(us >> 32);
    *low = (uint32_t)us;
  }
}

/* The whole ticks in `us` microseconds, or the most that 32 bits hold. */
static inline uint32_t a9_ticks_of(uint32_t us) {
  const uint64_t ticks_a_us = ((uint64_t)BOARD_PERIPHCLK_HZ << A9_TICKS_PLACES) / a9_prescaled_hz();
  uint64_t ticks = us * ticks_a_us >> A9_TICKS_PLACES;

  if (a9_ticks_are_us())
    return us;
  return ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
}

#endif
