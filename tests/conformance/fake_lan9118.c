/* A register-level fake of the SMSC LAN9118, after its manual (Microchip DS00002266). */
#include "fake_lan9118.h"

#include <string.h>

#include "unit.h"

enum {
  RX_DATA_FIFO = 0x00,
  TX_DATA_FIFO = 0x20,
  RX_STATUS_FIFO = 0x40,
  TX_STATUS_FIFO = 0x48,
  IRQ_CFG = 0x54,
  INT_STS = 0x58,
  INT_EN = 0x5c,
  BYTE_TEST = 0x64,
  FIFO_INT = 0x68,
  RX_CFG = 0x6c,
  TX_CFG = 0x70,
  HW_CFG = 0x74,
  RX_FIFO_INF = 0x7c,
  TX_FIFO_INF = 0x80,
  PMT_CTRL = 0x84,
  RX_DROP = 0xa0,
  MAC_CSR_CMD = 0xa4,
  MAC_CSR_DATA = 0xa8,
  E2P_CMD = 0xb0,

  MAC_CR = 1,
  MAC_ADDRH = 2,
  MAC_ADDRL = 3,
  ID_REV = 0x50,
  MAC_HASHH = 4,
  MAC_HASHL = 5,
  MAC_MII_ACC = 6,
  MAC_MII_DATA = 7,

  INT_RSFL = 1 << 3,
  INT_RXDF = 1 << 6,
  INT_TSFL = 1 << 7,
  INT_TXE = 1 << 13,
  INT_RXE = 1 << 14,
  INT_RXSTOP = 1 << 24,
  BUSY_READS = 3, /* how long everything takes */
};

static uint32_t *reg(struct fake_lan9118 *fake, unsigned offset) {
  return &fake->registers[offset / 4];
}

static void update_irq(struct fake_lan9118 *fake) {
  if (!fake->edges) {
    if (fake->rx_status_used > (*reg(fake, FIFO_INT) & 0xff))
      *reg(fake, INT_STS) |= INT_RSFL;
    if (fake->tx_status_used > (*reg(fake, FIFO_INT) >> 16 & 0xff))
      *reg(fake, INT_STS) |= INT_TSFL;
  }
  host_set_irq_level(FAKE_LAN9118_IRQ, (*reg(fake, INT_STS) & *reg(fake, INT_EN)) != 0 &&
                                           (*reg(fake, IRQ_CFG) & 0x111) == 0x111);
}

static void raise(struct fake_lan9118 *fake, uint32_t causes) {
  *reg(fake, INT_STS) |= causes;
  update_irq(fake);
}

bool fake_lan9118_raise(struct fake_lan9118 *fake, uint32_t causes) {
  if (fake->mac[MAC_CR] == 0)
    return false;
  raise(fake, causes);
  return true;
}

/* Takes one of `busy` reads; true until they are over. */
static bool still_busy(struct fake_lan9118 *fake, bool for_ever) {
  bool busy = fake->busy != 0;

  fake->busy -= busy;
  return busy || for_ever;
}

/* The PHY's clocks: without them a soft reset times out. */
static bool has_clocks(const struct fake_lan9118 *fake) {
  return !fake->phy_saves_energy && (fake->phy_control & 1 << 11) == 0;
}

static void reset(struct fake_lan9118 *fake) {
  memset(fake->registers, 0, sizeof fake->registers);
  memset(fake->mac, 0, sizeof fake->mac);
  *reg(fake, FIFO_INT) = 0x48000000;
  *reg(fake, HW_CFG) = 0x00050000;
  fake->mac[MAC_CR] = 0x00040000;
  fake->rx_data_used = fake->rx_status_used = fake->rx_owed = 0;
  fake->tx_status_used = fake->tx_used = fake->tx_state = 0;
  fake->written = fake->sent;
  fake->busy = BUSY_READS;
}

/* ---- the wire ---- */

/* The manual's hash, by the reflected form of the CRC. */
static unsigned hash_of(const uint8_t *address) {
  uint32_t crc = UINT32_MAX;
  unsigned hash = 0;

  for (unsigned i = 0; i < 6; i++) {
    crc ^= address[i];
    for (unsigned bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
  }
  for (unsigned bit = 0; bit < 6; bit++)
    hash = hash << 1 | (crc >> bit & 1);
  return hash;
}

static bool passes(const struct fake_lan9118 *fake, const uint8_t *destination) {
  const uint32_t mac_cr = fake->mac[MAC_CR];
  const uint32_t low = fake->mac[MAC_ADDRL], high = fake->mac[MAC_ADDRH];
  const uint8_t own[6] = {(uint8_t)low,         (uint8_t)(low >> 8), (uint8_t)(low >> 16),
                          (uint8_t)(low >> 24), (uint8_t)high,       (uint8_t)(high >> 8)};
  unsigned hash;

  if ((mac_cr & 1 << 18) != 0 || memcmp(destination, "\xff\xff\xff\xff\xff\xff", 6) == 0)
    return true;
  if ((destination[0] & 1) == 0 || (mac_cr & 1 << 13) == 0)
    return memcmp(destination, own, 6) == 0;
  hash = hash_of(destination);
  return (mac_cr & 1 << 19) != 0 ||
         (fake->mac[hash < 32 ? MAC_HASHL : MAC_HASHH] >> hash % 32 & 1) != 0;
}

enum fake_verdict fake_lan9118_receive(struct fake_lan9118 *fake, const uint8_t *frame,
                                       uint32_t length) {
  const unsigned offset = *reg(fake, RX_CFG) >> 8 & 0x1f;
  const unsigned words = (offset + length + 4 + 3) / 4;
  uint8_t bytes[4 * 1024];

  if ((fake->mac[MAC_CR] & 4) == 0)
    return FAKE_NOT_READY;
  assert_true(4 * words <= sizeof bytes);
  if (!passes(fake, frame))
    return FAKE_FILTERED;
  if (4 * (fake->rx_data_used + words) > FAKE_LAN9118_RX_BYTES ||
      fake->rx_status_used == FAKE_LAN9118_RX_STATUSES) {
    ++*reg(fake, RX_DROP);
    raise(fake, INT_RXDF);
    return FAKE_LOST;
  }
  memset(bytes, 0xee, sizeof bytes); /* offset, FCS and padding: not part of the frame */
  memcpy(bytes + offset, frame, length);
  for (unsigned i = 0; i < words; i++)
    memcpy(
        &fake->rx_data[(fake->rx_data_head + fake->rx_data_used++) % (FAKE_LAN9118_RX_BYTES / 4)],
        bytes + 4 * i, 4);
  fake->rx_status[(fake->rx_status_head + fake->rx_status_used++) % FAKE_LAN9118_RX_STATUSES] =
      (length + 4) << 16 | fake->rx_errors;
  fake->rx_errors = 0;
  raise(fake, INT_RSFL);
  return FAKE_RECEIVED;
}

static void send_whole(struct fake_lan9118 *fake, unsigned frames) {
  while (frames-- != 0 && fake->sent != fake->written) {
    unsigned number = fake->sent++ % FAKE_LAN9118_SENT_MAX;

    if (fake->tx_error == 0)
      wire_sent(fake->frames[number].data, fake->frames[number].length);
    fake->tx_used -= 8 + (fake->frames[number].length + 3) / 4 * 4;
    assert_true(fake->tx_status_used < FAKE_LAN9118_TX_STATUSES);
    fake->tx_status[(fake->tx_status_head + fake->tx_status_used++) % FAKE_LAN9118_TX_STATUSES] =
        (fake->tags[number] & 0xffff0000) ^ fake->tx_error;
    fake->tx_error = 0;
    *reg(fake, INT_STS) |= INT_TSFL;
  }
}

static bool transmits(const struct fake_lan9118 *fake) {
  return (fake->registers[TX_CFG / 4] & 2) != 0 && (fake->mac[MAC_CR] & 8) != 0;
}

void fake_lan9118_send(struct fake_lan9118 *fake, unsigned frames) {
  if (transmits(fake))
    send_whole(fake, frames);
  update_irq(fake);
}

bool fake_lan9118_fail(struct fake_lan9118 *fake, uint32_t error) {
  if (!transmits(fake) || fake->sent == fake->written)
    return false;
  fake->tx_error = error;
  fake_lan9118_send(fake, 1);
  return true;
}

/* ---- FIFOs ---- */

static void out_of_step(struct fake_lan9118 *fake, uint32_t cause) {
  fake->bad_accesses++;
  *reg(fake, INT_STS) |= cause;
}

static uint32_t pop_rx_data(struct fake_lan9118 *fake) {
  if (fake->rx_owed == 0) {
    out_of_step(fake, INT_RXE);
    return 0;
  }
  fake->rx_owed--;
  fake->rx_data_used--;
  return fake->rx_data[fake->rx_data_head++ % (FAKE_LAN9118_RX_BYTES / 4)];
}

static uint32_t pop_rx_status(struct fake_lan9118 *fake) {
  uint32_t status;

  if (fake->rx_status_used == 0 || fake->rx_owed != 0) {
    out_of_step(fake, INT_RXE);
    return 0;
  }
  fake->rx_status_used--;
  status = fake->rx_status[fake->rx_status_head++ % FAKE_LAN9118_RX_STATUSES];
  fake->rx_owed = ((*reg(fake, RX_CFG) >> 8 & 0x1f) + (status >> 16 & 0x3fff) + 3) / 4;
  return status;
}

static uint32_t pop_tx_status(struct fake_lan9118 *fake) {
  if (fake->tx_status_used == 0) {
    out_of_step(fake, INT_TXE);
    return 0;
  }
  fake->tx_status_used--;
  return fake->tx_status[fake->tx_status_head++ % FAKE_LAN9118_TX_STATUSES];
}

/* One buffer per frame, without start offset or end alignment: all that the driver uses. */
static void push_tx(struct fake_lan9118 *fake, uint32_t word) {
  unsigned number = fake->written % FAKE_LAN9118_SENT_MAX;
  unsigned bytes;

  fake->tx_used += 4;
  if (fake->tx_used > FAKE_LAN9118_TX_BYTES) {
    out_of_step(fake, INT_TXE);
    return;
  }
  switch (fake->tx_state) {
  case 0:
    if ((word & ~UINT32_C(0x7ff)) != 0x3000)
      out_of_step(fake, INT_TXE);
    fake->command_a = word;
    fake->tx_state = 1;
    return;
  case 1:
    if ((word & 0x7ff) != (fake->command_a & 0x7ff))
      out_of_step(fake, INT_TXE);
    fake->tags[number] = word;
    fake->tx_left = word & 0x7ff;
    fake->frames[number].length = 0;
    fake->tx_state = 2;
    return;
  default:
    break;
  }
  bytes = fake->tx_left < 4 ? fake->tx_left : 4;
  memcpy(fake->frames[number].data + fake->frames[number].length, &word, bytes);
  fake->frames[number].length += bytes;
  fake->tx_left -= bytes;
  if (fake->tx_left != 0)
    return;
  fake->tx_state = 0;
  fake->written++;
  if (!fake->hold_tx && transmits(fake))
    send_whole(fake, UINT32_MAX);
}

/* ---- registers ---- */

static uint16_t phy_read(const struct fake_lan9118 *fake, unsigned address, unsigned number) {
  if (address != fake->phy_address)
    return 0xffff;
  switch (number) {
  case 0:
    return fake->phy_control;
  case 1:
    return fake->link ? 0x782d : 0x7809;
  case 2:
    return 0x0007;
  case 4:
    return 0x01e1;
  case 5:
    return fake->partner;
  default:
    return 0;
  }
}

static void mac_write(struct fake_lan9118 *fake, unsigned number, uint32_t value) {
  const unsigned phy = value >> 11 & 0x1f, phy_register = value >> 6 & 0x1f;

  if (number == MAC_CR && (fake->mac[MAC_CR] & 4) != 0 && (value & 4) == 0)
    *reg(fake, INT_STS) |= INT_RXSTOP;
  if (number == MAC_HASHH || number == MAC_HASHL) {
    fake->filter_writes_on += (fake->mac[MAC_CR] & 4) != 0;
    fake->bad_accesses += (fake->mac[MAC_CR] & 4) != 0 && fake->revision < 2;
  }
  fake->mac[number] = value;
  if (number != MAC_MII_ACC)
    return;
  if ((value & 2) == 0)
    fake->mac[MAC_MII_DATA] = phy_read(fake, phy, phy_register);
  else if (phy == fake->phy_address && phy_register == 0)
    fake->phy_control = (uint16_t)fake->mac[MAC_MII_DATA];
  if (!fake->mii_hangs)
    fake->mac[MAC_MII_ACC] &= ~UINT32_C(1);
}

static uint32_t bus_read(void *context, unsigned offset) {
  struct fake_lan9118 *fake = context;

  if (fake->absent)
    return UINT32_MAX;
  if (fake->asleep && offset != PMT_CTRL)
    fake->bad_accesses++;
  if (offset == RX_DATA_FIFO || offset == RX_STATUS_FIFO)
    fake->rx_settle = 0;
  if (offset == TX_STATUS_FIFO)
    fake->tx_settle = 0;
  switch (offset) {
  case RX_DATA_FIFO:
    return pop_rx_data(fake);
  case RX_STATUS_FIFO:
    return pop_rx_status(fake);
  case TX_STATUS_FIFO:
    return pop_tx_status(fake);
  case ID_REV:
    return 0x01180000 | fake->revision;
  case BYTE_TEST:
    fake->rx_settle++;
    fake->tx_settle++;
    return 0x87654321;
  case RX_FIFO_INF:
    fake->bad_accesses += fake->rx_settle < 3;
    return fake->rx_status_used << 16 | fake->rx_data_used * 4;
  case TX_FIFO_INF:
    fake->bad_accesses += fake->tx_settle < 3;
    return fake->tx_status_used << 16 | (FAKE_LAN9118_TX_BYTES - fake->tx_used);
  case PMT_CTRL:
    return fake->asleep || fake->never_ready || still_busy(fake, false) ? 0 : 1;
  case HW_CFG:
    return *reg(fake, HW_CFG) | (still_busy(fake, fake->reset_hangs) ? 1 : 0);
  case E2P_CMD:
    return still_busy(fake, false) ? UINT32_C(1) << 31 : 0;
  case MAC_CSR_CMD:
    return still_busy(fake, fake->csr_hangs) ? UINT32_C(1) << 31 : 0;
  case RX_DROP: {
    uint32_t dropped = *reg(fake, RX_DROP);

    *reg(fake, RX_DROP) = 0;
    return dropped;
  }
  case INT_STS:
  case TX_CFG:
  case MAC_CSR_DATA:
    return *reg(fake, offset);
  default:
    fake->bad_accesses++;
    return 0;
  }
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  struct fake_lan9118 *fake = context;

  if (fake->absent)
    return;
  if (fake->asleep && offset != BYTE_TEST)
    fake->bad_accesses++;
  switch (offset) {
  case BYTE_TEST: /* wakes it; has no other effect */
    fake->asleep = false;
    break;
  case PMT_CTRL:
    if ((value & 1 << 10) != 0) { /* resets the PHY */
      fake->phy_saves_energy = false;
      fake->phy_control = 0x3100;
    }
    break;
  case TX_DATA_FIFO:
    fake->tx_settle = 0;
    push_tx(fake, value);
    break;
  case INT_STS:
    *reg(fake, INT_STS) &= ~value;
    break;
  case TX_CFG:
    *reg(fake, TX_CFG) = (value & 1) != 0 ? 0 : value; /* stopped at once */
    break;
  case HW_CFG:
    if ((value & 1) == 0)
      *reg(fake, HW_CFG) = value;
    else if (has_clocks(fake))
      reset(fake);
    else
      *reg(fake, HW_CFG) |= 2; /* SRST_TO */
    break;
  case MAC_CSR_CMD:
    fake->bad_accesses +=
        (fake->busy != 0 && !fake->csr_hangs) || value >> 31 == 0 || (value & 0xf) > MAC_MII_DATA;
    fake->busy = BUSY_READS;
    if ((value & UINT32_C(1) << 30) != 0)
      *reg(fake, MAC_CSR_DATA) = fake->mac[value & 7];
    else
      mac_write(fake, value & 7, *reg(fake, MAC_CSR_DATA));
    break;
  case IRQ_CFG:
  case INT_EN:
  case RX_CFG:
  case MAC_CSR_DATA:
    *reg(fake, offset) = value;
    break;
  default:
    fake->bad_accesses++;
  }
  update_irq(fake);
}

void fake_lan9118_forget(struct fake_lan9118 *fake) {
  reset(fake);
  fake->busy = fake->rx_errors = fake->tx_error = 0;
  update_irq(fake);
}

void fake_lan9118_attach(struct fake_lan9118 *fake) {
  *fake = (struct fake_lan9118){.link = true, .partner = 0x0f71, .phy_address = 1};
  reset(fake);
  host_attach(&(struct host_device){.base = FAKE_LAN9118_BASE,
                                    .size = sizeof fake->registers,
                                    .read = bus_read,
                                    .write = bus_write,
                                    .context = fake});
}
