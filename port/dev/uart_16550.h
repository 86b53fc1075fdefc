/* A 16550 UART, its registers a word each. */
#ifndef UART_16550_H
#define UART_16550_H

#include "uart.h"

extern const struct uart_ops uart_16550_ops;

#endif
