/* The clock: SysTick runs free and interrupts only when it wraps, every few seconds. */
#include "systick_clock.h"

#include <assert.h>
#include <stdint.h>

#include "board.h"
#include "cortex_m.h"
#include "port.h"

/* SysTick counts 24 bits down. A period of a whole number of milliseconds, which the board chooses,
 * makes the time exact: nothing is rounded from period to period. */
enum { PERIOD_TICKS = (uint64_t)BOARD_SYSTICK_HZ * BOARD_SYSTICK_PERIOD_MS / 1000 };
static_assert((uint64_t)BOARD_SYSTICK_HZ * BOARD_SYSTICK_PERIOD_MS % 1000 == 0,
              "the period is a whole number of ticks");
static_assert(PERIOD_TICKS <= 1 << 24, "the period fits SysTick");

/* Ticks to time within a period by a multiplication with the 32-bit fraction, rounded down: the
 * result is below the period, and never more than one unit late. */
#define FRACTION(units_per_second)                                                                 \
  ((uint32_t)(((uint64_t)(units_per_second) << 32) / BOARD_SYSTICK_HZ))
static_assert(BOARD_SYSTICK_HZ > 1000000, "a tick is less than a microsecond");

/* The board runs SysTick at its core's clock, or at the external one of its silicon. */
enum { CLOCK_SOURCE = BOARD_SYSTICK_HZ == BOARD_CORE_HZ ? SYSTICK_CSR_CLKSOURCE : 0 };

static uint64_t base_us; /* time at the start of the running period */
static uint32_t base_ms; /* the same modulo 2^32 */

void systick_clock_start(void) {
  mmio_write(SYSTICK_RVR, PERIOD_TICKS - 1);
  mmio_write(SYSTICK_CVR, 0);
  mmio_write(SYSTICK_CSR, SYSTICK_CSR_ENABLE | SYSTICK_CSR_TICKINT | CLOCK_SOURCE);
}

void systick_handler(void) {
  base_us += UINT64_C(1000) * BOARD_SYSTICK_PERIOD_MS;
  base_ms += BOARD_SYSTICK_PERIOD_MS;
}

/* Ticks since the base. A wrap whose interrupt is still pending counts as a period more: the value
 * is read again then, since the first reading may be from before the wrap. Interrupts masked. */
static uint32_t ticks(uint32_t *periods) {
  uint32_t value = mmio_read(SYSTICK_CVR);

  *periods = 0;
  if ((mmio_read(SCB_ICSR) & SCB_ICSR_PENDSTSET) != 0) {
    value = mmio_read(SYSTICK_CVR);
    *periods = 1;
  }
  /* Right after the start, and at a wrap, the value reads 0 before it is reloaded. */
  return value == 0 ? 0 : PERIOD_TICKS - value;
}

uint64_t port_clock_us(void) {
  uint32_t state = port_irq_save();
  uint32_t periods;
  uint32_t elapsed = ticks(&periods);
  uint64_t base = base_us;

  port_irq_restore(state);
  if (periods != 0)
    base += UINT64_C(1000) * BOARD_SYSTICK_PERIOD_MS;
  return base + ((uint64_t)elapsed * FRACTION(1000000) >> 32);
}

uint32_t port_clock_ms(void) {
  uint32_t state = port_irq_save();
  uint32_t periods;
  uint32_t elapsed = ticks(&periods);
  uint32_t base = base_ms;

  port_irq_restore(state);
  if (periods != 0)
    base += BOARD_SYSTICK_PERIOD_MS;
  return base + (uint32_t)((uint64_t)elapsed * FRACTION(1000) >> 32);
}
