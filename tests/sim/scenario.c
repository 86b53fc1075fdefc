/* A run of the simulation: calm and stormy weather in turn, and after each storm everything is well
 * again. */
#include "scenario.h"

#include <string.h>

#include "dice.h"
#include "ports.h"
#include "storm.h"
#include "tester.h"
#include "world_state.h"

#define SECONDS(n)      (UINT64_C(1000000) * (n))
#define MILLISECONDS(n) (UINT64_C(1000) * (n))

enum {
  PING_LIMIT_MS = 1000,  /* a node answers the tester after a storm */
  OTHER_LIMIT_MS = 3000, /* and the other node, since lwIP asks for a lost address once a second */
  OTHER6_LIMIT_MS = 15000,
  TCP_SLACK_MS = 3000,  /* on top of the retransmission time: an address to be resolved again */
  DAD_S = 2,            /* an IPv6 address is not used until it is known to be unique */
  HELD_LIMIT_S = 70,    /* lwIP keeps fragments of IPv6 for 60 s */
  ARP_MAXAGE_S = 310,   /* an address that a fault has made wrong is kept for 300 s */
  CLOSE_LIMIT_S = 3600, /* the last connection has gone */
  LEFT_OVERS_S = 70,    /* fragments, packets that wait for an address */
};

static struct dice dice;
static struct scenario_report *report;
static struct node_config configs[WORLD_NODES];

void port_arrive(unsigned port, const uint8_t *frame, uint32_t length, uint64_t at_us) {
  if (port == WORLD_TESTER)
    tester_arrive(frame, length, at_us);
  else
    nodes[port]->arrive(frame, length, at_us);
}

/* ---- time ---- */

/* Drawn from time to time: `mean_us` apart, with a weight for each act and one for the tester. */
static const struct storm_acts *acts;
static uint64_t next_act_us;

static void draw_next_act(void) {
  next_act_us =
      acts == NULL ? UINT64_MAX : world_state.now_us + 1 + dice_below(&dice, 2 * acts->mean_us);
}

static void act(void) {
  unsigned which = storm_draw_act(acts, &dice);

  if (which == STORM_MOLEST)
    tester_molest(world_state.storm, world_state.now_us);
  else
    nodes[dice_below(&dice, WORLD_NODES)]->act((enum node_act)which, world_state.now_us);
  draw_next_act();
}

static void run_until(uint64_t end_us) {
  for (;;) {
    uint64_t next_us = end_us;
    unsigned who = WORLD_PORTS + 1;

    for (unsigned i = 0; i < WORLD_NODES; i++) {
      uint64_t node_us = nodes[i]->next_us();

      if (node_us < next_us) {
        next_us = node_us;
        who = i;
      }
    }
    if (tester_next_us() < next_us) {
      next_us = tester_next_us();
      who = WORLD_TESTER;
    }
    if (next_act_us < next_us) {
      next_us = next_act_us;
      who = WORLD_PORTS;
    }
    if (next_us > world_state.now_us)
      world_state.now_us = next_us;
    if (who < WORLD_NODES)
      nodes[who]->run(world_state.now_us);
    else if (who == WORLD_TESTER)
      tester_run(world_state.now_us);
    else if (who == WORLD_PORTS)
      act();
    else
      return;
  }
}

static void run_for(uint64_t duration_us) { run_until(world_state.now_us + duration_us); }

static void run_with(const struct storm_acts *what, uint64_t duration_us) {
  acts = what;
  draw_next_act();
  run_for(duration_us);
  acts = NULL;
  draw_next_act();
}

/* ---- after a storm ---- */

static void check_pings(void) {
  uint64_t start_us = world_state.now_us;
  bool answered[WORLD_NODES] = {false};

  for (unsigned i = 0; i < WORLD_NODES; i++)
    tester_expect(i);
  while (!answered[0] || !answered[1]) {
    if (world_state.now_us - start_us >= MILLISECONDS(PING_LIMIT_MS))
      world_fail("node %u answers no ping within %d ms after a storm", answered[0] ? 1 : 0,
                 PING_LIMIT_MS);
    for (unsigned i = 0; i < WORLD_NODES; i++) {
      if (!answered[i])
        tester_ping(i, world_state.now_us);
    }
    run_for(MILLISECONDS(20));
    for (unsigned i = 0; i < WORLD_NODES; i++)
      answered[i] = tester_answered(i);
  }
  if (world_state.now_us - start_us > report->ping_us)
    report->ping_us = world_state.now_us - start_us;
}

static void check_other(bool ip6, unsigned limit_ms) {
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    uint64_t start_us = world_state.now_us;

    (void)nodes[i]->pinged(ip6);
    do {
      if (world_state.now_us - start_us >= MILLISECONDS(limit_ms))
        world_fail("node %u hears nothing of the other by IPv%d within %u ms after a storm", i,
                   ip6 ? 6 : 4, limit_ms);
      nodes[i]->ping_other(ip6, world_state.now_us);
      run_for(MILLISECONDS(100));
    } while (!nodes[i]->pinged(ip6));
  }
}

/* What TCP promises for the flows that wait for an acknowledgement at an end. */
static struct promise {
  uint64_t deadline_us;
  uint64_t flows; /* a bit for each slot */
  uint32_t id[WORLD_FLOWS];
  uint32_t progress[WORLD_FLOWS];
} promises[WORLD_NODES];

static void take_promises(void) {
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    struct promise *promise = &promises[i];

    promise->deadline_us =
        world_state.now_us + MILLISECONDS(TCP_SLACK_MS) + nodes[i]->tcp_deadline(&promise->flows);
    for (unsigned f = 0; f < WORLD_FLOWS; f++) {
      promise->id[f] = world_flows[f].id;
      promise->progress[f] = world_flows[f].progress;
    }
  }
}

static void check_promises(void) {
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    struct promise *promise = &promises[i];
    uint64_t waiting;

    if (promise->flows == 0)
      continue;
    if (promise->deadline_us > world_state.now_us)
      run_until(promise->deadline_us);
    (void)nodes[i]->tcp_deadline(&waiting);
    for (unsigned f = 0; f < WORLD_FLOWS; f++) {
      const struct world_flow *flow = &world_flows[f];

      if (((promise->flows & waiting) >> f & 1) != 0 && flow->id == promise->id[f] && !flow->left &&
          flow->open[flow->client == i ? 0 : 1] && flow->progress == promise->progress[f])
        world_fail("flow %u, opened by node %u, does not go on after a storm: node %u has sent %u "
                   "of %u bytes",
                   flow->id, flow->client, i, flow->sent[flow->client == i ? 0 : 1],
                   flow->total[flow->client == i ? 0 : 1]);
    }
  }
}

static void set_weather(const struct storm *storm) {
  for (unsigned i = 0; i < WORLD_NODES; i++)
    nodes[i]->weather(&storm->nodes[i]);
  wire_weather(&storm->wire);
}

static void heal(void) {
  uint64_t start_us = world_state.now_us;
  bool healed[WORLD_NODES] = {false};

  while (!healed[0] || !healed[1]) {
    if (world_state.now_us - start_us > SECONDS(HELD_LIMIT_S))
      world_fail("node %u: no NIC can be installed, %d s after the application let go of all",
                 healed[0] ? 1 : 0, HELD_LIMIT_S);
    for (unsigned i = 0; i < WORLD_NODES; i++)
      healed[i] = healed[i] || nodes[i]->heal(world_state.now_us);
    if (!healed[0] || !healed[1])
      run_for(SECONDS(1));
  }
}

static void weather_storm(const struct storm *calm) {
  struct storm storm;

  storm_draw(&storm, calm, &dice);
  world_note("a storm for %.3f s", (double)storm.duration_us / 1e6);
  report->storms++;
  world_state.storm = true;
  world_excuse_flows();
  set_weather(&storm);
  world_state.silent = world_state.silent || storm.changes_bits;
  run_with(&storm.acts, storm.duration_us);
  set_weather(calm);
  world_note("the storm is over");
  heal();
  check_pings();
  if (configs[0].ip6)
    run_for(SECONDS(DAD_S));
  if (storm.spoils_addresses)
    run_for(SECONDS(ARP_MAXAGE_S));
  check_other(false, OTHER_LIMIT_MS);
  if (configs[0].ip6)
    check_other(true, OTHER6_LIMIT_MS);
  take_promises(); /* each knows where the other is: no answer is lost while an address is being
                      resolved */
  check_promises();
  world_state.storm = false;
}

/* ---- a whole run ---- */

static void check_end(void) {
  uint64_t start_us = world_state.now_us;

  while (!nodes[0]->is_quiet() || !nodes[1]->is_quiet()) {
    if (world_state.now_us - start_us > SECONDS(CLOSE_LIMIT_S))
      world_fail("%d s after the last traffic there are connections left", CLOSE_LIMIT_S);
    run_for(SECONDS(10));
  }
  run_for(SECONDS(LEFT_OVERS_S));
  for (unsigned i = 0; i < WORLD_NODES; i++)
    nodes[i]->close(world_state.now_us);
  run_for(SECONDS(LEFT_OVERS_S));
  for (unsigned i = 0; i < WORLD_NODES; i++)
    nodes[i]->check_end(world_state.now_us);
}

static void fill_report(void) {
  report->virtual_us = world_state.now_us;
  report->wire = *wire_report();
  report->flows = world_state.flows;
  report->whole = world_state.whole;
  for (unsigned f = 0; f < WORLD_FLOWS; f++)
    report->whole += world_flows[f].id != 0 && world_flows[f].whole[0] && world_flows[f].whole[1];
  for (unsigned i = 0; i < WORLD_NODES; i++)
    nodes[i]->report(&report->nodes[i]);
}

void scenario_run(const struct scenario_options *options, struct scenario_report *into) {
  struct storm calm;
  unsigned rounds;

  report = into;
  memset(report, 0, sizeof *report);
  dice = dice_of(options->seed, 0);
  world_start();
  world_state.replayed = options->replayed;
  if (options->pcap != NULL)
    wire_capture(options->pcap);
  wire_start(options->seed, dice_chance(&dice, 300000));
  tester_start(options->seed);
  storm_draw_calm(&calm, &dice);
  storm_draw_nodes(configs, options->seed, options->defect, &dice);
  for (unsigned i = 0; i < WORLD_NODES; i++)
    nodes[i]->boot(&configs[i]);
  set_weather(&calm);
  draw_next_act();
  run_for(SECONDS(3));
  check_pings();
  rounds = dice_from(&dice, 1, 4);
  for (unsigned round = 0; round < rounds; round++) {
    storm_draw_acts(&calm.acts, false, &dice);
    run_with(&calm.acts, calm.acts.mean_us * dice_scale(&dice, 20, 1000));
    weather_storm(&calm);
    run_for(SECONDS(dice_below(&dice, 2400)));
  }
  check_end();
  fill_report();
}
