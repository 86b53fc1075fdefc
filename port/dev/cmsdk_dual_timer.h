/* One half of a CMSDK dual timer, one-shot (Arm DDI 0479, chapter 4). */
#ifndef CMSDK_DUAL_TIMER_H
#define CMSDK_DUAL_TIMER_H

#include <stdint.h>

struct cmsdk_dual_timer {
  uintptr_t base;        /* of this timer's registers: timer 2's are 0x20 above timer 1's */
  uint32_t ticks_per_us; /* of its input clock */
};

/* Arms it to interrupt once in `delay_us`, or in the longest time that it can hold if that is less.
 * Interrupts masked. */
void cmsdk_dual_timer_arm(const struct cmsdk_dual_timer *timer, uint32_t delay_us);

/* Stops it. Interrupts masked. */
void cmsdk_dual_timer_stop(const struct cmsdk_dual_timer *timer);

/* Quietens its interrupt. Interrupt only. */
void cmsdk_dual_timer_acknowledge(const struct cmsdk_dual_timer *timer);

#endif
