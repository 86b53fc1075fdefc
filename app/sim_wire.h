/* The wires of the simulated NICs: the peer on each, and a log line for each of its ticks. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "dispatch.h"
#include "sim_device.h"
#include "nic.h"

/* Builds the board's simulated devices with a peer on the wire of each, and logs from now on what
 * the peers think of the answers that they get. Main loop, once, before the NICs start. */
void sim_wire_start(struct dispatch_queue *dispatch);

/* The simulated device that `nic` drives, or NULL where it drives another. Main loop. */
struct sim_device *sim_wire_device(const struct nic *nic);

#endif
