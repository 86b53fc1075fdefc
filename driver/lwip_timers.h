/* lwIP's timeouts, run by the event of a hardware timer: turns of the main loop that handle packets
 * never look at the clock. */
#ifndef LWIP_TIMERS_H
#define LWIP_TIMERS_H

#include <stdint.h>

#include "dispatch.h"
#include "watchdog.h"

/* How timeouts are kept. */
struct lwip_timers_report {
  uint32_t runs;         /* times that the timer's event ran them */
  uint32_t late_most_ms; /* the most that one was late, in ms */
};

/* Has lwIP's timeouts run by `queue` when they are due. Returns 0 or -ENOSPC. Main loop, once,
 * after lwip_init(). */
int lwip_timers_start(struct dispatch_queue *queue);

/* Winds the timer if another timeout has become the first. Main loop, in each turn, before it may
 * go to sleep. */
void lwip_timers_arm(void);

/* The timers as a subject of the watchdog, of no device: they move unless one of lwIP's timeouts is
 * overdue by more than LWIP_TIMERS_LATE_MS. */
enum { LWIP_TIMERS_LATE_MS = 500 };
extern const struct watchdog_kind lwip_timers_progress;

/* Since the start, or since it was last cleared. Main loop. */
extern struct lwip_timers_report lwip_timers_report;

#endif
