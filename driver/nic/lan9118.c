/* The SMSC LAN9118 and its kin as a NIC of the kit (Microchip DS00002266; sections in brackets).
 *
 * It has no DMA. Frames are in its own FIFOs, and the processor moves them word by word: rx_reap
 * pops a frame into the oldest posted buffer, tx_post pushes one in. These two moves take the place
 * of other MACs' DMA, so they are not copies in the kit's sense, and not counted as such. The
 * "rings" are lists: buffers that wait for a frame, and frames that wait for their status. */
#include "lan9118.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "datapath_turn.h"
#include "lan9118_regs.h"
#include "mac_access.h"
#include "port.h"

enum {
  SETTLE_READS = 3,     /* of 45 ns each: the longest wait that is needed here */
  POLLS_MAX = 10000,    /* of 180 ns: a frame at 10 Mbit/s lasts 1.2 ms, all else less */
  MII_POLLS_MAX = 1000, /* a management frame lasts 64 bits at 2.5 MHz: 26 us */
  RX_LENGTH_MAX = 2560, /* with FCS: the MAC's watchdog cuts a frame off before that [3.13.3] */
};

static_assert(offsetof(struct lan9118, nic) == 0, "the kit's pointer is ours");

static struct lan9118 *lan9118_of(struct nic *nic) { return (struct lan9118 *)(void *)nic; }

/* Reads what has just changed. That takes a while [6.1.1, 6.1.2]: reads of BYTE_TEST fill it. */
static uint32_t read_settled(struct nic *nic, unsigned offset) {
  for (unsigned i = 0; i < SETTLE_READS; i++)
    (void)reg_read(nic, BYTE_TEST);
  return reg_read(nic, offset);
}

static bool wait_for(struct nic *nic, unsigned offset, uint32_t mask, uint32_t value) {
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((read_settled(nic, offset) & mask) == value)
      return true;
  }
  return false;
}

static unsigned statuses(struct nic *nic, unsigned fifo_inf) {
  return read_settled(nic, fifo_inf) >> 16 & 0xff;
}

/* ---- the MAC's own registers; a MAC that does not answer needs a reset ---- */

static bool mac_command(struct nic *nic, uint32_t command) {
  reg_write(nic, MAC_CSR_CMD, CSR_BUSY | command);
  if (wait_for(nic, MAC_CSR_CMD, CSR_BUSY, 0))
    return true;
  nic->faulted = true;
  return false;
}

static bool mac_read(struct nic *nic, unsigned reg, uint32_t *value) {
  if (!mac_command(nic, MAC_CSR_CMD_READ | reg))
    return false;
  *value = reg_read(nic, MAC_CSR_DATA);
  return true;
}

static bool mac_write(struct nic *nic, unsigned reg, uint32_t value) {
  reg_write(nic, MAC_CSR_DATA, value);
  return mac_command(nic, reg);
}

static void write_mac_cr(struct nic *nic, uint32_t value) {
  if (value != lan9118_of(nic)->mac_cr && mac_write(nic, MAC_CR, value))
    lan9118_of(nic)->mac_cr = value;
}

/* ---- the PHY's management interface [5.4.7] ---- */

static bool mii_access(struct nic *nic, unsigned address, unsigned reg, uint32_t direction) {
  uint32_t value = address << 11 | reg << 6 | direction | MAC_MII_ACC_BUSY;

  if (!mac_write(nic, MAC_MII_ACC, value))
    return false;
  for (unsigned polls = 0; polls < MII_POLLS_MAX && (value & MAC_MII_ACC_BUSY) != 0; polls++) {
    if (!mac_read(nic, MAC_MII_ACC, &value))
      return false;
  }
  return (value & MAC_MII_ACC_BUSY) == 0;
}

/* Returns all ones if the interface hangs, as from an address without a PHY. */
static uint16_t mii_read(struct nic *nic, unsigned address, unsigned reg) {
  uint32_t value;

  if (!mii_access(nic, address, reg, 0) || !mac_read(nic, MAC_MII_DATA, &value))
    return 0xffff;
  return (uint16_t)value;
}

static void mii_write(struct nic *nic, unsigned address, unsigned reg, uint16_t value) {
  if (mac_write(nic, MAC_MII_DATA, value))
    (void)mii_access(nic, address, reg, MAC_MII_ACC_WRITE);
}

/* ---- lifecycle ---- */

static bool soft_reset(struct nic *nic) {
  reg_write(nic, HW_CFG, HW_CFG_SOFT_RESET);
  return wait_for(nic, HW_CFG, HW_CFG_SOFT_RESET | HW_CFG_SOFT_RESET_TIMEOUT, 0);
}

/* Empties the FIFOs and sets all registers but the PHY's to their defaults [3.10]: every interrupt
 * masked, RSFL and TSFL at the first status, no pause after an interrupt (the kit masks, and its
 * budget moderates). Whoever had the device before may have left it asleep: then only PMT_CTRL may
 * be read, and a write to BYTE_TEST wakes it [3.10.2]. Or its PHY has no clocks, in a power-down
 * mode that only the PHY's reset ends: then the soft reset times out [5.3.9]. */
static bool reset(struct nic *nic) {
  for (unsigned polls = 0; (reg_read(nic, PMT_CTRL) & PMT_CTRL_READY) == 0; polls++) {
    if (polls == POLLS_MAX)
      return false;
    reg_write(nic, BYTE_TEST, 0);
  }
  if (reg_read(nic, BYTE_TEST) != BYTE_TEST_VALUE)
    return false;
  if (!soft_reset(nic)) {
    reg_write(nic, PMT_CTRL, PMT_CTRL_PHY_RESET);
    if (!wait_for(nic, PMT_CTRL, PMT_CTRL_PHY_RESET, 0) || !soft_reset(nic))
      return false;
  }
  if (!wait_for(nic, E2P_CMD, CSR_BUSY, 0)) /* it loads an address that we override */
    return false;
  lan9118_of(nic)->mac_cr = 0;
  reg_write(nic, HW_CFG, HW_CFG_NORMAL);
  reg_write(nic, IRQ_CFG, IRQ_CFG_HIGH);
  return true;
}

static int start(struct nic *nic) {
  struct lan9118 *lan9118 = lan9118_of(nic);

  if (!reset(nic))
    return -ENODEV;
  lan9118->phy.read = mii_read;
  lan9118->phy.write = mii_write;
  return phy_start(nic, &lan9118->phy);
}

static int enable(struct nic *nic) {
  struct lan9118 *lan9118 = lan9118_of(nic);
  const uint8_t *mac = nic->mac;

  if (!reset(nic))
    return -ENODEV;
  if (nic->media != NIC_MEDIA_AUTO) /* the emulator's reset takes the PHY with it */
    phy_set_media(nic, &lan9118->phy, nic->media);
  (void)mac_write(nic, MAC_ADDRH, (uint32_t)mac[5] << 8 | mac[4]);
  (void)mac_write(nic, MAC_ADDRL,
                  (uint32_t)mac[3] << 24 | (uint32_t)mac[2] << 16 | (uint32_t)mac[1] << 8 | mac[0]);
  nic_ring_init(&nic->rx_ring, lan9118->rx_slots, LAN9118_RX_BUFFERS);
  nic_ring_init(&nic->tx_ring, lan9118->tx_slots, LAN9118_TX_FRAMES);
  /* Two bytes align the IP header, where the buffers have room for them. */
  lan9118->rx_offset =
      nic->config->pool.buffer_size >= nic_mtu_max(nic) + ETH_HEADER_BYTES + 2 ? 2 : 0;
  reg_write(nic, RX_CFG, (uint32_t)lan9118->rx_offset << 8);
  reg_write(nic, TX_CFG, TX_CFG_ON);
  write_mac_cr(nic, MAC_CR_TX_ENABLE | MAC_CR_RX_ENABLE | MAC_CR_FULL_DUPLEX | MAC_CR_HASH_FILTER);
  return nic->faulted ? -EIO : 0;
}

/* RX_DROP counts frames that found a FIFO full. The emulator has no such counter: it stays 0. */
static void count_missed(struct nic *nic) {
  uint32_t missed = reg_read(nic, RX_DROP);

  if (missed != UINT32_MAX) /* as a device that is gone reads */
    nic->counters[NIC_IN_OVERFLOW] += missed;
}

/* After the frame that is on the wire [3.13.4]. */
static void stop_receiver(struct nic *nic) {
  reg_write(nic, INT_STS, INT_RXSTOP);
  write_mac_cr(nic, lan9118_of(nic)->mac_cr & ~(uint32_t)MAC_CR_RX_ENABLE);
  (void)wait_for(nic, INT_STS, INT_RXSTOP, INT_RXSTOP);
}

/* Stops the receiver, then the transmitter [3.12.8]. The FIFOs keep what they hold: the kit takes
 * the statuses, and the frames that it has buffers for; the next reset drops the rest. */
static void disable(struct nic *nic) {
  unsigned waiting, posted = ring_count(&nic->rx_ring.ring);

  reg_write(nic, INT_EN, 0);
  if (reg_read(nic, BYTE_TEST) != BYTE_TEST_VALUE)
    return; /* it is gone: nothing that it says is to be believed */
  stop_receiver(nic);
  reg_write(nic, TX_CFG, TX_CFG_STOP);
  (void)wait_for(nic, TX_CFG, TX_CFG_STOP | TX_CFG_ON, 0);
  write_mac_cr(nic, lan9118_of(nic)->mac_cr & ~(uint32_t)MAC_CR_TX_ENABLE);
  count_missed(nic);
  waiting = statuses(nic, RX_FIFO_INF);
  nic->counters[NIC_IN_STOPPED] += waiting > posted ? waiting - posted : 0;
}

/* Two instructions each. */
#define EIGHT_WORDS(move, fifo, at)                                                                \
  (move(fifo, at), move(fifo, (at) + 4), move(fifo, (at) + 8), move(fifo, (at) + 12),              \
   move(fifo, (at) + 16), move(fifo, (at) + 20), move(fifo, (at) + 24), move(fifo, (at) + 28))

/* ---- receive ---- */

static inline bool rx_post(struct nic *nic, struct pbuf *packet) {
  nic_ring_push(&nic->rx_ring, packet);
  return true;
}

static inline void pop_word(uintptr_t fifo, uint8_t *to) {
  const uint32_t word = mmio_read(fifo);

  memcpy(to, &word, sizeof word);
}

/* Pops words of the data FIFO into a buffer, eight a turn. */
static void pop_words(uintptr_t fifo, uint8_t *to, unsigned words) {
  for (; words >= 8; words -= 8, to += 8 * 4)
    EIGHT_WORDS(pop_word, fifo, to);
  for (; words != 0; words--, to += 4)
    pop_word(fifo, to);
}

/* An unwanted frame is popped as well: RX_DP_CTRL would skip one of 16 bytes or more faster
 * [3.13.1.1], but the emulator then moves only its read pointer and is out of step from then on. */
static void drop_words(uintptr_t fifo, unsigned words) {
  for (; words != 0; words--)
    (void)mmio_read(fifo);
}

/* Without a posted buffer frames wait in the FIFO, which the MAC fills up and then drops from. */
static inline struct pbuf *rx_reap(struct nic *nic) {
  const unsigned offset = lan9118_of(nic)->rx_offset;
  struct pbuf *packet;
  uint32_t status;
  unsigned length, words; /* in the FIFO, with FCS; of the frame, in its buffer */
  bool good = false;

  if (ring_empty(&nic->rx_ring.ring) || statuses(nic, RX_FIFO_INF) == 0)
    return NULL;
  status = reg_read(nic, RX_STATUS_FIFO);
  length = status >> 16 & 0x3fff;
  if (length <= ETH_FCS_BYTES || length > RX_LENGTH_MAX) { /* no frame is so: we are out of step */
    nic_count(nic, NIC_IN_ERROR);
    nic->faulted = true;
    return NULL;
  }
  packet = nic_ring_pop(&nic->rx_ring);
  words = (offset + length - ETH_FCS_BYTES + 3) / 4;
  if ((status & RX_STATUS_TOO_LONG) != 0 || 4 * words > packet->len)
    nic_count(nic, NIC_IN_TOO_LONG);
  else if ((status & RX_STATUS_BAD) != 0)
    nic_count(nic, NIC_IN_ERROR);
  else
    good = true;
  if (!good)
    words = 0;
  pop_words(nic->base + RX_DATA_FIFO, packet->payload, words);
  drop_words(nic->base + RX_DATA_FIFO, (offset + length + 3) / 4 - words);
  if (good) {
    dma_clean(packet->payload, 4 * words); /* as if DMA had written it, since the kit invalidates */
    packet->payload = (uint8_t *)packet->payload + offset;
  }
  packet_set_length(packet, good ? (uint16_t)(length - ETH_FCS_BYTES) : 0);
  return packet;
}

/* ---- transmit ---- */

static inline void push_word(uintptr_t fifo, const uint8_t *from) {
  uint32_t word;

  memcpy(&word, from, sizeof word);
  mmio_write(fifo, word);
}

/* Pushes words that may begin at any byte, eight a turn. */
static void push_words(uintptr_t fifo, const uint8_t *from, unsigned words) {
  for (; words >= 8; words -= 8, from += 8 * 4)
    EIGHT_WORDS(push_word, fifo, from);
  for (; words != 0; words--, from += 4)
    push_word(fifo, from);
}

/* Pushes the frame's bytes as one run of little-endian words. The MAC gathers fragments itself,
 * but only those of four bytes or more and up to a sum of their overheads [3.12.3]; since the words
 * go through the processor anyway, it closes the gaps, and takes any chain. */
static void push_frame(struct nic *nic, const struct pbuf *frame) {
  const uintptr_t fifo = nic->base + TX_DATA_FIFO;
  uint8_t part[4] = {0}; /* of a word whose rest is in the next fragment */
  unsigned filled = 0;   /* bytes in `part` */

  for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next) {
    const uint8_t *data = fragment->payload;
    unsigned left = fragment->len;

    while (filled != 0 && left != 0) {
      part[filled++] = *data++;
      left--;
      if (filled == sizeof part) {
        push_word(fifo, part);
        filled = 0;
      }
    }
    push_words(fifo, data, left / 4);
    data += left / 4 * 4;
    for (left %= 4; left != 0; left--)
      part[filled++] = *data++;
  }
  if (filled != 0)
    push_word(fifo, part);
}

/* A frame that finds the FIFO full is posted again when the status of one before it has come. */
static inline bool tx_post(struct nic *nic, struct pbuf *frame) {
  const uint16_t tag = (uint16_t)nic->tx_ring.ring.head;
  const unsigned needed = 8 + (frame->tot_len + 3U) / 4 * 4; /* [3.12.5] */

  if (ring_full(&nic->tx_ring.ring) || (read_settled(nic, TX_FIFO_INF) & 0xffff) < needed)
    return false;
  nic_ring_push(&nic->tx_ring, frame);
  reg_write(nic, TX_DATA_FIFO, TX_COMMAND_A_WHOLE | frame->tot_len);
  reg_write(nic, TX_DATA_FIFO, (uint32_t)tag << 16 | frame->tot_len);
  push_frame(nic, frame);
  return true;
}

/* The status carries the tag of the frame, which is its place on the ring. */
static inline struct pbuf *tx_reap(struct nic *nic) {
  const struct ring *ring = &nic->tx_ring.ring;
  uint32_t status;

  if (ring_empty(ring) || statuses(nic, TX_FIFO_INF) == 0)
    return NULL;
  status = reg_read(nic, TX_STATUS_FIFO);
  if (status >> 16 != (uint16_t)ring->tail) {
    nic->faulted = true;
    return NULL;
  }
  if ((status & TX_STATUS_ERROR) != 0)
    nic_count(nic, NIC_OUT_ERROR);
  return nic_ring_pop(&nic->tx_ring);
}

/* The MAC sends what is whole in its FIFO, and receives while there is room: nothing to start. */
static void doorbell(struct nic *nic, enum nic_direction which) { (void)nic, (void)which; }

/* ---- interrupt, settings ---- */

static void interrupt(struct nic *nic) {
  uint32_t causes = reg_read(nic, INT_STS);

  reg_write(nic, INT_EN, 0);
  reg_write(nic, INT_STS, causes);
  if ((causes & INT_RXDF) != 0)
    count_missed(nic);
  if ((causes & INT_FAULTS) != 0)
    nic->faulted = true;
}

/* Frames that wait for a buffer would interrupt for ever: received frames are unmasked only once a
 * buffer is posted. What came meanwhile interrupts now; but the emulator sets a cause only as a
 * status comes, not for others that wait, so the FIFOs are looked at. */
static void irq_unmask(struct nic *nic) {
  uint32_t rx = ring_empty(&nic->rx_ring.ring) ? 0 : INT_RSFL;
  uint32_t tx = ring_empty(&nic->tx_ring.ring) ? 0 : INT_TSFL;

  reg_write(nic, INT_EN, INT_RXDF | INT_FAULTS | rx | tx);
  if (rx != 0 && statuses(nic, RX_FIFO_INF) == 0)
    rx = 0;
  if (tx != 0 && statuses(nic, TX_FIFO_INF) == 0)
    tx = 0;
  if ((rx | tx) != 0 && (reg_read(nic, INT_STS) & (rx | tx)) == 0)
    port_irq_pend(nic->config->irq);
}

static void read_link(struct nic *nic, struct nic_link *state) {
  uint32_t mac_cr = lan9118_of(nic)->mac_cr & ~(uint32_t)(MAC_CR_FULL_DUPLEX | MAC_CR_NOT_OWN);

  if (reg_read(nic, TX_CFG) != TX_CFG_ON) { /* it was reset, or is gone */
    nic->faulted = true;
    return;
  }
  phy_link(nic, &lan9118_of(nic)->phy, state);
  if (state->status == NIC_LINK_ACTIVE)
    write_mac_cr(nic, mac_cr | (state->full_duplex ? MAC_CR_FULL_DUPLEX : MAC_CR_NOT_OWN));
}

/* The upper six bits of the address's CRC-32, as the MAC receives it [5.4.4]. */
static unsigned hash_of(const uint8_t address[ETH_ADDRESS_BYTES]) {
  uint32_t crc = UINT32_MAX;

  for (unsigned i = 0; i < 8 * ETH_ADDRESS_BYTES; i++) {
    const uint32_t bit = crc >> 31 ^ ((uint32_t)address[i / 8] >> i % 8 & 1);

    crc = crc << 1 ^ (bit != 0 ? UINT32_C(0x04c11db7) : 0);
  }
  return crc >> 26;
}

/* Revisions A and B take a new filter only while they receive nothing. */
static void set_filter(struct nic *nic) {
  const struct nic_filter *filter = &nic->filter;
  const bool all_groups = filter->all_multicast || filter->unlisted != 0;
  uint32_t mac_cr = lan9118_of(nic)->mac_cr & ~(uint32_t)(MAC_CR_PROMISCUOUS | MAC_CR_ALL_GROUPS);
  uint64_t hash = 0;

  for (unsigned i = 0; i < filter->group_count; i++)
    hash |= UINT64_C(1) << hash_of(filter->groups[i]);
  if ((reg_read(nic, ID_REV) & ID_REV_REVISION) <= ID_REV_B)
    stop_receiver(nic);
  (void)mac_write(nic, MAC_HASHH, (uint32_t)(hash >> 32));
  (void)mac_write(nic, MAC_HASHL, (uint32_t)hash);
  write_mac_cr(nic, mac_cr | (filter->promiscuous ? MAC_CR_PROMISCUOUS : 0) |
                        (all_groups ? MAC_CR_ALL_GROUPS : 0));
}

static void set_media(struct nic *nic, enum nic_media media) {
  phy_set_media(nic, &lan9118_of(nic)->phy, media);
}

DATAPATH_TURN(lan9118_ops)

const struct nic_ops lan9118_ops = {
    .name = "lan9118",
    .caps = {.tx_fragments_max = UINT8_MAX,
             .tx_alignment = 1,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF | NIC_MEDIA_10_FULL | NIC_MEDIA_100_HALF |
                      NIC_MEDIA_100_FULL,
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
