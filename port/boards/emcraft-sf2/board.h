/* The Emcraft SmartFusion2 SOM (M2S010): clocks, interrupt lines, and how many devices it has. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "emcraft-sf2"

/* The core runs at 142 MHz, SysTick at a 32nd of that (SYSTICK_CR at reset, UG0331 Cortex-M3). 3780
 * ms is the longest time that is a whole number both of milliseconds and of ticks, in 24 bits. */
enum {
  BOARD_CORE_HZ = 142000000,
  BOARD_APB0_HZ = BOARD_CORE_HZ / 2,
  BOARD_SYSTICK_HZ = BOARD_CORE_HZ / 32,
  BOARD_SYSTICK_PERIOD_MS = 3780,
};

/* Interrupt lines of the Cortex-M3 (UG0331, table of MSS interrupts). The simulated NICs sit on the
 * first lines from the FPGA fabric, where soft NICs would. */
enum {
  BOARD_IRQ_UART0 = 10,
  BOARD_IRQ_UART1 = 11,
  BOARD_IRQ_EMAC = 12,
  BOARD_IRQ_TIMER1 = 14,
  BOARD_IRQ_TIMER2 = 15,
  BOARD_IRQ_FABRIC0 = 34,
  BOARD_IRQ_FABRIC1 = 35,
  BOARD_IRQ_LINES = 81,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_UART0, uart0_interrupt_handler)                                                      \
  X(BOARD_IRQ_UART1, uart1_interrupt_handler)                                                      \
  X(BOARD_IRQ_EMAC, emac_interrupt_handler)                                                        \
  X(BOARD_IRQ_TIMER1, timer1_interrupt_handler)                                                    \
  X(BOARD_IRQ_TIMER2, timer2_interrupt_handler)                                                    \
  X(BOARD_IRQ_FABRIC0, fabric0_interrupt_handler)                                                  \
  X(BOARD_IRQ_FABRIC1, fabric1_interrupt_handler)

#define BOARD_HANDLER(line, handler) void handler(void);
BOARD_INTERRUPTS(BOARD_HANDLER)

enum {
  BOARD_SIMS = 2,
  BOARD_DEVICES = 1 + BOARD_SIMS,
  BOARD_DRIVERS = 2,
  BOARD_INSTALLED = 2,
};

#include "board_lists.h"

#endif
