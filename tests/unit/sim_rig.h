/* The simulated NIC under real lwIP, in virtual time. */
#ifndef SIM_RIG_H
#define SIM_RIG_H

#include "lwip/netif.h"
#include "sim.h"

struct sim_rig {
  struct sim_device device;
  struct sim sim;
  struct netif netif;
  struct dispatch_queue dispatch;
};
extern struct sim_rig sim_rig;

/* Sets up an enabled interface whose peer sends its first burst of eight after `first_ms`, then one
 * each `period_ms`. */
void sim_rig_setup(uint32_t first_ms, uint32_t period_ms);

/* Checks that everything has been given back. */
void sim_rig_teardown(void);

/* Lets time pass, and checks that every packet of the pool is accounted for. */
void run_for_ms(unsigned duration);

#endif
