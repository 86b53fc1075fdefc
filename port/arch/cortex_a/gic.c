/* The generic interrupt controller, version 1 or 2, for one core (ARM IHI 0048B).
 *
 * A board's interrupt line is the controller's number: 0 to 15 by software, 16 to 31 the core's
 * own, then those of the devices. All have one priority: an interrupt does not interrupt another.
 */
#include "gic.h"

#include <stdint.h>

#include "board.h"
#include "fault.h"
#include "port.h"

/* Registers of the distributor (4.3) and of the core's interface (4.4). */
enum {
  GICD_CTLR = 0x000,
  GICD_TYPER = 0x004,
  GICD_ISENABLER = 0x100,
  GICD_ICENABLER = 0x180,
  GICD_ISPENDR = 0x200,
  GICD_ICPENDR = 0x280,
  GICD_IPRIORITYR = 0x400,
  GICD_ITARGETSR = 0x800,
  GICC_CTLR = 0x00,
  GICC_PMR = 0x04,
  GICC_IAR = 0x0c,
  GICC_EOIR = 0x10,

  ENABLE = 1,
  OWN_LINES = 32, /* of the core, with targets that cannot be set */
  ID_MASK = 0x3ff,
  ID_SPECIAL = 1020, /* this one and above: nothing is pending */
};
#define PRIORITIES UINT32_C(0xa0a0a0a0) /* four lines' */
#define TARGETS    UINT32_C(0x01010101) /* four lines' core 0 */

typedef void (*handler)(void);

#define DECLARE_HANDLER(line, function) void function(void);
BOARD_INTERRUPTS(DECLARE_HANDLER)

#define INTERRUPT_HANDLER(line, function) [line] = (function),

/* The lines that the board names; a null pointer is an interrupt that nobody expects. */
static const handler handlers[BOARD_IRQ_LINES] = {BOARD_INTERRUPTS(INTERRUPT_HANDLER)};

static void distributor_bit(uint32_t bank, unsigned line) {
  mmio_write(BOARD_GICD_BASE + bank + line / 32 * 4, UINT32_C(1) << line % 32);
}

void gic_start(void) {
  unsigned lines = ((mmio_read(BOARD_GICD_BASE + GICD_TYPER) & 0x1f) + 1) * 32;

  mmio_write(BOARD_GICD_BASE + GICD_CTLR, 0);
  for (unsigned line = 0; line < lines; line += 32) {
    mmio_write(BOARD_GICD_BASE + GICD_ICENABLER + line / 8, UINT32_MAX);
    mmio_write(BOARD_GICD_BASE + GICD_ICPENDR + line / 8, UINT32_MAX);
  }
  for (unsigned line = 0; line < lines; line += 4) {
    mmio_write(BOARD_GICD_BASE + GICD_IPRIORITYR + line, PRIORITIES);
    if (line >= OWN_LINES)
      mmio_write(BOARD_GICD_BASE + GICD_ITARGETSR + line, TARGETS);
  }
  mmio_write(BOARD_GICD_BASE + GICD_CTLR, ENABLE);
  mmio_write(BOARD_GICC_BASE + GICC_PMR, 0xff); /* any priority */
  mmio_write(BOARD_GICC_BASE + GICC_CTLR, ENABLE);
}

/* One at a time: another that is pending interrupts again. */
void gic_interrupt(void) {
  uint32_t acknowledged = mmio_read(BOARD_GICC_BASE + GICC_IAR);
  uint32_t line = acknowledged & ID_MASK;

  if (line >= ID_SPECIAL)
    return;
  if (line >= BOARD_IRQ_LINES || handlers[line] == NULL)
    fault_unexpected_interrupt(line);
  handlers[line]();
  /* The handler's register accesses have quietened the device before the line is looked at again
   * (3.2.1 leaves that to the processor's barriers). */
  dma_publish();
  mmio_write(BOARD_GICC_BASE + GICC_EOIR, acknowledged);
}

void port_irq_enable(unsigned line) { distributor_bit(GICD_ISENABLER, line); }

/* The read makes sure that the distributor has taken the write: no interrupt comes after that. */
void port_irq_disable(unsigned line) {
  distributor_bit(GICD_ICENABLER, line);
  (void)mmio_read(BOARD_GICD_BASE + GICD_ICENABLER + line / 32 * 4);
  dma_publish();
}

void port_irq_pend(unsigned line) { distributor_bit(GICD_ISPENDR, line); }
