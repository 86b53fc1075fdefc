/* A register-level fake of the i.MX ENET. */
#include "fake_imx_enet.h"

#include <string.h>

#include "dma.h"
#include "unit.h"

enum {
  EIR = 0x004,
  EIMR = 0x008,
  RDAR = 0x010,
  TDAR = 0x014,
  ECR = 0x024,
  MMFR = 0x040,
  MSCR = 0x044,
  MIBC = 0x064,
  RCR = 0x084,
  TCR = 0x0c4,
  PALR = 0x0e4,
  PAUR = 0x0e8,
  OPD = 0x0ec,
  IAUR = 0x118,
  IALR = 0x11c,
  GAUR = 0x120,
  GALR = 0x124,
  TFWR = 0x144,
  RDSR = 0x180,
  TDSR = 0x184,
  MRBR = 0x188,
  FTRL = 0x1b0,
  RACC = 0x1c4,
  STATISTICS = 0x200,
  STATISTICS_END = 0x2e4,

  ETHEREN = 1 << 1,
  ECR_FIXED = 0x70000110, /* reserved bits, little-endian, enhanced descriptors */
  ACTIVE = 1 << 24,
  GTS = 1 << 0,
  STORE_AND_FORWARD = 1 << 8,
  EVENT_EBERR = 1 << 22,
  EVENT_MII = 1 << 23,
  EVENT_RXB = 1 << 24,
  EVENT_RXF = 1 << 25,
  EVENT_TXB = 1 << 26,
  EVENT_TXF = 1 << 27,
  EVENT_GRA = 1 << 28,

  TRUNCATED = 1 << 16,
  OVERRUN = 1 << 17,
  LONG = 1 << 21,
  APPEND_FCS = 1 << 26,
  LAST = 1 << 27,
  WRAP = 1 << 29,
  RX_INTERRUPT = 1 << 23,
  IINS = 1 << 27,
  PINS = 1 << 28,
  TX_INTERRUPT = 1 << 30,
  UPDATED = 1 << 31,
  FCS_BYTES = 4,
};
#define OWN UINT32_C(0x80000000) /* "empty" in rx descriptors, "ready" in tx descriptors */

struct descriptor {
  uint32_t control, data, option, checksum, update, timestamp, reserved[2];
};

static uint32_t *reg(struct fake_imx_enet *fake, unsigned offset) {
  return &fake->registers[offset / 4];
}

static bool is_enabled(struct fake_imx_enet *fake) { return (*reg(fake, ECR) & ETHEREN) != 0; }

static struct descriptor fetch(uint32_t address) {
  struct descriptor descriptor;

  assert_int_equal(address % 8, 0);
  assert_int_not_equal(address, 0);
  host_dma_read(address, &descriptor, sizeof descriptor);
  return descriptor;
}

static void give_back(uint32_t address, const struct descriptor *descriptor) {
  host_dma_write(address + offsetof(struct descriptor, option), &descriptor->option,
                 sizeof *descriptor - offsetof(struct descriptor, option));
  host_dma_give_back(address, &descriptor->control, sizeof descriptor->control);
}

static uint32_t after(struct fake_imx_enet *fake, uint32_t address, unsigned base) {
  return (fetch(address).control & WRAP) != 0 ? *reg(fake, base)
                                              : address + sizeof(struct descriptor);
}

static void raise(struct fake_imx_enet *fake, uint32_t events) {
  *reg(fake, EIR) |= events;
  host_set_irq_level(fake->irq, (*reg(fake, EIR) & *reg(fake, EIMR)) != 0);
}

/* ---- sending ---- */

/* The options of the whole frame may have checksums inserted only where their fields are 0. */
static void check_options(struct fake_imx_enet *fake, const uint8_t *frame) {
  uint32_t options = fake->options;
  unsigned transport = 14 + (frame[14] & 0xfU) * 4;

  if ((options & IINS) != 0)
    fake->bad_accesses += (frame[24] | frame[25]) != 0;
  if ((options & PINS) != 0) {
    transport += frame[23] == 6 ? 16 : frame[23] == 17 ? 6 : 2; /* TCP, UDP, ICMP */
    fake->bad_accesses += (frame[transport] | frame[transport + 1]) != 0;
    fake->bad_accesses += (*reg(fake, TFWR) & STORE_AND_FORWARD) == 0;
  }
}

/* Takes the next part of a frame off the ring; of a last part, writes `errors` to its descriptor,
 * or sends the frame. False if there is none. */
static bool take_part(struct fake_imx_enet *fake, uint32_t errors) {
  struct descriptor descriptor = fetch(fake->tx_descriptor);
  uint32_t length = descriptor.control & 0xffff;
  bool last = (descriptor.control & LAST) != 0;

  if ((descriptor.control & OWN) == 0) {
    fake->bad_accesses += fake->parts_taken != 0; /* out of descriptors in mid-frame */
    return false;
  }
  if (fake->parts_taken++ == 0) {
    fake->options = descriptor.option;
    fake->frame_length = 0;
  }
  if (length == 0 || descriptor.option != fake->options || descriptor.update != 0 ||
      last != ((descriptor.control & APPEND_FCS) != 0))
    fake->bad_accesses++;
  assert_true(fake->frame_length + length <= sizeof fake->frame);
  host_dma_read(descriptor.data, fake->frame + fake->frame_length, length);
  fake->frame_length += length;
  if (last) {
    descriptor.option |= errors;
    fake->parts_taken = 0;
  }
  descriptor.update = last ? (uint32_t)UPDATED : 0;
  descriptor.control &= ~OWN;
  if (last && errors == 0)
    wire_sent(fake->frame, fake->frame_length);
  give_back(fake->tx_descriptor, &descriptor);
  fake->tx_descriptor = after(fake, fake->tx_descriptor, TDSR);
  if (!last)
    return true;
  check_options(fake, fake->frame);
  if ((fake->options & TX_INTERRUPT) != 0)
    raise(fake, EVENT_TXB | EVENT_TXF);
  return true;
}

static bool take_frame(struct fake_imx_enet *fake, uint32_t errors) {
  while (take_part(fake, errors)) {
    if (fake->parts_taken == 0)
      return true;
  }
  return false;
}

void fake_imx_enet_send_part(struct fake_imx_enet *fake) {
  if ((*reg(fake, TDAR) & ACTIVE) != 0)
    (void)take_part(fake, 0);
}

static void send_posted(struct fake_imx_enet *fake, unsigned frames) {
  while (frames-- != 0 && (*reg(fake, TDAR) & ACTIVE) != 0) {
    (void)take_frame(fake, 0);
    if ((fetch(fake->tx_descriptor).control & OWN) == 0)
      *reg(fake, TDAR) = 0;
  }
}

void fake_imx_enet_send(struct fake_imx_enet *fake, unsigned frames) { send_posted(fake, frames); }

bool fake_imx_enet_fail(struct fake_imx_enet *fake, uint32_t errors, uint32_t event) {
  if (*reg(fake, TDAR) == 0 || !take_frame(fake, errors))
    return false;
  raise(fake, event);
  return true;
}

/* ---- receiving ---- */

static void look_for_buffer(struct fake_imx_enet *fake) {
  *reg(fake, RDAR) = (fetch(fake->rx_descriptor).control & OWN) != 0 ? ACTIVE : 0;
}

/* The six most significant bits of the CRC over the bytes on the wire, each byte's least
 * significant bit first; the CRC's first bit is that of x^31. */
unsigned fake_imx_enet_hash(const uint8_t *address) {
  uint32_t crc = UINT32_MAX;
  unsigned index = 0;

  for (unsigned i = 0; i < 48; i++) {
    uint32_t feedback = crc >> 31 ^ ((uint32_t)address[i / 8] >> i % 8 & 1);

    crc = crc << 1 ^ (feedback != 0 ? UINT32_C(0x04c11db7) : 0);
  }
  for (unsigned i = 0; i < 6; i++)
    index |= (crc >> i & 1) << (5 - i);
  return index;
}

static bool is_wanted(struct fake_imx_enet *fake, const uint8_t *frame) {
  uint64_t hash = (uint64_t)*reg(fake, GAUR) << 32 | *reg(fake, GALR);
  uint64_t own = (uint64_t)*reg(fake, PALR) << 16 | *reg(fake, PAUR) >> 16;
  uint64_t destination = 0;

  for (unsigned i = 0; i < 6; i++)
    destination = destination << 8 | frame[i];
  if ((*reg(fake, RCR) & 1 << 3) != 0 || destination == own ||
      destination == UINT64_C(0xffffffffffff))
    return true;
  return (frame[0] & 1) != 0 && (hash >> fake_imx_enet_hash(frame) & 1) != 0;
}

enum fake_verdict fake_imx_enet_receive(struct fake_imx_enet *fake, const uint8_t *frame,
                                        uint32_t length) {
  uint32_t left = length + FCS_BYTES, done = 0, errors = fake->rx_errors;

  if (!is_enabled(fake) || *reg(fake, RDAR) == 0)
    return FAKE_NOT_READY;
  if (!is_wanted(fake, frame))
    return FAKE_FILTERED;
  fake->rx_errors = 0;
  if (left > *reg(fake, FTRL)) {
    left = *reg(fake, FTRL);
    errors |= TRUNCATED;
  }
  if (left > *reg(fake, RCR) >> 16)
    errors |= LONG;
  length = left;
  while (left != 0 && *reg(fake, RDAR) != 0) {
    struct descriptor descriptor = fetch(fake->rx_descriptor);
    uint8_t data[2048];
    uint32_t part = left < *reg(fake, MRBR) ? left : *reg(fake, MRBR);

    fake->bad_accesses += descriptor.data % 64 != 0 || descriptor.option != RX_INTERRUPT;
    memset(data, 0xfc, sizeof data); /* the FCS, unless data overwrites it */
    if (part > FCS_BYTES)
      memcpy(data, frame + done, part - FCS_BYTES);
    host_dma_write(descriptor.data, data, part);
    done += part;
    left -= part;
    descriptor.control &= WRAP;
    descriptor.control |= left == 0 ? length | LAST | errors : part;
    descriptor.update = left == 0 ? (uint32_t)UPDATED : 0;
    give_back(fake->rx_descriptor, &descriptor);
    fake->rx_descriptor = after(fake, fake->rx_descriptor, RDSR);
    look_for_buffer(fake);
  }
  raise(fake, left == 0 ? EVENT_RXF : EVENT_RXB);
  return (errors & OVERRUN) != 0 ? FAKE_LOST : FAKE_RECEIVED;
}

/* ---- registers ---- */

/* When turned off it forgets where it was: it starts at the rings' bases. */
static void turn_off(struct fake_imx_enet *fake) {
  *reg(fake, ECR) &= ~(uint32_t)ETHEREN;
  *reg(fake, RDAR) = 0;
  *reg(fake, TDAR) = 0;
  fake->rx_descriptor = *reg(fake, RDSR);
  fake->tx_descriptor = *reg(fake, TDSR);
  fake->parts_taken = 0;
}

bool fake_imx_enet_report(struct fake_imx_enet *fake, uint32_t event) {
  if (!is_enabled(fake))
    return false;
  if ((event & EVENT_EBERR) != 0)
    turn_off(fake);
  raise(fake, event);
  return true;
}

static uint32_t bus_read(void *context, unsigned offset) {
  struct fake_imx_enet *fake = context;

  return fake->without_power != 0 ? 0 : *reg(fake, offset);
}

/* The statistics keep their values. */
static void reset(struct fake_imx_enet *fake) {
  memset(fake->registers, 0, STATISTICS);
  *reg(fake, ECR) = 0x70000000;
  *reg(fake, RCR) = 0x05ee0001;
  *reg(fake, MIBC) = 0xc0000000;
  *reg(fake, FTRL) = 0x7ff;
  turn_off(fake);
}

void fake_imx_enet_forget(struct fake_imx_enet *fake) {
  reset(fake);
  memset(&fake->registers[STATISTICS / 4], 0x33, STATISTICS_END - STATISTICS);
  fake->rx_errors = 0;
  fake->lose_kick = false;
  raise(fake, 0);
}

static void write_control(struct fake_imx_enet *fake, uint32_t value) {
  if ((value & 1) != 0) {
    reset(fake);
    *reg(fake, ECR) |= fake->reset_hangs ? 1 : 0;
    return;
  }
  if ((value & ETHEREN) == 0) {
    /* else it cuts the frame on the wire */
    fake->bad_accesses += is_enabled(fake) && (*reg(fake, TCR) & GTS) == 0;
    turn_off(fake);
  } else if (!is_enabled(fake)) {
    fake->bad_accesses += value != (ECR_FIXED | ETHEREN) || *reg(fake, EIR) != 0 ||
                          *reg(fake, RDSR) == 0 || *reg(fake, TDSR) == 0 ||
                          *reg(fake, MRBR) % 64 != 0 || *reg(fake, FTRL) < *reg(fake, RCR) >> 16 ||
                          (*reg(fake, RCR) & 0x105) != 0x104; /* MII_MODE, RMII_MODE, no LOOP */
  }
  *reg(fake, ECR) = value;
}

/* A management frame starts when MMFR is written while there is a clock, and when the clock starts
 * while MMFR is not 0. */
static void management_frame(struct fake_imx_enet *fake) {
  uint32_t value = *reg(fake, MMFR);
  unsigned address = value >> 23 & 0x1f, number = value >> 18 & 0x1f;
  bool answers = (fake->phy_addresses >> address & 1) != 0;

  fake->bad_accesses += value >> 30 != 1 || (value >> 16 & 3) != 2 ||
                        (*reg(fake, MSCR) >> 1 & 0x3f) != 0xd; /* for 66 MHz */
  if ((value >> 28 & 3) == 2) {
    fake->phy[1] = fake->link ? 0x782d : 0x7809;
    *reg(fake, MMFR) = (value & 0xffff0000) | (answers ? fake->phy[number] : 0xffff);
  } else if (answers) {
    fake->phy[number] = (uint16_t)value;
    fake->mdio_writes |= UINT32_C(1) << address;
  }
  if (!fake->mdio_hangs)
    raise(fake, EVENT_MII);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  struct fake_imx_enet *fake = context;
  uint32_t before = *reg(fake, offset);

  if (fake->without_power != 0)
    return;
  switch (offset) {
  case EIR:
    *reg(fake, EIR) &= ~value;
    break;
  case RDAR:
    if (is_enabled(fake))
      look_for_buffer(fake);
    break;
  case TDAR:
    if (is_enabled(fake) && !fake->lose_kick) {
      *reg(fake, TDAR) = ACTIVE;
      if (!fake->hold_tx)
        send_posted(fake, UINT32_MAX);
    }
    fake->lose_kick = false;
    break;
  case ECR:
    write_control(fake, value);
    break;
  case MMFR:
    *reg(fake, MMFR) = value;
    if (*reg(fake, MSCR) != 0)
      management_frame(fake);
    break;
  case MSCR:
    *reg(fake, MSCR) = value;
    if (before == 0 && *reg(fake, MMFR) != 0)
      management_frame(fake);
    break;
  case TCR:
    fake->bad_accesses += is_enabled(fake) && ((value ^ before) & ~(uint32_t)GTS) != 0;
    *reg(fake, TCR) = value;
    if ((value & GTS) != 0 && !fake->stop_hangs)
      raise(fake, EVENT_GRA);
    break;
  case RDSR:
  case TDSR:
    fake->bad_accesses += is_enabled(fake) || value % 64 != 0;
    *reg(fake, offset) = value;
    *(offset == RDSR ? &fake->rx_descriptor : &fake->tx_descriptor) = value;
    break;
  case RCR:
    fake->bad_accesses += is_enabled(fake) && ((value ^ before) & ~UINT32_C(8)) != 0;
    *reg(fake, RCR) = value;
    break;
  case PAUR:
    *reg(fake, PAUR) = (value & 0xffff0000) | 0x8808;
    break;
  case EIMR:
  case MIBC:
  case PALR:
  case OPD:
  case IAUR:
  case IALR:
  case GAUR:
  case GALR:
  case TFWR:
  case MRBR:
  case FTRL:
  case RACC:
    *reg(fake, offset) = value;
    break;
  default:
    fake->bad_accesses++;
  }
  raise(fake, 0);
}

void fake_imx_enet_attach(struct fake_imx_enet *fake, uintptr_t base) {
  *fake = (struct fake_imx_enet){.irq = base == FAKE_ENET_BASE ? FAKE_ENET_IRQ : FAKE_ENET2_IRQ,
                                 .link = true,
                                 .phy_addresses = 1 << 2,
                                 .phy = {[2] = 7, [4] = 0x01e1, [5] = 0x41e1}};
  memset(&fake->registers[STATISTICS / 4], 0x5a, STATISTICS_END - STATISTICS);
  host_attach(&(struct host_device){.base = base,
                                    .size = sizeof fake->registers,
                                    .read = bus_read,
                                    .write = bus_write,
                                    .context = fake});
}
