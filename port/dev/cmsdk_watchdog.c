/* The CMSDK APB watchdog (Arm DDI 0479, chapter 4): it warns by an NMI first, then resets.
 *
 * Nothing masks an NMI: what is stuck is recorded even while interrupts are masked. */
#include "board.h"
#include "fault.h"
#include "port.h"

enum {
  WDOG_BASE = 0x40008000, /* AN385, memory map */
  WDOGLOAD = 0x000,
  WDOGCONTROL = 0x008,
  WDOGCONTROL_INTEN = 1 << 0, /* counts, and warns */
  WDOGCONTROL_RESEN = 1 << 1, /* resets where the warning has changed nothing */
  WDOGINTCLR = 0x00c,
  WDOGLOCK = 0xc00,
  LOCK = 1,          /* anything but the key */
  TICKS_LEFT = 1000, /* after the warning: no more time is needed to write down why */
};
#define WDOGLOCK_KEY UINT32_C(0x1acce551)

static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {
    .name = "CMSDK watchdog", .bites_masked = true, .bites_in_interrupts = true};

static void reg_write(uint32_t offset, uint32_t value) { mmio_write(WDOG_BASE + offset, value); }

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  on_bite = bite;
  reg_write(WDOGLOCK, WDOGLOCK_KEY);
  reg_write(WDOGLOAD, BOARD_CORE_HZ / 1000 * timeout_ms);
  reg_write(WDOGINTCLR, 1);
  reg_write(WDOGCONTROL, WDOGCONTROL_INTEN | WDOGCONTROL_RESEN);
  reg_write(WDOGLOCK, LOCK);
}

/* Clearing the interrupt, pending or not, reloads the counter. */
void port_watchdog_feed(void) {
  reg_write(WDOGLOCK, WDOGLOCK_KEY);
  reg_write(WDOGINTCLR, 1);
  reg_write(WDOGLOCK, LOCK);
}

/* There is no way back: the watchdog's second time-out comes at once. */
void nmi_handler(void) {
  on_bite();
  reg_write(WDOGLOCK, WDOGLOCK_KEY);
  reg_write(WDOGLOAD, TICKS_LEFT);
  for (;;) {
  }
}
