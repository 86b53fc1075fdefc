/* The watchdog of an i.MX 6 (IMX6ULRM, chapter WDOG): resets the machine when it is not fed, after
 * a warning by an interrupt, and on demand. */
#include "board.h"
#include "gic.h"
#include "port.h"

/* Registers of WDOG1, which are 16 bits wide. */
#define WDOG1_BASE UINT32_C(0x020bc000) /* on each i.MX 6 */
enum {
  WCR = 0x0,
  WCR_WDE = 1 << 2, /* enabled; once written 1 it stays so until a reset, as the two below */
  /* Software reset of the chip, and of what is around it: low when they are active. */
  WCR_SRS = 1 << 4,
  WCR_WDA = 1 << 5,
  WCR_WT_SHIFT = 8, /* half seconds, less one */
  WSR = 0x2,
  WSR_FIRST = 0x5555,
  WSR_SECOND = 0xaaaa,
  WICR = 0x6,
  WICR_WICT_HALF_SECOND = 1 << 0, /* warns so long before */
  WICR_WTIS = 1 << 14,            /* it has; written 1 clears */
  WICR_WIE = 1 << 15,
  WMCR = 0x8, /* PDE, set by a reset: 16 s later the watchdog pulls its pin, fed or not */
  RESET_WRITES = 3,
};

static void (*on_bite)(void);

const struct port_watchdog port_watchdog = {
    .name = "WDOG1", .bites_masked = true, .bites_in_interrupts = true};

static void reg_write(uintptr_t offset, unsigned value) {
  mmio_write16(WDOG1_BASE + offset, (uint16_t)value);
}

/* WDT, by which a time-out resets what is around the chip as well, is left off: with it the
 * emulator takes the next software reset for something else. So are the bits that would stop it in
 * low power. */
void port_watchdog_start(uint32_t timeout_ms, void (*bite)(void)) {
  on_bite = bite;
  reg_write(WMCR, 0); /* a boot loader may have done so, or not */
  reg_write(WICR, WICR_WIE | WICR_WICT_HALF_SECOND);
  reg_write(WCR, (timeout_ms / 500 - 1) << WCR_WT_SHIFT | WCR_WDA | WCR_SRS | WCR_WDE);
  gic_put_first(BOARD_IRQ_WATCHDOG);
  port_irq_enable(BOARD_IRQ_WATCHDOG);
}

void port_watchdog_feed(void) {
  reg_write(WSR, WSR_FIRST);
  reg_write(WSR, WSR_SECOND);
}

void watchdog_interrupt_handler(void) {
  reg_write(WICR, WICR_WIE | WICR_WTIS | WICR_WICT_HALF_SECOND);
  on_bite();
}

/* The emulator resets only on both signals. On some i.MX 6 the software reset takes two writes
 * within a cycle of the 32 kHz clock (erratum ERR004346): of three writes, two are. */
void port_reset(void) {
  port_console_flush();
  (void)port_irq_save();
  for (unsigned i = 0; i < RESET_WRITES; i++)
    reg_write(WCR, 0);
  for (;;)
    port_sleep();
}
