/* Models of the boards' UARTs: FIFOs, flags and interrupts, as their manuals describe them. */
#include "uart_models.h"

#include <string.h>

#include "unit.h"

enum { FIFO_MAX = 64 };

struct fifo {
  uint8_t bytes[FIFO_MAX];
  unsigned count;
};

struct uart_line line;

static const struct uart_model *model;
static struct fifo tx, rx;
static bool overrun;         /* a byte was lost, and this has not been reported */
static uint32_t latched;     /* causes that stay until cleared */
static uint32_t regs[0x100]; /* the last written values, by offset */

static uint8_t take(struct fifo *fifo) {
  uint8_t byte = fifo->bytes[0];

  assert_true(fifo->count > 0);
  memmove(fifo->bytes, fifo->bytes + 1, --fifo->count);
  return byte;
}

static void put_tx(uint32_t byte) {
  if (tx.count == model->tx_depth)
    line.tx_refused++;
  else
    tx.bytes[tx.count++] = (uint8_t)byte;
}

static bool told_of_overrun(void) {
  bool was = overrun;

  overrun = false;
  return was;
}

/* ---- the CMSDK's (Arm DDI 0479, chapter 4): one byte each way, interrupts on edges ---- */

enum { CMSDK_TX = 1 << 0, CMSDK_RX = 1 << 1 };

static uint32_t cmsdk_read(unsigned offset) {
  switch (offset) {
  case 0x00:
    return take(&rx);
  case 0x04:
    return (tx.count != 0 ? 1U : 0) | (rx.count != 0 ? 2U : 0) | (overrun ? 8U : 0);
  default:
    return regs[offset];
  }
}

static void cmsdk_write(unsigned offset, uint32_t value) {
  if (offset == 0x00)
    put_tx(value);
  if (offset == 0x04 && (value & 8) != 0)
    overrun = false;
  if (offset == 0x0c)
    latched &= ~value;
}

static bool cmsdk_interrupts(void) { return (latched & regs[0x08] >> 2) != 0; }

static uint32_t cmsdk_bit(void) { return 64 * regs[0x10]; }

/* ---- the PL011 (ARM DDI 0183G) ---- */

enum { PL011_RX = 1 << 4, PL011_TX = 1 << 5 };

static uint32_t pl011_read(unsigned offset) {
  switch (offset) {
  case 0x00:
    return take(&rx) | (told_of_overrun() ? 1U << 11 : 0);
  case 0x18:
    return (rx.count == 0 ? 1U << 4 : 0) | (tx.count == 0 ? 1U << 7 : 0) |
           (tx.count != 0 ? 1U << 3 : 0) | (tx.count == model->tx_depth ? 1U << 5 : 0);
  case 0x3c:
    return latched | (rx.count != 0 ? PL011_RX : 0U);
  default:
    return regs[offset];
  }
}

static void pl011_write(unsigned offset, uint32_t value) {
  if (offset == 0x00) {
    put_tx(value);
    if (tx.count > 2)
      latched &= ~(uint32_t)PL011_TX;
  }
  if (offset == 0x44)
    latched &= ~value;
}

static bool pl011_interrupts(void) { return (pl011_read(0x3c) & regs[0x38]) != 0; }

static uint32_t pl011_bit(void) {
  assert_int_equal(regs[0x2c] & 0x70, 0x70); /* 8 bits, FIFOs on */
  assert_int_equal(regs[0x30] & 0x301, 0x301);
  return 16 * (64 * regs[0x24] + regs[0x28]);
}

/* ---- Cadence's (UG585, B.33): causes latch ---- */

enum { CADENCE_RTRIG = 1 << 0, CADENCE_TEMPTY = 1 << 3, CADENCE_ROVR = 1 << 5 };
static uint32_t cadence_mask;

static uint32_t cadence_read(unsigned offset) {
  switch (offset) {
  case 0x14:
    return latched;
  case 0x2c:
    return (rx.count == 0 ? 1U << 1 : 0) | (tx.count == 0 ? 1U << 3 : 0);
  case 0x30:
    return take(&rx);
  default:
    return regs[offset];
  }
}

static void cadence_write(unsigned offset, uint32_t value) {
  if (offset == 0x00 && (value & 3) != 0) /* resets its FIFOs */
    tx.count = rx.count = 0;
  if (offset == 0x08)
    cadence_mask |= value;
  if (offset == 0x0c)
    cadence_mask &= ~value;
  if (offset == 0x14)
    latched &= ~value;
  if (offset == 0x30)
    put_tx(value);
}

static bool cadence_interrupts(void) { return (latched & cadence_mask) != 0; }

static uint32_t cadence_bit(void) {
  assert_int_equal(regs[0x04] & 0x3f, 4 << 3); /* 8 bits, no parity */
  assert_int_equal(regs[0x20], 1);             /* each byte interrupts */
  return 64 * regs[0x18] * (regs[0x34] + 1);
}

/* ---- the i.MX's (IMX6ULRM, chapter UART) ---- */

enum { IMX_TXMPTYEN = 1 << 6, IMX_RRDYEN = 1 << 9 };

static uint32_t imx_read(unsigned offset) {
  switch (offset) {
  case 0x00:
    return rx.count == 0 ? 0 : take(&rx) | 1U << 15 | (told_of_overrun() ? 1U << 13 : 0);
  case 0x84: /* the reset bit reads 0 for as long as the reset lasts */
    return line.resets != 0 && line.resets-- != 0 ? 0 : regs[offset] | 1;
  case 0x98:
    return tx.count == 0 ? 1U << 14 : 0;
  default:
    return regs[offset];
  }
}

static void imx_write(unsigned offset, uint32_t value) {
  if (offset == 0x40)
    put_tx(value);
}

static bool imx_interrupts(void) {
  return (rx.count != 0 && (regs[0x80] & IMX_RRDYEN) != 0) ||
         (tx.count == 0 && (regs[0x80] & IMX_TXMPTYEN) != 0);
}

/* 16 (UBMR + 1) / (UBIR + 1) of the undivided clock. */
static uint32_t imx_bit(void) {
  assert_int_equal(regs[0x90] >> 7 & 7, 5);      /* RFDIV: by one */
  assert_int_equal(regs[0x84] & 0x4027, 0x4027); /* out of reset, both ways on, 8 bits, no RTS */
  return 64 * 16 * (regs[0xa8] + 1) / (regs[0xa4] + 1);
}

/* ---- the 16550 ---- */

static uint32_t ns_divisor;

static uint32_t ns_read(unsigned offset) {
  switch (offset) {
  case 0x00:
    return take(&rx);
  case 0x14:
    return (rx.count != 0 ? 1U : 0) | (told_of_overrun() ? 2U : 0) | (tx.count == 0 ? 1U << 5 : 0);
  default:
    return regs[offset];
  }
}

static void ns_write(unsigned offset, uint32_t value) {
  bool latch = (regs[0x0c] & 0x80) != 0; /* two registers have another meaning then */

  if (offset == 0x00 && latch)
    ns_divisor = (ns_divisor & 0xff00) | value;
  else if (offset == 0x00)
    put_tx(value);
  else if (offset == 0x04 && latch)
    ns_divisor = (ns_divisor & 0xff) | value << 8;
}

static bool ns_interrupts(void) {
  return (rx.count != 0 && (regs[0x04] & 1) != 0) || (tx.count == 0 && (regs[0x04] & 2) != 0);
}

static uint32_t ns_bit(void) {
  assert_int_equal(regs[0x0c], 3); /* 8 bits, no parity, the latch closed */
  assert_int_equal(regs[0x08] & 1, 1);
  return 64 * 16 * ns_divisor;
}

/* ---- all of them ---- */

const struct uart_model uart_models[UART_MODELS] = {
    {"cmsdk", 1, 1, cmsdk_read, cmsdk_write, cmsdk_interrupts, cmsdk_bit, false},
    {"pl011", 16, 16, pl011_read, pl011_write, pl011_interrupts, pl011_bit, true},
    {"cadence", 64, 64, cadence_read, cadence_write, cadence_interrupts, cadence_bit, true},
    {"imx", 32, 32, imx_read, imx_write, imx_interrupts, imx_bit, true},
    {"16550", 16, 16, ns_read, ns_write, ns_interrupts, ns_bit, true},
};

void uart_model_shift(void) {
  if (line.stuck || tx.count == 0)
    return;
  assert_true(line.sent_count < sizeof line.sent);
  line.sent[line.sent_count++] = take(&tx);
  if (model->read == cmsdk_read)
    latched |= CMSDK_TX;
  if (model->read == pl011_read && tx.count == 2) /* falls to an eighth */
    latched |= PL011_TX;
  if (model->read == cadence_read && tx.count == 0)
    latched |= CADENCE_TEMPTY;
}

bool uart_model_receive(uint8_t byte) {
  bool lost = rx.count == model->rx_depth;

  if (lost)
    overrun = true;
  else
    rx.bytes[rx.count++] = byte;
  if (model->read == cmsdk_read)
    latched |= CMSDK_RX;
  if (model->read == cadence_read)
    latched |= lost ? (uint32_t)CADENCE_ROVR : (uint32_t)CADENCE_RTRIG;
  return !lost;
}

/* Time passes with each access: the line takes a byte now and then. */
static void time_goes_by(void) {
  static unsigned accesses;

  if (++accesses % 3 == 0)
    uart_model_shift();
}

static uint32_t bus_read(void *context, unsigned offset) {
  (void)context;
  time_goes_by();
  return model->read(offset);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  (void)context;
  model->write(offset, value);
  if (!(model->read == ns_read && offset < 0x08 && (regs[0x0c] & 0x80) != 0))
    regs[offset] = value;
}

void uart_model_attach(const struct uart_model *attached) {
  const struct host_device device = {.base = UART_MODEL_BASE,
                                     .size = sizeof regs / sizeof *regs,
                                     .read = bus_read,
                                     .write = bus_write};

  model = attached;
  memset(&line, 0, sizeof line);
  memset(&tx, 0, sizeof tx);
  memset(&rx, 0, sizeof rx);
  memset(regs, 0, sizeof regs);
  overrun = false;
  latched = cadence_mask = ns_divisor = 0;
  host_reset();
  host_attach(&device);
}
