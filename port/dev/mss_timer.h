/* A SmartFusion2 MSS timer, one-shot (Microsemi UG0331, chapter System Timer). */
#ifndef MSS_TIMER_H
#define MSS_TIMER_H

#include <stdint.h>

struct mss_timer {
  uintptr_t base;        /* of this timer's registers: timer 2's are 0x18 above timer 1's */
  uint32_t ticks_per_us; /* of its input clock */
};

/* Lets the timer run for `measure_us` microseconds (100 to 1000000) of the port's clock and returns
 * its ticks a microsecond, rounded. Main loop, before the timer is armed. */
uint32_t mss_timer_measure(const struct mss_timer *timer, uint32_t measure_us);

/* Arms it to interrupt once in `delay_us`, or in the longest time that it can hold if that is less.
 * Interrupts masked. */
void mss_timer_arm(const struct mss_timer *timer, uint32_t delay_us);

/* Stops it. Interrupts masked. */
void mss_timer_stop(const struct mss_timer *timer);

/* Quietens its interrupt. Interrupt only. */
void mss_timer_acknowledge(const struct mss_timer *timer);

#endif
