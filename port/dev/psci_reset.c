/* A virtual machine is reset by a call to its hypervisor (Arm DEN 0022, PSCI, 5.11
 * SYSTEM_RESET). */
#include "port.h"

#define PSCI_SYSTEM_RESET UINT32_C(0x84000009)

void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  for (;;) {
    register uint32_t function __asm("r0") = PSCI_SYSTEM_RESET;

    __asm volatile(".arch_extension virt\n\thvc #0" : "+r"(function)::"memory");
  }
}
