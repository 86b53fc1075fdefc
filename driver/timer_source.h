/* Timer sources: deadlines on the one hardware timer, whose interrupt posts an event.
 *
 * Armed sources are in a list by deadline; the hardware timer is armed for the first of them, so
 * nothing ticks while nothing is due. */
#ifndef TIMER_SOURCE_H
#define TIMER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"

struct timer_source {
  struct timer_source *next;        /* the armed source that is due next after this one */
  uint64_t deadline_us;             /* when it fires, on port_clock_us() */
  bool armed;                       /* it is in the list */
  struct dispatch_source *event;    /* posted when it fires; NULL: none */
  void (*interrupt)(void *context); /* called in the interrupt when it fires; NULL: none. Only for a
                                       simulated device, whose hardware is the timer's interrupt. */
  void *context;                    /* for `interrupt` */
};

/* Fires `source` once at `deadline_us`, or immediately if that has passed; replaces the deadline
 * that the source had before. Any context. */
void timer_source_wake_at(struct timer_source *source, uint64_t deadline_us);

/* Takes `source` out of the list: it no longer fires, though an event that it has posted stays
 * posted. Any context. */
void timer_source_cancel(struct timer_source *source);

/* Fires the sources that are due and arms the hardware for the next one. Called by the hardware
 * timer's interrupt handler only. */
void timer_source_interrupt(void);

/* Milliseconds until `source` fires, 0 if it is due, UINT32_MAX if it is not armed. Any context. */
uint32_t timer_source_left_ms(const struct timer_source *source);

/* The number of armed sources. Main loop. */
unsigned timer_source_armed(void);

#endif
