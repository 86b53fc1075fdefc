/* The clocks of the Zynq-7000 that its devices need: those of the bus, and the GEMs' transmitters'.
 */
#include "zynq_clock.h"

#include "port.h"

/* System level control registers, which are locked in between (UG585, appendix B.28). */
#define SLCR_LOCK          UINT32_C(0xf8000004)
#define SLCR_UNLOCK        UINT32_C(0xf8000008)
#define SLCR_APER_CLK_CTRL UINT32_C(0xf800012c)
#define SLCR_GEM0_CLK_CTRL UINT32_C(0xf8000140)
#define SLCR_GEM1_CLK_CTRL UINT32_C(0xf8000144)
enum {
  LOCK_KEY = 0x767b,
  UNLOCK_KEY = 0xdf0d,
  APER_CLK_CTRL_GEMS = 3 << 6, /* the bus's clock, a bit each device */
  APER_CLK_CTRL_UARTS = 3 << 20,
  CLOCK_ON = 1 << 0, /* from the I/O PLL */
  FIRST_DIVISOR_SHIFT = 8,
  SECOND_DIVISOR_SHIFT = 20,
  FIRST_DIVISOR = 8, /* of the I/O PLL's 1000 MHz: 125 MHz, for 1000 Mbit/s */
};

static void set(uint32_t reg, unsigned speed_mbps) {
  uint32_t second = speed_mbps == 1000 ? 1 : speed_mbps == 100 ? 5 : 50;

  mmio_write(SLCR_UNLOCK, UNLOCK_KEY);
  mmio_write(reg, second << SECOND_DIVISOR_SHIFT | FIRST_DIVISOR << FIRST_DIVISOR_SHIFT | CLOCK_ON);
  mmio_write(SLCR_LOCK, LOCK_KEY);
}

void zynq_clock_start(void) {
  mmio_write(SLCR_UNLOCK, UNLOCK_KEY);
  mmio_write(SLCR_APER_CLK_CTRL,
             mmio_read(SLCR_APER_CLK_CTRL) | APER_CLK_CTRL_GEMS | APER_CLK_CTRL_UARTS);
  mmio_write(SLCR_LOCK, LOCK_KEY);
}

void zynq_gem0_set_tx_clock(unsigned speed_mbps) { set(SLCR_GEM0_CLK_CTRL, speed_mbps); }

void zynq_gem1_set_tx_clock(unsigned speed_mbps) { set(SLCR_GEM1_CLK_CTRL, speed_mbps); }
