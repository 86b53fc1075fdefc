/* The wires of the simulated NICs: the peer on each, and a log line for each of its ticks. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "dispatch.h"
#include "sim_device.h"
#include "nic.h"

/* Makes the board's simulated devices, with a peer on the wire of each, and logs from then on what
 * the peers find of the answers that they get. Main loop, once, before the NICs start. */
void sim_wire_start(struct dispatch_queue *dispatch);

/* The simulated device behind `nic`, or NULL if that is another kind of NIC. Main loop. */
struct sim_device *sim_wire_device(const struct nic *nic);

#endif
