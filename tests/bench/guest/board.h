/* The board of the bench's guests: a SmartFusion2 that has its packets in its SOM's DDR, so that
 * rings, interfaces and connections can grow: RING descriptors in each ring, INTERFACES NICs. */
#ifndef BOARD_H
#define BOARD_H

#include "nic.h"
#include "sim_device.h"

/* What port/arch/cortex_m needs from a board: its clock and its interrupt lines. */
enum {
  BOARD_CORE_HZ = 142000000,
  BOARD_SYSTICK_HZ = BOARD_CORE_HZ / 32,
  BOARD_SYSTICK_PERIOD_MS = 3780,

  BOARD_IRQ_UART0 = 10,
  BOARD_IRQ_EMAC = 12,
  BOARD_IRQ_TIMER1 = 14,
  BOARD_IRQ_FABRIC0 = 34,
  BOARD_IRQ_FABRIC1 = 35,
  BOARD_IRQ_FABRIC2 = 36,
  BOARD_IRQ_LINES = 81,
};

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_UART0, uart0_interrupt_handler)                                                      \
  X(BOARD_IRQ_EMAC, emac_interrupt_handler)                                                        \
  X(BOARD_IRQ_TIMER1, timer1_interrupt_handler)                                                    \
  X(BOARD_IRQ_FABRIC0, fabric0_interrupt_handler)                                                  \
  X(BOARD_IRQ_FABRIC1, fabric1_interrupt_handler)                                                  \
  X(BOARD_IRQ_FABRIC2, fabric2_interrupt_handler)

#define BOARD_HANDLER(line, handler) void handler(void);
BOARD_INTERRUPTS(BOARD_HANDLER)

/* The NICs, and what they are made from: the EMAC, then simulated ones. */
enum {
  BOARD_SIMS = 3,
  BOARD_NICS = 1 + BOARD_SIMS,
};
extern struct nic *const board_nics[BOARD_NICS];
extern const struct nic_config board_nic_configs[BOARD_NICS];

/* The simulated ones' devices, and their interrupt lines. */
extern struct sim_device board_sim_devices[BOARD_SIMS];
extern const unsigned board_sim_irqs[BOARD_SIMS];

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

/* The simulated NICs' bus, which their driver is compiled to use: what the device does in an access
 * is not the firmware's work, and the meter counts it separately. Any context. */
uint32_t device_read(struct sim_device *device, enum sim_register reg);
void device_write(struct sim_device *device, enum sim_register reg, uint32_t value);

/* Between these two the meter counts separately. */
void device_begins(void);
void device_ends(void);

#endif
