/* The clocks of the Zynq-7000 that depend on the link: those of the GEMs' transmitters. */
#ifndef ZYNQ_CLOCK_H
#define ZYNQ_CLOCK_H

/* Sets the clock of a GEM's transmitter for a link of 10, 100 or 1000 Mbit/s. Main loop. */
void zynq_gem0_set_tx_clock(unsigned speed_mbps);
void zynq_gem1_set_tx_clock(unsigned speed_mbps);

#endif
