/* The generic timer of ARMv7-A: its counter is the clock, its physical timer fires once (ARM DDI
 * 0406C, chapter B8). */
#ifndef GENERIC_TIMER_H
#define GENERIC_TIMER_H

/* Starts the clock, port_clock_us() and port_clock_ms(), at 0. The counter's frequency is in a
 * register that the boot loader has filled. port_timer_arm() and port_timer_stop() are the physical
 * timer's. Main loop, once, before any of these. */
void generic_timer_start(void);

/* Quietens the timer's interrupt. Interrupt only. */
void generic_timer_acknowledge(void);

#endif
