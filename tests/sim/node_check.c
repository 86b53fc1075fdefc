/* The invariants of a node, checked after each of its steps. */
#include <string.h>

#include "lwip/memp.h"
#include "lwip/priv/memp_priv.h"
#include "lwip/stats.h"
#include "node_parts.h"
#include "port.h"

#define CHECK(condition, ...)                                                                      \
  do {                                                                                             \
    if (!(condition))                                                                              \
      fail(__VA_ARGS__);                                                                           \
  } while (0)

static unsigned failing; /* the NIC being checked */

static _Noreturn void fail(const char *what, unsigned long got, unsigned long expected) {
  world_fail("node %u sim%u: %s: %lu, not %lu", node.config.id, failing, what, got, expected);
}

/* ---- each packet has one owner ---- */

/* Marks a packet as found in one place; no other place may have it. */
static void mark(const struct nic *nic, const struct pbuf *packet, uint32_t *seen) {
  const struct packet_pool_options *options = &nic->config->pool;
  size_t stride = PACKET_POOL_STRIDE(options->buffer_size, options->headroom, options->alignment);
  size_t offset = (size_t)((const uint8_t *)packet - (const uint8_t *)nic->config->memory);
  uint32_t number = (uint32_t)offset / (uint32_t)stride;

  CHECK(number < options->packets && number * stride == offset, "no packet of this pool", offset,
        0);
  CHECK((*seen >> number & 1) == 0, "a packet in two places", number, 0);
  *seen |= UINT32_C(1) << number;
}

static void mark_queue(const struct nic *nic, const struct packet_queue *queue, uint32_t *seen) {
  CHECK(packet_queue_count(queue) <= packet_queue_depth(queue), "a queue holds more than it can",
        packet_queue_count(queue), packet_queue_depth(queue));
  for (uint32_t i = queue->dequeued; i != queue->enqueued; i++)
    mark(nic, *packet_queue_slot(queue, i), seen);
}

static void mark_ring(const struct nic *nic, const struct nic_ring *own, uint32_t *seen) {
  const struct ring *ring = &own->ring;

  CHECK(ring_count(ring) <= ring_size(ring), "a ring holds more than it can", ring_count(ring),
        ring_size(ring));
  for (uint32_t i = ring->tail; i != ring->head; i++)
    mark(nic, own->slots[ring_slot(ring, i)], seen);
}

/* What differs whenever a packet has moved from one place to another. */
struct places {
  const struct pbuf *at_rest;
  uint32_t free_count, held, submitted, submission_taken, completed, completion_taken;
  uint32_t ring_head, ring_tail, state;
};

static struct places places_of(const struct nic *nic) {
  return (struct places){
      .at_rest = nic->pool.free,
      .free_count = nic->pool.free_count,
      .held = nic->pool.held,
      .submitted = nic->rx_submission.enqueued,
      .submission_taken = nic->rx_submission.dequeued,
      .completed = nic->rx_completion.enqueued,
      .completion_taken = nic->rx_completion.dequeued,
      .ring_head = nic->rx_ring.ring.head,
      .ring_tail = nic->rx_ring.ring.tail,
      .state = nic->state,
  };
}

static void check_packets(const struct nic *nic) {
  static struct places last[NODE_DEVICES];
  const struct places now = places_of(nic);
  unsigned at_rest = 0;
  uint32_t seen = 0;

  if (memcmp(&now, &last[failing], sizeof now) == 0)
    return;
  last[failing] = now;
  for (const struct pbuf *packet = nic->pool.free; packet != NULL; packet = packet->next) {
    mark(nic, packet, &seen);
    at_rest++;
  }
  CHECK(at_rest == nic->pool.free_count, "packets at rest", at_rest, nic->pool.free_count);
  mark_queue(nic, &nic->rx_submission, &seen);
  mark_queue(nic, &nic->rx_completion, &seen);
  if (nic->state == NIC_ENABLED)
    mark_ring(nic, &nic->rx_ring, &seen);
  CHECK((unsigned)__builtin_popcount(seen) + nic->pool.held == nic->config->pool.packets,
        "packets that have an owner", (unsigned)__builtin_popcount(seen) + nic->pool.held,
        nic->config->pool.packets);
}

/* ---- queues and rings agree ---- */

static void check_queue(const struct packet_queue *queue) {
  CHECK(packet_queue_count(queue) <= packet_queue_depth(queue), "a queue holds more than it can",
        packet_queue_count(queue), packet_queue_depth(queue));
  CHECK(packet_queue_high_water(queue) >= packet_queue_count(queue), "a queue's high water",
        packet_queue_high_water(queue), packet_queue_count(queue));
}

static void check_queues(const struct nic *nic) {
  check_queue(&nic->tx_submission);
  check_queue(&nic->tx_completion);
  check_queue(&nic->rx_submission);
  check_queue(&nic->rx_completion);
  CHECK(packet_queue_count(&nic->tx_completion) == 0, "sent frames that wait to be freed",
        packet_queue_count(&nic->tx_completion), 0);
  CHECK(packet_queue_count(&nic->rx_completion) == 0, "received frames that wait for the stack",
        packet_queue_count(&nic->rx_completion), 0);
  for (uint32_t i = nic->tx_submission.dequeued; i != nic->tx_submission.enqueued; i++) {
    const struct pbuf *frame = *packet_queue_slot(&nic->tx_submission, i);

    CHECK(frame->ref != 0, "a frame on tx_submission is free", i, 0);
  }
  if (nic->state != NIC_ENABLED) {
    CHECK(packet_queue_count(&nic->tx_submission) == 0, "frames queued while it is off",
          packet_queue_count(&nic->tx_submission), 0);
    return;
  }
  for (uint32_t i = nic->tx_ring.ring.tail; i != nic->tx_ring.ring.head; i++) {
    unsigned slot = ring_slot(&nic->tx_ring.ring, i);

    CHECK(nic->tx_ring.slots[slot]->ref != 0 || node_nic_of(nic)->tx_early[slot] != NULL,
          "a frame on the tx ring is free", i, 0);
  }
}

/* ---- every frame is accounted for, every drop has one cause ---- */

static uint32_t drops(const struct nic *nic, enum nic_counter first, enum nic_counter last) {
  uint32_t sum = 0;

  for (unsigned i = first; i <= last; i++)
    sum += nic->counters[i];
  return sum;
}

/* Frames on the rx ring that the device has given back. */
static uint32_t waiting(const struct node_nic *own) {
  const struct ring *ring = &own->sim.nic.rx_ring.ring;
  uint32_t found = 0;

  if (own->sim.nic.state != NIC_ENABLED)
    return 0;
  for (uint32_t i = ring->tail; i != ring->head; i++) {
    if ((own->sim.rx_descriptors[ring_slot(ring, i)].control & SIM_DESCRIPTOR_OWN) == 0)
      found++;
  }
  return found;
}

static void check_received(const struct node_nic *own) {
  const struct nic *nic = &own->sim.nic;
  const struct node_tally *tally = &own->tally;
  const uint32_t *counters = nic->counters;
  uint32_t missed = own->device.registers[SIM_RX_MISSED / 4];
  uint32_t accepted = counters[NIC_IN_UCAST_PKTS] + counters[NIC_IN_MULTICAST_PKTS] +
                      counters[NIC_IN_BROADCAST_PKTS];
  /* Of the frames that the device held back for a while some were dropped without being reported to
   * the cable. */
  uint32_t held = (own->device.held_length != 0) + tally->turned_off + (missed - tally->unheard);
  uint32_t known = tally->lost + tally->not_fit + held +
                   own->device.registers[SIM_RX_FILTERED / 4] + tally->completed - tally->doubled;

  CHECK(known == tally->taken, "frames off the cable that are accounted for", known, tally->taken);
  known = tally->reaped + tally->stuck + waiting(own);
  CHECK(known == tally->completed, "frames in buffers that are accounted for", known,
        tally->completed);
  known = accepted + counters[NIC_IN_RUNT] + counters[NIC_IN_TOO_LONG] + counters[NIC_IN_ERROR] +
          counters[NIC_IN_FILTERED] + counters[NIC_IN_STOPPED];
  CHECK(known == tally->reaped, "reaped frames that are counted", known, tally->reaped);
  CHECK(accepted - counters[NIC_IN_NO_BUFFER] == tally->inputs, "frames for the stack",
        accepted - counters[NIC_IN_NO_BUFFER], tally->inputs);
  known = counters[NIC_IN_OVERFLOW] + missed - own->sim.missed;
  CHECK(known == missed, "overflows that are counted", known, missed);
}

static void check_sent(const struct node_nic *own) {
  const struct nic *nic = &own->sim.nic;
  const struct node_tally *tally = &own->tally;
  const uint32_t *counters = nic->counters;
  uint32_t on_ring = nic->state == NIC_ENABLED ? ring_count(&nic->tx_ring.ring) : 0;
  uint32_t known = drops(nic, NIC_OUT_LINK_DOWN, NIC_OUT_NO_BUFFER) + nic->tx_submission.enqueued;

  CHECK(known == tally->outputs, "frames of the stack that are accounted for", known,
        tally->outputs);
  known = packet_queue_count(&nic->tx_submission) + on_ring + tally->released +
          counters[NIC_OUT_STOPPED];
  CHECK(known == nic->tx_submission.enqueued, "frames to be sent that are accounted for", known,
        nic->tx_submission.enqueued);
  known = counters[NIC_OUT_UCAST_PKTS] + counters[NIC_OUT_MULTICAST_PKTS] +
          counters[NIC_OUT_BROADCAST_PKTS];
  CHECK(known == tally->posted, "posted frames that are counted", known, tally->posted);
}

/* ---- a node that sleeps has nothing to do ---- */

static void check_asleep(const struct node_nic *own) {
  const struct nic *nic = &own->sim.nic;
  const struct ring *tx = &nic->tx_ring.ring;
  const struct sim_device *device = &own->device;

  if (nic->state != NIC_ENABLED || !node_device_is_on(own))
    return;
  CHECK(ring_full(&nic->rx_ring.ring) ||
            (nic->pool.free_count <= 1 && packet_queue_count(&nic->rx_submission) == 0),
        "asleep, though the rx ring has room for packets", ring_count(&nic->rx_ring.ring),
        ring_size(&nic->rx_ring.ring));
  if (node.now_us < own->excused_until_us)
    return;
  CHECK(packet_queue_count(&nic->tx_submission) == 0 || ring_full(tx),
        "asleep, though the tx ring has room for frames", ring_count(tx), ring_size(tx));
  CHECK((own->sim.tx_descriptors[device->tx_index % SIM_TX_DESCRIPTORS].control &
         SIM_DESCRIPTOR_OWN) == 0 ||
            (device->receive_timer.armed && device->receive_timer.deadline_us <= port_clock_us()),
        "asleep, and the device does not know of a frame", device->tx_index, tx->tail);
  CHECK(waiting(own) == 0, "asleep, though frames were received", waiting(own), 0);
  CHECK(device->registers[SIM_IRQ_MASK / 4] != 0, "asleep with interrupts masked", 0, 1);
}

void node_check(void) {
  bool asleep = !dispatch_pending(&node.dispatch) && !node_port_pending();

  for (failing = 0; failing < NODE_DEVICES; failing++) {
    struct node_nic *own = &node_nics[failing];

    if (own->sim.nic.state < NIC_STARTED && own->sim.nic.pool.free_count == 0 &&
        own->sim.nic.pool.held == 0)
      continue; /* never started */
    check_packets(&own->sim.nic);
    check_queues(&own->sim.nic);
    check_received(own);
    check_sent(own);
    if (asleep)
      check_asleep(own);
  }
}

/* ---- at the end ---- */

static mem_size_t baseline[MEMP_MAX], baseline_heap;

void node_check_baseline(void) {
  for (unsigned i = 0; i < MEMP_MAX; i++)
    baseline[i] = memp_pools[i]->stats->used;
  baseline_heap = lwip_stats.mem.used;
}

void node_check_end(void) {
  struct registry_entry *entry;

  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    failing = i;
    CHECK(entry->state == REGISTRY_AVAILABLE, "the registry's state at the end", entry->state,
          REGISTRY_AVAILABLE);
  }
  failing = 0;
  for (unsigned i = 0; i < MEMP_MAX; i++) {
    if (memp_pools[i]->stats->used != baseline[i])
      world_fail("node %u: %u of lwIP's pool %u (of %u bytes each) are in use at the end, not %u",
                 node.config.id, (unsigned)memp_pools[i]->stats->used, i, memp_pools[i]->size,
                 (unsigned)baseline[i]);
  }
  if (lwip_stats.mem.used != baseline_heap)
    world_fail("node %u: %u bytes of lwIP's heap are in use at the end, not %u", node.config.id,
               (unsigned)lwip_stats.mem.used, (unsigned)baseline_heap);
}
