/* A register-level fake of the Cadence GEM. */
#include "fake_cadence_gem.h"

#include <string.h>

#include "dma.h"
#include "unit.h"

enum {
  NWCTRL = 0x00,
  NWCFG = 0x04,
  NWSTATUS = 0x08,
  DMACFG = 0x10,
  TXSTATUS = 0x14,
  RXQBASE = 0x18,
  TXQBASE = 0x1c,
  RXSTATUS = 0x20,
  ISR = 0x24,
  IER = 0x28,
  IDR = 0x2c,
  IMR = 0x30,
  PHYMNTNC = 0x34,
  HASHLO = 0x80,
  HASHHI = 0x84,
  SPADDR1LO = 0x88,
  SPADDR1HI = 0x8c,
  MODID = 0xfc,
  STATISTICS = 0x100,
  FRAMES_RX = 0x158,
  STATISTICS_END = 0x1b4,

  RX_EN = 1 << 2,
  TX_EN = 1 << 3,
  MDIO_EN = 1 << 4,
  START_TX = 1 << 9,
};

#define TX_USED UINT32_C(0x80000000)

struct descriptor {
  uint32_t address, status;
};

static uint32_t *reg(struct fake_cadence_gem *fake, unsigned offset) {
  return &fake->registers[offset / 4];
}

static struct descriptor fetch(uint32_t address) {
  struct descriptor descriptor;

  assert_int_equal(address % 8, 0);
  assert_int_not_equal(address, 0);
  host_dma_read(address, &descriptor, sizeof descriptor);
  return descriptor;
}

static void give_back_tx(uint32_t address, uint32_t status) {
  host_dma_give_back(address + 4, &status, sizeof status);
}

static void update_irq(struct fake_cadence_gem *fake) {
  host_set_irq_level(FAKE_GEM_IRQ, *reg(fake, ISR) != 0);
}

/* Masked causes are not latched. */
static void raise(struct fake_cadence_gem *fake, uint32_t cause) {
  *reg(fake, ISR) |= cause & ~*reg(fake, IMR);
}

/* ---- sending ---- */

/* False if there is no complete frame. */
static bool send_frame(struct fake_cadence_gem *fake) {
  static uint8_t frame[FAKE_GEM_FRAME_BYTES];
  uint32_t at = fake->tx_descriptor, frame_length = 0;
  uint32_t status;

  do {
    const struct descriptor descriptor = fetch(at);
    uint32_t length = descriptor.status & 0x3fff;

    status = descriptor.status;
    if ((status & TX_USED) != 0 || length == 0 || frame_length + length > sizeof frame) {
      fake->bad_accesses++; /* out of descriptors in mid-frame */
      return false;
    }
    host_dma_read(descriptor.address, frame + frame_length, length);
    frame_length += length;
    at = (status & 1 << 30) != 0 ? *reg(fake, TXQBASE) : at + 8;
  } while ((status & 1 << 15) == 0);
  wire_sent(frame, frame_length);
  give_back_tx(fake->tx_descriptor, fetch(fake->tx_descriptor).status | TX_USED);
  fake->tx_descriptor = at;
  *reg(fake, TXSTATUS) |= 1 << 5;
  raise(fake, 1 << 7);
  return true;
}

static void find_none(struct fake_cadence_gem *fake) {
  *reg(fake, TXSTATUS) |= 1 << 0;
  raise(fake, 1 << 3);
  fake->going = false;
}

static void send_posted(struct fake_cadence_gem *fake, unsigned frames) {
  while (frames-- != 0 && (*reg(fake, NWCTRL) & TX_EN) != 0 && !fake->tx_halted) {
    if ((fetch(fake->tx_descriptor).status & TX_USED) != 0) {
      find_none(fake);
      return;
    }
    if (!send_frame(fake))
      return;
  }
}

void fake_cadence_gem_send(struct fake_cadence_gem *fake, unsigned frames) {
  if (fake->has_looked && fake->going)
    find_none(fake);
  else if (fake->going)
    send_posted(fake, frames);
  fake->has_looked = false;
  update_irq(fake);
}

bool fake_cadence_gem_fail(struct fake_cadence_gem *fake, uint32_t descriptor_status,
                           uint32_t tx_status, uint32_t cause) {
  uint32_t status;

  if (!fake->going || fake->tx_halted)
    return false;
  status = fetch(fake->tx_descriptor).status;
  if ((status & TX_USED) != 0)
    return false;
  if (descriptor_status != 0)
    give_back_tx(fake->tx_descriptor, status | TX_USED | descriptor_status);
  fake->tx_descriptor = *reg(fake, TXQBASE);
  fake->tx_halted = true;
  *reg(fake, TXSTATUS) |= tx_status;
  raise(fake, cause);
  update_irq(fake);
  return true;
}

/* ---- receiving ---- */

static void look_for_buffer(struct fake_cadence_gem *fake) {
  fake->rx_waits = (fetch(fake->rx_descriptor).address & 1) != 0;
  if (fake->rx_waits) {
    *reg(fake, RXSTATUS) |= 1 << 0;
    raise(fake, 1 << 2);
  }
}

/* The manual's hash index, bit by bit (16.2.5). */
static unsigned hash_index(const uint8_t *address) {
  unsigned index = 0;

  for (unsigned bit = 0; bit < 48; bit++)
    index ^= ((unsigned)address[bit / 8] >> bit % 8 & 1) << bit % 6;
  return index;
}

static bool is_wanted(struct fake_cadence_gem *fake, const uint8_t *frame) {
  uint64_t hash = (uint64_t)*reg(fake, HASHHI) << 32 | *reg(fake, HASHLO);
  uint32_t own[2] = {*reg(fake, SPADDR1LO), *reg(fake, SPADDR1HI)};

  if ((*reg(fake, NWCFG) & 1 << 4) != 0 || memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6) == 0 ||
      memcmp(frame, own, 6) == 0)
    return true;
  return (frame[0] & 1) != 0 && (*reg(fake, NWCFG) & 1 << 6) != 0 &&
         (hash >> hash_index(frame) & 1) != 0;
}

enum fake_verdict fake_cadence_gem_receive(struct fake_cadence_gem *fake, const uint8_t *frame,
                                           uint32_t length) {
  uint32_t buffer = (*reg(fake, DMACFG) >> 16 & 0xff) * 64;
  uint32_t done = 0;

  if ((*reg(fake, NWCTRL) & RX_EN) == 0 || fake->rx_waits || fake->was_reset)
    return FAKE_NOT_READY;
  if (fake->rx_hangs || !is_wanted(fake, frame))
    return FAKE_FILTERED;
  ++*reg(fake, FRAMES_RX);
  while (done < length && !fake->rx_waits) {
    struct descriptor descriptor = fetch(fake->rx_descriptor);
    uint32_t part = length - done < buffer ? length - done : buffer;

    host_dma_write(descriptor.address & ~UINT32_C(3), frame + done, part);
    descriptor.status = done == 0 ? 1 << 14 : 0;
    done += part;
    if (done == length)
      descriptor.status |= length | 1 << 15;
    descriptor.address |= 1;
    host_dma_write(fake->rx_descriptor + 4, &descriptor.status, sizeof descriptor.status);
    host_dma_give_back(fake->rx_descriptor, &descriptor.address, sizeof descriptor.address);
    fake->rx_descriptor =
        (descriptor.address & 2) != 0 ? *reg(fake, RXQBASE) : fake->rx_descriptor + 8;
    look_for_buffer(fake);
  }
  *reg(fake, RXSTATUS) |= 1 << 1;
  raise(fake, 1 << 1);
  update_irq(fake);
  return FAKE_RECEIVED;
}

bool fake_cadence_gem_report(struct fake_cadence_gem *fake, uint32_t rx_status, uint32_t cause) {
  if ((*reg(fake, NWCTRL) & RX_EN) == 0)
    return false;
  *reg(fake, RXSTATUS) |= rx_status;
  raise(fake, cause);
  update_irq(fake);
  return true;
}

/* ---- registers ---- */

static uint16_t phy_read(const struct fake_cadence_gem *fake, unsigned address, unsigned number) {
  if (address != fake->phy_address)
    return 0xffff;
  switch (number) {
  case 1:
    return fake->link ? 0x796d : 0x7949;
  case 2:
    return 0x0141;
  case 5:
    return 0x01e1;
  case 10:
    return fake->partner_1000 ? 0x0800 : 0;
  default:
    return number < 16 ? fake->phy[number] : 0;
  }
}

static uint32_t bus_read(void *context, unsigned offset) {
  struct fake_cadence_gem *fake = context;
  uint32_t value = *reg(fake, offset);

  if (fake->without_power != 0)
    return 0;
  switch (offset) {
  case NWSTATUS:
    return fake->mdio_dead ? 0 : 1 << 2;
  case MODID:
    return value;
  case PHYMNTNC:
    return (value >> 28 & 3) == 2 ? phy_read(fake, value >> 23 & 0x1f, value >> 18 & 0x1f) : value;
  case ISR: /* cleared by reading, as the statistics are */
    *reg(fake, offset) = 0;
    update_irq(fake);
    break;
  case NWCTRL:
    return value & (RX_EN | TX_EN | MDIO_EN);
  case TXSTATUS:
    return value | (fake->going && !fake->tx_halted ? 1 << 3 : 0);
  default:
    if (offset >= STATISTICS && offset < STATISTICS_END)
      *reg(fake, offset) = 0;
    break;
  }
  return value;
}

/* After a reset it has no rings. */
static void write_control(struct fake_cadence_gem *fake, uint32_t value) {
  *reg(fake, NWCTRL) = value & (RX_EN | TX_EN | MDIO_EN);
  if ((value & TX_EN) == 0) {
    fake->going = false;
    fake->tx_descriptor = *reg(fake, TXQBASE);
    fake->tx_halted = false;
  }
  if ((value & RX_EN) == 0) {
    fake->rx_hangs = false;
    fake->rx_stops++;
  }
  if (fake->was_reset)
    return;
  if ((value & RX_EN) != 0)
    look_for_buffer(fake);
  if ((value & START_TX) != 0) {
    fake->going = fake->going || !fake->lose_kick;
    fake->lose_kick = false;
  }
  if (fake->going && !fake->hold_tx)
    send_posted(fake, UINT32_MAX);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  struct fake_cadence_gem *fake = context;
  uint32_t running = *reg(fake, NWCTRL) & (RX_EN | TX_EN);

  if (fake->without_power != 0)
    return;
  switch (offset) {
  case NWCTRL:
    write_control(fake, value);
    break;
  case TXSTATUS:
  case RXSTATUS:
    *reg(fake, offset) &= ~value;
    break;
  case ISR: /* this one is cleared by reading */
    break;
  case IER:
    *reg(fake, IMR) &= ~value;
    break;
  case IDR:
    *reg(fake, IMR) |= value;
    break;
  case RXQBASE:
  case TXQBASE:
    fake->bad_accesses += running != 0; /* "any write is illegal" */
    fake->was_reset = false;
    *reg(fake, offset) = value;
    *(offset == RXQBASE ? &fake->rx_descriptor : &fake->tx_descriptor) = value;
    break;
  case PHYMNTNC:
    fake->bad_accesses += (*reg(fake, NWCTRL) & MDIO_EN) == 0 && !fake->was_reset;
    *reg(fake, PHYMNTNC) = value;
    if ((value >> 28 & 3) == 1 && (value >> 23 & 0x1f) == fake->phy_address)
      fake->phy[value >> 18 & 0xf] = (uint16_t)value;
    break;
  case NWCFG:
  case DMACFG:
  case HASHLO:
  case HASHHI:
  case SPADDR1LO:
  case SPADDR1HI:
    *reg(fake, offset) = value;
    break;
  default:
    fake->bad_accesses++;
  }
  update_irq(fake);
}

static void reset(struct fake_cadence_gem *fake) {
  memset(fake->registers, 0, sizeof fake->registers);
  *reg(fake, NWCFG) = 0x00080000;
  *reg(fake, DMACFG) = 0x00020784;
  *reg(fake, MODID) = 0x00020118;
  *reg(fake, IMR) = UINT32_MAX;
}

void fake_cadence_gem_forget(struct fake_cadence_gem *fake) {
  reset(fake);
  fake->rx_descriptor = fake->tx_descriptor = 0;
  fake->rx_waits = fake->tx_halted = fake->going = fake->rx_hangs = fake->lose_kick = false;
  fake->has_looked = false;
  fake->was_reset = true;
  update_irq(fake);
}

void fake_cadence_gem_attach(struct fake_cadence_gem *fake) {
  *fake = (struct fake_cadence_gem){.link = true, .partner_1000 = true, .phy_address = 7};
  reset(fake);
  host_attach(&(struct host_device){.base = FAKE_GEM_BASE,
                                    .size = sizeof fake->registers,
                                    .read = bus_read,
                                    .write = bus_write,
                                    .context = fake});
}
