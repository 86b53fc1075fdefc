/* The product's board: a SmartFusion2 with a UART, a timer, its own MAC and a soft one in the
 * fabric. */
#ifndef BOARD_H
#define BOARD_H

#include "nic.h"

/* What port/arch/cortex_m needs from a board: its clock and its interrupt lines. */
enum {
  BOARD_CORE_HZ = 142000000,
  BOARD_SYSTICK_HZ = BOARD_CORE_HZ / 32,
  BOARD_SYSTICK_PERIOD_MS = 3780,

  BOARD_IRQ_UART0 = 10,
  BOARD_IRQ_EMAC = 12,
  BOARD_IRQ_TIMER1 = 14,
  BOARD_IRQ_FABRIC0 = 34,
  BOARD_IRQ_LINES = 81,
};

void uart0_interrupt_handler(void);
void emac_interrupt_handler(void);
void timer1_interrupt_handler(void);
void fabric0_interrupt_handler(void);

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_UART0, uart0_interrupt_handler)                                                      \
  X(BOARD_IRQ_EMAC, emac_interrupt_handler)                                                        \
  X(BOARD_IRQ_TIMER1, timer1_interrupt_handler)                                                    \
  X(BOARD_IRQ_FABRIC0, fabric0_interrupt_handler)

/* The NICs, and what they are made from. */
enum { BOARD_NICS = 2 };
extern struct nic *const board_nics[BOARD_NICS];
extern const struct nic_config board_nic_configs[BOARD_NICS];

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

#endif
