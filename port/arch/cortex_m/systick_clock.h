/* The clock: SysTick runs free and interrupts only when it wraps, every few seconds. */
#ifndef SYSTICK_CLOCK_H
#define SYSTICK_CLOCK_H

/* Starts the clock at 0. Main loop, once. */
void systick_clock_start(void);

void systick_handler(void);

#endif
