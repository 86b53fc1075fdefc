/* Torture: anything that can happen to a NIC and its driver, in an order that a seed determines. */
#ifndef TORTURE_H
#define TORTURE_H

#include "rig.h"

/* `events` of them happen to the rig's enabled NIC; then all is put right, and frames have to pass
 * as before. `tell`: prints each as it happens. Fails by cmocka's assertions. */
void torture(uint64_t seed, unsigned events, bool tell);

/* One run over a driver for each seed from the first one on, as a cmocka group; returns how many
 * failed, which is at most one, and prints the sums of the counters of all runs. */
int torture_run_all(const struct fake_mac *mac, uint64_t first_seed, unsigned runs, bool tell);

#endif
