/* An i.MX 6 starts anew by the software reset of its watchdog (IMX6ULRM, WDOG, WCR). */
#include "port.h"

#define WDOG1_WCR UINT32_C(0x020bc000) /* on each i.MX 6 */

/* Both signals, which are low when they are active: SRS resets the chip, WDA what is around it. The
 * emulator resets for no less. */
enum { WCR_RESET = 0 };

void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  *(volatile uint16_t *)(uintptr_t)WDOG1_WCR = WCR_RESET; /* 16 bits wide */
  for (;;)
    __asm volatile("wfi");
}
