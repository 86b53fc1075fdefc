/* A CMSDK APB UART as a serial line: buffered by interrupts both ways (Arm DDI 0479, chapter 4). */
#ifndef CMSDK_UART_H
#define CMSDK_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CMSDK_UART_TX_BYTES = 512, /* powers of two */
  CMSDK_UART_RX_BYTES = 64,
};

struct cmsdk_uart {
  uintptr_t base;            /* of its registers */
  uint32_t clock_hz;         /* of its input clock */
  uint16_t tx_head, tx_tail; /* free-running; the main loop puts in, the interrupt takes out */
  uint16_t rx_head, rx_tail; /* free-running; the interrupt puts in, the main loop takes out */
  volatile bool rx_paused;   /* the buffer is full: what comes waits in the UART */
  uint32_t rx_overruns;      /* times that the UART was full, too, and bytes were lost */
  uint32_t tx_lost;          /* bytes that the line did not take in a reasonable time */
  uint8_t tx[CMSDK_UART_TX_BYTES];
  uint8_t rx[CMSDK_UART_RX_BYTES];
};

/* Sets the line to `baud`, 8 bits, no parity, one stop bit, and turns its interrupts on. Main loop.
 */
void cmsdk_uart_start(struct cmsdk_uart *uart, uint32_t baud);

/* Writes `length` bytes; where the buffer is full it waits for the line. Main loop, fault handlers.
 */
void cmsdk_uart_write(struct cmsdk_uart *uart, const char *data, size_t length);

/* True if a byte has come in. Main loop. */
bool cmsdk_uart_pending(const struct cmsdk_uart *uart);

/* The next byte that came in, or -1. Main loop. */
int cmsdk_uart_read(struct cmsdk_uart *uart);

/* Sends what the buffer holds, by polling. Main loop, fault handlers. */
void cmsdk_uart_flush(struct cmsdk_uart *uart);

/* Its interrupts: the lines of transmission and of reception both lead here. Interrupt only. */
void cmsdk_uart_interrupt(struct cmsdk_uart *uart);

#endif
