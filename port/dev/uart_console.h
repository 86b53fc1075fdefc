/* The console and the line for captures, each on a buffered UART of the board. */
#ifndef UART_CONSOLE_H
#define UART_CONSOLE_H

#include "uart.h"

/* The board's: the console, and the second line, NULL where there is none. */
extern struct uart board_console;
extern struct uart *board_capture;

#endif
