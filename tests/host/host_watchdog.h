/* The host's watchdog: it counts, and a test asks whether it would bite. */
#ifndef HOST_WATCHDOG_H
#define HOST_WATCHDOG_H

#include <stdbool.h>

/* True if it was not fed in time. */
bool host_watchdog_is_due(void);

/* The watchdog signals that it is about to bite. */
void host_watchdog_bite(void);

#endif
