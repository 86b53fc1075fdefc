/* The watchdog within a Cortex-A9 MPCore (ARM DDI 0407I, 4.1 and 4.2), which resets a Zynq-7000
 * (UG585, 8.2).
 *
 * The emulator's is a timer in either mode: it interrupts where the chip's resets the machine. For
 * the emulator the interrupt is enabled; the chip ignores that enable in watchdog mode. So on the
 * chip there is no warning, and a stuck main loop leaves no reason. */
#include "a9_ticks.h"
#include "board.h"
#include "port.h"

enum {
  WATCHDOG_LOAD = 0x620, /* written, it is the counter as well */
  WATCHDOG_CONTROL = 0x628,
  CONTROL_ENABLE = 1 << 0,
  CONTROL_INTERRUPT = 1 << 2,
  CONTROL_WATCHDOG_MODE = 1 << 3,
};

static uint32_t timeout_ticks;
static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {.name = "Cortex-A9 watchdog, by its interrupt"};

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  on_bite = bite;
  timeout_ticks = a9_ticks_of(timeout_ms * 1000);
  port_watchdog_feed();
  mmio_write(BOARD_A9_PERIPHBASE + WATCHDOG_CONTROL,
             a9_prescaler() | CONTROL_WATCHDOG_MODE | CONTROL_INTERRUPT | CONTROL_ENABLE);
  port_irq_enable(BOARD_IRQ_WATCHDOG);
}

void port_watchdog_feed(void) { mmio_write(BOARD_A9_PERIPHBASE + WATCHDOG_LOAD, timeout_ticks); }

void watchdog_interrupt_handler(void) {
  on_bite();
  port_reset();
}
