/* The interfaces of the demo: en0 by DHCP, en1 on the simulated wire. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include "dispatch.h"

/* Adds and enables an interface for each of the board's NICs; one that does not start is logged and
 * left out. Main loop, once. */
void interfaces_start(struct dispatch_queue *dispatch);

#endif
