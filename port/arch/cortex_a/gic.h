/* The generic interrupt controller, version 1 or 2, for one core (ARM IHI 0048B).
 *
 * board.h says where its distributor is (BOARD_GICD_BASE), and the core's interface to it
 * (BOARD_GICC_BASE), which have to be in board_device_regions; and the handlers of its lines
 * (BOARD_INTERRUPTS), all below BOARD_IRQ_LINES. */
#ifndef GIC_H
#define GIC_H

/* Turns every line off and the distributor and the core's interface on. Start-up only. */
void gic_start(void);

/* Lets line `line` interrupt the handlers of all others, and code that has interrupts masked: from
 * then on it is an FIQ, and port_irq_save() masks IRQs alone (2.3). Its handler shares nothing with
 * what it may interrupt. For one line; main loop, before that is enabled. */
void gic_put_first(unsigned line);

/* Runs the handlers of the interrupts that are pending. Interrupt only. */
void gic_interrupt(void);

#endif
