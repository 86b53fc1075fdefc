/* QEMU's virt machine with a Cortex-A7: bases, interrupt lines, and how many devices it has. */
#ifndef BOARD_H
#define BOARD_H

#include "mmu.h"

#define BOARD_NAME "virt"

/* The map is the machine's own (QEMU, hw/arm/virt.c, base_memmap and a15irqmap). */
#define BOARD_GICD_BASE UINT32_C(0x08000000)
#define BOARD_GICC_BASE UINT32_C(0x08010000)

/* Interrupt lines, by the controller's numbers. The physical timer has one in the secure state,
 * where the core starts with -machine secure=on, and another in the non-secure one. The simulated
 * NICs are on two that nothing is connected to. */
enum {
  BOARD_VIRTIO_SLOTS = 32,
  BOARD_IRQ_WATCHDOG = 27, /* of the virtual timer */
  BOARD_IRQ_TIMER_SECURE = 29,
  BOARD_IRQ_TIMER = 30,
  BOARD_IRQ_UART = 33,
  BOARD_IRQ_SIM0 = 42,
  BOARD_IRQ_SIM1 = 43,
  BOARD_IRQ_VIRTIO = 48, /* of the first slot */
  BOARD_IRQ_VIRTIO_LAST = BOARD_IRQ_VIRTIO + BOARD_VIRTIO_SLOTS - 1,
  BOARD_IRQ_LINES,
};

/* One handler serves the lines of all slots: only at start-up does it show which slot has the
 * device. */
#define BOARD_INTERRUPTS(X)                                                                        \
  X(BOARD_IRQ_TIMER_SECURE, timer_interrupt_handler)                                               \
  X(BOARD_IRQ_TIMER, timer_interrupt_handler)                                                      \
  X(BOARD_IRQ_WATCHDOG, watchdog_interrupt_handler)                                                \
  X(BOARD_IRQ_UART, uart_interrupt_handler)                                                        \
  X(BOARD_IRQ_SIM0, sim0_interrupt_handler)                                                        \
  X(BOARD_IRQ_SIM1, sim1_interrupt_handler)                                                        \
  X(BOARD_IRQ_VIRTIO... BOARD_IRQ_VIRTIO_LAST, virtio_interrupt_handler)

enum {
  BOARD_DEVICE_REGIONS = 1,
  BOARD_SIMS = 2,
  BOARD_DEVICES = 1 + BOARD_SIMS,
  BOARD_DRIVERS = 2,
  BOARD_INSTALLED = 2,
};

/* Where the registers are, for the memory map. */
extern const struct mmu_devices board_device_regions[BOARD_DEVICE_REGIONS];

#include "board_lists.h"

#endif
