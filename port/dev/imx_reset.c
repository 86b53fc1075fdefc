/* An i.MX 6 starts anew by the software reset of its watchdog (IMX6ULRM, WDOG, WCR). */
#include "port.h"

#define WDOG1_WCR   UINT32_C(0x020bc000) /* on each i.MX 6 */
#define WCR_WDA     (1 << 5)             /* the external signal stays off */
#define WCR_NOT_SRS 0                    /* software reset signal, low */

void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  *(volatile uint16_t *)(uintptr_t)WDOG1_WCR = WCR_WDA | WCR_NOT_SRS; /* only 16 bits wide */
  for (;;)
    __asm volatile("wfi");
}
