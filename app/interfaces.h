/* The interfaces of the demo: what addresses they get, and a log line for each change. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include "dispatch.h"

/* Lists the board's devices in the registry and installs the drivers that the board wants from the
 * start: its MACs get their addresses by DHCP, the simulated NICs have fixed ones. One that does
 * not start is logged and left out. Main loop, once. */
void interfaces_start(struct dispatch_queue *dispatch);

#endif
