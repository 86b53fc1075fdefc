/* A machine whose device is a thread, which also runs the interrupt handler; masking interrupts
 * takes a lock. */
#ifndef THREADS_MACHINE_H
#define THREADS_MACHINE_H

#include <stdbool.h>

/* The bus, of which a step of the device and an access to a register have exclusive use. The
 * sanitizer does not know of it. */
void machine_take_bus(void);
void machine_leave_bus(void);

/* Runs the interrupt handler if an interrupt is pending, once interrupts are unmasked. The device's
 * thread. */
void machine_deliver(void);

/* The device will do nothing more by itself: a loop that sleeps now without an interrupt sleeps for
 * ever. The device's thread. */
void machine_exhaust(bool on);

/* The sanitizer's: the code is about to read memory. */
void __tsan_read_range(void *address, unsigned long size);

#endif
