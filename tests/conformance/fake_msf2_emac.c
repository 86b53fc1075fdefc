/* A register-level fake of the SmartFusion2 Ethernet MAC, as the emulator models it. */
#include "fake_msf2_emac.h"

#include <string.h>

#include "unit.h"

enum {
  CFG1 = 0x00,
  MAX_FRAME_LENGTH = 0x10,
  MII_CMD = 0x24,
  MII_ADDRESS = 0x28,
  MII_CTRL = 0x2c,
  MII_STATUS = 0x30,
  STATION_ADDRESS1 = 0x40,
  STATION_ADDRESS2 = 0x44,
  FIFO_CFG0 = 0x48,
  TX_CTRL = 0x180,
  TX_DESCRIPTOR = 0x184,
  TX_STATUS = 0x188,
  RX_CTRL = 0x18c,
  RX_DESCRIPTOR = 0x190,
  RX_STATUS = 0x194,
  INTERRUPT_MASK = 0x198,
  INTERRUPT = 0x19c,
};

#define EMPTY UINT32_C(0x80000000)

struct descriptor {
  uint32_t start, size, next;
};

static uint32_t *reg(struct fake_msf2_emac *fake, unsigned offset) {
  return &fake->registers[offset / 4];
}

static struct descriptor *descriptor_at(uint32_t address) {
  assert_int_equal(address % 4, 0);
  assert_int_not_equal(address, 0);
  return (struct descriptor *)(uintptr_t)address;
}

static uint32_t causes(struct fake_msf2_emac *fake) {
  return ((*reg(fake, RX_STATUS) & 0xf) << 4 | (*reg(fake, TX_STATUS) & 0xf)) &
         *reg(fake, INTERRUPT_MASK);
}

static void update_irq(struct fake_msf2_emac *fake) {
  host_set_irq_level(FAKE_MSF2_IRQ, causes(fake) != 0);
}

static void send_posted(struct fake_msf2_emac *fake, unsigned frames) {
  while (frames-- != 0) {
    struct descriptor *descriptor = descriptor_at(fake->tx_descriptor);
    uint32_t length = descriptor->size & 0x7ff;

    if ((descriptor->size & EMPTY) != 0) {
      *reg(fake, TX_CTRL) = 0;
      *reg(fake, TX_STATUS) |= 2; /* "underrun": all is sent */
      return;
    }
    fake->frames[fake->sent % FAKE_MSF2_SENT_MAX].length = length;
    memcpy(fake->frames[fake->sent % FAKE_MSF2_SENT_MAX].data,
           (const void *)(uintptr_t)descriptor->start, length);
    fake->sent++;
    descriptor->size |= EMPTY;
    fake->tx_descriptor = descriptor->next;
    *reg(fake, TX_STATUS) = (*reg(fake, TX_STATUS) + 0x10000) | 1;
  }
}

void fake_msf2_emac_send(struct fake_msf2_emac *fake, unsigned frames) {
  if ((*reg(fake, TX_CTRL) & 1) != 0)
    send_posted(fake, frames);
  update_irq(fake);
}

bool fake_msf2_emac_receive(struct fake_msf2_emac *fake, const uint8_t *frame, uint32_t length) {
  struct descriptor *descriptor;

  if ((*reg(fake, CFG1) & 4) == 0 || (*reg(fake, RX_CTRL) & 1) == 0)
    return false;
  if (length > *reg(fake, MAX_FRAME_LENGTH))
    return true; /* dropped in the MAC */
  descriptor = descriptor_at(fake->rx_descriptor);
  if ((descriptor->size & EMPTY) == 0) {
    *reg(fake, RX_CTRL) = 0;
    *reg(fake, RX_STATUS) |= 4;
    fake->rx_dropped++;
  } else {
    memcpy((void *)(uintptr_t)descriptor->start, frame, length);
    descriptor->size = length;
    fake->rx_descriptor = descriptor->next;
    *reg(fake, RX_STATUS) = (*reg(fake, RX_STATUS) + 0x10000) | 1;
  }
  update_irq(fake);
  return true;
}

void fake_msf2_emac_bus_error(struct fake_msf2_emac *fake) {
  *reg(fake, RX_STATUS) |= 8;
  *reg(fake, RX_CTRL) = 0;
  update_irq(fake);
}

static uint16_t phy_read(const struct fake_msf2_emac *fake, uint32_t address) {
  static const uint16_t registers[] = {0x1140, 0x7948, 0x0022, 0x1550, 0x01e1, 0xcde1};

  if (address >> 8 != fake->phy_address || (address & 0x1f) >= 6)
    return 0xffff;
  if ((address & 0x1f) == 1 && fake->link)
    return 0x796c; /* link, negotiated */
  return registers[address & 0x1f];
}

static uint32_t bus_read(void *context, unsigned offset) {
  struct fake_msf2_emac *fake = context;

  if (offset == INTERRUPT)
    return causes(fake);
  return *reg(fake, offset);
}

/* Each write of 1 takes one off the packet count; the bit goes with the last. */
static void acknowledge(struct fake_msf2_emac *fake, unsigned status, uint32_t value) {
  *reg(fake, status) &= ~(value & 0xe);
  if ((value & 1) == 0)
    return;
  if (*reg(fake, status) >> 16 == 0) {
    fake->bad_accesses++; /* more packets acknowledged than came: the count would wrap */
    return;
  }
  *reg(fake, status) -= 0x10000;
  if (*reg(fake, status) >> 16 == 0)
    *reg(fake, status) &= ~UINT32_C(1);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  struct fake_msf2_emac *fake = context;

  switch (offset) {
  case CFG1:
    if (value >> 31 != 0)
      memset(fake->registers, 0, sizeof fake->registers);
    *reg(fake, CFG1) = value;
    break;
  case FIFO_CFG0:
    *reg(fake, FIFO_CFG0) = fake->modules_dead ? value : value | (value >> 8 & 0x1f) << 16;
    break;
  case MII_CMD:
    if ((value & 1) != 0)
      *reg(fake, MII_STATUS) = phy_read(fake, *reg(fake, MII_ADDRESS));
    break;
  case TX_CTRL:
    *reg(fake, TX_CTRL) = value;
    if ((value & 1) != 0) {
      fake->tx_descriptor = *reg(fake, TX_DESCRIPTOR);
      if (!fake->hold_tx)
        send_posted(fake, UINT32_MAX);
    }
    break;
  case RX_CTRL:
    *reg(fake, RX_CTRL) = value;
    if ((value & 1) != 0)
      fake->rx_descriptor = *reg(fake, RX_DESCRIPTOR);
    break;
  case TX_STATUS:
  case RX_STATUS:
    acknowledge(fake, offset, value);
    break;
  case 0x04:
  case MAX_FRAME_LENGTH:
  case MII_ADDRESS:
  case MII_CTRL:
  case STATION_ADDRESS1:
  case STATION_ADDRESS2:
  case 0x58:
  case 0x5c:
  case TX_DESCRIPTOR:
  case RX_DESCRIPTOR:
  case INTERRUPT_MASK:
    *reg(fake, offset) = value;
    break;
  default:
    fake->bad_accesses++;
  }
  update_irq(fake);
}

void fake_msf2_emac_attach(struct fake_msf2_emac *fake) {
  *fake = (struct fake_msf2_emac){.link = true, .phy_address = 1};
  host_attach(&(struct host_device){.base = FAKE_MSF2_BASE,
                                    .size = sizeof fake->registers,
                                    .read = bus_read,
                                    .write = bus_write,
                                    .context = fake});
}
