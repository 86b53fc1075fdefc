/* Cortex-A as a port: sleep and the end of a run. */
#include "port.h"
#include "semihosting.h"

/* WFI ends for a pending interrupt even while the CPSR keeps it from being taken (B1.8.13). */
void port_sleep(void) { __asm volatile("dsb\n\twfi" ::: "memory"); }

void port_exit(int status) {
  port_console_flush();
  semihosting_exit(status);
  port_reset();
}
