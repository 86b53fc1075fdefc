/* The handlers of faults and of exceptions that nobody expects: they report and stop. */
#ifndef FAULT_H
#define FAULT_H

void nmi_handler(void);
void hard_fault_handler(void);
void mem_manage_handler(void);
void bus_fault_handler(void);
void usage_fault_handler(void);
void sv_call_handler(void);
void debug_monitor_handler(void);
void pend_sv_handler(void);
void unexpected_interrupt_handler(void);

/* The exit status of a run that ends in a fault report. */
enum { FAULT_EXIT_STATUS = 99 };

#endif
