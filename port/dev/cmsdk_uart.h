/* A CMSDK APB UART (Arm DDI 0479, chapter 4). */
#ifndef CMSDK_UART_H
#define CMSDK_UART_H

#include "uart.h"

extern const struct uart_ops cmsdk_uart_ops;

#endif
