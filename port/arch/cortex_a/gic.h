/* The generic interrupt controller, version 1 or 2, for one core (ARM IHI 0048B).
 *
 * board.h says where its distributor (BOARD_GICD_BASE) and the core's interface to it
 * (BOARD_GICC_BASE) are, which have to be in board_device_regions; and which handlers its lines
 * have (BOARD_INTERRUPTS), all below BOARD_IRQ_LINES. */
#ifndef GIC_H
#define GIC_H

/* Disables every line, and enables the distributor and the core's interface. Start-up only. */
void gic_start(void);

/* Lets line `line` preempt the handlers of all others, and code that masks interrupts: from then on
 * it is an FIQ, and port_irq_save() masks IRQs only (2.3). Its handler must share nothing with what
 * it may interrupt. For one line, before it is enabled; main loop. */
void gic_put_first(unsigned line);

/* Runs the handler of the pending interrupt. Interrupt only. */
void gic_interrupt(void);

#endif
