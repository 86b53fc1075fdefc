/* Storms: which faults come together, how hard, and what is done meanwhile. */
#include "storm.h"

#include <string.h>

enum { HELD_MIN = 8, KEPT_MIN = 2 }; /* packets: for the stack, for the device */

static bool half(struct dice *dice) { return dice_chance(dice, 500000); }

static bool one_of(struct dice *dice, unsigned n) { return dice_below(dice, n) == 0; }

static void draw_config(struct node_config *config, unsigned id, struct dice *dice) {
  static const uint16_t depths[] = {8, 16, 32};
  /* Just before the milliseconds reach 2^32, before the microseconds do, or at the start. */
  static const uint64_t wraps[] = {UINT64_C(4294967296000), UINT64_C(4294967296), 0, 0};
  uint64_t wrap = wraps[dice_below(dice, 4)];
  bool small = one_of(dice, 10);

  *config = (struct node_config){
      .id = id,
      .clock_us =
          wrap != 0 ? wrap - dice_scale(dice, 1000, 3000000000) : dice_below(dice, 10000000),
      .packets = (uint16_t)dice_from(dice, HELD_MIN + KEPT_MIN, NODE_PACKETS_MAX),
      .buffer_size = small ? 608 : NODE_BUFFER_MAX,
      .queue_depth = depths[dice_below(dice, 3)],
      .budget = (uint16_t)dice_from(dice, 1, 32),
      .low_keeps_buffers = half(dice),
  };
  /* Fewer than lwIP itself keeps, such as fragments: else those could make it deaf. */
  config->held_max = (uint16_t)dice_from(dice, HELD_MIN, config->packets - KEPT_MIN);
  config->batch = (uint16_t)dice_from(dice, 1, config->queue_depth);
  config->fast = half(dice);
}

void storm_draw_nodes(struct node_config *configs, uint64_t seed, enum node_defect defect,
                      struct dice *dice) {
  bool ip6 = true;

  for (unsigned i = 0; i < WORLD_NODES; i++) {
    draw_config(&configs[i], i, dice);
    ip6 = ip6 && configs[i].buffer_size == NODE_BUFFER_MAX;
  }
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    configs[i].seed = seed * WORLD_NODES + i;
    configs[i].defect = defect;
    configs[i].ip6 = ip6;
  }
}

void storm_draw_calm(struct storm *calm, struct dice *dice) {
  memset(calm, 0, sizeof *calm);
  calm->wire.latency_us = (uint32_t)dice_scale(dice, 1, 20000);
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    calm->nodes[i].turn_us = (uint32_t)dice_scale(dice, 1, 200);
    calm->nodes[i].step_us = half(dice) ? 1 + dice_below(dice, 3) : 0;
  }
}

/* ---- what is done ---- */

void storm_draw_acts(struct storm_acts *acts, bool in_storm, struct dice *dice) {
  static const uint8_t usual[STORM_ACTS] = {
      [NODE_TCP] = 8,       [NODE_UDP] = 8,        [NODE_PING] = 4,
      [NODE_MULTICAST] = 2, [NODE_MEMBERSHIP] = 1, [NODE_READ] = 2,
      [NODE_SETTINGS] = 0,  [NODE_TAP] = 1,        [STORM_MOLEST] = 4,
  };
  static const uint8_t rough[STORM_ACTS] = {
      [NODE_ABORT] = 2,   [NODE_ENABLE] = 1,  [NODE_POWER] = 1,
      [NODE_INSTALL] = 1, [NODE_CARRIER] = 1, [NODE_SETTINGS] = 2,
  };

  memset(acts, 0, sizeof *acts);
  acts->mean_us = (uint32_t)dice_scale(dice, 500, 500000);
  acts->weight[NODE_UDP] = 1;
  for (unsigned i = 0; i < STORM_ACTS; i++) {
    if (!one_of(dice, 3))
      acts->weight[i] += usual[i] * dice_from(dice, 1, 20);
    if (in_storm && one_of(dice, 3))
      acts->weight[i] += rough[i] * dice_from(dice, 1, 20);
  }
}

unsigned storm_draw_act(const struct storm_acts *acts, struct dice *dice) {
  uint32_t sum = 0, drawn;
  unsigned i = 0;

  for (unsigned j = 0; j < STORM_ACTS; j++)
    sum += acts->weight[j];
  for (drawn = dice_below(dice, sum); drawn >= acts->weight[i]; i++)
    drawn -= acts->weight[i];
  return i;
}

/* ---- faults ---- */

static uint32_t share(struct dice *dice) { return (uint32_t)dice_scale(dice, 100, 600000); }

static void draw_wire(struct storm *storm, struct dice *dice) {
  struct wire_weather *wire = &storm->wire;

  if (one_of(dice, 3))
    wire->latency_us = (uint32_t)dice_scale(dice, 1, 1500000);
  if (one_of(dice, 3))
    wire->jitter_us = (uint32_t)dice_scale(dice, 10, 500000);
  if (one_of(dice, 3))
    wire->loss = share(dice);
  if (one_of(dice, 4))
    wire->twice = share(dice);
  if (one_of(dice, 4)) {
    wire->burst = (uint32_t)dice_scale(dice, 100, 20000);
    wire->burst_us = (uint32_t)dice_scale(dice, 10000, 60000000);
  }
  if (one_of(dice, 6) && !storm->spoils_addresses) {
    wire->corrupt = share(dice);
    storm->changes_bits = true;
  }
}

static void draw_device(struct storm *storm, unsigned node, struct dice *dice) {
  for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++) {
    if (!one_of(dice, 5))
      continue;
    /* A bit that is changed anywhere needs minutes to be forgotten: not each time. */
    if (fault == SIM_FAULT_CORRUPT && !one_of(dice, 3))
      continue;
    storm->nodes[node].device[fault] = (uint16_t)dice_scale(dice, 1, SIM_FAULT_ALWAYS);
    if (fault == SIM_FAULT_CORRUPT)
      storm->changes_bits = storm->spoils_addresses = true;
  }
}

static void draw_node(struct node_weather *node, struct dice *dice) {
  if (one_of(dice, 4))
    node->no_memory = (uint32_t)dice_scale(dice, 100, 500000);
  if (one_of(dice, 4))
    node->bad_start = share(dice);
  if (one_of(dice, 4))
    node->turn_us = (uint32_t)dice_scale(dice, 100, 20000);
  if (one_of(dice, 4))
    node->step_us = (uint32_t)dice_scale(dice, 1, 100);
  if (one_of(dice, 3))
    node->timer_late_us = (uint32_t)dice_scale(dice, 1, 50000);
  if (one_of(dice, 3))
    node->hoard = (uint16_t)dice_scale(dice, 1, 64);
  node->slow_reader = one_of(dice, 4);
  node->obeys = true;
}

/* For a replay: what was drawn. */
static void tell_node(const struct node_weather *node, unsigned id) {
  for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++) {
    if (node->device[fault] != 0)
      world_note("  node %u: %s %u of 1000", id, sim_fault_name((enum sim_fault)fault),
                 node->device[fault]);
  }
  world_note("  node %u: denies %u and starts badly %u of 1000000, turn %u us, step %u us, timer "
             "late %u us, hoards %u%s",
             id, node->no_memory, node->bad_start, node->turn_us, node->step_us,
             node->timer_late_us, node->hoard, node->slow_reader ? ", reads slowly" : "");
}

static void tell(const struct storm *storm) {
  const struct wire_weather *wire = &storm->wire;

  for (unsigned i = 0; i < WORLD_NODES; i++)
    tell_node(&storm->nodes[i], i);
  world_note("  wire: %u us and up to %u more, of 1000000 lost %u, all for %u us %u, twice %u, "
             "corrupt %u",
             wire->latency_us, wire->jitter_us, wire->loss, wire->burst_us, wire->burst,
             wire->twice, wire->corrupt);
}

void storm_draw(struct storm *storm, const struct storm *calm, struct dice *dice) {
  *storm = *calm;
  storm->changes_bits = storm->spoils_addresses = false;
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    draw_device(storm, i, dice);
    draw_node(&storm->nodes[i], dice);
  }
  draw_wire(storm, dice);
  storm_draw_acts(&storm->acts, true, dice);
  storm->duration_us = storm->acts.mean_us * dice_scale(dice, 20, 1500);
  tell(storm);
}
