/* The handlers of faults and of unexpected exceptions: they report, and end the run. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

void nmi_handler(void);
void hard_fault_handler(void);
void mem_manage_handler(void);
void bus_fault_handler(void);
void usage_fault_handler(void);
void sv_call_handler(void);
void debug_monitor_handler(void);
void pend_sv_handler(void);
void unexpected_interrupt_handler(void);

/* Not 0 while a HardFault is expected: the instruction that faults, of two bytes, is stepped over
 * and leaves -1 in r0. Main loop, for a moment. */
extern volatile uint32_t fault_probing;

/* Reads a word that may not be there into `*value`. False if no memory or device answers, or if it
 * reads as all ones. Main loop; does not mask interrupts. */
bool fault_free_read(uint32_t address, uint32_t *value);

/* The exit status of a run that ends in a fault report. */
enum { FAULT_EXIT_STATUS = 99 };

#endif
