/* The clocks of the Zynq-7000 that depend on the link: those of the GEMs' transmitters. */
#include "zynq_clock.h"

#include "port.h"

/* System level control registers, which are locked in between (UG585, appendix B.28). */
#define SLCR_LOCK          UINT32_C(0xf8000004)
#define SLCR_UNLOCK        UINT32_C(0xf8000008)
#define SLCR_GEM0_CLK_CTRL UINT32_C(0xf8000140)
#define SLCR_GEM1_CLK_CTRL UINT32_C(0xf8000144)
enum {
  LOCK_KEY = 0x767b,
  UNLOCK_KEY = 0xdf0d,
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

void zynq_gem0_set_tx_clock(unsigned speed_mbps) { set(SLCR_GEM0_CLK_CTRL, speed_mbps); }

void zynq_gem1_set_tx_clock(unsigned speed_mbps) { set(SLCR_GEM1_CLK_CTRL, speed_mbps); }
