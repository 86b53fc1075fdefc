/* The Cadence GEM of the Zynq-7000 (Xilinx UG585, chapter 16, appendix B.18), as a NIC of the kit.
 *
 * Its DMA walks two arrays of descriptors, each with a flag USED that gives a descriptor to
 * software, and a flag WRAP in the last one. A frame is received into one buffer and sent from any
 * number of them; when it has been sent, the device sets USED only in its first descriptor. */
#include "cadence_gem.h"

#include <assert.h>
#include <errno.h>

#include "cadence_gem_regs.h"
#include "datapath_turn.h"
#include "mac_access.h"
#include "port.h"

enum {
  TX_PARTS_MAX = 16,
  SILENT_LOOKS = 5,
  POLLS_MAX = 10000, /* a management frame lasts 64 bits at 2.5 MHz: 26 us; a burst less */
};

/* Statistics (B.18, from 0x100 on): each dropped frame counts in one of them. */
static const struct {
  uint16_t offset;
  uint8_t counter;
} drops[] = {
    {0x184, NIC_IN_RUNT},     /* undersize */
    {0x188, NIC_IN_TOO_LONG}, /* oversize */
    {0x18c, NIC_IN_TOO_LONG}, /* jabber */
    {0x190, NIC_IN_ERROR},    /* frame check sequence */
    {0x194, NIC_IN_ERROR},    /* length field */
    {0x198, NIC_IN_ERROR},    /* receive symbol */
    {0x19c, NIC_IN_ERROR},    /* alignment */
    {0x1a0, NIC_IN_OVERFLOW}, /* receive resource: no descriptor was free */
    {0x1a4, NIC_IN_OVERFLOW}, /* receive overrun: the bus was too slow */
};

static_assert(sizeof(struct cadence_gem_descriptor) == 8, "the layout is the device's");
static_assert(offsetof(struct cadence_gem, nic) == 0, "the kit's pointer is ours");

static struct cadence_gem *gem_of(struct nic *nic) { return (struct cadence_gem *)(void *)nic; }

/* The flag of a ring's last descriptor. */
static uint32_t rx_wrap_at(unsigned slot) {
  return slot == CADENCE_GEM_RX_DESCRIPTORS - 1 ? RX_WRAP : 0;
}
static uint32_t tx_wrap_at(unsigned slot) {
  return slot == CADENCE_GEM_TX_DESCRIPTORS - 1 ? TX_WRAP : 0;
}

/* ---- the PHY's management interface (16.3.4) ---- */

/* Runs one management frame, `operation` 2 to read or 1 to write; false if the interface hangs. */
static bool mdio(struct nic *nic, uint32_t operation, unsigned address, unsigned reg,
                 uint16_t value) {
  reg_write(nic, PHYMNTNC,
            UINT32_C(1) << 30 | operation << 28 | address << 23 | reg << 18 | UINT32_C(2) << 16 |
                value);
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((reg_read(nic, NWSTATUS) & NWSTATUS_MDIO_IDLE) != 0)
      return true;
  }
  return false;
}

static uint16_t mdio_read(struct nic *nic, unsigned address, unsigned reg) {
  return mdio(nic, 2, address, reg, 0) ? (uint16_t)reg_read(nic, PHYMNTNC) : 0xffff;
}

static void mdio_write(struct nic *nic, unsigned address, unsigned reg, uint16_t value) {
  (void)mdio(nic, 1, address, reg, value); /* a hanging interface shows as a link that stays down */
}

/* ---- lifecycle ---- */

static void acknowledge_all(struct nic *nic) {
  reg_write(nic, IDR, INTERRUPT_ALL);
  gem_of(nic)->all_masked = true;
  reg_write(nic, ISR, reg_read(nic, ISR));
  reg_write(nic, TXSTATUS, UINT32_MAX);
  reg_write(nic, RXSTATUS, UINT32_MAX);
}

static bool is_there(struct nic *nic) { return reg_read(nic, MODID) >> 16 == 2; }

static int start(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);

  if (!is_there(nic))
    return -ENODEV;
  gem->tx_clock_mbps = 0; /* whatever it was set for before */
  gem->control = NWCTRL_MDIO_EN;
  gem->configuration =
      NWCFG_100 | NWCFG_FULL_DUPLEX | NWCFG_RX_1536 | NWCFG_STRIP_FCS | NWCFG_MDC_DIV_64;
  reg_write(nic, NWCTRL, NWCTRL_CLEAR_STATISTICS);
  acknowledge_all(nic);
  reg_write(nic, NWCFG, gem->configuration);
  reg_write(nic, NWCTRL, gem->control);
  gem->phy.read = mdio_read;
  gem->phy.write = mdio_write;
  return phy_start(nic, &gem->phy);
}

static int enable(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);
  const uint8_t *mac = nic->mac;

  if (!is_there(nic))
    return -ENODEV;
  /* A fraction of a unit is not used: frames that the MTU allows would be too long. */
  if (nic->config->pool.buffer_size % CADENCE_GEM_BUFFER_UNIT != 0)
    return -EINVAL;
  nic_ring_init(&nic->rx_ring, gem->rx_slots, CADENCE_GEM_RX_DESCRIPTORS);
  nic_ring_init(&nic->tx_ring, gem->tx_slots, CADENCE_GEM_TX_DESCRIPTORS);
  gem->tx = (struct ring){.mask = CADENCE_GEM_TX_DESCRIPTORS - 1};
  for (unsigned i = 0; i < CADENCE_GEM_RX_DESCRIPTORS; i++) /* not the device's: no buffers yet */
    gem->rings->rx[i].address = RX_USED | rx_wrap_at(i);
  for (unsigned i = 0; i < CADENCE_GEM_TX_DESCRIPTORS; i++)
    gem->rings->tx[i].status = TX_USED | tx_wrap_at(i);
  dma_publish();
  reg_write(nic, RXQBASE, bus_address(gem->rings->rx));
  reg_write(nic, TXQBASE, bus_address(gem->rings->tx));
  reg_write(nic, DMACFG,
            DMACFG_BUFFERS | (nic->offloads != 0 ? DMACFG_TX_CHECKSUM : 0u) |
                (uint32_t)(nic->config->pool.buffer_size / CADENCE_GEM_BUFFER_UNIT)
                    << DMACFG_BUFFER_SHIFT);
  reg_write(nic, SPADDR1LO,
            (uint32_t)mac[3] << 24 | (uint32_t)mac[2] << 16 | (uint32_t)mac[1] << 8 | mac[0]);
  reg_write(nic, SPADDR1HI, (uint32_t)mac[5] << 8 | mac[4]);
  reg_write(nic, NWCFG, gem->configuration);
  gem->control = NWCTRL_MDIO_EN | NWCTRL_TX_EN;
  reg_write(nic, NWCTRL, gem->control);
  nic->rx_stalled = true; /* the first rx doorbell starts reception */
  return 0;
}

/* Reading clears each of them; not in the emulator, but there they never count. */
static void fold_statistics(struct nic *nic) {
  for (unsigned i = 0; i < sizeof drops / sizeof *drops; i++)
    nic->counters[drops[i].counter] += reg_read(nic, drops[i].offset);
}

static void disable(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);

  reg_write(nic, IDR, INTERRUPT_ALL);
  gem->control = NWCTRL_MDIO_EN;
  reg_write(nic, NWCTRL, gem->control);
  /* The transmitter may be at the end of a burst. */
  for (unsigned i = 0; i < POLLS_MAX && (reg_read(nic, TXSTATUS) & TXSTATUS_GO) != 0; i++) {
  }
  acknowledge_all(nic);
  fold_statistics(nic);
}

/* ---- rings ---- */

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  uint32_t slot = nic_ring_push(&nic->rx_ring, packet);
  struct cadence_gem_descriptor *descriptor = &gem_of(nic)->rings->rx[slot];

  descriptor->status = 0;
  dma_publish();
  descriptor->address = bus_address(packet->payload) | rx_wrap_at(slot);
  return true;
}

/* True if the device has filled the buffer at `index` of the rx ring. */
static bool rx_is_done(struct nic *nic, uint32_t index) {
  const struct ring *ring = &nic->rx_ring.ring;
  const struct cadence_gem_descriptor *descriptor = &gem_of(nic)->rings->rx[ring_slot(ring, index)];

  return !ring_empty(ring) && (descriptor->address & RX_USED) != 0;
}

/* Bad frames do not get this far; one that is longer than a buffer comes in several. */
static inline struct pbuf *rx_reap(struct nic *nic) {
  const struct ring *ring = &nic->rx_ring.ring;
  const struct cadence_gem_descriptor *descriptor =
      &gem_of(nic)->rings->rx[ring_slot(ring, ring->tail)];
  struct pbuf *packet;
  uint32_t status;

  if (!rx_is_done(nic, ring->tail))
    return NULL;
  packet = nic_ring_pop(&nic->rx_ring);
  dma_observe();
  status = descriptor->status;
  if ((status & RX_FIRST) != 0 && (status & RX_LAST) != 0 && (status & RX_LENGTH) != 0) {
    packet_set_length(packet, (uint16_t)(status & RX_LENGTH));
    return packet;
  }
  if ((status & RX_FIRST) != 0) /* its other parts are not counted */
    nic_count(nic, (status & RX_LAST) != 0 ? NIC_IN_ERROR : NIC_IN_TOO_LONG);
  packet_set_length(packet, 0);
  return packet;
}

/* Puts a part of a frame into a descriptor; returns the status, which is to hand it over. */
static inline uint32_t fill_tx(struct cadence_gem_descriptor *descriptors, uint32_t slot,
                               const struct pbuf *part) {
  descriptors[slot].address = bus_address(part->payload);
  return part->len | tx_wrap_at(slot) | (part->next == NULL ? TX_LAST : 0);
}

/* The device reads no further than the first descriptor that is USED: so the first part of a frame
 * is handed over last. */
static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct cadence_gem *gem = gem_of(nic);
  struct cadence_gem_descriptor *const descriptors = gem->rings->tx;
  const uint32_t first = ring_slot(&gem->tx, gem->tx.head);
  uint32_t status;
  unsigned count = 1;

  for (const struct pbuf *part = frame->next; part != NULL; part = part->next)
    count++;
  if (count + ring_count(&gem->tx) > CADENCE_GEM_TX_DESCRIPTORS || ring_full(&nic->tx_ring.ring))
    return false;
  gem->tx_parts[nic_ring_push(&nic->tx_ring, frame)] = (uint8_t)count;
  for (const struct pbuf *part = frame->next; part != NULL; part = part->next) {
    uint32_t slot = ring_slot(&gem->tx, ++gem->tx.head);

    descriptors[slot].status = fill_tx(descriptors, slot, part);
  }
  gem->tx.head++;
  status = fill_tx(descriptors, first, frame);
  dma_publish();
  descriptors[first].status = status;
  return true;
}

/* The oldest frame's status, with TX_USED if the device is done with it; 0: there is none. */
static inline uint32_t oldest_status(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);

  return ring_empty(&nic->tx_ring.ring) ? 0
                                        : gem->rings->tx[ring_slot(&gem->tx, gem->tx.tail)].status;
}

/* A frame that could not be sent stops the transmitter and sets its pointer back to the ring's
 * base: the frame stays on the ring until the reset that cures this counts it. */
static inline struct pbuf *tx_reap(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);
  const struct ring *frames = &nic->tx_ring.ring;
  const uint32_t tail = gem->tx.tail;
  const unsigned count = gem->tx_parts[ring_slot(frames, frames->tail)];
  const uint32_t status = oldest_status(nic);
  struct pbuf *frame;

  if ((status & TX_USED) == 0)
    return NULL;
  if ((status & TX_ERRORS) != 0) {
    nic->faulted = true;
    return NULL;
  }
  frame = nic_ring_pop(&nic->tx_ring);
  gem->tx.tail = tail + count;
  for (unsigned i = 1; i < count; i++) { /* the device has set only the first one's flag */
    uint32_t slot = ring_slot(&gem->tx, tail + i);

    gem->rings->tx[slot].status = TX_USED | tx_wrap_at(slot);
  }
  dma_observe();
  return frame;
}

/* A receiver that has met a descriptor without a buffer looks at it again at the next frame, but
 * may stay stuck under load: turning it off and on cures that (16.7.4). The emulator looks again
 * only when NWCTRL is written. */
static void restart_receiver(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);

  if (!nic->rx_stalled && (reg_read(nic, RXSTATUS) & RXSTATUS_NO_BUFFER) == 0)
    return;
  nic->rx_stalled = false;
  reg_write(nic, RXSTATUS, RXSTATUS_NO_BUFFER);
  reg_write(nic, NWCTRL, gem->control & ~(uint32_t)NWCTRL_RX_EN);
  gem->control |= NWCTRL_RX_EN;
  reg_write(nic, NWCTRL, gem->control);
  nic_count(nic, NIC_RX_RESTARTS);
}

/* Under many short frames the receiver may hang, and nothing tells of it (16.7.4). One that has had
 * frames, and none for two looks, is turned off and on; so it is for some looks more. */
static void look_after_receiver(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);

  if (reg_read(nic, FRAMES_RX) != 0)
    gem->looks_left = SILENT_LOOKS;
  else if (gem->looks_left != 0 && --gem->looks_left < SILENT_LOOKS - 1) {
    reg_write(nic, NWCTRL, gem->control & ~(uint32_t)NWCTRL_RX_EN);
    reg_write(nic, NWCTRL, gem->control);
  }
}

static inline void doorbell(struct nic *nic, enum nic_direction which) {
  const struct cadence_gem *gem = gem_of(nic);

  if (which == NIC_RX && !nic->rx_stalled && !gem->all_masked && !gem->used_masked)
    return; /* a running receiver finds what is new by itself, and one that stops interrupts */
  dma_publish();
  if (which == NIC_RX)
    restart_receiver(nic);
  else
    reg_write(nic, NWCTRL, gem->control | NWCTRL_START_TX);
}

/* ---- interrupt ---- */

/* Errors are taken from the status registers: the emulator sets the interrupt of a corrupted tx
 * frame for an rx frame that is too long, too. */
static void read_status(struct nic *nic) {
  uint32_t tx = reg_read(nic, TXSTATUS);
  uint32_t rx = reg_read(nic, RXSTATUS);

  reg_write(nic, TXSTATUS, tx);
  reg_write(nic, RXSTATUS, rx & ~(uint32_t)RXSTATUS_NO_BUFFER); /* the doorbell clears that one */
  if ((rx & RXSTATUS_NO_BUFFER) != 0)
    nic->rx_stalled = true;
  if ((tx & TXSTATUS_FAULTS) != 0 || (rx & RXSTATUS_HRESP) != 0)
    nic->faulted = true;
}

/* In some versions reading ISR clears it, in others writing does: it is read once, and what was
 * read is written. Packets mask only their own interrupts, so that errors during a turn still
 * interrupt, since the emulator forgets what is masked. An error masks all, and until they are
 * unmasked the status registers are read instead. */
static void interrupt(struct nic *nic) {
  uint32_t cause = reg_read(nic, ISR);

  reg_write(nic, ISR, cause);
  if ((cause & ~(uint32_t)INTERRUPT_PACKETS) == 0) {
    reg_write(nic, IDR, INTERRUPT_PACKETS);
    return;
  }
  reg_write(nic, IDR, INTERRUPT_ALL);
  gem_of(nic)->all_masked = true;
}

/* What came while interrupts were masked does not interrupt at the unmask: descriptors and status
 * show it. A transmitter may find nothing, and stop, just as it is started: it is started again. */
static void irq_unmask(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);
  uint32_t mask = INTERRUPT_RX | INTERRUPT_RX_FAULTS | INTERRUPT_TX_FAULTS;
  const bool sends = !ring_empty(&nic->tx_ring.ring);
  const bool was_masked = gem->all_masked;
  const bool is_told = !was_masked && !gem->used_masked;

  if (was_masked)
    gem->all_masked = false; /* only then: an interrupt may be masking all just now */
  gem->used_masked = ring_empty(&nic->rx_ring.ring);
  if (!gem->used_masked)
    mask |= INTERRUPT_RX_USED; /* else each frame that is lost would interrupt */
  reg_write(nic, IER, mask | (sends ? INTERRUPT_TX : 0));
  if (!is_told)
    read_status(nic);
  if (rx_is_done(nic, nic->rx_ring.ring.tail) || (oldest_status(nic) & TX_USED) != 0 ||
      nic->faulted || (nic->rx_stalled && !gem->used_masked))
    port_irq_pend(nic->config->irq);
  else if (sends && (reg_read(nic, TXSTATUS) & (TXSTATUS_GO | TXSTATUS_FAULTS)) == 0)
    reg_write(nic, NWCTRL, gem->control | NWCTRL_START_TX);
}

static void read_link(struct nic *nic, struct nic_link *state) {
  struct cadence_gem *gem = gem_of(nic);
  uint32_t speed;

  fold_statistics(nic);
  /* A doorbell writes NWCTRL anew: it is another register that shows a reset. */
  if ((reg_read(nic, DMACFG) & DMACFG_BURST_16) == 0) {
    nic->faulted = true;
    return;
  }
  look_after_receiver(nic);
  phy_link(nic, &gem->phy, state);
  if (state->status != NIC_LINK_ACTIVE)
    return;
  if (gem->set_tx_clock != NULL && gem->tx_clock_mbps != state->speed_mbps) {
    gem->tx_clock_mbps = state->speed_mbps;
    gem->set_tx_clock(state->speed_mbps);
  }
  speed = (state->speed_mbps == 1000 ? NWCFG_1000 : 0) |
          (state->speed_mbps == 100 ? NWCFG_100 : 0) | (state->full_duplex ? NWCFG_FULL_DUPLEX : 0);
  if ((gem->configuration & NWCFG_SPEED) == speed)
    return;
  gem->configuration = (gem->configuration & ~(uint32_t)NWCFG_SPEED) | speed;
  reg_write(nic, NWCFG, gem->configuration);
}

/* The exclusive or of every sixth bit of the address, in the order of the wire (16.2.5). */
static unsigned hash_of(const uint8_t group[ETH_ADDRESS_BYTES]) {
  uint64_t bits = 0;
  unsigned hash = 0;

  for (unsigned i = 0; i < ETH_ADDRESS_BYTES; i++)
    bits |= (uint64_t)group[i] << 8 * i;
  for (; bits != 0; bits >>= 6)
    hash ^= (unsigned)(bits & 0x3f);
  return hash;
}

static void set_filter(struct nic *nic) {
  struct cadence_gem *gem = gem_of(nic);
  const struct nic_filter *filter = &nic->filter;
  uint64_t hash = 0;

  for (unsigned i = 0; i < filter->group_count; i++)
    hash |= UINT64_C(1) << hash_of(filter->groups[i]);
  if (filter->all_multicast || filter->unlisted != 0)
    hash = UINT64_MAX;
  gem->configuration &= ~(uint32_t)(NWCFG_COPY_ALL | NWCFG_MULTICAST_HASH);
  gem->configuration |=
      (hash != 0 ? NWCFG_MULTICAST_HASH : 0) | (filter->promiscuous ? NWCFG_COPY_ALL : 0);
  reg_write(nic, HASHLO, (uint32_t)hash);
  reg_write(nic, HASHHI, (uint32_t)(hash >> 32));
  reg_write(nic, NWCFG, gem->configuration);
}

static void set_media(struct nic *nic, enum nic_media media) {
  phy_set_media(nic, &gem_of(nic)->phy, media);
}

DATAPATH_TURN(cadence_gem_ops)

const struct nic_ops cadence_gem_ops = {
    .name = "cadence_gem",
    .caps = {.tx_fragments_max = TX_PARTS_MAX,
             .tx_alignment = 1,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF | NIC_MEDIA_10_FULL | NIC_MEDIA_100_HALF |
                      NIC_MEDIA_100_FULL | NIC_MEDIA_1000_FULL,
             .offloads = NIC_OFFLOAD_TX_IP4 | NIC_OFFLOAD_TX_TCP_UDP, /* the model's: no IPv6 */
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
