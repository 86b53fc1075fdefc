/* Storms: which faults come together, how hard, and what is done meanwhile. */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "node.h"
#include "wire.h"

enum { STORM_MOLEST = NODE_ACT_COUNT, STORM_ACTS }; /* besides the nodes' acts, the tester's */

struct storm_acts {
  uint32_t mean_us; /* between two acts */
  uint32_t weight[STORM_ACTS];
};

struct storm {
  struct node_weather nodes[WORLD_NODES];
  struct wire_weather wire;
  struct storm_acts acts;
  uint64_t duration_us;
  bool changes_bits;     /* single bits that checksums cover */
  bool spoils_addresses; /* any bit of a frame: lwIP may learn a wrong address */
};

/* Calm weather: no faults, a short wire, processors that are fast enough or nearly so. */
void storm_draw_calm(struct storm *calm, struct dice *dice);

/* Makes a storm out of a calm. */
void storm_draw(struct storm *storm, const struct storm *calm, struct dice *dice);

/* Acts in calm weather, or in a storm. */
void storm_draw_acts(struct storm_acts *acts, bool in_storm, struct dice *dice);
unsigned storm_draw_act(const struct storm_acts *acts, struct dice *dice);

/* The configurations of all nodes. */
void storm_draw_nodes(struct node_config *configs, uint64_t seed, enum node_defect defect,
                      struct dice *dice);

#endif
