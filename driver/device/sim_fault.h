/* Faults of the simulated NIC: what can go wrong, how often, and the dice.
 *
 * The dice are a seeded generator of the device's own, so that the same seed and the same work make
 * the same run. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_FAULTS(X)                                                                              \
  X(DROP, "drop")                     /* a frame is lost on the wire, either way */                \
  X(DUPLICATE, "duplicate")           /* a received frame comes twice */                           \
  X(REORDER, "reorder")               /* a received frame comes after the next one */              \
  X(DELAY, "delay")                   /* a received frame comes 20 ms late */                      \
  X(CORRUPT, "corrupt")               /* a bit of a received frame is flipped */                   \
  X(TRUNCATE, "truncate")             /* a received frame is cut short */                          \
  X(BAD_STATUS, "bad-status")         /* a received frame is flagged as bad */                     \
  X(STUCK, "stuck")                   /* a descriptor is never given back, either way */           \
  X(LOST_INTERRUPT, "lost-interrupt") /* an interrupt is not raised */                             \
  X(STORM, "storm")                   /* the line is raised 100 times without a cause */           \
  X(OVERRUN, "overrun")               /* a frame is lost as if no buffer were posted */            \
  X(LINK_FLAP, "link-flap")           /* the carrier goes for 400 ms */

enum sim_fault {
#define SIM_FAULT_ENUM(name, text) SIM_FAULT_##name,
  SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
      SIM_FAULT_COUNT
};

enum { SIM_FAULT_ALWAYS = 1000 };

struct sim_faults {
  uint32_t random;                       /* state of the generator; 0 only before it is seeded */
  uint16_t probability[SIM_FAULT_COUNT]; /* at each occasion, in thousandths */
  uint32_t struck[SIM_FAULT_COUNT];      /* times that it struck */
};

/* No faults; the dice start from `seed`. */
void sim_faults_seed(struct sim_faults *faults, uint32_t seed);

/* Throws the dice at one occasion for `fault`: true if it strikes. */
bool sim_fault_strikes(struct sim_faults *faults, enum sim_fault fault);

/* A random number below `limit`, which must not be 0. */
uint32_t sim_fault_random(struct sim_faults *faults, uint32_t limit);

/* The name of a fault, and the fault of that name (SIM_FAULT_COUNT if there is none). */
const char *sim_fault_name(enum sim_fault fault);
enum sim_fault sim_fault_parse(const char *name);

#endif
