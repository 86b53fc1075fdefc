/* The textbook MAC's driver, which does everything right except for textbook_defect. */
#include "textbook.h"

#include <errno.h>
#include <string.h>

#include "datapath.h"
#include "mac_access.h"
#include "port.h"

enum textbook_defect textbook_defect;

static struct textbook *textbook_of(struct nic *nic) { return (struct textbook *)(void *)nic; }

static bool has(enum textbook_defect defect) { return textbook_defect == defect; }

/* ---- lifecycle ---- */

static int start(struct nic *nic) {
  if (!has(DEFECT_BLIND_START) && reg_read(nic, TEXTBOOK_ID) != TEXTBOOK_ID_VALUE)
    return -ENODEV;
  if (!has(DEFECT_LEFT_ON))
    reg_write(nic, TEXTBOOK_CONTROL, 0);
  reg_write(nic, TEXTBOOK_MASK, 0);
  reg_write(nic, TEXTBOOK_CAUSE, TEXTBOOK_CAUSES);
  return 0;
}

static void accept(struct nic *nic, const uint8_t *mac, uint32_t as) {
  reg_write(nic, TEXTBOOK_ADDRESS_HIGH,
            (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3]);
  reg_write(nic, TEXTBOOK_ADDRESS_LOW, (uint32_t)mac[4] << 24 | (uint32_t)mac[5] << 16);
  reg_write(nic, TEXTBOOK_ACCEPT, as);
}

static void turn_on(struct nic *nic) {
  reg_write(nic, TEXTBOOK_RX_RING, bus_address(textbook_of(nic)->rx));
  reg_write(nic, TEXTBOOK_TX_RING, bus_address(textbook_of(nic)->tx));
  reg_write(nic, TEXTBOOK_CONTROL, 1);
}

static int enable(struct nic *nic) {
  struct textbook *own = textbook_of(nic);

  if (reg_read(nic, TEXTBOOK_ID) != TEXTBOOK_ID_VALUE)
    return -ENODEV;
  if (has(DEFECT_EARLY_DMA))
    turn_on(nic);
  nic_ring_init(&nic->rx_ring, own->rx_slots, TEXTBOOK_RX);
  nic_ring_init(&nic->tx_ring, own->tx_slots, TEXTBOOK_TX);
  for (unsigned i = 0; i < TEXTBOOK_RX; i++)
    own->rx[i].owner = 0;
  for (unsigned i = 0; i < TEXTBOOK_TX; i++)
    own->tx[i].owner = 0;
  if (!has(DEFECT_NOT_FROM_BASE))
    own->tx_head = 0;
  own->tx_tail = own->tx_head;
  if (has(DEFECT_SHARED_LINE))
    dma_invalidate(own->scratch, sizeof own->scratch);
  dma_publish();
  accept(nic, has(DEFECT_FIRST_ADDRESS) ? nic->config->mac : nic->mac, 1);
  turn_on(nic);
  if (has(DEFECT_LATE_CLEAR))
    reg_write(nic, TEXTBOOK_CAUSE, TEXTBOOK_CAUSES);
  if (has(DEFECT_OPEN_MASK))
    reg_write(nic, TEXTBOOK_MASK, TEXTBOOK_CAUSES);
  return 0;
}

static void count_loss(struct nic *nic) {
  if ((reg_read(nic, TEXTBOOK_CAUSE) & TEXTBOOK_STALL) != 0)
    nic_count(nic, NIC_IN_OVERFLOW);
}

static void disable(struct nic *nic) {
  reg_write(nic, TEXTBOOK_MASK, 0);
  if (has(DEFECT_COUNTED_EARLY))
    count_loss(nic);
  if (!has(DEFECT_NOT_OFF))
    reg_write(nic, TEXTBOOK_CONTROL, 0);
  while (has(DEFECT_UNBOUNDED) && (reg_read(nic, TEXTBOOK_CONTROL) & 1) != 0) {
  }
  if (!has(DEFECT_STOP_UNCOUNTED) && !has(DEFECT_COUNTED_EARLY))
    count_loss(nic);
  if (!has(DEFECT_CAUSE_LEFT))
    reg_write(nic, TEXTBOOK_CAUSE, TEXTBOOK_CAUSES);
  if (has(DEFECT_STOP_LOSES) && !ring_empty(&nic->rx_ring.ring))
    (void)nic_ring_pop(&nic->rx_ring);
  if (has(DEFECT_STOP_FORGETS))
    nic_ring_init(&nic->tx_ring, textbook_of(nic)->tx_slots, TEXTBOOK_TX);
}

/* ---- rings ---- */

/* The owner is the last store, after a barrier. */
static void fill(struct textbook_descriptor *descriptor, uint32_t address, uint32_t length) {
  if (has(DEFECT_OWNED_FIRST)) {
    descriptor->owner = 1;
    dma_publish();
  }
  descriptor->address = address;
  descriptor->length = length;
  if (!has(DEFECT_NO_PUBLISH))
    dma_publish();
  descriptor->owner = 1;
}

static bool rx_post(struct nic *nic, struct pbuf *packet) {
  uint32_t length = packet->len;

  if (has(DEFECT_LONG_BUFFER))
    length = 1536;
  if (has(DEFECT_KEEPS_MTU) && nic->mtu + (unsigned)ETH_HEADER_BYTES < length)
    length = nic->mtu + (uint32_t)ETH_HEADER_BYTES;
  if (has(DEFECT_RX_OWNED_FIRST)) {
    textbook_of(nic)->rx[ring_slot(&nic->rx_ring.ring, nic->rx_ring.ring.head)].owner = 1;
    dma_publish();
  }
  if (has(DEFECT_RX_WRITES))
    memset(packet->payload, 0, ETH_HEADER_BYTES);
  fill(&textbook_of(nic)->rx[nic_ring_push(&nic->rx_ring, packet)], bus_address(packet->payload),
       length);
  return true;
}

static struct pbuf *rx_reap(struct nic *nic) {
  struct ring *ring = &nic->rx_ring.ring;
  const struct textbook_descriptor *descriptors = textbook_of(nic)->rx;
  struct pbuf *packet;
  uint32_t length;

  if (ring_empty(ring) || descriptors[ring_slot(ring, ring->tail)].owner != 0)
    return NULL;
  if (!has(DEFECT_NO_OBSERVE))
    dma_observe();
  length = descriptors[ring_slot(ring, ring->tail)].length;
  packet = nic_ring_pop(&nic->rx_ring);
  if (has(DEFECT_EMPTY_IS_LOSS) && ring_empty(ring))
    nic_count(nic, NIC_IN_OVERFLOW);
  if (has(DEFECT_RX_REORDER) && !ring_empty(ring) &&
      descriptors[ring_slot(ring, ring->tail)].owner == 0) {
    struct pbuf *second = nic->rx_ring.slots[ring_slot(ring, ring->tail)];

    nic->rx_ring.slots[ring_slot(ring, ring->tail)] = packet;
    packet = second;
  }
  if ((length & TEXTBOOK_BAD) != 0) {
    if (!has(DEFECT_BAD_UNCOUNTED))
      nic_count(nic, NIC_IN_ERROR);
    if (has(DEFECT_BAD_RESETS))
      nic->faulted = true;
    if (has(DEFECT_BAD_LEAKED))
      return NULL;
    length = 0;
  }
  packet_set_length(packet, (uint16_t)(length & TEXTBOOK_LENGTH));
  return packet;
}

static unsigned fragments_of(const struct pbuf *frame) {
  unsigned fragments = 0;

  for (; frame != NULL; frame = frame->next)
    fragments++;
  return fragments;
}

/* Back to front: the MAC begins a frame when it owns the first descriptor, so the rest must be
 * there. */
static bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct textbook *own = textbook_of(nic);
  const struct pbuf *parts[TEXTBOOK_FRAGMENTS];
  unsigned fragments = 0;
  unsigned room = TEXTBOOK_TX - (own->tx_head - own->tx_tail);

  if (has(DEFECT_NARROW_INDEX)) /* as for two uint16_t, which become int */
    room = TEXTBOOK_TX - (own->tx_head & UINT16_MAX) + (own->tx_tail & UINT16_MAX);
  for (const struct pbuf *part = frame; part != NULL; part = part->next)
    parts[fragments++] = part;
  if ((has(DEFECT_NO_ROOM_CHECK) ? 1 : fragments) > room)
    return false;
  if (has(DEFECT_TX_WRITES))
    ((uint8_t *)frame->payload)[frame->len - 1] ^= 0xff;
  for (unsigned i = 0; i < fragments; i++) {
    unsigned which = has(DEFECT_FRONT_TO_BACK) ? i : fragments - 1 - i;

    fill(&own->tx[(own->tx_head + which) % TEXTBOOK_TX], bus_address(parts[which]->payload),
         parts[which]->len | (which == fragments - 1 ? TEXTBOOK_LAST : 0));
  }
  own->tx_head += fragments;
  if (has(DEFECT_COUNTS_SENT))
    nic_count(nic, NIC_OUT_UCAST_PKTS);
  own->was_empty |= ring_empty(&nic->tx_ring.ring);
  (void)nic_ring_push(&nic->tx_ring, frame);
  return true;
}

static struct pbuf *tx_reap(struct nic *nic) {
  struct textbook *own = textbook_of(nic);
  const struct ring *ring = &nic->tx_ring.ring;
  unsigned fragments, looked_at;

  if (ring_empty(ring))
    return NULL;
  fragments = fragments_of(nic->tx_ring.slots[ring_slot(ring, ring->tail)]);
  looked_at = own->tx_tail + (has(DEFECT_TX_FIRST_PART) ? 0 : fragments - 1);
  if (!has(DEFECT_TX_FREED_EARLY) && own->tx[looked_at % TEXTBOOK_TX].owner != 0)
    return NULL;
  dma_observe();
  own->tx_tail += fragments;
  return nic_ring_pop(&nic->tx_ring);
}

static void doorbell(struct nic *nic, enum nic_direction which) {
  if (!has(DEFECT_EARLY_DOORBELL))
    dma_publish();
  if (which == NIC_RX) {
    if (!has(DEFECT_STALLED) && ring_count(&nic->rx_ring.ring) != 0) {
      nic->rx_stalled = false;
      reg_write(nic, TEXTBOOK_KICK, 1);
    }
    return;
  }
  if (!has(DEFECT_NO_DOORBELL) && (!has(DEFECT_IDLE_DOORBELL) || textbook_of(nic)->was_empty))
    reg_write(nic, TEXTBOOK_KICK, 2);
  textbook_of(nic)->was_empty = false;
}

/* ---- interrupt ---- */

static void interrupt(struct nic *nic) {
  uint32_t cause = reg_read(nic, TEXTBOOK_CAUSE);

  if (!has(DEFECT_NOT_QUIET)) {
    reg_write(nic, TEXTBOOK_MASK, 0);
    reg_write(nic, TEXTBOOK_CAUSE, has(DEFECT_CLEARS_ALL) ? TEXTBOOK_CAUSES : cause);
  }
  if ((cause & TEXTBOOK_STALL) != 0) {
    nic->counters[NIC_IN_OVERFLOW] += has(DEFECT_LOST_TWICE) ? 2 : 1;
    nic->rx_stalled = true;
    if (has(DEFECT_LOSS_RESETS))
      nic->faulted = true;
  }
  if ((cause & TEXTBOOK_ERROR) != 0 && !has(DEFECT_NO_RECOVERY))
    nic->faulted = true;
  if (has(DEFECT_UNKNOWN_REGISTER))
    (void)reg_read(nic, 0x34);
  if (has(DEFECT_OUTSIDE_MAP))
    (void)reg_read(nic, TEXTBOOK_REGISTER_BYTES);
}

/* What arrived while masked has raised no edge, so it is looked for. */
static void irq_unmask(struct nic *nic) {
  if (has(DEFECT_LOST_WAKE_UP))
    reg_write(nic, TEXTBOOK_CAUSE, TEXTBOOK_CAUSES);
  reg_write(nic, TEXTBOOK_MASK, TEXTBOOK_CAUSES);
  if (textbook_edge && reg_read(nic, TEXTBOOK_CAUSE) != 0)
    port_irq_pend(nic->config->irq);
}

static void read_link(struct nic *nic, struct nic_link *state) {
  if (!has(DEFECT_RESET_UNSEEN) && reg_read(nic, TEXTBOOK_CONTROL) != 1)
    nic->faulted = true;
  else if ((reg_read(nic, TEXTBOOK_LINK) & 1) != 0 || has(DEFECT_OLD_LINK))
    *state = (struct nic_link){.status = NIC_LINK_ACTIVE, .full_duplex = true, .speed_mbps = 100};
}

static void set_filter(struct nic *nic) {
  static struct nic_filter written;
  const struct nic_filter *filter = &nic->filter;
  bool every_group = filter->all_multicast || filter->unlisted != 0;

  if (has(DEFECT_DEAF) ||
      (has(DEFECT_FILTER_CACHED) && memcmp(filter, &written, sizeof written) == 0))
    return;
  written = *filter;
  reg_write(nic, TEXTBOOK_ACCEPT, 3);
  for (unsigned i = 0; i < filter->group_count && (i < 7 || !has(DEFECT_FEW_GROUPS)); i++)
    accept(nic, filter->groups[i], 2);
  reg_write(nic, TEXTBOOK_FILTER,
            (filter->promiscuous || has(DEFECT_OPEN_FILTER) ? 1u : 0) | (every_group ? 2u : 0));
}

const struct nic_ops textbook_ops = {
    .name = "textbook",
    .caps = {.tx_fragments_max = TEXTBOOK_FRAGMENTS,
             .tx_alignment = 4,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO,
             .multicast = NIC_MULTICAST_PERFECT,
             .promiscuous = true},
    .start = start,
    .enable = enable,
    .disable = disable,
    .rx_post = rx_post,
    .rx_reap = rx_reap,
    .tx_post = tx_post,
    .tx_reap = tx_reap,
    .doorbell = doorbell,
    .interrupt = interrupt,
    .turn = datapath_run,
    .irq_unmask = irq_unmask,
    .read_link = read_link,
    .set_filter = set_filter,
};
