/* The console and the line for captures, each on a buffered UART of the board. */
#include "uart_console.h"

#include "port.h"

void port_console_write(const char *text, size_t length) {
  uart_write(&board_console, text, length);
}

void port_console_on_input(void (*received)(void)) { board_console.received = received; }

int port_console_read(void) { return uart_read(&board_console); }

bool port_console_waits(void) { return uart_waits(&board_console); }

bool port_console_holds(char byte) { return uart_holds(&board_console, (uint8_t)byte); }

void port_console_flush(void) { uart_flush(&board_console); }

bool port_capture_present(void) {
  if (board_capture == NULL)
    board_capture_start();
  return board_capture != NULL;
}

void port_capture_write(const void *data, size_t length) {
  uart_write(board_capture, data, length);
}
