/* lwIP's timeouts, run by the event of a hardware timer: a turn of the main loop that handles
 * packets never looks at the clock. */
#ifndef LWIP_TIMERS_H
#define LWIP_TIMERS_H

#include "dispatch.h"

/* Has lwIP's timeouts run by `queue` when they are due. Returns 0 or -ENOSPC. Main loop, once,
 * after lwip_init(). */
int lwip_timers_start(struct dispatch_queue *queue);

/* Winds the timer where another timeout has become the first. Main loop, in each turn, before it
 * may go to sleep. */
void lwip_timers_arm(void);

#endif
