/* The handlers of faults and of unexpected exceptions: they report, and end the run. */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

void undefined_handler(void);
void supervisor_call_handler(void);
void prefetch_abort_handler(void);
void data_abort_handler(void);

/* Unmasks asynchronous aborts, and passes over one that a boot loader has left pending. Start-up
 * only, with the vectors in place. */
void fault_take_over(void);

/* Reports an interrupt that has no handler. Interrupt only. */
_Noreturn void fault_unexpected_interrupt(uint32_t line);

/* Not 0 while a supervisor call may have no host to answer it: it then returns -1. Main loop, for a
 * moment. */
extern volatile uint32_t fault_probing;

/* The exit status of a run that ends in a fault report. */
enum { FAULT_EXIT_STATUS = 99 };

#endif
