/* The i.MX 6UltraLite evaluation kit (NXP IMX6ULRM): bases, interrupt lines, numbers of devices. */
#ifndef BOARD_H
#define BOARD_H

#include "mmu.h"

#define BOARD_NAME "mcimx6ul-evk"

/* The core's own peripherals (chapter Memory Maps, and ARM DDI 0464F, 8.2.1). */
#define BOARD_A7_PERIPHBASE UINT32_C(0x00a00000)
#define BOARD_GICD_BASE     (BOARD_A7_PERIPHBASE + 0x1000)
#define BOARD_GICC_BASE     (BOARD_A7_PERIPHBASE + 0x2000)

/* Interrupt lines: 32 more than in the manual's table of Cortex A7 interrupts, and the core's own:
 * its physical timer has one line if the boot loader has left the core in the secure state, as the
 * emulator does, and another if not. The simulated NICs are on two that no device has. */
enum {
  BOARD_IRQ_TIMER_SECURE = 29,
  BOARD_IRQ_TIMER = 30,
  BOARD_IRQ_UART1 = 58,
  BOARD_IRQ_UART2 = 59,
  BOARD_IRQ_WATCHDOG = 112,
  BOARD_IRQ_ENET1 = 150,
  BOARD_IRQ_ENET2 = 152,
  BOARD_IRQ_FREE0 = 156,
  BOARD_IRQ_FREE1 = 157,
  BOARD_IRQ_LINES = 160,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_TIMER_SECURE, timer_interrupt_handler)                                               \
  X(BOARD_IRQ_TIMER, timer_interrupt_handler)                                                      \
  X(BOARD_IRQ_UART1, uart1_interrupt_handler)                                                      \
  X(BOARD_IRQ_UART2, uart2_interrupt_handler)                                                      \
  X(BOARD_IRQ_WATCHDOG, watchdog_interrupt_handler)                                                \
  X(BOARD_IRQ_ENET1, enet1_interrupt_handler)                                                      \
  X(BOARD_IRQ_ENET2, enet2_interrupt_handler)                                                      \
  X(BOARD_IRQ_FREE0, free0_interrupt_handler)                                                      \
  X(BOARD_IRQ_FREE1, free1_interrupt_handler)

enum {
  BOARD_DEVICE_REGIONS = 2,
  BOARD_ENETS = 2,
  BOARD_SIMS = 2,
  BOARD_DEVICES = BOARD_ENETS + BOARD_SIMS,
  BOARD_DRIVERS = 2,
  BOARD_INSTALLED = 3,
};

/* Where the registers are, for the memory map. */
extern const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS];

#include "board_lists.h"

#endif
