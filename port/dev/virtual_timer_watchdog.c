/* A watchdog made of the generic timer's virtual timer, whose interrupt resets the machine: for a
 * machine without a watchdog (ARM DDI 0406C, chapter B8). It preempts all others, and nothing masks
 * it. */
#include "board.h"
#include "cp15.h"
#include "gic.h"
#include "port.h"

enum { CNTV_CTL_ENABLE = 1 << 0 };

static uint64_t timeout_ticks;
static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {
    .name = "virtual timer", .bites_masked = true, .bites_in_interrupts = true};

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  on_bite = bite;
  timeout_ticks = (uint64_t)(timeout_ms / 500) * (cp15_read_cntfrq() / 2);
  port_watchdog_feed();
  cp15_write_cntv_ctl(CNTV_CTL_ENABLE);
  cp15_isb();
  gic_put_first(BOARD_IRQ_WATCHDOG);
  port_irq_enable(BOARD_IRQ_WATCHDOG);
}

void port_watchdog_feed(void) { cp15_write_cntv_cval(cp15_read_cntvct() + timeout_ticks); }

void watchdog_interrupt_handler(void) {
  on_bite();
  port_reset();
}
