/* A Cadence UART, as in the Zynq-7000 (Xilinx UG585, chapter 19 and appendix B.33). */
#include "cadence_uart.h"

#include "port.h"

enum {
  CONTROL = 0x00,
  CONTROL_RXRES = 1 << 0,
  CONTROL_TXRES = 1 << 1,
  CONTROL_RX_EN = 1 << 2,
  CONTROL_TX_EN = 1 << 4,
  MODE = 0x04,
  MODE_NO_PARITY = 4 << 3, /* with 8 bits, one stop bit and the undivided clock */
  INTERRUPT_ENABLE = 0x08,
  INTERRUPT_DISABLE = 0x0c,
  INTERRUPT_STATUS = 0x14, /* written ones clear */
  INTERRUPT_RTRIG = 1 << 0,
  INTERRUPT_TEMPTY = 1 << 3,
  INTERRUPT_ROVR = 1 << 5,
  BAUD_GENERATOR = 0x18,
  RX_TIMEOUT = 0x1c,
  RX_TRIGGER = 0x20,
  CHANNEL_STATUS = 0x2c,
  STATUS_REMPTY = 1 << 1,
  STATUS_TEMPTY = 1 << 3,
  FIFO = 0x30,
  BAUD_DIVIDER = 0x34,
  BAUD_DIVIDER_VALUE = 15, /* a bit lasts one more of the generator's ticks */
  FIFO_BYTES = 64,
};

static void start(struct uart *uart, uint32_t baud) {
  uint32_t divisor = (BAUD_DIVIDER_VALUE + 1) * baud;

  mmio_write(uart->base + INTERRUPT_DISABLE, UINT32_MAX);
  mmio_write(uart->base + CONTROL, 0); /* the baud rate is set while the line rests (19.3.1) */
  mmio_write(uart->base + BAUD_GENERATOR, (uart->clock_hz + divisor / 2) / divisor);
  mmio_write(uart->base + BAUD_DIVIDER, BAUD_DIVIDER_VALUE);
  mmio_write(uart->base + MODE, MODE_NO_PARITY);
  mmio_write(uart->base + CONTROL, CONTROL_RXRES | CONTROL_TXRES | CONTROL_RX_EN | CONTROL_TX_EN);
  mmio_write(uart->base + RX_TIMEOUT, 0);
  mmio_write(uart->base + RX_TRIGGER, 1); /* interrupt at each byte */
  mmio_write(uart->base + INTERRUPT_STATUS, UINT32_MAX);
}

static void enable_interrupts(struct uart *uart, bool received, bool sent) {
  uint32_t on = (received ? INTERRUPT_RTRIG : 0) | (sent ? INTERRUPT_TEMPTY : 0);

  mmio_write(uart->base + INTERRUPT_DISABLE, (INTERRUPT_RTRIG | INTERRUPT_TEMPTY) & ~on);
  mmio_write(uart->base + INTERRUPT_ENABLE, on);
}

/* The causes latch: what comes after this is not lost. */
static void acknowledge(struct uart *uart) {
  uint32_t causes = mmio_read(uart->base + INTERRUPT_STATUS);

  mmio_write(uart->base + INTERRUPT_STATUS, causes);
  if ((causes & INTERRUPT_ROVR) != 0)
    uart->rx_overruns++;
}

static unsigned room(struct uart *uart) {
  return (mmio_read(uart->base + CHANNEL_STATUS) & STATUS_TEMPTY) != 0 ? FIFO_BYTES : 0;
}

static void put(struct uart *uart, uint8_t byte) { mmio_write(uart->base + FIFO, byte); }

static int get(struct uart *uart) {
  return (mmio_read(uart->base + CHANNEL_STATUS) & STATUS_REMPTY) == 0
             ? (int)(mmio_read(uart->base + FIFO) & 0xff)
             : -1;
}

const struct uart_ops cadence_uart_ops = {
    .start = start,
    .enable_interrupts = enable_interrupts,
    .acknowledge = acknowledge,
    .room = room,
    .put = put,
    .get = get,
};
