/* A Zynq-7000 is reset by its system-level control registers (UG585, appendix B, SLCR). */
#include "port.h"

#define SLCR_BASE UINT32_C(0xf8000000)

enum {
  SLCR_UNLOCK = 0x008,
  SLCR_UNLOCK_KEY = 0xdf0d,
  PSS_RST_CTRL = 0x200,
  PSS_RST_CTRL_SOFT_RST = 1,
};

void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  mmio_write(SLCR_BASE + SLCR_UNLOCK, SLCR_UNLOCK_KEY);
  mmio_write(SLCR_BASE + PSS_RST_CTRL, PSS_RST_CTRL_SOFT_RST);
  for (;;)
    port_sleep();
}
