/* A 16550 UART with registers a word apart. */
#ifndef UART_16550_H
#define UART_16550_H

#include "uart.h"

extern const struct uart_ops uart_16550_ops;

#endif
