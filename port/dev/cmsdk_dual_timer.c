/* One half of a CMSDK dual timer, one-shot (Arm DDI 0479, chapter 4). */
#include "cmsdk_dual_timer.h"

#include "port.h"

enum {
  TIMER_LOAD = 0x00,
  TIMER_CONTROL = 0x08,
  TIMER_CONTROL_ONE_SHOT = 1 << 0,
  TIMER_CONTROL_32_BIT = 1 << 1,
  TIMER_CONTROL_INTERRUPT = 1 << 5,
  TIMER_CONTROL_ENABLE = 1 << 7,
  TIMER_INTCLR = 0x0c,
  TICKS_MIN = 16, /* an interrupt that comes before the handler has returned is of no use */
};

void cmsdk_dual_timer_arm(const struct cmsdk_dual_timer *timer, uint32_t delay_us) {
  uint32_t longest_us = UINT32_MAX / timer->ticks_per_us;
  uint32_t ticks = (delay_us < longest_us ? delay_us : longest_us) * timer->ticks_per_us;

  mmio_write(timer->base + TIMER_CONTROL, TIMER_CONTROL_ONE_SHOT | TIMER_CONTROL_32_BIT);
  mmio_write(timer->base + TIMER_INTCLR, 1); /* of a deadline that this one replaces */
  mmio_write(timer->base + TIMER_LOAD, ticks > TICKS_MIN ? ticks : TICKS_MIN);
  mmio_write(timer->base + TIMER_CONTROL, TIMER_CONTROL_ONE_SHOT | TIMER_CONTROL_32_BIT |
                                              TIMER_CONTROL_INTERRUPT | TIMER_CONTROL_ENABLE);
}

void cmsdk_dual_timer_stop(const struct cmsdk_dual_timer *timer) {
  mmio_write(timer->base + TIMER_CONTROL, TIMER_CONTROL_ONE_SHOT | TIMER_CONTROL_32_BIT);
}

void cmsdk_dual_timer_acknowledge(const struct cmsdk_dual_timer *timer) {
  mmio_write(timer->base + TIMER_INTCLR, 1);
}
