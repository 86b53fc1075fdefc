/* Faults of the simulated NIC: what can go wrong, how often, and the dice. */
#include "sim_fault.h"

#include <string.h>

static const char *const names[SIM_FAULT_COUNT] = {
#define SIM_FAULT_NAME(name, text) text,
    SIM_FAULTS(SIM_FAULT_NAME)
#undef SIM_FAULT_NAME
};

void sim_faults_seed(struct sim_faults *faults, uint32_t seed) {
  *faults = (struct sim_faults){.random = seed != 0 ? seed : 1};
}

/* xorshift32 (Marsaglia, 2003): a period of 2^32 - 1, never 0. */
uint32_t sim_fault_random(struct sim_faults *faults, uint32_t limit) {
  faults->random ^= faults->random << 13;
  faults->random ^= faults->random >> 17;
  faults->random ^= faults->random << 5;
  return faults->random % limit;
}

bool sim_fault_strikes(struct sim_faults *faults, enum sim_fault fault) {
  if (faults->probability[fault] == 0 ||
      sim_fault_random(faults, SIM_FAULT_ALWAYS) >= faults->probability[fault])
    return false;
  faults->struck[fault]++;
  return true;
}

const char *sim_fault_name(enum sim_fault fault) { return names[fault]; }

enum sim_fault sim_fault_parse(const char *name) {
  unsigned fault = 0;

  while (fault < SIM_FAULT_COUNT && strcmp(names[fault], name) != 0)
    fault++;
  return (enum sim_fault)fault;
}
