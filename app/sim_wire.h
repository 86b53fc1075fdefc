/* The wire of the simulated NIC: the peer on it, and a log line for each of its ticks. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "dispatch.h"

/* Builds the board's simulated device with the peer on its wire, and logs from now on what the peer
 * thinks of the answers that it gets. Main loop, once, before the NIC starts. */
void sim_wire_start(struct dispatch_queue *dispatch);

#endif
