/* The generic interrupt controller, version 1 or 2, for one core (ARM IHI 0048B).
 *
 * A board's interrupt line is the controller's number: 0 to 15 by software, 16 to 31 the core's
 * own, then those of the devices. All have the same priority, and none preempts another, but for
 * one that a board may put first. */
#include "gic.h"

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "fault.h"
#include "port.h"

/* Registers of the distributor (4.3) and of the core's interface (4.4). */
enum {
  GICD_CTLR = 0x000,
  GICD_TYPER = 0x004,
  GICD_IGROUPR = 0x080,
  GICD_ISENABLER = 0x100,
  GICD_ICENABLER = 0x180,
  GICD_ISPENDR = 0x200,
  GICD_ICPENDR = 0x280,
  GICD_ISACTIVER = 0x300,
  GICD_ICACTIVER = 0x380,
  GICD_IPRIORITYR = 0x400,
  GICD_ITARGETSR = 0x800,
  GICC_CTLR = 0x00,
  GICC_PMR = 0x04,
  GICC_IAR = 0x0c,
  GICC_EOIR = 0x10,
  GICC_APR0 = 0xd0,   /* priorities that are active: of group 0, */
  GICC_NSAPR0 = 0xe0, /* of group 1 */
  GICC_IIDR = 0xfc,

  IIDR_VERSION = 0xf << 16,
  VERSION_2 = 2 << 16,

  ENABLE = 1 << 0, /* of group 0, where every line is at reset */
  ENABLE_GROUP_1 = 1 << 1,
  GICC_ACK_CTL = 1 << 2, /* GICC_IAR gives a line of either group */
  GICC_FIQ_EN = 1 << 3,  /* group 0 interrupts by FIQ, group 1 by IRQ */
  PRIORITY_WORDS = 4,    /* those that an implementation has not are ignored (4.4.16) */
  OWN_LINES = 32,        /* of the core, with targets that cannot be set */
  ID_MASK = 0x3ff,
  ID_SPECIAL = 1020, /* this one and above: nothing is pending */
};
#define PRIORITIES UINT32_C(0xa0a0a0a0) /* four lines' */
#define TARGETS    UINT32_C(0x01010101) /* four lines' core 0 */

typedef void (*handler)(void);

#define DECLARE_HANDLER(line, function) void function(void);
BOARD_INTERRUPTS(DECLARE_HANDLER)

#define INTERRUPT_HANDLER(line, function) [line] = (function),

/* The handlers of the lines that the board names; a null pointer is an unexpected interrupt. */
static const handler handlers[BOARD_IRQ_LINES] = {BOARD_INTERRUPTS(INTERRUPT_HANDLER)};

static void distributor_bit(uint32_t bank, unsigned line) {
  mmio_write(BOARD_GICD_BASE + bank + line / 32 * 4, UINT32_C(1) << line % 32);
}

static unsigned line_count(void) {
  return ((mmio_read(BOARD_GICD_BASE + GICD_TYPER) & 0x1f) + 1) * 32;
}

/* An interrupt in which the start before this one was cut short keeps others from coming, where
 * what has ended that did not reset the controller: a debugger does not, nor the emulator's reset
 * all of it. Version 1 has no way to say so, other than a reset. */
static void end_all(unsigned lines) {
  for (unsigned line = 0; line < lines; line += 32)
    mmio_write(BOARD_GICD_BASE + GICD_ICACTIVER + line / 8, UINT32_MAX);
  if ((mmio_read(BOARD_GICC_BASE + GICC_IIDR) & IIDR_VERSION) == VERSION_2) {
    for (unsigned word = 0; word < PRIORITY_WORDS; word++) {
      mmio_write(BOARD_GICC_BASE + GICC_APR0 + word * 4, 0);
      mmio_write(BOARD_GICC_BASE + GICC_NSAPR0 + word * 4, 0);
    }
  }
}

void gic_start(void) {
  unsigned lines = line_count();

  mmio_write(BOARD_GICD_BASE + GICD_CTLR, 0);
  for (unsigned line = 0; line < lines; line += 32) {
    mmio_write(BOARD_GICD_BASE + GICD_IGROUPR + line / 8, 0); /* the one that is enabled below */
    mmio_write(BOARD_GICD_BASE + GICD_ICENABLER + line / 8, UINT32_MAX);
    mmio_write(BOARD_GICD_BASE + GICD_ICPENDR + line / 8, UINT32_MAX);
  }
  for (unsigned line = 0; line < lines; line += 4) {
    mmio_write(BOARD_GICD_BASE + GICD_IPRIORITYR + line, PRIORITIES);
    if (line >= OWN_LINES)
      mmio_write(BOARD_GICD_BASE + GICD_ITARGETSR + line, TARGETS);
  }
  end_all(lines);
  mmio_write(BOARD_GICD_BASE + GICD_CTLR, ENABLE);
  mmio_write(BOARD_GICC_BASE + GICC_PMR, 0xff); /* any priority */
  mmio_write(BOARD_GICC_BASE + GICC_CTLR, ENABLE);
}

/* The only line of group 0, whose priority is the highest. */
void gic_put_first(unsigned line) {
  unsigned lines = line_count();
  uintptr_t priorities = BOARD_GICD_BASE + GICD_IPRIORITYR + line / 4 * 4;

  mmio_write(BOARD_GICD_BASE + GICD_CTLR, 0);
  for (unsigned first = 0; first < lines; first += 32)
    mmio_write(BOARD_GICD_BASE + GICD_IGROUPR + first / 8,
               first == line / 32 * 32 ? ~(UINT32_C(1) << line % 32) : UINT32_MAX);
  mmio_write(priorities, PRIORITIES & ~(UINT32_C(0xff) << line % 4 * 8));
  mmio_write(BOARD_GICD_BASE + GICD_CTLR, ENABLE | ENABLE_GROUP_1);
  mmio_write(BOARD_GICC_BASE + GICC_CTLR, ENABLE | ENABLE_GROUP_1 | GICC_ACK_CTL | GICC_FIQ_EN);
}

/* True if no interrupt is to be handled. A PL390, as in a Cortex-A9, may give the number of none,
 * or 0 without making that line active, and then nothing else any more, where a line was disabled
 * just as it was about to be taken; the write of a priority, whatever it is, lets it go on (erratum
 * 733075). */
static bool is_spurious(uint32_t line) {
  const uintptr_t priorities = BOARD_GICD_BASE + GICD_IPRIORITYR;

  if (line < ID_SPECIAL && (line != 0 || (mmio_read(BOARD_GICD_BASE + GICD_ISACTIVER) & 1) != 0))
    return false;
  mmio_write(priorities, mmio_read(priorities));
  return true;
}

/* Takes one at a time: another pending one interrupts again. */
void gic_interrupt(void) {
  uint32_t acknowledged = mmio_read(BOARD_GICC_BASE + GICC_IAR);
  uint32_t line = acknowledged & ID_MASK;

  if (line >= BOARD_IRQ_LINES || handlers[line] == NULL) {
    if (is_spurious(line))
      return;
    fault_unexpected_interrupt(line);
  }
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
