/* What Arm's MPS2 has in common under the FPGA images AN385 and AN500. */
#ifndef MPS2_H
#define MPS2_H

/* The core, SysTick and the peripherals run at 25 MHz; SysTick's external clock of 1 MHz would be
 * too coarse. 671 ms is the longest whole number of milliseconds in 24 bits of ticks. */
enum { BOARD_CORE_HZ = 25000000, BOARD_SYSTICK_HZ = BOARD_CORE_HZ, BOARD_SYSTICK_PERIOD_MS = 671 };

/* Interrupt lines (AN385, interrupt map): a UART has one for each direction. The simulated NICs are
 * on those of two pins of GPIO 0 that nothing is connected to. */
enum {
  BOARD_IRQ_UART0_RX = 0,
  BOARD_IRQ_UART0_TX = 1,
  BOARD_IRQ_UART1_RX = 2,
  BOARD_IRQ_UART1_TX = 3,
  BOARD_IRQ_DUAL_TIMER = 10,
  BOARD_IRQ_ETHERNET = 13,
  BOARD_IRQ_SIM0 = 30,
  BOARD_IRQ_SIM1 = 31,
  BOARD_IRQ_LINES = 32,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_UART0_RX, uart0_interrupt_handler)                                                   \
  X(BOARD_IRQ_UART0_TX, uart0_interrupt_handler)                                                   \
  X(BOARD_IRQ_UART1_RX, uart1_interrupt_handler)                                                   \
  X(BOARD_IRQ_UART1_TX, uart1_interrupt_handler)                                                   \
  X(BOARD_IRQ_DUAL_TIMER, dual_timer_interrupt_handler)                                            \
  X(BOARD_IRQ_ETHERNET, ethernet_interrupt_handler)                                                \
  X(BOARD_IRQ_SIM0, sim0_interrupt_handler)                                                        \
  X(BOARD_IRQ_SIM1, sim1_interrupt_handler)

#define BOARD_HANDLER(line, handler) void handler(void);
BOARD_INTERRUPTS(BOARD_HANDLER)

enum { BOARD_SIMS = 2, BOARD_DEVICES = 1 + BOARD_SIMS, BOARD_DRIVERS = 2, BOARD_INSTALLED = 2 };

#include "board_lists.h"

#endif
