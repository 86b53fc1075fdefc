/* The console and the line for captures, each on a buffered UART of the board. */
#ifndef UART_CONSOLE_H
#define UART_CONSOLE_H

#include "uart.h"

/* The board's: the console, and the second line, NULL where there is none or it is not started. */
extern struct uart board_console;
extern struct uart *board_capture;

/* Starts the second line, where the board has one, with its interrupt, and sets board_capture. Only
 * a firmware that takes captures has memory for it. Main loop. */
void board_capture_start(void);

#endif
