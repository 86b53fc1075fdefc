/* Torture: whatever may happen to a NIC and its driver, in an order that a seed determines. */
#ifndef TORTURE_H
#define TORTURE_H

#include "rig.h"

/* `events` of them happen to the enabled NIC of the rig; then all is put right, and frames have to
 * come and go as before. `tell`: each is printed as it happens. Fails by cmocka's assertions. */
void torture(uint64_t seed, unsigned events, bool tell);

/* A run for each seed from the first one on, over a driver, as a group of cmocka's; returns how
 * many failed, which is one at most, and prints what the counters of all runs add up to. */
int torture_run_all(const struct fake_mac *mac, uint64_t first_seed, unsigned runs, bool tell);

#endif
