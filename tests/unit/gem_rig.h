/* The Cadence GEM driver on its rig. */
#ifndef GEM_RIG_H
#define GEM_RIG_H

#include "cadence_gem.h"
#include "fake_cadence_gem.h"
#include "mac_rig.h"

enum {
  RX_RING = CADENCE_GEM_RX_DESCRIPTORS,
  TX_RING = CADENCE_GEM_TX_DESCRIPTORS,
};

extern struct fake_cadence_gem fake_gem;
extern struct cadence_gem gem;
extern unsigned gem_tx_clock; /* as it was last set, in Mbit/s */

/* cmocka's set-up functions: in NIC_INIT, and in NIC_ENABLED. */
int gem_setup(void **state);
int gem_setup_enabled(void **state);

/* Each packet of the pool is somewhere, and the device was never misused. */
void gem_check_conservation(void);

#endif
