/* lwIP's timeouts, run by the event of a hardware timer: a turn of the main loop that handles
 * packets never looks at the clock. */
#ifndef LWIP_TIMERS_H
#define LWIP_TIMERS_H

#include "dispatch.h"
#include "watchdog.h"

/* Has lwIP's timeouts run by `queue` when they are due. Returns 0 or -ENOSPC. Main loop, once,
 * after lwip_init(). */
int lwip_timers_start(struct dispatch_queue *queue);

/* Winds the timer where another timeout has become the first. Main loop, in each turn, before it
 * may go to sleep. */
void lwip_timers_arm(void);

/* The timers as a subject of the watchdog, of no device: they move unless one of lwIP's timeouts is
 * overdue by LWIP_TIMERS_LATE_MS. */
enum { LWIP_TIMERS_LATE_MS = 500 };
extern const struct watchdog_kind lwip_timers_progress;

#endif
