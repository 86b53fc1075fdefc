/* A Zynq-7000 board (Xilinx UG585): clocks, bases, interrupt lines, and how many devices it has. */
#ifndef BOARD_H
#define BOARD_H

#include "mmu.h"

#define BOARD_NAME "xilinx-zynq-a9"

/* The core's timers count at half its clock (UG585, 25.3). The emulator's count at 100 MHz; for a
 * board whose boot loader sets the core to 667 MHz this is 333333333. */
enum { BOARD_PERIPHCLK_HZ = 100000000 };

/* The processor's own peripherals (UG585, table 4-1, and ARM DDI 0407I, 1.5). */
#define BOARD_A9_PERIPHBASE UINT32_C(0xf8f00000)
#define BOARD_GICC_BASE     (BOARD_A9_PERIPHBASE + 0x100)
#define BOARD_GICD_BASE     (BOARD_A9_PERIPHBASE + 0x1000)

/* Interrupt lines (UG585, tables 7-3 and 7-4). The simulated NICs are on the first lines from the
 * programmable logic, where soft NICs would be. */
enum {
  BOARD_IRQ_PRIVATE_TIMER = 29,
  BOARD_IRQ_WATCHDOG = 30,
  BOARD_IRQ_GEM0 = 54,
  BOARD_IRQ_UART0 = 59,
  BOARD_IRQ_LOGIC0 = 61,
  BOARD_IRQ_LOGIC1 = 62,
  BOARD_IRQ_GEM1 = 77,
  BOARD_IRQ_UART1 = 82,
  BOARD_IRQ_LINES = 96,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_PRIVATE_TIMER, private_timer_interrupt_handler)                                      \
  X(BOARD_IRQ_WATCHDOG, watchdog_interrupt_handler)                                                \
  X(BOARD_IRQ_GEM0, gem0_interrupt_handler)                                                        \
  X(BOARD_IRQ_GEM1, gem1_interrupt_handler)                                                        \
  X(BOARD_IRQ_UART0, uart0_interrupt_handler)                                                      \
  X(BOARD_IRQ_UART1, uart1_interrupt_handler)                                                      \
  X(BOARD_IRQ_LOGIC0, logic0_interrupt_handler)                                                    \
  X(BOARD_IRQ_LOGIC1, logic1_interrupt_handler)

enum {
  BOARD_DEVICE_REGIONS = 2,
  BOARD_SIMS = 2,
  BOARD_GEMS = 2,
  BOARD_DEVICES = BOARD_GEMS + BOARD_SIMS,
  BOARD_DRIVERS = 2,
  BOARD_INSTALLED = 3,
};

/* Where the registers are, for the memory map. */
extern const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS];

#include "board_lists.h"

#endif
