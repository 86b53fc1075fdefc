/* The Emcraft SmartFusion2 SOM (M2S010): what its software has to know. */
#ifndef BOARD_H
#define BOARD_H

#include "nic.h"
#include "sim_device.h"

#define BOARD_NAME "emcraft-sf2"

/* The core runs at 142 MHz, SysTick at a 32nd of it (SYSTICK_CR at reset, UG0331 Cortex-M3). 3780
 * ms are the longest whole number of ticks and milliseconds in 24 bits. */
enum {
  BOARD_CORE_HZ = 142000000,
  BOARD_APB0_HZ = BOARD_CORE_HZ / 2,
  BOARD_SYSTICK_HZ = BOARD_CORE_HZ / 32,
  BOARD_SYSTICK_PERIOD_MS = 3780,
};

/* Interrupt lines of the Cortex-M3 (UG0331, table of MSS interrupts). The simulated NIC sits on the
 * first line from the FPGA fabric, where a soft NIC would. */
enum {
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

enum { BOARD_NICS = 2 };

/* The NICs, in the order of their interfaces: en0 the MAC, en1 the simulated one. */
extern struct nic *const board_nics[BOARD_NICS];
extern const struct nic_config board_nic_configs[BOARD_NICS];

/* The device of the simulated NIC. */
extern struct sim_device board_sim_device;

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

#endif
