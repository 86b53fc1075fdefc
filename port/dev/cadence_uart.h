/* A Cadence UART, as in the Zynq-7000 (Xilinx UG585, chapter 19 and appendix B.33). */
#ifndef CADENCE_UART_H
#define CADENCE_UART_H

#include "uart.h"

extern const struct uart_ops cadence_uart_ops;

#endif
