/* Paints the main loop's stack, to find out how much of it was ever used. */
#ifndef STACK_H
#define STACK_H

/* Paints the stack below the caller's frame. Start-up, before memory is cleared. */
void stack_paint(void);

#endif
