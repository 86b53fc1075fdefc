/* The SmartFusion2 Ethernet MAC (Microsemi UG0331, chapter Ethernet MAC), as a NIC of the kit.
 *
 * Its DMA walks a linked list of descriptors. Bit 31 of a descriptor's size, EMPTY, means "nothing
 * in here": an rx descriptor with it set is the device's to fill, a tx descriptor with it clear is
 * the device's to send. A frame is one descriptor: the MAC gathers nothing.
 *
 * On silicon the length of a received frame includes its FCS, which lwIP ignores; in the emulator
 * it does not. */
#include "msf2_emac.h"

#include <assert.h>
#include <errno.h>

#include "datapath_turn.h"
#include "mac_access.h"
#include "port.h"

/* Registers, by their names in the manual. */
enum {
  CFG1 = 0x00,
  CFG1_TX_EN = 1 << 0,
  CFG1_RX_EN = 1 << 2,
  CFG1_ENABLED = CFG1_TX_EN | CFG1_RX_EN,
  CFG2 = 0x04,
  CFG2_FULL_DUPLEX = 1 << 0,
  CFG2_CRC_EN = 1 << 1,
  CFG2_PAD_CRC = 1 << 2,
  CFG2_NIBBLE_MODE = 1 << 8, /* 10 and 100 Mbit/s */
  CFG2_PREAMBLE_7 = 7 << 12,
  CFG2_ALWAYS = CFG2_CRC_EN | CFG2_PAD_CRC | CFG2_NIBBLE_MODE | CFG2_PREAMBLE_7,
  MAX_FRAME_LENGTH = 0x10,
  MII_CONFIG = 0x20,
  MII_CONFIG_CLOCK_DIV_28 = 7, /* of the APB clock: 2.5 MHz at 71 */
  MII_CMD = 0x24,
  MII_CMD_READ = 1 << 0,
  MII_ADDRESS = 0x28,
  MII_CTRL = 0x2c,
  MII_STATUS = 0x30,
  MII_INDICATORS = 0x34,
  MII_INDICATORS_BUSY = 1 << 0,
  MII_INDICATORS_NOT_VALID = 1 << 2, /* what was read is not there yet */
  INTERFACE_CTRL = 0x38,
  INTERFACE_CTRL_100 = 1 << 16, /* the PHY's speed */
  STATION_ADDRESS1 = 0x40, /* in the emulator's order: silicon has the last byte first, but only for
                              PAUSE frames and for what the FPGA's design may make of it */
  STATION_ADDRESS2 = 0x44,
  FIFO_CFG0 = 0x48,
  FIFO_CFG0_RESET_ALL = 0x1f << 0,
  FIFO_CFG0_ENABLE_ALL = 0x1f << 8,
  FIFO_CFG0_ENABLED = 0x1d << 16, /* without the receiver's bit, which comes with the first frame */
  FIFO_CFG4 = 0x58,               /* conditions that drop a frame, unless FIFO_CFG5 ignores them */
  FIFO_CFG5 = 0x5c,               /* 1: the condition is ignored */
  FIFO_CFG5_ALL = 0x3ffff,
  FIFO_CFG5_HALF_DUPLEX = 1 << 22,
  FIFO_CFG_FALSE_CARRIER = 1 << 2,
  FIFO_CFG_CODE_ERROR = 1 << 3,
  FIFO_CFG_CRC_ERROR = 1 << 4,
  FIFO_CFG_MULTICAST = 1 << 8,
  FIFO_CFG_DRIBBLE = 1 << 10,
  FIFO_CFG4_DROPPED = FIFO_CFG_FALSE_CARRIER | FIFO_CFG_CODE_ERROR | FIFO_CFG_CRC_ERROR |
                      FIFO_CFG_MULTICAST | FIFO_CFG_DRIBBLE,
  RFCS = 0xa4, /* frames with a bad FCS, in 12 bits */
  TX_CTRL = 0x180,
  TX_CTRL_ENABLE = 1 << 0,
  TX_DESCRIPTOR = 0x184,
  TX_STATUS = 0x188,
  TX_STATUS_UNDERRUN = 1 << 1,
  TX_STATUS_BUS_ERROR = 1 << 3,
  RX_CTRL = 0x18c,
  RX_CTRL_ENABLE = 1 << 0,
  RX_DESCRIPTOR = 0x190,
  RX_STATUS = 0x194,
  RX_STATUS_RECEIVED = 1 << 0,
  RX_STATUS_OVERFLOW = 1 << 2,
  RX_STATUS_BUS_ERROR = 1 << 3,
  INTERRUPT_MASK = 0x198,
  INTERRUPT = 0x19c,
  INTERRUPT_TX_UNDERRUN = 1 << 1,
  INTERRUPT_TX_BUS_ERROR = 1 << 3,
  INTERRUPT_RX_RECEIVED = 1 << 4,
  INTERRUPT_RX_OVERFLOW = 1 << 6,
  INTERRUPT_RX_BUS_ERROR = 1 << 7,
  INTERRUPT_RX = INTERRUPT_RX_RECEIVED | INTERRUPT_RX_OVERFLOW | INTERRUPT_RX_BUS_ERROR |
                 INTERRUPT_TX_BUS_ERROR, /* unmasked while nothing is in flight */
};

static const uint32_t CFG1_SOFT_RESET = UINT32_C(1) << 31;
static const uint32_t DESCRIPTOR_EMPTY = UINT32_C(1) << 31;
static const uint32_t DESCRIPTOR_LENGTH = 0x7ff;

enum {
  POLLS_MAX = 10000,       /* of a register: the longest wait is for a frame's end */
  PACKET_COUNT_MAX = 256,  /* what RX_STATUS can count to */
  FRAME_LENGTH_MAX = 1536, /* a little above what the MTU allows, so that the kit sees giants */
};

static_assert(sizeof(struct msf2_emac_descriptor) == 12, "the descriptor's layout is the device's");
static_assert(offsetof(struct msf2_emac, nic) == 0, "the kit's pointer is ours");

static struct msf2_emac *emac_of(struct nic *nic) { return (struct msf2_emac *)(void *)nic; }

/* Waits until a register has `value` in `bits`; false if it never has. */
static bool wait_for(struct nic *nic, unsigned offset, uint32_t bits, uint32_t value) {
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((reg_read(nic, offset) & bits) == value)
      return true;
  }
  return false;
}

/* ---- the PHY's management interface ---- */

/* Returns all ones if the interface hangs, as from an address without a PHY. */
static uint16_t mii_read(struct nic *nic, unsigned address, unsigned reg) {
  reg_write(nic, MII_ADDRESS, address << 8 | reg);
  reg_write(nic, MII_CMD, 0); /* a read starts on the rising edge of READ */
  reg_write(nic, MII_CMD, MII_CMD_READ);
  if (!wait_for(nic, MII_INDICATORS, MII_INDICATORS_BUSY | MII_INDICATORS_NOT_VALID, 0))
    return 0xffff;
  return (uint16_t)reg_read(nic, MII_STATUS);
}

static void mii_write(struct nic *nic, unsigned address, unsigned reg, uint16_t value) {
  reg_write(nic, MII_ADDRESS, address << 8 | reg);
  reg_write(nic, MII_CTRL, value);
  /* A hanging interface shows as a link that never comes up. */
  (void)wait_for(nic, MII_INDICATORS, MII_INDICATORS_BUSY, 0);
}

/* ---- lifecycle ---- */

/* The longest frame that may reach a buffer: the DMA has no other bound. The MAC drops and counts
 * longer ones. */
static uint32_t frame_length_max(const struct nic *nic) {
  const uint32_t buffer_size = nic->config->pool.buffer_size;

  return buffer_size < FRAME_LENGTH_MAX ? buffer_size : FRAME_LENGTH_MAX;
}

/* Sets the registers that stay as they are; a MAC that was reset has lost them. What the FIFOs hold
 * is from before: frames that came in behind the last one that the DMA took, or that it had put
 * there to be sent, the last of them in part if there was an error. */
static bool set_up(struct nic *nic) {
  reg_write(nic, CFG1, 0);
  reg_write(nic, FIFO_CFG0, FIFO_CFG0_RESET_ALL);
  reg_write(nic, FIFO_CFG0, FIFO_CFG0_ENABLE_ALL);
  reg_write(nic, MAX_FRAME_LENGTH, frame_length_max(nic));
  reg_write(nic, MII_CONFIG, MII_CONFIG_CLOCK_DIV_28);
  reg_write(nic, INTERRUPT_MASK, 0);
  return wait_for(nic, FIFO_CFG0, FIFO_CFG0_ENABLED, FIFO_CFG0_ENABLED);
}

/* The MAC tells groups from stations, but not one group from another: it lets in all of them or
 * none. On silicon it does not tell one station from another either, unless the FPGA's design has
 * Microsemi's CoreMACFilter: lwIP then drops what is not for its address. */
static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  uint32_t ignored = FIFO_CFG5_ALL & ~FIFO_CFG4_DROPPED;

  if ((filter->group_count | filter->unlisted | filter->all_multicast) != 0)
    ignored |= FIFO_CFG_MULTICAST;
  if ((reg_read(nic, CFG2) & CFG2_FULL_DUPLEX) == 0)
    ignored |= FIFO_CFG5_HALF_DUPLEX;
  reg_write(nic, FIFO_CFG4, FIFO_CFG4_DROPPED);
  reg_write(nic, FIFO_CFG5, ignored);
}

static void set_link(struct nic *nic, const struct nic_link *link) {
  reg_write(nic, CFG2, CFG2_ALWAYS | (link->full_duplex ? CFG2_FULL_DUPLEX : 0));
  reg_write(nic, INTERFACE_CTRL, link->speed_mbps == 100 ? INTERFACE_CTRL_100 : 0);
  set_filter(nic); /* which also sets FIFO_CFG5 for half duplex */
}

static void init_ring(struct nic_ring *ring, struct pbuf **slots, uint32_t size,
                      struct msf2_emac_descriptor *descriptors, uint32_t packet_size) {
  nic_ring_init(ring, slots, size);
  for (uint32_t i = 0; i < size; i++) {
    descriptors[i].packet_size = packet_size;
    descriptors[i].next = bus_address(&descriptors[ring_slot(&ring->ring, i + 1)]);
  }
}

static uint32_t word_of(const uint8_t *octets) {
  return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
         octets[3];
}

static int enable(struct nic *nic) {
  struct msf2_emac *emac = emac_of(nic);
  const uint8_t *mac = nic->mac;

  if (!set_up(nic))
    return -ENODEV;
  set_link(nic, &nic->link); /* after a recovery it is as it was */
  reg_write(nic, STATION_ADDRESS1, word_of(mac));
  reg_write(nic, STATION_ADDRESS2, word_of(mac + 2) << 16);

  init_ring(&nic->rx_ring, emac->rx_slots, MSF2_EMAC_RX_DESCRIPTORS, emac->rx_descriptors, 0);
  init_ring(&nic->tx_ring, emac->tx_slots, MSF2_EMAC_TX_DESCRIPTORS, emac->tx_descriptors,
            DESCRIPTOR_EMPTY); /* in neither any is the device's: there are no buffers yet */
  /* Frames that were reaped after a reset have taken RX_STATUS's count below 0, and it would go on
   * from there. */
  for (unsigned i = 0; i < PACKET_COUNT_MAX && (reg_read(nic, RX_STATUS) & RX_STATUS_RECEIVED) != 0;
       i++)
    reg_write(nic, RX_STATUS, RX_STATUS_RECEIVED);
  dma_publish();
  reg_write(nic, CFG1, CFG1_ENABLED);
  nic->rx_stalled = true; /* the first rx doorbell starts reception */
  return 0;
}

/* Counts a lost frame, whether or not an interrupt has reported it. */
static void count_overflow(struct nic *nic) {
  if ((reg_read(nic, RX_STATUS) & RX_STATUS_OVERFLOW) == 0)
    return;
  reg_write(nic, RX_STATUS, RX_STATUS_OVERFLOW);
  nic_count(nic, NIC_IN_OVERFLOW);
}

/* RX_STATUS counts received packets, and the interrupt stays up until all are acknowledged. A
 * device that is turned off may hold counts of packets that nobody will reap.
 *
 * Its DMA has stopped once ENABLE reads as 0. */
static void disable(struct nic *nic) {
  reg_write(nic, INTERRUPT_MASK, 0);
  reg_write(nic, CFG1, 0); /* nothing new comes in */
  reg_write(nic, RX_CTRL, 0);
  reg_write(nic, TX_CTRL, 0);
  (void)wait_for(nic, RX_CTRL, RX_CTRL_ENABLE, 0);
  (void)wait_for(nic, TX_CTRL, TX_CTRL_ENABLE, 0);
  count_overflow(nic);
  reg_write(nic, RX_STATUS, RX_STATUS_BUS_ERROR);
  reg_write(nic, TX_STATUS, TX_STATUS_UNDERRUN | TX_STATUS_BUS_ERROR);
}

/* The reset is of the MAC's modules: the DMA that a boot loader has left on is turned off. */
static int start(struct nic *nic) {
  struct msf2_emac *emac = emac_of(nic);

  disable(nic);
  reg_write(nic, CFG1, CFG1_SOFT_RESET);
  if (!set_up(nic))
    return -ENODEV;
  emac->phy.read = mii_read;
  emac->phy.write = mii_write;
  return phy_start(nic, &emac->phy);
}

/* ---- rings ---- */

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  struct msf2_emac_descriptor *descriptor =
      &emac_of(nic)->rx_descriptors[nic_ring_push(&nic->rx_ring, packet)];

  descriptor->packet_start = bus_address(packet->payload);
  dma_publish();
  descriptor->packet_size = DESCRIPTOR_EMPTY;
  return true;
}

static inline struct pbuf *rx_reap(struct nic *nic) {
  struct ring *ring = &nic->rx_ring.ring;
  uint32_t size;
  struct pbuf *packet;

  if (ring_empty(ring))
    return NULL;
  size = emac_of(nic)->rx_descriptors[ring_slot(ring, ring->tail)].packet_size;
  if ((size & DESCRIPTOR_EMPTY) != 0)
    return NULL;
  packet = nic_ring_pop(&nic->rx_ring);
  dma_observe();
  reg_write(nic, RX_STATUS, RX_STATUS_RECEIVED); /* takes one off the packet count */
  packet_set_length(packet, (uint16_t)(size & DESCRIPTOR_LENGTH));
  return packet;
}

static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  struct msf2_emac_descriptor *descriptor;

  if (ring_full(&nic->tx_ring.ring))
    return false;
  descriptor = &emac_of(nic)->tx_descriptors[nic_ring_push(&nic->tx_ring, frame)];
  descriptor->packet_start = bus_address(frame->payload);
  dma_publish();
  descriptor->packet_size = frame->len;
  return true;
}

static inline struct pbuf *tx_reap(struct nic *nic) {
  struct ring *ring = &nic->tx_ring.ring;
  struct pbuf *frame;

  if (ring_empty(ring) || (emac_of(nic)->tx_descriptors[ring_slot(ring, ring->tail)].packet_size &
                           DESCRIPTOR_EMPTY) == 0)
    return NULL;
  frame = nic_ring_pop(&nic->tx_ring);
  dma_observe();
  return frame;
}

/* The oldest descriptor of a ring that the device still has to work on, or NULL. `done` is the
 * state of the EMPTY flag in those that it is done with. */
static struct msf2_emac_descriptor *
first_pending(const struct ring *ring, struct msf2_emac_descriptor *descriptors, uint32_t done) {
  for (uint32_t i = ring->tail; i != ring->head; i++) {
    struct msf2_emac_descriptor *descriptor = &descriptors[ring_slot(ring, i)];

    if ((descriptor->packet_size & DESCRIPTOR_EMPTY) != done)
      return descriptor;
  }
  return NULL;
}

static inline void doorbell(struct nic *nic, enum nic_direction which) {
  struct msf2_emac *emac = emac_of(nic);
  struct msf2_emac_descriptor *first;

  if (which == NIC_RX) {
    if (!nic->rx_stalled)
      return; /* a running receiver finds the new descriptors by itself */
    dma_publish();
    first = first_pending(&nic->rx_ring.ring, emac->rx_descriptors, 0);
    if (first == NULL)
      return; /* still no buffer: the next one that comes back rings again */
    nic->rx_stalled = false;
    reg_write(nic, RX_DESCRIPTOR, bus_address(first));
    reg_write(nic, RX_CTRL, RX_CTRL_ENABLE);
    nic_count(nic, NIC_RX_RESTARTS);
    return;
  }
  dma_publish();
  if ((reg_read(nic, TX_CTRL) & TX_CTRL_ENABLE) != 0)
    return; /* a running transmitter finds them, too */
  first = first_pending(&nic->tx_ring.ring, emac->tx_descriptors, DESCRIPTOR_EMPTY);
  if (first == NULL)
    return;
  reg_write(nic, TX_DESCRIPTOR, bus_address(first)); /* each start is from the register */
  reg_write(nic, TX_CTRL, TX_CTRL_ENABLE);
}

/* ---- interrupt ---- */

static void mask_interrupts(struct nic *nic, uint32_t mask) {
  emac_of(nic)->mask = mask;
  reg_write(nic, INTERRUPT_MASK, mask);
}

/* Status bits stay set until they are cleared, so whatever comes while interrupts are masked
 * interrupts at the unmask.
 *
 * The first interrupt after the unmask, with nothing in flight, is hardly ever for anything but
 * received frames, so these are masked without a look at the cause; if it was another one, the
 * interrupt comes again at once. */
static void interrupt(struct nic *nic) {
  uint32_t cause;

  if (emac_of(nic)->mask == INTERRUPT_RX) {
    mask_interrupts(nic, INTERRUPT_RX & ~INTERRUPT_RX_RECEIVED);
    return;
  }
  cause = reg_read(nic, INTERRUPT);
  mask_interrupts(nic, 0);
  if ((cause & INTERRUPT_TX_UNDERRUN) != 0)
    reg_write(nic, TX_STATUS, TX_STATUS_UNDERRUN);
  if ((cause & INTERRUPT_RX_OVERFLOW) != 0) {
    count_overflow(nic);
    nic->rx_stalled = true;
  }
  if ((cause & (INTERRUPT_TX_BUS_ERROR | INTERRUPT_RX_BUS_ERROR)) != 0) {
    reg_write(nic, TX_STATUS, TX_STATUS_BUS_ERROR);
    reg_write(nic, RX_STATUS, RX_STATUS_BUS_ERROR);
    nic->faulted = true;
  }
}

/* The transmitter reports "underrun" whenever it has sent all there was, so that interrupt is of
 * use only while frames are in flight. */
static void irq_unmask(struct nic *nic) {
  mask_interrupts(nic, ring_empty(&nic->tx_ring.ring) ? INTERRUPT_RX
                                                      : INTERRUPT_RX | INTERRUPT_TX_UNDERRUN);
}

/* The MAC follows the link that the PHY has found, unless it has lost what `enable` wrote. */
static void read_link(struct nic *nic, struct nic_link *state) {
  if ((reg_read(nic, CFG1) & CFG1_RX_EN) == 0) {
    nic->faulted = true;
    return;
  }
  /* It drops them. A read may clear the counter or not: zero is written, too. */
  nic->counters[NIC_IN_ERROR] += reg_read(nic, RFCS);
  reg_write(nic, RFCS, 0);
  phy_link(nic, &emac_of(nic)->phy, state);
  if (state->status != NIC_LINK_ACTIVE ||
      (state->speed_mbps == nic->link.speed_mbps && state->full_duplex == nic->link.full_duplex))
    return;
  set_link(nic, state);
}

static void set_media(struct nic *nic, enum nic_media media) {
  phy_set_media(nic, &emac_of(nic)->phy, media);
}

DATAPATH_TURN(msf2_emac_ops)

const struct nic_ops msf2_emac_ops = {
    .name = "msf2_emac",
    .caps = {.tx_fragments_max = 1,
             .tx_alignment = 4,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF | NIC_MEDIA_10_FULL | NIC_MEDIA_100_HALF |
                      NIC_MEDIA_100_FULL,
             .multicast = NIC_MULTICAST_NONE},
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
