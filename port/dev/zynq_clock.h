/* The clocks of the Zynq-7000 that its devices need: those of the bus, and the GEMs' transmitters'.
 */
#ifndef ZYNQ_CLOCK_H
#define ZYNQ_CLOCK_H

/* Turns on the bus's side of both GEMs and UARTs. After a reset it is on, but a boot loader turns
 * off what its own configuration of the chip does not use, and the access to a register that has no
 * clock never ends. Main loop, before any of them is looked for. */
void zynq_clock_start(void);

/* Sets the clock of a GEM's transmitter for a link of 10, 100 or 1000 Mbit/s. Main loop. */
void zynq_gem0_set_tx_clock(unsigned speed_mbps);
void zynq_gem1_set_tx_clock(unsigned speed_mbps);

#endif
