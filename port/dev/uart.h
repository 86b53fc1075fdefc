/* A serial line, buffered both ways by interrupts; the UART behind it is a handful of functions. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  UART_TX_BYTES = 512, /* powers of two */
  UART_RX_BYTES = 64,
};

struct uart;

/* What a UART's driver provides. `start` is called by the main loop, the rest with interrupts
 * masked or in the interrupt. */
struct uart_ops {
  /* Sets the line to `baud`, 8 bits, no parity, one stop bit; no interrupts yet. */
  void (*start)(struct uart *uart, uint32_t baud);
  /* Unmasks just these interrupts: a byte has come; the FIFO is empty. */
  void (*enable_interrupts)(struct uart *uart, bool received, bool sent);
  /* Acknowledges the interrupts, before their causes are looked at. NULL: they follow their
   * causes. */
  void (*acknowledge)(struct uart *uart);
  /* How many bytes the FIFO takes: its size if it is empty, else 0. */
  unsigned (*room)(struct uart *uart);
  void (*put)(struct uart *uart, uint8_t byte);
  /* The next byte received, or -1. Counts losses in rx_overruns. */
  int (*get)(struct uart *uart);
};

struct uart {
  const struct uart_ops *ops;
  uintptr_t base;            /* of its registers */
  uint32_t clock_hz;         /* of its input clock */
  uint32_t tx_head, tx_tail; /* free-running; the main loop puts in, the interrupt takes out */
  uint32_t rx_head, rx_tail; /* free-running; the interrupt puts in, the main loop takes out */
  void (*received)(void);    /* called in the interrupt when a byte has come; may be NULL */
  volatile bool rx_paused;   /* the buffer is full: the FIFO keeps what comes */
  uint32_t rx_overruns;      /* times that the FIFO was full, too, and bytes were lost */
  uint32_t tx_lost;          /* bytes that the line did not take in a reasonable time */
  uint8_t tx[UART_TX_BYTES];
  uint8_t rx[UART_RX_BYTES];
};

/* Sets the line to `baud`, 8 bits, no parity, one stop bit, and turns its interrupts on. Main loop.
 */
void uart_start(struct uart *uart, uint32_t baud);

/* Writes `length` bytes; while the buffer is full it waits for the line, with interrupts unmasked
 * if they are so for the caller. Main loop, fault handlers. */
void uart_write(struct uart *uart, const char *data, size_t length);

/* The next byte that came in, or -1. Main loop. */
int uart_read(struct uart *uart);

/* True if a received byte waits to be read. Main loop. */
bool uart_waits(const struct uart *uart);

/* True if `byte` is among those that wait in the buffer. Main loop. */
bool uart_holds(const struct uart *uart, uint8_t byte);

/* Sends what the buffer holds, by polling. Main loop, fault handlers. */
void uart_flush(struct uart *uart);

/* Its interrupt: takes what has come, sends what waits. Interrupts masked. */
void uart_interrupt(struct uart *uart);

#endif
