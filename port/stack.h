/* How much of the main loop's stack was ever used. */
#ifndef STACK_H
#define STACK_H

/* Paints what is below the caller's frame. Start-up, before memory is cleared. */
void stack_paint(void);

#endif
