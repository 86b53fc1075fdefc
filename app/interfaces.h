/* The interfaces of the demo: what addresses they get, and a log line for each change. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include "dispatch.h"

/* Lists the board's devices in the registry and installs the first of each driver: en0 by DHCP, en1
 * on the simulated wire. One that does not start is logged and left out. Main loop, once. */
void interfaces_start(struct dispatch_queue *dispatch);

#endif
