/* The ACME MAC: a template. Replace registers and descriptors by those of your MAC's manual, and
 * cite it. driver/nic.h says what each function has to do; the comments here, what is easy to get
 * wrong. */
#include "acme_mac.h"

#include <errno.h>

#include "datapath_turn.h"
#include "mac_access.h"
#include "port.h"

/* Names and offsets are the manual's (ACME-1, table 1). */
enum {
  ID = 0x00,
  CONTROL = 0x04,
  CONTROL_ENABLE = 1,
  LINK = 0x08,
  LINK_UP = 1,
  CAUSE = 0x0c, /* write 1 to clear */
  MASK = 0x10,
  CAUSE_RECEIVED = 1,
  CAUSE_SENT = 2,
  CAUSE_STALL = 4, /* a frame was lost: no descriptor was free */
  CAUSE_ERROR = 8, /* the MAC has stopped */
  CAUSES = 15,
  RX_RING = 0x14,
  TX_RING = 0x18,
  ADDRESS_HIGH = 0x1c,
  ADDRESS_LOW = 0x20,
  ACCEPT = 0x24,
  ACCEPT_STATION = 1,
  ACCEPT_GROUP = 2,
  ACCEPT_NO_GROUP = 3,
  FILTER = 0x28,
  FILTER_EVERYTHING = 1,
  FILTER_EVERY_GROUP = 2,
  KICK = 0x2c,
  KICK_RX = 1,
  KICK_TX = 2,
};

#define ID_VALUE          UINT32_C(0x7e87b00c)
#define DESCRIPTOR_LAST   UINT32_C(0x80000000) /* in `length`, tx */
#define DESCRIPTOR_BAD    UINT32_C(0x40000000) /* in `length`, rx */
#define DESCRIPTOR_LENGTH UINT32_C(0x0000ffff)

static struct acme_mac *acme_of(struct nic *nic) { return (struct acme_mac *)(void *)nic; }

/* ---- lifecycle ---- */

/* A MAC that is absent reports so: never wait without a bound. */
static int start(struct nic *nic) {
  if (reg_read(nic, ID) != ID_VALUE)
    return -ENODEV;
  reg_write(nic, CONTROL, 0);
  reg_write(nic, MASK, 0);
  reg_write(nic, CAUSE, CAUSES);
  return 0;
}

static void accept_address(struct nic *nic, const uint8_t *mac, uint32_t as) {
  reg_write(nic, ADDRESS_HIGH,
            (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3]);
  reg_write(nic, ADDRESS_LOW, (uint32_t)mac[4] << 24 | (uint32_t)mac[5] << 16);
  reg_write(nic, ACCEPT, as);
}

/* Rings start empty and from their base, also the second time. Interrupts stay masked. What `start`
 * has set up lasts only while the MAC has power: set here what is needed. */
static int enable(struct nic *nic) {
  struct acme_mac *own = acme_of(nic);

  if (reg_read(nic, ID) != ID_VALUE) /* it may have gone since */
    return -ENODEV;
  nic_ring_init(&nic->rx_ring, own->rx_slots, ACME_RX_DESCRIPTORS);
  nic_ring_init(&nic->tx_ring, own->tx_slots, ACME_TX_DESCRIPTORS);
  for (unsigned i = 0; i < ACME_RX_DESCRIPTORS; i++)
    own->rx[i].owner = 0;
  for (unsigned i = 0; i < ACME_TX_DESCRIPTORS; i++)
    own->tx[i].owner = 0;
  own->tx_head = 0;
  own->tx_tail = 0;
  dma_publish();
  accept_address(nic, nic->mac, ACCEPT_STATION);
  reg_write(nic, RX_RING, bus_address(own->rx));
  reg_write(nic, TX_RING, bus_address(own->tx));
  reg_write(nic, CONTROL, CONTROL_ENABLE);
  return 0;
}

/* When it returns the MAC touches no memory: if yours goes on for a while, wait, with a bound. The
 * kit takes back what is on the rings. A loss that was not yet counted is counted here. */
static void disable(struct nic *nic) {
  reg_write(nic, MASK, 0);
  reg_write(nic, CONTROL, 0);
  if ((reg_read(nic, CAUSE) & CAUSE_STALL) != 0)
    nic_count(nic, NIC_IN_OVERFLOW);
  reg_write(nic, CAUSE, CAUSES);
}

/* ---- rings ---- */

/* Ownership is the last store, after a barrier. */
static void fill(struct acme_descriptor *descriptor, const struct pbuf *buffer, uint32_t flags) {
  descriptor->address = bus_address(buffer->payload);
  descriptor->length = buffer->len | flags;
  dma_publish();
  descriptor->owner = 1;
}

static bool rx_post(struct nic *nic, struct pbuf *packet) {
  fill(&acme_of(nic)->rx[nic_ring_push(&nic->rx_ring, packet)], packet, 0);
  return true;
}

/* Ownership is the first load, before a barrier. A bad frame is counted and comes back empty. */
static struct pbuf *rx_reap(struct nic *nic) {
  struct ring *ring = &nic->rx_ring.ring;
  const struct acme_descriptor *descriptor = &acme_of(nic)->rx[ring_slot(ring, ring->tail)];
  struct pbuf *packet;
  uint32_t length;

  if (ring_empty(ring) || descriptor->owner != 0)
    return NULL;
  dma_observe();
  length = descriptor->length;
  packet = nic_ring_pop(&nic->rx_ring);
  if ((length & DESCRIPTOR_BAD) != 0) {
    nic_count(nic, NIC_IN_ERROR);
    length = 0;
  }
  packet_set_length(packet, (uint16_t)(length & DESCRIPTOR_LENGTH));
  return packet;
}

/* Back to front: the MAC begins with a frame when it owns the first descriptor, and the rest must
 * be there by then. Do not write to pbufs: lwIP may send them again. */
static bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct acme_mac *own = acme_of(nic);
  const struct pbuf *parts[ACME_TX_FRAGMENTS];
  unsigned fragments = 0;

  for (const struct pbuf *part = frame; part != NULL; part = part->next)
    parts[fragments++] = part;
  if (fragments > ACME_TX_DESCRIPTORS - (own->tx_head - own->tx_tail))
    return false;
  for (unsigned i = fragments; i-- > 0;)
    fill(&own->tx[(own->tx_head + i) % ACME_TX_DESCRIPTORS], parts[i],
         i == fragments - 1 ? DESCRIPTOR_LAST : 0);
  own->tx_head += fragments;
  (void)nic_ring_push(&nic->tx_ring, frame);
  return true;
}

/* A frame is done when its last descriptor is. */
static struct pbuf *tx_reap(struct nic *nic) {
  struct acme_mac *own = acme_of(nic);
  struct ring *ring = &nic->tx_ring.ring;
  unsigned fragments = 0;

  if (ring_empty(ring))
    return NULL;
  for (const struct pbuf *part = nic->tx_ring.slots[ring_slot(ring, ring->tail)]; part != NULL;
       part = part->next)
    fragments++;
  if (own->tx[(own->tx_tail + fragments - 1) % ACME_TX_DESCRIPTORS].owner != 0)
    return NULL;
  dma_observe();
  own->tx_tail += fragments;
  return nic_ring_pop(&nic->tx_ring);
}

/* Once a batch. The rx doorbell also restarts a stalled receiver. */
static void doorbell(struct nic *nic, enum nic_direction which) {
  dma_publish();
  if (which == NIC_RX) {
    nic->rx_stalled = false;
    reg_write(nic, KICK, KICK_RX);
  } else {
    reg_write(nic, KICK, KICK_TX);
  }
}

/* ---- interrupt ---- */

/* Silences the MAC and notes what happened; the work is the main loop's. */
static void interrupt(struct nic *nic) {
  uint32_t cause = reg_read(nic, CAUSE);

  reg_write(nic, MASK, 0);
  reg_write(nic, CAUSE, cause);
  if ((cause & CAUSE_STALL) != 0) {
    nic->counters[NIC_IN_OVERFLOW]++;
    nic->rx_stalled = true;
  }
  if ((cause & CAUSE_ERROR) != 0)
    nic->faulted = true; /* the kit stops the MAC and enables it again */
}

/* What came while they were masked interrupts at once: the causes are not cleared here. */
static void irq_unmask(struct nic *nic) { reg_write(nic, MASK, CAUSES); }

/* For a PHY on MDIO, see driver/phy.h. A MAC that was reset, by a drop of its voltage, is silent
 * and deaf: what `enable` wrote last is gone, and the kit enables it anew. */
static void read_link(struct nic *nic, struct nic_link *link) {
  if (reg_read(nic, CONTROL) != CONTROL_ENABLE)
    nic->faulted = true;
  else if ((reg_read(nic, LINK) & LINK_UP) != 0)
    *link = (struct nic_link){.status = NIC_LINK_ACTIVE, .full_duplex = true, .speed_mbps = 100};
}

static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  bool every_group = filter->all_multicast || filter->unlisted != 0;

  reg_write(nic, ACCEPT, ACCEPT_NO_GROUP);
  for (unsigned i = 0; i < filter->group_count; i++)
    accept_address(nic, filter->groups[i], ACCEPT_GROUP);
  reg_write(nic, FILTER,
            (filter->promiscuous ? FILTER_EVERYTHING : 0u) |
                (every_group ? FILTER_EVERY_GROUP : 0u));
}

DATAPATH_TURN(acme_mac_ops)

const struct nic_ops acme_mac_ops = {
    .name = "acme",
    .caps = {.tx_fragments_max = ACME_TX_FRAGMENTS,
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
    .turn = turn,
    .irq_unmask = irq_unmask,
    .read_link = read_link,
    .set_filter = set_filter,
};
