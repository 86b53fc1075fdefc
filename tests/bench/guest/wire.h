/* What is on the wires of a guest's simulated NICs: either quiet.c or sweep.c. */
#ifndef WIRE_H
#define WIRE_H

/* Starts the devices. Main loop, before the interfaces are added. */
void wires_start(void);

/* Called when all interfaces are up. Main loop, once. */
void wires_are_up(void);

#endif
