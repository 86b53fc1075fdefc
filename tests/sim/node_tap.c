/* Sits between kit and driver, between kit and stack, and in the device's dice: it counts what
 * passes, and has the deliberate defects. */
#include <errno.h>
#include <string.h>

#include "datapath.h"
#include "node_parts.h"

enum { DEFECT_PER_MILLION = 5000 };

struct nic_ops node_ops_of_sim;

static struct dice defect_dice;
static bool was_off[NODE_DEVICES];     /* it has been turned off before */
static bool has_flapped[NODE_DEVICES]; /* its link has been down since it was turned on */
static netif_linkoutput_fn linkoutput;
static void (*input)(struct nic *nic, struct pbuf *frame);

struct node_nic *node_nic_of(const struct nic *nic) {
  for (unsigned i = 0; i < NODE_DEVICES; i++) {
    if (&node_nics[i].sim.nic == nic)
      return &node_nics[i];
  }
  world_fail("node %u: a NIC of no device", node.config.id);
}

static unsigned index_of(const struct nic *nic) { return (unsigned)(node_nic_of(nic) - node_nics); }

static bool has_defect(enum node_defect defect) { return node.config.defect == defect; }

static bool shows(enum node_defect defect) {
  return has_defect(defect) && dice_chance(&defect_dice, DEFECT_PER_MILLION);
}

/* ---- the device's dice ---- */

bool __real_sim_fault_strikes(struct sim_faults *faults, enum sim_fault fault);
bool __wrap_sim_fault_strikes(struct sim_faults *faults, enum sim_fault fault);

/* The order in which the device throws its dice shows what it is doing: "bad-status" for each frame
 * that it has written to a buffer, then "stuck" for giving it back, then "duplicate". */
bool __wrap_sim_fault_strikes(struct sim_faults *faults, enum sim_fault fault) {
  struct node_nic *nic = faults == &node_nics[0].device.faults ? &node_nics[0] : &node_nics[1];
  bool strikes = __real_sim_fault_strikes(faults, fault);

  if (fault == SIM_FAULT_DROP && strikes && !nic->sending) {
    nic->tally.lost++;
  } else if (fault == SIM_FAULT_BAD_STATUS) {
    nic->tally.completed++;
    if (nic->last_fault == SIM_FAULT_DUPLICATE && nic->last_struck)
      nic->tally.doubled++;
  } else if (fault == SIM_FAULT_STUCK && strikes && nic->last_fault == SIM_FAULT_BAD_STATUS) {
    nic->tally.stuck++;
  }
  if (strikes) {
    node.report.struck[fault]++;
    if (fault == SIM_FAULT_STUCK || fault == SIM_FAULT_LOST_INTERRUPT)
      nic->excused_until_us = node.now_us + UINT64_C(1000) * (NIC_TX_TIMEOUT_MS + 3 * NIC_WATCH_MS);
  }
  nic->last_fault = fault;
  nic->last_struck = strikes;
  return strikes;
}

/* ---- the driver ---- */

static int start(struct nic *nic) {
  struct node_nic *own = node_nic_of(nic);
  int error;

  memset(&own->tally, 0, sizeof own->tally);
  own->device.held_length = 0;
  error = sim_ops.start(nic);
  if (node.lifecycle_faulty && dice_chance(&node.lack_dice, node.weather.bad_start))
    return -ENODEV;
  return error;
}

static int enable(struct nic *nic) {
  struct node_nic *own = node_nic_of(nic);

  if (node.lifecycle_faulty && dice_chance(&node.lack_dice, node.weather.bad_start))
    return -EIO;
  if (own->device.held_length != 0)
    own->tally.turned_off++;
  has_flapped[index_of(nic)] = false;
  return sim_ops.enable(nic);
}

static void disable(struct nic *nic) {
  was_off[index_of(nic)] = true;
  sim_ops.disable(nic);
}

static bool rx_post(struct nic *nic, struct pbuf *packet) {
  if (has_defect(NODE_DEFECT_DEAF) && was_off[index_of(nic)])
    return false;
  return sim_ops.rx_post(nic, packet);
}

/* Swaps two words of a TCP segment's data, which changes no sum. */
static void spoil(struct pbuf *packet) {
  uint8_t *bytes = packet->payload;
  uint16_t words[2];

  if (packet->len < 100 || bytes[12] != 8 || bytes[13] != 0 || bytes[23] != 6)
    return;
  memcpy(words, bytes + packet->len - 4, sizeof words);
  memcpy(bytes + packet->len - 4, &words[1], 2);
  memcpy(bytes + packet->len - 2, &words[0], 2);
}

static struct pbuf *rx_reap(struct nic *nic) {
  const struct ring *ring = &nic->rx_ring.ring;
  struct node_nic *own = node_nic_of(nic);
  uint32_t control = own->sim.rx_descriptors[ring_slot(ring, ring->tail)].control;
  struct pbuf *packet = sim_ops.rx_reap(nic);

  if (packet == NULL)
    return NULL;
  if ((control & SIM_DESCRIPTOR_OWN) != 0)
    return packet; /* stuck: it counts as empty */
  own->tally.reaped++;
  node.report.received++;
  if (shows(NODE_DEFECT_LEAK_RX))
    return NULL;
  if (shows(NODE_DEFECT_TWICE))
    (void)sim_ops.rx_post(nic, packet);
  if (shows(NODE_DEFECT_UNCOUNTED))
    packet_set_length(packet, 0);
  if (shows(NODE_DEFECT_COUNTED_TWICE))
    nic_count(nic, NIC_IN_ERROR);
  if (shows(NODE_DEFECT_WRONG_BYTES))
    spoil(packet);
  return packet;
}

/* FNV-1a, eight bytes at a time. */
uint64_t node_digest(const uint8_t *bytes, uint32_t length) {
  uint64_t digest = UINT64_C(0xcbf29ce484222325) ^ length, word;

  for (; length >= sizeof word; length -= (uint32_t)sizeof word, bytes += sizeof word) {
    memcpy(&word, bytes, sizeof word);
    digest = (digest ^ word) * UINT64_C(0x100000001b3);
    digest ^= digest >> 32;
  }
  for (; length != 0; length--)
    digest = (digest ^ *bytes++) * UINT64_C(0x100000001b3);
  return digest;
}

static bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct node_nic *own = node_nic_of(nic);
  unsigned slot = ring_slot(&nic->tx_ring.ring, nic->tx_ring.ring.head);

  if (has_defect(NODE_DEFECT_MUTE) && has_flapped[index_of(nic)])
    return false;
  if (frame->len != frame->tot_len)
    world_fail("node %u: a frame of %u bytes comes to the driver in fragments, the first of %u",
               node.config.id, frame->tot_len, frame->len);
  if (ring_full(&nic->tx_ring.ring))
    return sim_ops.tx_post(nic, frame);
  own->tx_digest[slot] = node_digest(frame->payload, frame->len);
  if (!sim_ops.tx_post(nic, frame))
    world_fail("node %u: no room on a ring that is not full", node.config.id);
  own->tally.posted++;
  own->tx_early[slot] = NULL;
  if (shows(NODE_DEFECT_EARLY_FREE)) {
    own->tx_early[slot] = frame;
    pbuf_free(frame);
    memset(frame->payload, 0xee, frame->len); /* it is used again */
  }
  return true;
}

static struct pbuf *tx_reap(struct nic *nic) {
  struct node_nic *own = node_nic_of(nic);
  struct pbuf *frame;
  unsigned slot = ring_slot(&nic->tx_ring.ring, nic->tx_ring.ring.tail);

  frame = sim_ops.tx_reap(nic);
  if (frame == NULL)
    return NULL;
  own->tally.released++;
  if (own->tx_early[slot] != NULL || shows(NODE_DEFECT_LEAK_TX))
    return NULL;
  return frame;
}

static void doorbell(struct nic *nic, enum nic_direction which) {
  if (which == NIC_TX && shows(NODE_DEFECT_NO_DOORBELL))
    return;
  sim_ops.doorbell(nic, which);
}

static void irq_unmask(struct nic *nic) {
  if (!shows(NODE_DEFECT_NO_UNMASK))
    sim_ops.irq_unmask(nic);
}

static void read_link(struct nic *nic, struct nic_link *link) {
  sim_ops.read_link(nic, link);
  if (link->status != NIC_LINK_ACTIVE)
    has_flapped[index_of(nic)] = true;
  else if (has_defect(NODE_DEFECT_NO_LINK) && has_flapped[index_of(nic)])
    *link = (struct nic_link){.status = NIC_LINK_INACTIVE};
}

void node_tap_start(void) {
  defect_dice = dice_of(node.config.seed, 9);
  node_ops_of_sim = sim_ops;
  node_ops_of_sim.turn = datapath_run; /* the driver's own would bypass the functions here */
  node_ops_of_sim.start = start;
  node_ops_of_sim.enable = enable;
  node_ops_of_sim.disable = disable;
  node_ops_of_sim.rx_post = rx_post;
  node_ops_of_sim.rx_reap = rx_reap;
  node_ops_of_sim.tx_post = tx_post;
  node_ops_of_sim.tx_reap = tx_reap;
  node_ops_of_sim.doorbell = doorbell;
  node_ops_of_sim.irq_unmask = irq_unmask;
  node_ops_of_sim.read_link = read_link;
}

void node_tap_check_sent(struct node_nic *nic, const uint8_t *frame, uint32_t length) {
  unsigned slot = nic->device.tx_index % SIM_TX_DESCRIPTORS;

  if (nic->tx_digest[slot] != node_digest(frame, length))
    world_fail("node %u: a frame of %u bytes has changed between the ring and the wire",
               node.config.id, length);
}

/* ---- the stack ---- */

static void count_input(struct nic *nic, struct pbuf *frame) {
  node_nic_of(nic)->tally.inputs++;
  input(nic, frame);
}

static err_t count_output(struct netif *netif, struct pbuf *frame) {
  node_nic_of(netif->state)->tally.outputs++;
  return linkoutput(netif, frame);
}

void node_tap_netif(struct netif *netif) {
  struct nic *nic = netif->state;

  input = nic->input;
  nic->input = count_input;
  linkoutput = netif->linkoutput;
  netif->linkoutput = count_output;
}
