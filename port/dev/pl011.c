/* A PrimeCell UART (ARM DDI 0183G, PL011). */
#include "pl011.h"

#include "port.h"

/* Registers, by their names in the manual (3.2). */
enum {
  UARTDR = 0x00,
  UARTDR_BYTE = 0xff,
  UARTDR_OVERRUN = 1 << 11,
  UARTFR = 0x18,
  UARTFR_RXFE = 1 << 4,
  UARTFR_BUSY = 1 << 3,
  UARTFR_TXFF = 1 << 5,
  UARTFR_TXFE = 1 << 7,
  UARTIBRD = 0x24,
  UARTFBRD = 0x28,
  UARTLCR_H = 0x2c,
  UARTLCR_H_FEN = 1 << 4, /* FIFOs */
  UARTLCR_H_WLEN_8 = 3 << 5,
  UARTCR = 0x30,
  UARTCR_UARTEN = 1 << 0,
  UARTCR_TXE = 1 << 8,
  UARTCR_RXE = 1 << 9,
  UARTIFLS = 0x34, /* 0: tx interrupts at an eighth full or less, rx at an eighth or more */
  UARTIMSC = 0x38,
  UARTRIS = 0x3c,
  UARTICR = 0x44,
  INTERRUPT_RX = 1 << 4,
  INTERRUPT_TX = 1 << 5,
  INTERRUPT_RT = 1 << 6, /* bytes wait, and no more have come for a while */
  INTERRUPTS_ALL = 0x7ff,
  FIFO_BYTES = 16, /* 32 from revision r1p5 on */
  FIFO_EIGHTH = FIFO_BYTES / 8,
  BUSY_POLLS_MAX = 100000, /* a FIFO lasts 1.4 ms at 115200 baud */
};

/* The line is set while the UART is off, after it has sent what it had (3.3.8). */
static void start(struct uart *uart, uint32_t baud) {
  /* In 64ths: the divisor is 16 times the baud rate's (3.3.6). */
  uint32_t divisor = (4 * uart->clock_hz + baud / 2) / baud;

  for (unsigned polls = 0; polls < BUSY_POLLS_MAX; polls++) {
    if ((mmio_read(uart->base + UARTFR) & UARTFR_BUSY) == 0)
      break;
  }
  mmio_write(uart->base + UARTCR, 0);
  mmio_write(uart->base + UARTIMSC, 0);
  mmio_write(uart->base + UARTICR, INTERRUPTS_ALL);
  mmio_write(uart->base + UARTIBRD, divisor / 64);
  mmio_write(uart->base + UARTFBRD, divisor % 64);
  mmio_write(uart->base + UARTLCR_H, UARTLCR_H_FEN | UARTLCR_H_WLEN_8);
  mmio_write(uart->base + UARTIFLS, 0);
  mmio_write(uart->base + UARTCR, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
}

static void put(struct uart *uart, uint8_t byte) { mmio_write(uart->base + UARTDR, byte); }

/* The interrupt comes as the FIFO falls to an eighth, not while it is below (2.8): so the FIFO has
 * to get above that while more is to be sent. One that has got only a few bytes is filled here. */
static void enable_interrupts(struct uart *uart, bool received, bool sent) {
  for (unsigned i = 0; i < FIFO_BYTES && sent; i++) {
    if ((mmio_read(uart->base + UARTFR) & UARTFR_TXFF) != 0)
      break;
    put(uart, uart->tx[uart->tx_tail++ % UART_TX_BYTES]);
    sent = uart->tx_tail != uart->tx_head;
  }
  mmio_write(uart->base + UARTIMSC,
             (received ? INTERRUPT_RX | INTERRUPT_RT : 0) | (sent ? INTERRUPT_TX : 0));
}

/* The interrupt comes once, when an eighth is left (2.8): it has to lead to a fill. */
static unsigned room(struct uart *uart) {
  if ((mmio_read(uart->base + UARTFR) & UARTFR_TXFE) != 0)
    return FIFO_BYTES;
  return (mmio_read(uart->base + UARTRIS) & INTERRUPT_TX) != 0 ? FIFO_BYTES - FIFO_EIGHTH : 0;
}

static int get(struct uart *uart) {
  uint32_t data;

  if ((mmio_read(uart->base + UARTFR) & UARTFR_RXFE) != 0)
    return -1;
  data = mmio_read(uart->base + UARTDR);
  if ((data & UARTDR_OVERRUN) != 0)
    uart->rx_overruns++;
  return (int)(data & UARTDR_BYTE);
}

const struct uart_ops pl011_ops = {
    .start = start,
    .enable_interrupts = enable_interrupts,
    .room = room,
    .put = put,
    .get = get,
};
