/* A watchdog of the generic timer's virtual timer, whose interrupt resets the machine: for one that
 * has no watchdog (ARM DDI 0406C, chapter B8). */
#include "board.h"
#include "port.h"

enum { CNTV_CTL_ENABLE = 1 << 0 };

static uint64_t timeout_ticks;
static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {.name = "virtual timer", .hardware = false};

void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  uint32_t ticks_per_s;

  __asm volatile("mrc p15, 0, %0, c14, c0, 0" : "=r"(ticks_per_s)); /* CNTFRQ */
  on_bite = bite;
  timeout_ticks = (uint64_t)(timeout_ms / 500) * (ticks_per_s / 2);
  port_watchdog_feed();
  __asm volatile("mcr p15, 0, %0, c14, c3, 1\n\tisb" ::"r"(CNTV_CTL_ENABLE)); /* CNTV_CTL */
  port_irq_enable(BOARD_IRQ_WATCHDOG);
}

void port_watchdog_feed(void) {
  uint64_t now;

  __asm volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(now)::"memory"); /* CNTVCT */
  __asm volatile("mcrr p15, 3, %Q0, %R0, c14" ::"r"(now + timeout_ticks));   /* CNTV_CVAL */
}

void watchdog_interrupt_handler(void) {
  on_bite();
  port_reset();
}
