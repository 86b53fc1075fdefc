/* A CMSDK APB UART as a serial line: buffered by interrupts both ways (Arm DDI 0479, chapter 4).
 *
 * It holds one byte each way, and interrupts on edges: when the transmit byte has gone, and when a
 * byte has come. So whoever finds it idle starts it, and what was left in it is taken by whoever
 * makes room. */
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
  POLLS_MAX = 1000000, /* a byte lasts 87 us at 115200 baud */
};

void cmsdk_uart_start(struct cmsdk_uart *uart, uint32_t baud) {
  uint32_t divisor = (uart->clock_hz + baud / 2) / baud;

  mmio_write(uart->base + CTRL, 0);
  mmio_write(uart->base + BAUDDIV, divisor > BAUDDIV_MIN ? divisor : BAUDDIV_MIN);
  mmio_write(uart->base + INTSTATUS, INTSTATUS_TX | INTSTATUS_RX);
  mmio_write(uart->base + CTRL,
             CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_TX_INTERRUPT | CTRL_RX_INTERRUPT);
}

/* Gives the line what it takes now. Interrupts masked, or in the interrupt. */
static void send(struct cmsdk_uart *uart) {
  while (uart->tx_tail != uart->tx_head && (mmio_read(uart->base + STATE) & STATE_TX_FULL) == 0)
    mmio_write(uart->base + DATA, uart->tx[uart->tx_tail++ % CMSDK_UART_TX_BYTES]);
}

/* Waits until the line has taken a byte at least. Interrupts masked. */
static bool poll_out(struct cmsdk_uart *uart) {
  uint16_t tail = uart->tx_tail;

  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    send(uart);
    if (uart->tx_tail != tail)
      return true;
  }
  return false;
}

void cmsdk_uart_write(struct cmsdk_uart *uart, const char *data, size_t length) {
  uint32_t state = port_irq_save();

  for (size_t i = 0; i < length; i++) {
    if ((uint16_t)(uart->tx_head - uart->tx_tail) == CMSDK_UART_TX_BYTES && !poll_out(uart)) {
      uart->tx_lost += (uint32_t)(length - i);
      break;
    }
    uart->tx[uart->tx_head++ % CMSDK_UART_TX_BYTES] = (uint8_t)data[i];
  }
  send(uart);
  port_irq_restore(state);
}

/* Takes in what has come, as far as there is room. Interrupts masked, or in the interrupt. */
static void receive(struct cmsdk_uart *uart) {
  uint32_t status;

  uart->rx_paused = false;
  while (((status = mmio_read(uart->base + STATE)) & STATE_RX_FULL) != 0) {
    if ((status & STATE_RX_OVERRUN) != 0) {
      mmio_write(uart->base + STATE, STATE_RX_OVERRUN);
      uart->rx_overruns++;
    }
    if ((uint16_t)(uart->rx_head - spsc_load(&uart->rx_tail)) == CMSDK_UART_RX_BYTES) {
      uart->rx_paused = true; /* it stays in the UART until the main loop has read */
      return;
    }
    uart->rx[uart->rx_head % CMSDK_UART_RX_BYTES] = (uint8_t)mmio_read(uart->base + DATA);
    spsc_store(&uart->rx_head, (uint16_t)(uart->rx_head + 1));
  }
}

bool cmsdk_uart_pending(const struct cmsdk_uart *uart) {
  return spsc_load(&uart->rx_head) != uart->rx_tail;
}

int cmsdk_uart_read(struct cmsdk_uart *uart) {
  uint16_t tail = uart->rx_tail;
  uint8_t byte;

  if (spsc_load(&uart->rx_head) == tail)
    return -1;
  byte = uart->rx[tail % CMSDK_UART_RX_BYTES];
  spsc_store(&uart->rx_tail, (uint16_t)(tail + 1));
  if (uart->rx_paused) { /* its interrupt is over: nobody else takes what waits in the UART */
    uint32_t state = port_irq_save();

    receive(uart);
    port_irq_restore(state);
  }
  return byte;
}

void cmsdk_uart_flush(struct cmsdk_uart *uart) {
  uint32_t state = port_irq_save();

  while (uart->tx_tail != uart->tx_head && poll_out(uart)) {
  }
  port_irq_restore(state);
}

/* Acknowledged first: a byte that comes or goes meanwhile interrupts again. */
void cmsdk_uart_interrupt(struct cmsdk_uart *uart) {
  mmio_write(uart->base + INTSTATUS, INTSTATUS_TX | INTSTATUS_RX);
  receive(uart);
  send(uart);
}
