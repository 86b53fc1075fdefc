/* The serial console: a line of words is a command, and a command is one function. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>

struct console_command {
  const char *name;
  const char *usage; /* of its arguments */
  const char *help;
  /* Runs it; word[0] is its name. Returns false where the arguments are wrong, with nothing
   * changed: the console then prints the usage. */
  bool (*run)(unsigned words, char *word[]);
};

/* Prints on the console; at most 127 bytes. Main loop. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads a whole decimal number within `least` and `most`; false where `text` is none. */
bool console_number(const char *text, unsigned long least, unsigned long most,
                    unsigned long *number);

/* Says that the console is there. Main loop, once. */
void console_start(void);

/* Takes in what was typed, and runs a command at the end of a line. Main loop. */
void console_poll(void);

#endif
