/* A PrimeCell UART (ARM DDI 0183G, PL011). */
#ifndef PL011_H
#define PL011_H

#include "uart.h"

extern const struct uart_ops pl011_ops;

#endif
