/* QEMU's virt machine with a Cortex-A7: what its software has to know. */
#ifndef BOARD_H
#define BOARD_H

#include "mmu.h"
#include "registry.h"
#include "sim_device.h"

#define BOARD_NAME "virt"

/* The map is the machine's own (QEMU, hw/arm/virt.c, base_memmap and a15irqmap). */
#define BOARD_GICD_BASE UINT32_C(0x08000000)
#define BOARD_GICC_BASE UINT32_C(0x08010000)

/* The interrupt controller's numbers. The simulated NICs sit on lines that nothing is connected to.
 */
enum {
  BOARD_IRQ_TIMER = 30, /* of the non-secure physical timer */
  BOARD_IRQ_UART = 33,
  BOARD_IRQ_SIM0 = 42,
  BOARD_IRQ_SIM1 = 43,
  BOARD_IRQ_LINES = 80,
};

void timer_interrupt_handler(void);
void uart_interrupt_handler(void);
void sim0_interrupt_handler(void);
void sim1_interrupt_handler(void);

#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_TIMER, timer_interrupt_handler)                                                      \
  X(BOARD_IRQ_UART, uart_interrupt_handler)                                                        \
  X(BOARD_IRQ_SIM0, sim0_interrupt_handler)                                                        \
  X(BOARD_IRQ_SIM1, sim1_interrupt_handler)

enum {
  BOARD_DEVICE_REGIONS = 1,
  BOARD_SIMS = 2,
  BOARD_DEVICES = BOARD_SIMS,
  BOARD_DRIVERS = 1,
  BOARD_INSTALLED = 1,
};

/* Where registers are, for the memory map. */
extern const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS];

/* The devices, for the registry: the MACs, then the simulated ones. */
extern const struct nic_device board_devices[BOARD_DEVICES];

/* The drivers that the board has a use for. */
extern const struct nic_driver board_drivers[BOARD_DRIVERS];

/* The names of the drivers that are installed at start-up, once for each device that is wanted. */
extern const char *const board_installed[BOARD_INSTALLED];

/* The other side of the simulated NICs, and their interrupt lines. */
extern struct sim_device board_sim_devices[BOARD_SIMS];
extern const unsigned board_sim_irqs[BOARD_SIMS];

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

#endif
