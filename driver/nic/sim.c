/* The simulated NIC as a NIC of the kit, written like any MAC driver (datasheet: sim_device.h). */
#include "sim.h"

#include <assert.h>
#include <errno.h>

#include "log.h"
#include "datapath_turn.h"
#include "port.h"

static_assert(offsetof(struct sim, nic) == 0, "the kit's pointer is ours");

static struct sim *sim_of(struct nic *nic) { return (struct sim *)(void *)nic; }

static uint32_t bus_address(const volatile void *pointer) { return (uint32_t)(uintptr_t)pointer; }

static uint32_t reg_read(struct nic *nic, enum sim_register reg) {
  return sim_device_read((struct sim_device *)nic->base, reg);
}

static void reg_write(struct nic *nic, enum sim_register reg, uint32_t value) {
  sim_device_write((struct sim_device *)nic->base, reg, value);
}

static int start(struct nic *nic) {
  if (reg_read(nic, SIM_ID) != SIM_ID_VALUE)
    return -ENODEV;
  reg_write(nic, SIM_CTRL, SIM_CTRL_RESET);
  sim_of(nic)->missed = 0;
  return 0;
}

static int enable(struct nic *nic) {
  struct sim *sim = sim_of(nic);
  const uint8_t *mac = nic->mac;

  if (reg_read(nic, SIM_ID) != SIM_ID_VALUE)
    return -ENODEV;
  reg_write(nic, SIM_MAC_HIGH,
            (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3]);
  reg_write(nic, SIM_MAC_LOW, (uint32_t)mac[4] << 24 | (uint32_t)mac[5] << 16);
  nic_ring_init(&nic->rx_ring, sim->rx_slots, SIM_RX_DESCRIPTORS);
  nic_ring_init(&nic->tx_ring, sim->tx_slots, SIM_TX_DESCRIPTORS);
  for (unsigned i = 0; i < SIM_RX_DESCRIPTORS; i++)
    sim->rx_descriptors[i].control = 0;
  for (unsigned i = 0; i < SIM_TX_DESCRIPTORS; i++)
    sim->tx_descriptors[i].control = 0;
  dma_publish();
  reg_write(nic, SIM_RX_BASE, bus_address(sim->rx_descriptors));
  reg_write(nic, SIM_RX_SIZE, SIM_RX_DESCRIPTORS);
  reg_write(nic, SIM_TX_BASE, bus_address(sim->tx_descriptors));
  reg_write(nic, SIM_TX_SIZE, SIM_TX_DESCRIPTORS);
  reg_write(nic, SIM_CTRL, SIM_CTRL_ENABLE);
  return 0;
}

static void count_missed(struct nic *nic) {
  uint32_t missed = reg_read(nic, SIM_RX_MISSED);

  nic->counters[NIC_IN_OVERFLOW] += missed - sim_of(nic)->missed;
  sim_of(nic)->missed = missed;
}

static void disable(struct nic *nic) {
  reg_write(nic, SIM_IRQ_MASK, 0);
  reg_write(nic, SIM_CTRL, 0);
  count_missed(nic);
  reg_write(nic, SIM_IRQ_STATUS, SIM_IRQ_RX | SIM_IRQ_TX | SIM_IRQ_OVERRUN | SIM_IRQ_ERROR);
}

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  struct sim_descriptor *descriptor =
      &sim_of(nic)->rx_descriptors[nic_ring_push(&nic->rx_ring, packet)];

  descriptor->address = bus_address(packet->payload);
  dma_publish();
  descriptor->control = SIM_DESCRIPTOR_OWN | packet->len;
  return true;
}

/* True if the device has given back a descriptor behind the oldest, which it still owns: as it goes
 * through a ring in order, it will never give that one back. The oldest is looked at last, since
 * the device may be at work. */
static bool has_skipped(const struct ring *ring, const struct sim_descriptor *descriptors) {
  for (uint32_t i = ring->tail + 1; i != ring->head; i++) {
    if ((descriptors[ring_slot(ring, i)].control & SIM_DESCRIPTOR_OWN) != 0)
      continue;
    dma_observe();
    return (descriptors[ring_slot(ring, ring->tail)].control & SIM_DESCRIPTOR_OWN) != 0;
  }
  return false;
}

static inline struct pbuf *rx_reap(struct nic *nic) {
  struct ring *ring = &nic->rx_ring.ring;
  struct pbuf *packet;
  uint32_t control;

  if (ring_empty(ring))
    return NULL;
  control = sim_of(nic)->rx_descriptors[ring_slot(ring, ring->tail)].control;
  if ((control & SIM_DESCRIPTOR_OWN) != 0) {
    if (!has_skipped(ring, sim_of(nic)->rx_descriptors))
      return NULL;
    nic->faulted = true;
    if ((reg_read(nic, SIM_CTRL) & SIM_CTRL_ENABLE) != 0)
      return NULL;
    control = 0; /* the device is off: this buffer is empty, but received frames are behind it */
  }
  packet = nic_ring_pop(&nic->rx_ring);
  dma_observe();
  if ((control & SIM_DESCRIPTOR_ERROR) != 0) {
    nic_count(nic, NIC_IN_ERROR);
    control = 0;
  }
  packet_set_length(packet, (uint16_t)(control & SIM_DESCRIPTOR_LENGTH));
  return packet;
}

static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct sim_descriptor *descriptor;

  if (ring_full(&nic->tx_ring.ring))
    return false;
  log_debug("sim", "tx packet %p offset %u length %u link header %u", (void *)frame,
            (unsigned)((uint8_t *)frame->payload - (uint8_t *)frame), frame->len, ETH_HEADER_BYTES);
  descriptor = &sim_of(nic)->tx_descriptors[nic_ring_push(&nic->tx_ring, frame)];
  descriptor->address = bus_address(frame->payload);
  dma_publish();
  descriptor->control = SIM_DESCRIPTOR_OWN | frame->len;
  return true;
}

static inline struct pbuf *tx_reap(struct nic *nic) {
  struct ring *ring = &nic->tx_ring.ring;
  const struct sim_descriptor *descriptors = sim_of(nic)->tx_descriptors;

  if (ring_empty(ring))
    return NULL;
  if ((descriptors[ring_slot(ring, ring->tail)].control & SIM_DESCRIPTOR_OWN) != 0) {
    nic->faulted = nic->faulted || has_skipped(ring, descriptors);
    return NULL;
  }
  dma_observe();
  return nic_ring_pop(&nic->tx_ring);
}

static void doorbell(struct nic *nic, enum nic_direction which) {
  dma_publish();
  nic->rx_stalled = false; /* after an overrun the device goes on by itself */
  reg_write(nic, SIM_DOORBELL, which == NIC_RX ? SIM_DOORBELL_RX : SIM_DOORBELL_TX);
}

static void interrupt(struct nic *nic) {
  uint32_t causes = reg_read(nic, SIM_IRQ_STATUS);

  reg_write(nic, SIM_IRQ_MASK, 0);
  reg_write(nic, SIM_IRQ_STATUS, causes);
  if ((causes & SIM_IRQ_OVERRUN) != 0)
    count_missed(nic);
  if ((causes & SIM_IRQ_ERROR) != 0)
    nic->faulted = true;
}

static void irq_unmask(struct nic *nic) {
  reg_write(nic, SIM_IRQ_MASK, SIM_IRQ_RX | SIM_IRQ_TX | SIM_IRQ_OVERRUN | SIM_IRQ_ERROR);
}

static void read_link(struct nic *nic, struct nic_link *state) {
  if ((reg_read(nic, SIM_CTRL) & SIM_CTRL_ENABLE) == 0)
    nic->faulted = true; /* it was reset, or its interrupt of an error was lost */
  else if ((reg_read(nic, SIM_STATUS) & SIM_STATUS_LINK) != 0)
    *state = (struct nic_link){.status = NIC_LINK_ACTIVE, .full_duplex = true, .speed_mbps = 100};
}

static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  uint64_t hash = 0;

  for (unsigned i = 0; i < filter->group_count; i++)
    hash |= UINT64_C(1) << sim_device_hash(filter->groups[i]);
  if (filter->all_multicast || filter->unlisted != 0)
    hash = UINT64_MAX;
  reg_write(nic, SIM_HASH_LOW, (uint32_t)hash);
  reg_write(nic, SIM_HASH_HIGH, (uint32_t)(hash >> 32));
  reg_write(nic, SIM_FILTER, filter->promiscuous ? SIM_FILTER_PROMISCUOUS : 0);
}

DATAPATH_TURN(sim_ops)

const struct nic_ops sim_ops = {
    .name = "sim",
    .caps = {.tx_fragments_max = 1,
             .tx_alignment = 1,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO | NIC_MEDIA_100_FULL,
             .multicast = NIC_MULTICAST_HASH,
             .promiscuous = true},
    .start = start,
    .enable = enable,
    .disable = disable,
    .rx_post = rx_post,
    .rx_reap = rx_reap,
    .tx_post = tx_post,
    .tx_reap = tx_reap,
    .doorbell = doorbell,
    .turn = turn,
    .interrupt = interrupt,
    .irq_unmask = irq_unmask,
    .read_link = read_link,
    .set_filter = set_filter,
};
