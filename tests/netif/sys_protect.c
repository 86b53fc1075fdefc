/* SYS_ARCH_PROTECT() of a product's lwIP under the netif suite: its driver's interrupts wait. */
#include "lwip/sys.h"
#include "port_arch.h"

#if SYS_LIGHTWEIGHT_PROT
sys_prot_t sys_arch_protect(void) { return port_irq_save(); }

void sys_arch_unprotect(sys_prot_t state) { port_irq_restore(state); }
#endif
