/* Cortex-M as a port: interrupt lines, sleep, reset and the end of a run. */
#include "board.h"
#include "cortex_m.h"
#include "nvic.h"
#include "port.h"
#include "semihosting.h"

static void nvic_write(uint32_t reg, unsigned line) {
  mmio_write(reg + line / 32 * 4, UINT32_C(1) << line % 32);
}

void port_irq_enable(unsigned line) { nvic_write(NVIC_ISER, line); }

/* The barriers make sure that the interrupt cannot be taken after the return (ARM 100166, 4.2). */
void port_irq_disable(unsigned line) {
  nvic_write(NVIC_ICER, line);
  __asm volatile("dsb\n\tisb" ::: "memory");
}

void port_irq_pend(unsigned line) { nvic_write(NVIC_ISPR, line); }

/* Of a priority's byte a chip has at least the three highest bits (B1.5.4). */
#define BEHIND      UINT32_C(0x80)
#define FOUR_BEHIND UINT32_C(0x80808080)

void nvic_put_first(unsigned line) {
  uint32_t state = port_irq_save();

  for (unsigned four = 0; four < BOARD_IRQ_LINES; four += 4)
    mmio_write(NVIC_IPR + four,
               four == line / 4 * 4 ? FOUR_BEHIND & ~(BEHIND << line % 4 * 8) : FOUR_BEHIND);
  mmio_write(SCB_SHPR3, BEHIND << 24);
  __asm volatile("dsb\n\tisb" ::: "memory");
  port_irq_restore(state);
}

/* WFI ends for a pending interrupt even while PRIMASK keeps it from being taken (B1.5.19). */
void port_sleep(void) { __asm volatile("dsb\n\twfi" ::: "memory"); }

/* What is to be kept over the reset has left the write buffer before it (DSB: A3.7.3). */
void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  for (;;) {
    __asm volatile("dsb" ::: "memory");
    mmio_write(SCB_AIRCR, SCB_AIRCR_SYSRESETREQ);
  }
}

void port_exit(int status) {
  port_console_flush();
  semihosting_exit(status);
  port_reset();
}
