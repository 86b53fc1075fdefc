/* The console and the line for captures, each on a buffered UART of the board. */
#ifndef UART_CONSOLE_H
#define UART_CONSOLE_H

#include "uart.h"

/* Set by the board: the console, and the second line, NULL if there is none or it is not
 * started. */
extern struct uart board_console;
extern struct uart *board_capture;

/* The board's: starts the second line, if there is one, with its interrupt, and sets board_capture.
 * Only a firmware that takes captures spends memory on it. Main loop. */
void board_capture_start(void);

#endif
