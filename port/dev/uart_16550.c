/* A 16550 UART as the serial console: buffered by interrupts both ways. */
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
  POLLS_MAX = 1000000, /* a byte lasts 87 us at 115200 baud */
};

void uart_16550_start(struct uart_16550 *uart, uint32_t baud) {
  uint32_t divisor = (uart->clock_hz + 8 * baud) / (16 * baud);

  mmio_write(uart->base + LCR, LCR_DIVISOR_LATCH | LCR_8N1);
  mmio_write(uart->base + RBR_THR_DLR, divisor & 0xff);
  mmio_write(uart->base + IER_DMR, divisor >> 8);
  mmio_write(uart->base + LCR, LCR_8N1);
  mmio_write(uart->base + IIR_FCR, FCR_ENABLE_AND_CLEAR);
  mmio_write(uart->base + IER_DMR, IER_RX);
}

/* Lets the interrupts through that there is something to do for. Interrupts masked, or in the
 * interrupt. */
static void enable_interrupts(struct uart_16550 *uart) {
  mmio_write(uart->base + IER_DMR,
             (uart->rx_paused ? 0 : IER_RX) | (uart->tx_tail != uart->tx_head ? IER_TX_EMPTY : 0));
}

/* Fills the empty FIFO from the buffer. Interrupts masked, or in the interrupt. */
static void refill(struct uart_16550 *uart) {
  for (unsigned i = 0; i < FIFO_BYTES && uart->tx_tail != uart->tx_head; i++)
    mmio_write(uart->base + RBR_THR_DLR, uart->tx[uart->tx_tail++ % UART_TX_BYTES]);
}

/* Waits until the line has taken what its FIFO holds, then refills it. Interrupts masked. */
static bool poll_out(struct uart_16550 *uart) {
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if ((mmio_read(uart->base + LSR) & LSR_TX_EMPTY) != 0) {
      refill(uart);
      return true;
    }
  }
  return false;
}

void uart_16550_write(struct uart_16550 *uart, const char *data, size_t length) {
  uint32_t state = port_irq_save();

  for (size_t i = 0; i < length; i++) {
    if ((uint16_t)(uart->tx_head - uart->tx_tail) == UART_TX_BYTES && !poll_out(uart)) {
      uart->tx_lost += (uint32_t)(length - i);
      break;
    }
    uart->tx[uart->tx_head++ % UART_TX_BYTES] = (uint8_t)data[i];
  }
  enable_interrupts(uart);
  port_irq_restore(state);
}

bool uart_16550_pending(const struct uart_16550 *uart) {
  return spsc_load(&uart->rx_head) != uart->rx_tail;
}

int uart_16550_read(struct uart_16550 *uart) {
  uint16_t tail = uart->rx_tail;
  uint8_t byte;

  if (spsc_load(&uart->rx_head) == tail)
    return -1;
  byte = uart->rx[tail % UART_RX_BYTES];
  spsc_store(&uart->rx_tail, (uint16_t)(tail + 1));
  if (uart->rx_paused) { /* there is room again for what waits in the line's own buffer */
    uint32_t state = port_irq_save();

    uart->rx_paused = false;
    enable_interrupts(uart);
    port_irq_restore(state);
  }
  return byte;
}

void uart_16550_flush(struct uart_16550 *uart) {
  uint32_t state = port_irq_save();

  while (uart->tx_tail != uart->tx_head && poll_out(uart)) {
  }
  port_irq_restore(state);
}

void uart_16550_interrupt(struct uart_16550 *uart) {
  uint32_t status = mmio_read(uart->base + LSR);

  for (unsigned i = 0; i < FIFO_BYTES && (status & LSR_RX_READY) != 0; i++) {
    if ((uint16_t)(uart->rx_head - spsc_load(&uart->rx_tail)) == UART_RX_BYTES) {
      uart->rx_paused = true; /* the rest stays in the FIFO until the main loop has read */
      break;
    }
    uart->rx[uart->rx_head % UART_RX_BYTES] = (uint8_t)mmio_read(uart->base + RBR_THR_DLR);
    spsc_store(&uart->rx_head, (uint16_t)(uart->rx_head + 1));
    status = mmio_read(uart->base + LSR);
  }
  if ((status & LSR_OVERRUN) != 0)
    uart->rx_overruns++;
  if ((status & LSR_TX_EMPTY) != 0)
    refill(uart);
  enable_interrupts(uart);
}
