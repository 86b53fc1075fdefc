/* The timers within a Cortex-A9 MPCore: the global one is the clock, a core's private one fires
 * once (ARM DDI 0407I, chapter 4). */
#ifndef A9_TIMER_H
#define A9_TIMER_H

/* Starts the clock, port_clock_us() and port_clock_ms(), at 0. board.h says where the timers are
 * (BOARD_A9_PERIPHBASE) and what their clock is (BOARD_PERIPHCLK_HZ, 1 MHz or more).
 * port_timer_arm() and port_timer_stop() are the private timer's. Main loop, once. */
void a9_timer_start(void);

/* Quietens the private timer's interrupt. Interrupt only. */
void a9_timer_acknowledge(void);

#endif
