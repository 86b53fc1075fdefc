/* A CMSDK APB UART (Arm DDI 0479, chapter 4): it holds one byte each way, and interrupts on edges,
 * when the byte to be sent has gone and when a byte has come. */
#include "cmsdk_uart.h"

#include "port.h"

enum {
  DATA = 0x00,
  STATE = 0x04,
  STATE_TX_FULL = 1 << 0,
  STATE_RX_FULL = 1 << 1,
  STATE_RX_OVERRUN = 1 << 3, /* written 1 clears */
  CTRL = 0x08,
  CTRL_TX_ENABLE = 1 << 0,
  CTRL_RX_ENABLE = 1 << 1,
  CTRL_TX_INTERRUPT = 1 << 2,
  CTRL_RX_INTERRUPT = 1 << 3,
  INTSTATUS = 0x0c, /* written 1 clears */
  INTSTATUS_TX = 1 << 0,
  INTSTATUS_RX = 1 << 1,
  BAUDDIV = 0x10,
  BAUDDIV_MIN = 16,
};

static void acknowledge(struct uart *uart) {
  mmio_write(uart->base + INTSTATUS, INTSTATUS_TX | INTSTATUS_RX);
}

static void start(struct uart *uart, uint32_t baud) {
  uint32_t divisor = (uart->clock_hz + baud / 2) / baud;

  mmio_write(uart->base + CTRL, 0);
  mmio_write(uart->base + BAUDDIV, divisor > BAUDDIV_MIN ? divisor : BAUDDIV_MIN);
  acknowledge(uart);
  mmio_write(uart->base + CTRL,
             CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_TX_INTERRUPT | CTRL_RX_INTERRUPT);
}

/* All of them always: an edge that was masked would never come again, and none comes twice. */
static void enable_interrupts(struct uart *uart, bool received, bool sent) {
  (void)uart;
  (void)received;
  (void)sent;
}

static unsigned room(struct uart *uart) {
  return (mmio_read(uart->base + STATE) & STATE_TX_FULL) == 0 ? 1 : 0;
}

static void put(struct uart *uart, uint8_t byte) { mmio_write(uart->base + DATA, byte); }

static int get(struct uart *uart) {
  uint32_t state = mmio_read(uart->base + STATE);

  if ((state & STATE_RX_OVERRUN) != 0) {
    mmio_write(uart->base + STATE, STATE_RX_OVERRUN);
    uart->rx_overruns++;
  }
  return (state & STATE_RX_FULL) != 0 ? (int)(mmio_read(uart->base + DATA) & 0xff) : -1;
}

const struct uart_ops cmsdk_uart_ops = {
    .start = start,
    .enable_interrupts = enable_interrupts,
    .acknowledge = acknowledge,
    .room = room,
    .put = put,
    .get = get,
};
