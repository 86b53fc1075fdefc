/* A machine whose device is a thread, which also runs the interrupt handler, and to which a mask of
 * interrupts is a lock. */
#ifndef THREADS_MACHINE_H
#define THREADS_MACHINE_H

#include <stdbool.h>

/* The bus, which a step of the device and an access to a register have for themselves. The
 * sanitizer does not know of it. */
void machine_take_bus(void);
void machine_leave_bus(void);

/* Runs the interrupt handler where it is time, once interrupts are not masked. The device's thread.
 */
void machine_deliver(void);

/* The device does nothing more by itself: who sleeps now without an interrupt sleeps for ever. The
 * device's thread. */
void machine_exhaust(bool on);

/* The sanitizer's own: the code is about to read memory. */
void __tsan_read_range(void *address, unsigned long size);

#endif
