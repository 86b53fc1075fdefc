/* The i.MX Ethernet MAC (ENET), as a NIC of the kit. The manual is NXP's IMX6ULRM, chapter ENET,
 * whose sections are cited by their titles.
 *
 * Its DMA walks two arrays of enhanced buffer descriptors, each with a flag (E, R) that gives a
 * descriptor to the device and a flag W in the last one. A frame is received into one buffer and
 * sent from any number of them. */
#include "imx_enet.h"

#include <assert.h>
#include <errno.h>

#include "imx_enet_regs.h"
#include "datapath_turn.h"
#include "mac_access.h"
#include "port.h"

enum {
  POLLS_MAX = 10000, /* a management frame lasts 64 bits at 2.5 MHz: 26 us; a reset 8 clocks */
  FRAME_LENGTH_MAX = 1522, /* with FCS and a VLAN tag: what is longer is flagged */
  TX_PARTS_MAX = 16,
};

/* Statistics of frames that no descriptor shows, of 16 bits. In the emulator they read as 0. */
static const struct {
  uint16_t offset;
  uint8_t counter;
} drops[IMX_ENET_STATISTICS] = {
    {IEEE_R_MACERR, NIC_IN_OVERFLOW},
    {IEEE_R_DROP, NIC_IN_ERROR},
    {RMON_R_UNDERSIZE, NIC_IN_RUNT},
    {RMON_R_FRAG, NIC_IN_RUNT},
};

static_assert(sizeof(struct imx_enet_descriptor) == 32, "the descriptor's layout is the device's");
static_assert(offsetof(struct imx_enet, nic) == 0, "the kit's pointer is ours");

static struct imx_enet *enet_of(struct nic *nic) { return (struct imx_enet *)(void *)nic; }

/* It was, or is gone: it has lost what `enable` wrote. A bus error clears only ETHEREN. */
static bool was_reset(struct nic *nic) {
  return (reg_read(nic, ECR) & (ECR_RESET | ECR_DBSWP)) != ECR_DBSWP;
}

/* The flag of a ring's last descriptor. */
static uint32_t wrap_at(unsigned slot, unsigned size) { return slot == size - 1 ? CONTROL_W : 0; }

/* ---- the PHY's management interface ---- */

/* Runs one management frame; false if the interface hangs. MSCR is checked each time: it may be
 * another MAC's, which may have been reset; while MMFR is 0, setting MSCR starts no frame. */
static bool mdio(struct imx_enet *enet, uint32_t frame, unsigned address, unsigned reg) {
  uint32_t speed = (enet->module_hz - 1) / (2 * MDC_HZ_MAX) << MSCR_SPEED_SHIFT;

  if (mmio_read(enet->mdio_base + MSCR) != speed) {
    mmio_write(enet->mdio_base + MMFR, 0);
    mmio_write(enet->mdio_base + MSCR, speed);
  }
  mmio_write(enet->mdio_base + EIR, EVENT_MII);
  mmio_write(enet->mdio_base + MMFR, frame | address << 23 | reg << 18);
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((mmio_read(enet->mdio_base + EIR) & EVENT_MII) != 0)
      return true;
  }
  return false;
}

/* Returns all ones, as from an address without a PHY, if the interface hangs, and for the PHYs of
 * other MACs on it. */
static uint16_t mdio_read(struct nic *nic, unsigned address, unsigned reg) {
  struct imx_enet *enet = enet_of(nic);

  if ((enet->phy_addresses >> address & 1) == 0 || !mdio(enet, MMFR_READ, address, reg))
    return 0xffff;
  return (uint16_t)mmio_read(enet->mdio_base + MMFR);
}

static void mdio_write(struct nic *nic, unsigned address, unsigned reg, uint16_t value) {
  (void)mdio(enet_of(nic), MMFR_WRITE | value, address, reg); /* if it hangs, the link stays down */
}

static int find_phy(struct nic *nic) {
  struct imx_enet *enet = enet_of(nic);

  enet->phy.read = mdio_read;
  enet->phy.write = mdio_write;
  for (unsigned i = 0; i < IMX_ENET_MDIO_MAX && enet->mdio_bases[i] != 0; i++) {
    enet->mdio_base = enet->mdio_bases[i];
    if (phy_start(nic, &enet->phy) == 0)
      return 0;
  }
  return -ENODEV;
}

/* ---- lifecycle ---- */

static int start(struct nic *nic) {
  reg_write(nic, ECR, ECR_RESERVED | ECR_RESET);
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((reg_read(nic, ECR) & ECR_RESET) == 0)
      return find_phy(nic);
  }
  return -ENODEV;
}

/* Duplex can be set only while the device is off (Transmit Control Register): so is the rest. */
static void set_link(struct nic *nic) {
  struct nic_link *set = &enet_of(nic)->set;
  struct nic_link now;
  uint16_t buffer = nic->config->pool.buffer_size;
  uint32_t length = buffer < FRAME_LENGTH_MAX ? buffer : FRAME_LENGTH_MAX;

  phy_link(nic, &enet_of(nic)->phy, &now);
  if (now.status == NIC_LINK_ACTIVE)
    *set = now;
  else if (set->status == NIC_LINK_INVALID)
    *set = (struct nic_link){.speed_mbps = 100, .full_duplex = true};
  reg_write(nic, RCR,
            length << RCR_MAX_FL_SHIFT | RCR_RMII_MODE | RCR_MII_MODE |
                (set->speed_mbps == 10 ? RCR_RMII_10T : 0U) | (set->full_duplex ? 0U : RCR_DRT));
  reg_write(nic, TCR, set->full_duplex ? TCR_FDEN : 0);
}

static int enable(struct nic *nic) {
  struct imx_enet *enet = enet_of(nic);
  uint16_t buffer = nic->config->pool.buffer_size;
  const uint8_t *mac = nic->mac;

  if (buffer % IMX_ENET_ALIGNMENT != 0 || nic->config->pool.alignment % IMX_ENET_ALIGNMENT != 0)
    return -EINVAL;
  nic_ring_init(&nic->rx_ring, enet->rx_slots, IMX_ENET_RX_DESCRIPTORS);
  nic_ring_init(&nic->tx_ring, enet->tx_slots, IMX_ENET_TX_DESCRIPTORS);
  enet->tx = (struct ring){.mask = IMX_ENET_TX_DESCRIPTORS - 1};
  enet->in_parts = false;
  for (unsigned i = 0; i < IMX_ENET_RX_DESCRIPTORS; i++) /* not the device's: no buffers yet */
    enet->rings->rx[i] =
        (struct imx_enet_descriptor){.control = wrap_at(i, IMX_ENET_RX_DESCRIPTORS)};
  for (unsigned i = 0; i < IMX_ENET_TX_DESCRIPTORS; i++)
    enet->rings->tx[i] =
        (struct imx_enet_descriptor){.control = wrap_at(i, IMX_ENET_TX_DESCRIPTORS)};
  dma_publish();
  set_link(nic);
  reg_write(nic, PALR,
            (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3]);
  reg_write(nic, PAUR, (uint32_t)mac[4] << 24 | (uint32_t)mac[5] << 16);
  reg_write(nic, OPD, 0);
  reg_write(nic, IAUR, 0);
  reg_write(nic, IALR, 0);
  reg_write(nic, TFWR, TFWR_STRFWD);
  reg_write(nic, RDSR, bus_address(enet->rings->rx));
  reg_write(nic, TDSR, bus_address(enet->rings->tx));
  reg_write(nic, MRBR, buffer);
  reg_write(nic, FTRL, buffer); /* no frame is longer than a buffer */
  reg_write(nic, RACC, 0); /* nothing is cut off a frame, and none is dropped for its checksums */
  reg_write(nic, EIR, UINT32_MAX);
  reg_write(nic, MIBC, 0); /* the statistics count, from whatever they are at */
  for (unsigned i = 0; i < IMX_ENET_STATISTICS; i++)
    enet->statistics[i] = (uint16_t)reg_read(nic, drops[i].offset);
  reg_write(nic, ECR, ECR_RESERVED | ECR_DBSWP | ECR_EN1588 | ECR_ETHEREN); /* last of all */
  return was_reset(nic) ? -ENODEV : 0;
}

static uint32_t overflows(const struct imx_enet *enet) {
  return enet->overflows_told > enet->overflows_seen ? enet->overflows_told : enet->overflows_seen;
}

/* Counts overflows, which statistics (`told`) and descriptors (`seen`) report: if an overflow hit a
 * frame with a descriptor both do, one before the other. */
static void count_overflows(struct nic *nic, uint32_t told, uint32_t seen) {
  struct imx_enet *enet = enet_of(nic);
  uint32_t before = overflows(enet);

  enet->overflows_told += told;
  enet->overflows_seen += seen;
  nic->counters[NIC_IN_OVERFLOW] += overflows(enet) - before;
}

static void fold_statistics(struct nic *nic) {
  struct imx_enet *enet = enet_of(nic);

  for (unsigned i = 0; i < IMX_ENET_STATISTICS; i++) {
    uint16_t now = (uint16_t)reg_read(nic, drops[i].offset);
    uint16_t grown = (uint16_t)(now - enet->statistics[i]);

    enet->statistics[i] = now;
    if (drops[i].counter == NIC_IN_OVERFLOW)
      count_overflows(nic, grown, 0);
    else
      nic->counters[drops[i].counter] += grown;
  }
}

/* The frame on the wire is sent to its end (Graceful transmit stop); clearing ETHEREN then resets
 * the DMA, with its pointers (Soft reset). */
static void disable(struct nic *nic) {
  uint32_t control = reg_read(nic, ECR);

  reg_write(nic, EIMR, 0);
  if ((control & ECR_ETHEREN) != 0) { /* a bus error has cleared it */
    reg_write(nic, EIR, EVENT_GRA);
    reg_write(nic, TCR, reg_read(nic, TCR) | TCR_GTS);
    for (unsigned i = 0; i < POLLS_MAX && (reg_read(nic, EIR) & EVENT_GRA) == 0; i++) {
    }
  }
  reg_write(nic, ECR, control & ~(uint32_t)ECR_ETHEREN);
  if (!was_reset(nic)) /* the write has arrived: the device is quiet */
    fold_statistics(nic);
}

/* ---- rings ---- */

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  uint32_t slot = nic_ring_push(&nic->rx_ring, packet);
  struct imx_enet_descriptor *descriptor = &enet_of(nic)->rings->rx[slot];

  descriptor->data = bus_address(packet->payload);
  descriptor->option = OPTION_RX_INT;
  descriptor->update = 0;
  dma_publish();
  descriptor->control = CONTROL_DEVICE | wrap_at(slot, IMX_ENET_RX_DESCRIPTORS);
  return true;
}

/* Why the frame that ends with this descriptor is dropped; NIC_COUNTER_COUNT: it is not. */
static enum nic_counter rx_error(const struct imx_enet *enet, uint32_t control) {
  if (enet->in_parts) /* longer than a buffer, against FTRL */
    return NIC_IN_TOO_LONG;
  if ((control & CONTROL_OV) != 0)
    return NIC_IN_OVERFLOW;
  if ((control & (CONTROL_TR | CONTROL_LG)) != 0)
    return NIC_IN_TOO_LONG;
  if ((control & (CONTROL_NO | CONTROL_CR)) != 0)
    return NIC_IN_ERROR;
  return (control & 0xffff) > ETH_FCS_BYTES ? NIC_COUNTER_COUNT : NIC_IN_RUNT;
}

/* The length includes the FCS: RCR's CRCFWD would take that off, but not in the emulator. */
static inline struct pbuf *rx_reap(struct nic *nic) {
  struct imx_enet *enet = enet_of(nic);
  const struct ring *ring = &nic->rx_ring.ring;
  struct pbuf *packet;
  enum nic_counter error;
  uint32_t control;

  if (ring_empty(ring))
    return NULL;
  control = enet->rings->rx[ring_slot(ring, ring->tail)].control;
  if ((control & CONTROL_DEVICE) != 0)
    return NULL;
  packet = nic_ring_pop(&nic->rx_ring);
  dma_observe();
  packet_set_length(packet, 0);
  if ((control & CONTROL_L) == 0) {
    enet->in_parts = true;
    return packet;
  }
  error = rx_error(enet, control);
  enet->in_parts = false;
  if (error == NIC_COUNTER_COUNT)
    packet_set_length(packet, (uint16_t)((control & 0xffff) - ETH_FCS_BYTES));
  else if (error == NIC_IN_OVERFLOW)
    count_overflows(nic, 0, 1);
  else
    nic_count(nic, error);
  return packet;
}

/* The checksums that the device has to insert into a frame. lwIP, which makes none of them, has
 * left their fields 0, as the manual demands; if the IP header's is not 0, all have been made
 * elsewhere. PINS would insert ICMP's, too, which lwIP has made. All headers are in one buffer. */
static uint32_t checksums_of(const struct pbuf *frame) {
  enum { TYPE = 12, FRAGMENT = 20, PROTOCOL = 23, CHECKSUM = 24, HEADERS = 34, TCP = 6, UDP = 17 };
  const uint8_t *bytes = frame->payload;

  if (frame->len < HEADERS || bytes[TYPE] != 0x08 || bytes[TYPE + 1] != 0x00 ||
      (bytes[CHECKSUM] | bytes[CHECKSUM + 1]) != 0)
    return 0;
  if ((bytes[FRAGMENT] & 0x3f) != 0 || bytes[FRAGMENT + 1] != 0)
    return OPTION_IINS;
  return OPTION_IINS |
         (bytes[PROTOCOL] == TCP || bytes[PROTOCOL] == UDP ? (uint32_t)OPTION_PINS : 0);
}

/* Puts a part of a frame into a descriptor, but for the control word, which hands it over: returns
 * that. All parts have the same options (Enhanced transmit buffer descriptor). */
static inline uint32_t fill_tx(struct imx_enet_descriptor *descriptors, uint32_t slot,
                               const struct pbuf *part, uint32_t option) {
  struct imx_enet_descriptor *descriptor = &descriptors[slot];

  descriptor->data = bus_address(part->payload);
  descriptor->option = option;
  descriptor->update = 0;
  return CONTROL_DEVICE | part->len | wrap_at(slot, IMX_ENET_TX_DESCRIPTORS) |
         (part->next == NULL ? (uint32_t)(CONTROL_L | CONTROL_TC) : 0);
}

/* The device reads no further than the first descriptor that is not its own: so the first part of a
 * frame is handed over last. */
static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct imx_enet *enet = enet_of(nic);
  struct imx_enet_descriptor *const descriptors = enet->rings->tx;
  const uint32_t option = OPTION_TX_INT | (nic->offloads != 0 ? checksums_of(frame) : 0);
  const uint32_t first = ring_slot(&enet->tx, enet->tx.head);
  uint32_t control;
  unsigned count = 1;

  for (const struct pbuf *part = frame->next; part != NULL; part = part->next)
    count++;
  if (count + ring_count(&enet->tx) > IMX_ENET_TX_DESCRIPTORS || ring_full(&nic->tx_ring.ring))
    return false;
  enet->tx_parts[nic_ring_push(&nic->tx_ring, frame)] = (uint8_t)count;
  for (const struct pbuf *part = frame->next; part != NULL; part = part->next) {
    uint32_t slot = ring_slot(&enet->tx, ++enet->tx.head);

    descriptors[slot].control = fill_tx(descriptors, slot, part, option);
  }
  enet->tx.head++;
  control = fill_tx(descriptors, first, frame, option);
  dma_publish();
  descriptors[first].control = control;
  return true;
}

/* The device clears R in each part that it is done with, in the last one at the end. A frame that
 * could not be sent is lost, and the device goes on with the next. */
static inline struct pbuf *tx_reap(struct nic *nic) {
  struct imx_enet *enet = enet_of(nic);
  struct ring *frames = &nic->tx_ring.ring;
  const struct imx_enet_descriptor *last;
  uint32_t option;
  unsigned count;

  if (ring_empty(frames))
    return NULL;
  count = enet->tx_parts[ring_slot(frames, frames->tail)];
  last = &enet->rings->tx[ring_slot(&enet->tx, enet->tx.tail + count - 1)];
  if ((last->control & CONTROL_DEVICE) != 0)
    return NULL;
  dma_observe();
  option = last->option;
  if ((option & OPTION_TXE) != 0)
    nic_count(nic, NIC_OUT_ERROR);
  if ((option & OPTION_OE) != 0)
    nic->faulted = true;
  enet->tx.tail += count;
  return nic_ring_pop(&nic->tx_ring);
}

/* RDAR and TDAR are cleared by the device when it finds no descriptor of its own. A write of TDAR
 * that crosses the clearing may be lost (errata ERR006358, ERR007885): irq_unmask() and nic_watch()
 * look for that. */
static void doorbell(struct nic *nic, enum nic_direction which) {
  dma_publish();
  if (which == NIC_RX && (reg_read(nic, RDAR) & DESCRIPTOR_ACTIVE) == 0)
    nic_count(nic, NIC_RX_RESTARTS);
  reg_write(nic, which == NIC_RX ? RDAR : TDAR, DESCRIPTOR_ACTIVE);
}

/* ---- interrupt ---- */

/* MII and GRA are left for the code that polls them. */
static void interrupt(struct nic *nic) {
  uint32_t events = reg_read(nic, EIR) & (EVENTS_RX | EVENTS_TX);

  reg_write(nic, EIMR, 0);
  reg_write(nic, EIR, events);
  if ((events & EVENT_EBERR) != 0)
    nic->faulted = true;
}

/* An event stays in EIR until it is cleared, so what came while interrupts were masked interrupts
 * at the unmask. */
static void irq_unmask(struct nic *nic) {
  const bool sends = !ring_empty(&nic->tx_ring.ring);

  reg_write(nic, EIMR, EVENTS_RX | (sends ? EVENTS_TX : 0));
  if (sends && (reg_read(nic, TDAR) & DESCRIPTOR_ACTIVE) == 0)
    reg_write(nic, TDAR, DESCRIPTOR_ACTIVE); /* needless, but harmless, once all is sent */
}

/* A change of speed or duplex takes a restart. */
static void read_link(struct nic *nic, struct nic_link *state) {
  struct imx_enet *enet = enet_of(nic);

  if (!was_reset(nic)) {
    fold_statistics(nic);
    phy_link(nic, &enet->phy, state);
    if (state->status != NIC_LINK_ACTIVE ||
        (state->speed_mbps == enet->set.speed_mbps && state->full_duplex == enet->set.full_duplex))
      return;
  }
  nic->faulted = true;
  port_irq_pend(nic->config->irq);
}

/* The six most significant bits of the address's CRC (Multicast and unicast address resolution). */
static unsigned hash_of(const uint8_t group[ETH_ADDRESS_BYTES]) {
  uint32_t crc = UINT32_MAX;

  for (unsigned bit = 0; bit < 8 * ETH_ADDRESS_BYTES; bit++)
    crc = crc >> 1 ^ ((crc ^ (uint32_t)group[bit / 8] >> bit % 8) & 1) * UINT32_C(0xedb88320);
  return crc >> 26;
}

/* The emulator lets in all frames, to whatever group or station. */
static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  uint64_t hash = 0;

  for (unsigned i = 0; i < filter->group_count; i++)
    hash |= UINT64_C(1) << hash_of(filter->groups[i]);
  if (filter->all_multicast || filter->unlisted != 0)
    hash = UINT64_MAX;
  reg_write(nic, GAUR, (uint32_t)(hash >> 32));
  reg_write(nic, GALR, (uint32_t)hash);
  reg_write(nic, RCR,
            (reg_read(nic, RCR) & ~(uint32_t)RCR_PROM) | (filter->promiscuous ? RCR_PROM : 0));
}

static void set_media(struct nic *nic, enum nic_media media) {
  phy_set_media(nic, &enet_of(nic)->phy, media);
}

DATAPATH_TURN(imx_enet_ops)

const struct nic_ops imx_enet_ops = {
    .name = "imx_enet",
    .caps = {.tx_fragments_max = TX_PARTS_MAX,
             .tx_alignment = 1, /* 64 "for optimal performance" */
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF | NIC_MEDIA_10_FULL | NIC_MEDIA_100_HALF |
                      NIC_MEDIA_100_FULL,
             .offloads = NIC_OFFLOAD_TX_IP4 | NIC_OFFLOAD_TX_TCP_UDP,
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
    .set_media = set_media,
};
