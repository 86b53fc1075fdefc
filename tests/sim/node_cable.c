/* A node's end of its cable, in place of the simulated NIC's own peer: frames wait here until they
 * arrive, and what the NIC sends goes out into the world. */
#include <string.h>

#include "lwip/prot/ip.h"
#include "lwip/prot/ip6.h"
#include "node_parts.h"
#include "port.h"

enum { ARRIVALS_MAX = 96 };

/* Sorted by time; those with equal times in the order in which they were sent. */
static struct arrival {
  uint64_t at_us; /* on the node's clock */
  uint32_t length;
  uint8_t frame[WORLD_FRAME_MAX];
} arrivals[ARRIVALS_MAX];
static uint8_t order[ARRIVALS_MAX]; /* indices of arrivals, in order of arrival */
static unsigned first, count;       /* of `order`, a ring */
static uint64_t free_slots[2];

struct node_nic *node_nic_of_peer(const struct sim_peer *peer) {
  for (unsigned i = 0; i < NODE_DEVICES; i++) {
    if (&node_nics[i].device.peer == peer)
      return &node_nics[i];
  }
  world_fail("node %u: a peer of no device", node.config.id);
}

bool node_device_is_on(const struct node_nic *nic) {
  return (nic->device.registers[SIM_CTRL / 4] & SIM_CTRL_ENABLE) != 0;
}

static struct arrival *head(void) { return &arrivals[order[first]]; }

static void remove_head(void) {
  unsigned slot = order[first];

  free_slots[slot / 64] |= UINT64_C(1) << slot % 64;
  first = (first + 1) % ARRIVALS_MAX;
  count--;
}

static struct arrival *last(void) { return &arrivals[order[(first + count - 1) % ARRIVALS_MAX]]; }

static void remove_last(void) {
  unsigned slot = order[(first + count - 1) % ARRIVALS_MAX];

  free_slots[slot / 64] |= UINT64_C(1) << slot % 64;
  count--;
}

static bool head_is_due(uint64_t clock_us) { return count != 0 && head()->at_us <= clock_us; }

static void drop_past(uint64_t clock_us) {
  while (head_is_due(clock_us))
    remove_head();
}

static unsigned take_slot(void) {
  static bool ready;
  unsigned slot;

  if (!ready) {
    ready = true;
    for (slot = 0; slot < ARRIVALS_MAX; slot++)
      free_slots[slot / 64] |= UINT64_C(1) << slot % 64;
  }
  slot = free_slots[0] != 0 ? (unsigned)__builtin_ctzll(free_slots[0])
                            : 64 + (unsigned)__builtin_ctzll(free_slots[1]);
  free_slots[slot / 64] &= ~(UINT64_C(1) << slot % 64);
  return slot;
}

/* Wakes a device for it that would sleep for longer. */
static void tell_device(uint64_t clock_us) {
  for (unsigned i = 0; i < NODE_DEVICES; i++) {
    struct timer_source *timer = &node_nics[i].device.receive_timer;

    if (node_device_is_on(&node_nics[i]) && (!timer->armed || clock_us < timer->deadline_us))
      timer_source_wake_at(timer, clock_us);
  }
}

void node_cable_arrive(const uint8_t *frame, uint32_t length, uint64_t at_us) {
  uint64_t clock_us = at_us + node.config.clock_us;
  unsigned slot, at;

  if (count == ARRIVALS_MAX && !node_device_is_on(&node_nics[0]) &&
      !node_device_is_on(&node_nics[1]))
    drop_past(port_clock_us()); /* nobody listens */
  if (count == ARRIVALS_MAX) {  /* the last one is lost, as in a switch's buffer */
    if (last()->at_us <= clock_us)
      return;
    remove_last();
  }
  slot = take_slot();
  arrivals[slot].at_us = clock_us;
  arrivals[slot].length = length;
  memcpy(arrivals[slot].frame, frame, length);
  for (at = count; at != 0; at--) {
    unsigned before = order[(first + at - 1) % ARRIVALS_MAX];

    if (arrivals[before].at_us <= clock_us)
      break;
    order[(first + at) % ARRIVALS_MAX] = (uint8_t)before;
  }
  order[(first + at) % ARRIVALS_MAX] = (uint8_t)slot;
  count++;
  if (at == 0)
    tell_device(clock_us);
}

/* ---- the cable as the device's peer ---- */

void sim_peer_init(struct sim_peer *peer, const struct sim_peer_config *config) {
  (void)config;
  memset(peer, 0, sizeof *peer);
}

void sim_peer_configure(struct sim_peer *peer, const struct sim_peer_config *config) {
  (void)peer;
  (void)config;
}

void sim_peer_start(struct sim_peer *peer, const uint8_t station_mac[6], uint64_t now_us) {
  memcpy(peer->station_mac, station_mac, 6);
  drop_past(now_us); /* it was off when they came */
}

void sim_peer_tick(struct sim_peer *peer, uint64_t now_us) {
  struct node_nic *nic = node_nic_of_peer(peer);

  nic->sending = true;
  if ((nic->device.registers[SIM_STATUS / 4] & SIM_STATUS_LINK) == 0)
    drop_past(now_us);
}

uint64_t sim_peer_next_tick(const struct sim_peer *peer) {
  (void)peer;
  return count != 0 ? head()->at_us : UINT64_MAX;
}

bool sim_peer_has_frame(const struct sim_peer *peer) {
  (void)peer;
  return head_is_due(port_clock_us());
}

static bool is_fragment_of_tcp(const uint8_t *frame, uint32_t length) {
  enum {
    TYPE = 12,
    IP = 14,
    IP4_OFFSET = IP + 6,
    IP4_PROTOCOL = IP + 9,
    IP6_NEXT = IP + 6,
    IP6_FRAGMENT = IP + 40
  };

  if (length > IP + 20 && frame[TYPE] == 0x08 && frame[TYPE + 1] == 0x00)
    return frame[IP4_PROTOCOL] == IP_PROTO_TCP &&
           ((frame[IP4_OFFSET] & 0x3f) | frame[IP4_OFFSET + 1]) != 0;
  return length > IP6_FRAGMENT && frame[TYPE] == 0x86 && frame[TYPE + 1] == 0xdd &&
         frame[IP6_NEXT] == IP6_NEXTH_FRAGMENT && frame[IP6_FRAGMENT] == IP6_NEXTH_TCP;
}

uint32_t sim_peer_send(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  struct node_nic *nic = node_nic_of_peer(peer);
  struct arrival *arrival = head();
  uint32_t length = arrival->length;

  nic->tally.taken++;
  nic->sending = false;
  node.tcp_in_fragments = node.tcp_in_fragments || is_fragment_of_tcp(arrival->frame, length);
  if (length <= size)
    memcpy(buffer, arrival->frame, length);
  else
    nic->tally.not_fit++;
  remove_head();
  return length <= size ? length : 0;
}

void sim_peer_drop_frame(struct sim_peer *peer) {
  node_nic_of_peer(peer)->tally.unheard++;
  remove_head();
}

void sim_peer_receive(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  node_tap_check_sent(node_nic_of_peer(peer), frame, length);
  node.report.sent++;
  world_send(node.config.id, frame, length, node.now_us);
}
