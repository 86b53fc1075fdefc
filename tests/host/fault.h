/* The host has no faults to handle: what semihosting and a watchdog ask of them a test gives. */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

extern volatile uint32_t fault_probing;

void nmi_handler(void);
_Noreturn void fault_unexpected_interrupt(uint32_t line);

#endif
