/* The host as a board: what the drivers in port/dev need to know of a board. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define BOARD_NAME          "host"
#define BOARD_A9_PERIPHBASE UINT32_C(0xf8f00000)
#define BOARD_GICD_BASE     UINT32_C(0x08000000)
#define BOARD_GICC_BASE     UINT32_C(0x08001000)

/* Constant on a board; here it takes the value of several boards in turn. */
extern uint32_t host_periphclk_hz;
#define BOARD_PERIPHCLK_HZ host_periphclk_hz

enum {
  BOARD_CORE_HZ = 142000000,
  BOARD_SYSTICK_HZ = BOARD_CORE_HZ / 32,
  BOARD_SYSTICK_PERIOD_MS = 3780,

  BOARD_IRQ_WATCHDOG = 40,
  BOARD_IRQ_TIMER2 = 41,
  BOARD_IRQ_LINES = 42,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(33, first_interrupt_handler)                                                                   \
  X(41, last_interrupt_handler)

#endif
