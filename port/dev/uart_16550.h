/* A 16550 UART as the serial console: buffered by interrupts both ways. */
#ifndef UART_16550_H
#define UART_16550_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  UART_TX_BYTES = 512, /* powers of two */
  UART_RX_BYTES = 64,
};

struct uart_16550 {
  uintptr_t base;            /* of its registers, a word each */
  uint32_t clock_hz;         /* of its input clock */
  uint16_t tx_head, tx_tail; /* free-running; the main loop puts in, the interrupt takes out */
  uint16_t rx_head, rx_tail; /* free-running; the interrupt puts in, the main loop takes out */
  volatile bool rx_paused;   /* the buffer is full: the FIFO keeps what comes */
  uint32_t rx_overruns;      /* times that the FIFO was full, too, and bytes were lost */
  uint32_t tx_lost;          /* bytes that the line did not take in a reasonable time */
  uint8_t tx[UART_TX_BYTES];
  uint8_t rx[UART_RX_BYTES];
};

/* Sets the line to `baud`, 8 bits, no parity, one stop bit, and turns its interrupts on. Main loop.
 */
void uart_16550_start(struct uart_16550 *uart, uint32_t baud);

/* Writes `length` bytes; where the buffer is full it waits for the line. Main loop, fault handlers.
 */
void uart_16550_write(struct uart_16550 *uart, const char *data, size_t length);

/* True if a byte has come in. Main loop. */
bool uart_16550_pending(const struct uart_16550 *uart);

/* The next byte that came in, or -1. Main loop. */
int uart_16550_read(struct uart_16550 *uart);

/* Sends what the buffer holds, by polling. Main loop, fault handlers. */
void uart_16550_flush(struct uart_16550 *uart);

/* Its interrupt. Interrupt only. */
void uart_16550_interrupt(struct uart_16550 *uart);

#endif
