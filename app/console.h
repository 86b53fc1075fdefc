/* The serial console: a line of words is a command. */
#ifndef CONSOLE_H
#define CONSOLE_H

/* Says that the console is there. Main loop, once. */
void console_start(void);

/* Takes in what was typed, and runs a command at the end of a line. Main loop. */
void console_poll(void);

#endif
