/* A serial line, buffered both ways by interrupts; the UART behind it is a handful of functions. */
#include "uart.h"

#include "port.h"

enum {
  POLLS_MAX = 1000000, /* a byte lasts 87 us at 115200 baud */
  READS_MAX = 64,      /* bytes taken in one interrupt */
  WRITES_MAX = 64,     /* bytes put into the buffer with interrupts masked */
};

/* Unmasks the interrupts that there is something to do for. Interrupts masked, or in the
 * interrupt. */
static void enable_interrupts(struct uart *uart) {
  uart->ops->enable_interrupts(uart, !uart->rx_paused, uart->tx_tail != uart->tx_head);
}

void uart_start(struct uart *uart, uint32_t baud) {
  uart->ops->start(uart, baud);
  enable_interrupts(uart);
}

/* Fills the FIFO, where it is empty, from the buffer. Interrupts masked, or in the interrupt. */
static bool refill(struct uart *uart) {
  unsigned room = uart->ops->room(uart);

  for (unsigned i = 0; i < room && uart->tx_tail != uart->tx_head; i++)
    uart->ops->put(uart, uart->tx[uart->tx_tail++ % UART_TX_BYTES]);
  return room != 0;
}

/* Waits until the line has taken what its FIFO holds, then refills it. Interrupts masked. */
static bool poll_out(struct uart *uart) {
  for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
    if (refill(uart))
      return true;
  }
  return false;
}

/* Puts as much into the buffer as it has room for. */
static size_t put_in(struct uart *uart, const char *data, size_t length) {
  uint32_t state = port_irq_save();
  size_t count = 0;

  while (count < length && count < WRITES_MAX && uart->tx_head - uart->tx_tail < UART_TX_BYTES)
    uart->tx[uart->tx_head++ % UART_TX_BYTES] = (uint8_t)data[count++];
  (void)refill(uart); /* the interrupt may come only as the FIFO becomes empty */
  enable_interrupts(uart);
  port_irq_restore(state);
  return count;
}

/* Interrupts come through between the polls: a byte that comes in may have no more than the time of
 * another to be taken. */
void uart_write(struct uart *uart, const char *data, size_t length) {
  for (unsigned polls = 0; length > 0 && polls < POLLS_MAX; polls++) {
    size_t count = put_in(uart, data, length);

    if (count > 0)
      polls = 0;
    data += count;
    length -= count;
  }
  uart->tx_lost += (uint32_t)length;
}

int uart_read(struct uart *uart) {
  uint32_t tail = uart->rx_tail;
  uint8_t byte;

  if (spsc_load(&uart->rx_head) == tail)
    return -1;
  byte = uart->rx[tail % UART_RX_BYTES];
  spsc_store(&uart->rx_tail, tail + 1);
  if (uart->rx_paused) { /* there is room again for what waits in the FIFO */
    uint32_t state = port_irq_save();

    uart->rx_paused = false;
    uart_interrupt(uart);
    port_irq_restore(state);
  }
  return byte;
}

bool uart_waits(const struct uart *uart) { return spsc_load(&uart->rx_head) != uart->rx_tail; }

bool uart_holds(const struct uart *uart, uint8_t byte) {
  uint32_t head = spsc_load(&uart->rx_head);

  for (uint32_t at = uart->rx_tail; at != head; at++) {
    if (uart->rx[at % UART_RX_BYTES] == byte)
      return true;
  }
  return false;
}

void uart_flush(struct uart *uart) {
  uint32_t state = port_irq_save();

  while (uart->tx_tail != uart->tx_head && poll_out(uart)) {
  }
  port_irq_restore(state);
}

void uart_interrupt(struct uart *uart) {
  uint32_t rx_before = uart->rx_head;

  if (uart->ops->acknowledge != NULL)
    uart->ops->acknowledge(uart);
  for (unsigned i = 0; i < READS_MAX; i++) {
    int byte;

    if (uart->rx_head - spsc_load(&uart->rx_tail) == UART_RX_BYTES) {
      uart->rx_paused = true; /* the rest stays in the FIFO until the main loop has read */
      break;
    }
    byte = uart->ops->get(uart);
    if (byte < 0)
      break;
    uart->rx[uart->rx_head % UART_RX_BYTES] = (uint8_t)byte;
    spsc_store(&uart->rx_head, uart->rx_head + 1);
  }
  (void)refill(uart);
  enable_interrupts(uart);
  if (uart->rx_head != rx_before && uart->received != NULL)
    uart->received();
}
