/* A 16550 UART with registers a word apart. */
#include "uart_16550.h"

#include "port.h"

enum {
  RBR_THR_DLR = 0x00, /* received byte; byte to be sent; divisor, low */
  IER_DMR = 0x04,     /* interrupt enable; divisor, high */
  IER_RX = 1 << 0,
  IER_TX_EMPTY = 1 << 1,
  IIR_FCR = 0x08,
  FCR_ENABLE_AND_CLEAR = 0x07,
  LCR = 0x0c,
  LCR_8N1 = 0x03,
  LCR_DIVISOR_LATCH = 0x80,
  LSR = 0x14,
  LSR_RX_READY = 1 << 0,
  LSR_OVERRUN = 1 << 1,
  LSR_TX_EMPTY = 1 << 5,
  FIFO_BYTES = 16,
};

static void start(struct uart *uart, uint32_t baud) {
  uint32_t divisor = (uart->clock_hz + 8 * baud) / (16 * baud);

  mmio_write(uart->base + LCR, LCR_DIVISOR_LATCH | LCR_8N1);
  mmio_write(uart->base + RBR_THR_DLR, divisor & 0xff);
  mmio_write(uart->base + IER_DMR, divisor >> 8);
  mmio_write(uart->base + LCR, LCR_8N1);
  mmio_write(uart->base + IIR_FCR, FCR_ENABLE_AND_CLEAR);
}

static void enable_interrupts(struct uart *uart, bool received, bool sent) {
  mmio_write(uart->base + IER_DMR, (received ? IER_RX : 0) | (sent ? IER_TX_EMPTY : 0));
}

/* Reading the status clears its overrun flag. */
static uint32_t read_status(struct uart *uart) {
  uint32_t status = mmio_read(uart->base + LSR);

  if ((status & LSR_OVERRUN) != 0)
    uart->rx_overruns++;
  return status;
}

static unsigned room(struct uart *uart) {
  return (read_status(uart) & LSR_TX_EMPTY) != 0 ? FIFO_BYTES : 0;
}

static void put(struct uart *uart, uint8_t byte) { mmio_write(uart->base + RBR_THR_DLR, byte); }

static int get(struct uart *uart) {
  return (read_status(uart) & LSR_RX_READY) != 0 ? (int)(mmio_read(uart->base + RBR_THR_DLR) & 0xff)
                                                 : -1;
}

const struct uart_ops uart_16550_ops = {
    .start = start,
    .enable_interrupts = enable_interrupts,
    .room = room,
    .put = put,
    .get = get,
};
