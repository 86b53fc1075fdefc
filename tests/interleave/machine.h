/* A machine for the explorer: interrupt lines, a clock with a timer, devices on a bus. It is what
 * tests/host/host.c is to other tests, except that everything may happen at any moment. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_line {
  MACHINE_NIC,
  MACHINE_TIMER,
  MACHINE_CONSOLE,
  MACHINE_LINES,
};

/* Connects a handler; the NIC's is connected by host_connect_irq(). */
void machine_connect(enum machine_line line, void (*handler)(void *context), void *context);

/* The device behind a line raises it once. */
void machine_pulse(enum machine_line line);

/* Processes of the explorer: the processor takes an interrupt; the timer expires. */
bool machine_can_interrupt(unsigned line);
bool machine_interrupt(unsigned line);
bool machine_can_expire(unsigned unused);
bool machine_expire(unsigned unused);

/* True if code could run in an interrupt now: for a device that is software. */
bool machine_is_interruptible(void);

/* The clock, read without counting as the processor's access. */
uint64_t machine_now_us(void);

/* True if an interrupt must be taken before the code goes on: it has ended a sleep. */
bool machine_interrupt_is_due(void);

/* Called before each sleep with nothing pending; `for_ever`: nothing is left to happen, and it does
 * not return. */
extern void (*machine_asleep)(bool for_ever);

/* Called at each access of the device to memory. */
extern void (*machine_device_access)(uint32_t address, size_t length, bool write);

#endif
