/* A watchdog made of a SmartFusion2's second MSS timer, whose interrupt resets the machine. It
 * preempts all others, so a handler that never ends does not keep it out.
 *
 * The MSS has a watchdog as well (UG0331, chapter Watchdog Timer), which the FPGA design
 * configures; the emulator has none. */
#include "board.h"
#include "mss_timer.h"
#include "nvic.h"
#include "port.h"

enum { TIMER2_BASE = 0x40004018, MEASURE_US = 1000 };

static struct mss_timer timer2 = {.base = TIMER2_BASE};
static uint32_t timeout_us;
static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {.name = "MSS timer 2", .bites_in_interrupts = true};

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  on_bite = bite;
  timeout_us = timeout_ms * 1000;
  timer2.ticks_per_us = mss_timer_measure(&timer2, MEASURE_US);
  mss_timer_acknowledge(&timer2); /* in the emulator, a reset leaves the timers as they were */
  port_watchdog_feed();
  nvic_put_first(BOARD_IRQ_TIMER2);
  port_irq_enable(BOARD_IRQ_TIMER2);
}

void port_watchdog_feed(void) {
  uint32_t state = port_irq_save();

  mss_timer_arm(&timer2, timeout_us);
  port_irq_restore(state);
}

void timer2_interrupt_handler(void) {
  on_bite();
  port_reset();
}
