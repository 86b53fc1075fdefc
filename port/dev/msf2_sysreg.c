/* The system registers of the SmartFusion2 (UG0331, SYSREG). */
#include "msf2_sysreg.h"

#include "port.h"

#define SOFT_RESET_CR UINT32_C(0x40038048) /* devices that are held in reset: at power-on, all */
#define MAC_CR        UINT32_C(0x4003808c)
enum {
  SOFT_RESET_CR_MAC = 1 << 4,
  SOFT_RESET_CR_TIMER = 1 << 6,
  SOFT_RESET_CR_MMUART0 = 1 << 7,
  SOFT_RESET_CR_MMUART1 = 1 << 8,
  SOFT_RESET_CR_USED =
      SOFT_RESET_CR_MAC | SOFT_RESET_CR_TIMER | SOFT_RESET_CR_MMUART0 | SOFT_RESET_CR_MMUART1,
  /* The MAC's interface, which is as the FPGA design has it unless it is set here: MII, whose clock
   * is the PHY's, at 10 Mbit/s as well. */
  MAC_CR_MII_100 = 3 << 2 | 1 << 0,
};

void msf2_sysreg_start(void) {
  mmio_write(SOFT_RESET_CR, mmio_read(SOFT_RESET_CR) & ~(uint32_t)SOFT_RESET_CR_USED);
  mmio_write(MAC_CR, MAC_CR_MII_100);
}
