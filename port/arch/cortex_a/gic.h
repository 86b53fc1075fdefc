/* The generic interrupt controller, version 1 or 2, for one core (ARM IHI 0048B).
 *
 * board.h says where its distributor is (BOARD_GICD_BASE), and the core's interface to it
 * (BOARD_GICC_BASE), which have to be in board_device_regions; and the handlers of its lines
 * (BOARD_INTERRUPTS), all below BOARD_IRQ_LINES. */
#ifndef GIC_H
#define GIC_H

/* Turns every line off and the distributor and the core's interface on. Start-up only. */
void gic_start(void);

/* Runs the handlers of the interrupts that are pending. Interrupt only. */
void gic_interrupt(void);

#endif
