/* The host has no faults to handle: a test provides what semihosting and a watchdog need of
 * them. */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

extern volatile uint32_t fault_probing;

void nmi_handler(void);
_Noreturn void fault_unexpected_interrupt(uint32_t line);

#endif
