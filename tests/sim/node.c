/* A node of the simulation: its start, its main loop (like app/main.c's), and what the world asks
 * for. */
#include "node.h"

#include <string.h>

#include "log.h"
#include "lwip/init.h"
#include "lwip_port.h"
#include "lwip_timers.h"
#include "node_parts.h"
#include "port.h"

enum {
  AWAKE_MAX_US = 20000000,
  BUSY_US = 1000,
};

struct node node;
struct node_nic node_nics[NODE_DEVICES];

static void catch_up(uint64_t now_us) {
  if (now_us > node.now_us)
    node.now_us = now_us;
}

static void boot(const struct node_config *config) {
  node.config = *config;
  node.time_dice = dice_of(config->seed, 2);
  node.lack_dice = dice_of(config->seed, 6);
  node_port_start();
  log_set_level(NULL, world_is_replayed() ? LOG_INFO : LOG_ERROR);
  lwip_port_init(0);
  lwip_init();
  (void)lwip_timers_start(&node.dispatch);
  node_tap_start();
  node_tcp_start();
  node_datagrams_start();
  node_lifecycle_start();
  node_check_baseline();
  if (!node_lifecycle_heal())
    world_fail("node %u: its interface cannot be installed", node.config.id);
}

static uint64_t next_us(void) {
  if (dispatch_pending(&node.dispatch))
    return node.now_us;
  return node_port_next_us();
}

static void run(uint64_t now_us) {
  catch_up(now_us);
  node.may_lack = true;
  node_port_interrupts();
  (void)dispatch_run(&node.dispatch);
  node.now_us += 1 + dice_below(&node.time_dice, node.weather.turn_us + 1);
  lwip_timers_arm();
  node.may_lack = false;
  node.report.turns++;
  node_check();
  if (next_us() > node.now_us)
    node.slept_us = node.now_us;
  else if (node.now_us - node.slept_us > AWAKE_MAX_US)
    world_fail("node %u has not slept for %d s", node.config.id, AWAKE_MAX_US / 1000000);
}

static void arrive(const uint8_t *frame, uint32_t length, uint64_t at_us) {
  node_port_hold(true);
  node_cable_arrive(frame, length, at_us);
  node_port_hold(false);
}

static void set_weather(const struct node_weather *weather) {
  node.weather = *weather;
  for (unsigned i = 0; i < NODE_DEVICES; i++)
    memcpy(node_nics[i].device.faults.probability, weather->device, sizeof weather->device);
}

static void act(enum node_act what, uint64_t now_us) {
  if (node.now_us > now_us + BUSY_US)
    return; /* the main loop is behind: it would not get there yet */
  catch_up(now_us);
  node.may_lack = true;
  node.lifecycle_faulty = true;
  switch (what) {
  case NODE_TCP:
    node_tcp_open();
    break;
  case NODE_UDP:
    node_udp_send();
    break;
  case NODE_PING:
    node_ping();
    break;
  case NODE_MULTICAST:
    node_multicast_send();
    break;
  case NODE_MEMBERSHIP:
    node_membership();
    break;
  case NODE_READ:
    node_tcp_read();
    node_hoard_release();
    break;
  case NODE_ABORT:
    node_tcp_abort_one();
    break;
  default:
    node_lifecycle_act(what);
  }
  node.lifecycle_faulty = false;
  run(now_us);
}

static bool heal(uint64_t now_us) {
  bool healed;

  catch_up(now_us);
  node_hoard_release();
  node_tcp_read();
  healed = node_lifecycle_heal();
  run(now_us);
  return healed;
}

static uint64_t tcp_deadline(uint64_t *flows) { return node_tcp_deadline(flows); }

static void ping_other(bool ip6, uint64_t now_us) {
  catch_up(now_us);
  node_echo_request(ip6);
  run(now_us);
}

static void close_all(uint64_t now_us) {
  catch_up(now_us);
  node_hoard_release();
  node_tcp_read();
  node_lifecycle_close();
  run(now_us);
}

static bool is_quiet(void) { return node_tcp_idle(); }

static void check_end(uint64_t now_us) {
  catch_up(now_us);
  node_check();
  node_check_end();
}

static void report(struct node_report *into) {
  *into = node.report;
  for (unsigned i = 0; i < NODE_DEVICES; i++)
    into->recoveries += node_nics[i].sim.nic.counters[NIC_RECOVERIES];
}

const struct node_ops node_ops = {
    .boot = boot,
    .next_us = next_us,
    .run = run,
    .arrive = arrive,
    .weather = set_weather,
    .act = act,
    .heal = heal,
    .tcp_deadline = tcp_deadline,
    .ping_other = ping_other,
    .pinged = node_echoed,
    .close = close_all,
    .is_quiet = is_quiet,
    .check_end = check_end,
    .report = report,
};
