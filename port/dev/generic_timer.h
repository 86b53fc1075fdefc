/* The generic timer of an ARMv7-A core: its counter is the clock, its virtual timer fires once
 * (ARM DDI 0406C, chapter B8). */
#ifndef GENERIC_TIMER_H
#define GENERIC_TIMER_H

#include <stdint.h>

/* The virtual timer's interrupt. Unlike the physical one it is the same line, and the same
 * registers, whether the boot loader has left the core in the secure state or not. */
enum { GENERIC_TIMER_IRQ = 27 };

/* Starts the clock, port_clock_us() and port_clock_ms(), at 0. The counter is the system's and runs
 * already, at the rate that CNTFRQ tells: 1 MHz to 1 GHz; `default_hz` where the boot loader has
 * left it 0. port_timer_arm() and port_timer_stop() are the virtual timer's. Main loop, once. */
void generic_timer_start(uint32_t default_hz);

/* Quietens the timer's interrupt. Interrupt only. */
void generic_timer_acknowledge(void);

#endif
