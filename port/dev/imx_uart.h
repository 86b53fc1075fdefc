/* A UART of the i.MX family (NXP IMX6ULRM, chapter UART). */
#ifndef IMX_UART_H
#define IMX_UART_H

#include "uart.h"

extern const struct uart_ops imx_uart_ops;

#endif
