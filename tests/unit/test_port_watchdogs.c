/* The boards' watchdogs and resets over their registers, and the interrupt controller. */
#include "unit.h"

#include "board.h"
#include "cp15.h"
#include "fault.h"
#include "gic.h"
#include "nvic.h"
#include "port.h"
#include "registers.h"

enum { TIMEOUT_MS = 8000 };

/* The functions of a file of port/dev, under its own names. */
#define WATCHDOG(file)                                                                             \
  extern const struct port_watchdog file##_port_watchdog;                                          \
  void file##_port_watchdog_start(uint32_t timeout_ms, void (*bite)(void));                        \
  void file##_port_watchdog_feed(void)
WATCHDOG(a9_watchdog);
WATCHDOG(cmsdk_watchdog);
WATCHDOG(imx_watchdog);
WATCHDOG(mss_watchdog);
WATCHDOG(virtual_timer_watchdog);
void a9_watchdog_watchdog_interrupt_handler(void);
void imx_watchdog_watchdog_interrupt_handler(void);
void virtual_timer_watchdog_watchdog_interrupt_handler(void);
void timer2_interrupt_handler(void);
_Noreturn void imx_watchdog_port_reset(void);
_Noreturn void zynq_reset_port_reset(void);

static unsigned bites;

/* The line that takes precedence over all others, and over masking. */
static unsigned put_first;

void nvic_put_first(unsigned line) { put_first = line; }
void gic_put_first(unsigned line) { put_first = line; }

static void bite(void) { bites++; }

static int setup(void **state) {
  (void)state;
  bites = 0;
  put_first = UINT32_MAX;
  return 0;
}

/* ---- the Cortex-A9's ---- */

uint32_t host_periphclk_hz;

static void the_a9s_is_loaded_anew_with_its_clocks_ticks(void **state) {
  static const uint32_t clocks_hz[] = {100000000, 333333333, 1000000000};

  (void)state;
  for (unsigned i = 0; i < sizeof clocks_hz / sizeof *clocks_hz; i++) {
    uint64_t clocks_a_tick;
    uint32_t load;

    host_periphclk_hz = clocks_hz[i];
    registers_attach(BOARD_A9_PERIPHBASE);
    a9_watchdog_port_watchdog_start(TIMEOUT_MS, bite);
    load = registers_last(0x620);
    clocks_a_tick = (registers_last(0x628) >> 8) + 1;
    registers_check_writes({0x620, load}, {0x628, (uint32_t)(clocks_a_tick - 1) << 8 | 0xd});
    assert_in_range(load * clocks_a_tick * 1000 / host_periphclk_hz, TIMEOUT_MS - 1, TIMEOUT_MS);
    assert_true(host_irq_enabled(BOARD_IRQ_WATCHDOG));
    a9_watchdog_port_watchdog_feed();
    registers_check_writes({0x620, load});
  }
  assert_false(a9_watchdog_port_watchdog.bites_masked);
  assert_false(a9_watchdog_port_watchdog.bites_in_interrupts);
  assert_true(host_ends(a9_watchdog_watchdog_interrupt_handler));
  assert_int_equal(bites, 1);
}

/* ---- the CMSDK's ---- */

static void counts_down(unsigned offset, uint32_t value) {
  if (offset == 0 && value < 10000) /* the second time-out, which resets */
    host_end();
}

static void the_cmsdks_is_locked_and_warns_before_it_resets(void **state) {
  (void)state;
  registers_attach(0x40008000);
  cmsdk_watchdog_port_watchdog_start(TIMEOUT_MS, bite);
  registers_check_writes({0xc00, 0x1acce551}, {0x000, BOARD_CORE_HZ / 1000 * TIMEOUT_MS},
                         {0x00c, 1}, {0x008, 3}, {0xc00, 1});
  cmsdk_watchdog_port_watchdog_feed();
  registers_check_writes({0xc00, 0x1acce551}, {0x00c, 1}, {0xc00, 1});
  assert_true(cmsdk_watchdog_port_watchdog.bites_masked);
  assert_true(cmsdk_watchdog_port_watchdog.bites_in_interrupts);
  registers.written = counts_down;
  assert_true(host_ends(nmi_handler));
  assert_int_equal(bites, 1);
  assert_int_equal(registers.writes[0].offset, 0xc00); /* what is locked cannot be loaded */
}

/* ---- the i.MX's: registers of 16 bits (IMX6ULRM, chapter WDOG) ---- */

static void the_imxs_is_fed_by_two_words(void **state) {
  (void)state;
  registers_attach(0x020bc000);
  imx_watchdog_port_watchdog_start(TIMEOUT_MS, bite);
  registers_check_writes({0x8, 0}, {0x6, 0x8001}, {0x0, (TIMEOUT_MS / 500 - 1) << 8 | 0x34});
  assert_int_equal(put_first, BOARD_IRQ_WATCHDOG);
  assert_true(host_irq_enabled(BOARD_IRQ_WATCHDOG));
  imx_watchdog_port_watchdog_feed();
  registers_check_writes({0x2, 0x5555}, {0x2, 0xaaaa});
  imx_watchdog_watchdog_interrupt_handler();
  registers_check_writes({0x6, 0xc001});
  assert_int_equal(bites, 1);
  assert_true(imx_watchdog_port_watchdog.bites_masked);
  assert_true(imx_watchdog_port_watchdog.bites_in_interrupts);
}

/* An interrupt that is taken before the reset may never end; but what is left to be said is sent by
 * interrupts, too. */
static bool interrupts_are_masked, console_is_flushed;

static void flush(void) {
  console_is_flushed = registers.write_count == 0 && !interrupts_are_masked;
}
void imx_watchdog_port_console_flush(void) { flush(); }
void zynq_reset_port_console_flush(void) { flush(); }

static void looks_at_interrupts(unsigned offset, uint32_t value) {
  uint32_t state = port_irq_save();

  (void)offset;
  (void)value;
  interrupts_are_masked = state != 0;
  port_irq_restore(state);
}

static void attach_reset(uintptr_t base) {
  registers_attach(base);
  registers.written = looks_at_interrupts;
  interrupts_are_masked = console_is_flushed = false;
}

/* By two writes within a cycle of 32 kHz, one of which may end between the first two
 * (ERR004346). */
static void the_imx_resets_at_once(void **state) {
  (void)state;
  attach_reset(0x020bc000);
  assert_true(host_ends(imx_watchdog_port_reset));
  assert_true(console_is_flushed);
  assert_true(interrupts_are_masked);
  registers_check_writes({0x0, 0}, {0x0, 0}, {0x0, 0});
}

/* ---- the SmartFusion2's second timer ---- */

static uint32_t counts_83_mhz(unsigned offset) {
  uint32_t ticks = (uint32_t)port_clock_us() * 83;

  (void)offset;
  host_run_for_us(1);
  return UINT32_MAX - ticks;
}

static void the_mss_timers_interrupt_resets(void **state) {
  uint32_t ticks;

  (void)state;
  registers_attach(0x40004000);
  registers.read = counts_83_mhz;
  mss_watchdog_port_watchdog_start(TIMEOUT_MS, bite);
  ticks = registers_last(0x1c);
  assert_in_range(ticks, 82U * 1000 * TIMEOUT_MS, 84U * 1000 * TIMEOUT_MS);
  assert_int_equal(registers_last(0x24), 7); /* counts, once, and interrupts */
  assert_int_equal(registers_last(0x28), 1); /* clears what was pending */
  assert_true(host_irq_enabled(BOARD_IRQ_TIMER2));
  assert_int_equal(put_first, BOARD_IRQ_TIMER2); /* before a handler that never ends */
  registers.write_count = 0;
  mss_watchdog_port_watchdog_feed();
  registers_check_writes({0x24, 0}, {0x1c, ticks}, {0x24, 7});
  assert_false(mss_watchdog_port_watchdog.bites_masked);
  assert_true(mss_watchdog_port_watchdog.bites_in_interrupts);
  assert_true(host_ends(timer2_interrupt_handler));
  assert_int_equal(bites, 1);
}

/* ---- the virtual timer's ---- */

static uint64_t virtual_count = UINT64_C(3) << 40, virtual_compare;
static uint32_t virtual_control;

uint32_t cp15_read_cntfrq(void) { return 62500000; }
uint64_t cp15_read_cntvct(void) { return virtual_count; }
void cp15_write_cntv_cval(uint64_t value) { virtual_compare = value; }
void cp15_write_cntv_ctl(uint32_t value) { virtual_control = value; }

static void the_virtual_timers_interrupt_resets(void **state) {
  (void)state;
  host_reset();
  virtual_timer_watchdog_port_watchdog_start(60000, bite); /* more ticks than 32 bits hold */
  assert_int_equal(virtual_compare - virtual_count, UINT64_C(62500000) * 60);
  assert_int_equal(virtual_control, 1);
  assert_int_equal(put_first, BOARD_IRQ_WATCHDOG);
  assert_true(host_irq_enabled(BOARD_IRQ_WATCHDOG));
  virtual_count += 12345;
  virtual_timer_watchdog_port_watchdog_feed();
  assert_int_equal(virtual_compare - virtual_count, UINT64_C(62500000) * 60);
  assert_true(virtual_timer_watchdog_port_watchdog.bites_masked);
  assert_true(virtual_timer_watchdog_port_watchdog.bites_in_interrupts);
  assert_true(host_ends(virtual_timer_watchdog_watchdog_interrupt_handler));
  assert_int_equal(bites, 1);
}

/* ---- the Zynq's reset ---- */

static void the_zynq_resets_by_its_unlocked_register(void **state) {
  (void)state;
  attach_reset(0xf8000000);
  assert_true(host_ends(zynq_reset_port_reset));
  assert_true(console_is_flushed);
  assert_true(interrupts_are_masked);
  registers_check_writes({0x008, 0xdf0d}, {0x200, 1});
}

/* ---- the interrupt controller: the distributor's page, then the core's interface ---- */

void gic_port_irq_enable(unsigned line);
void gic_port_irq_disable(unsigned line);
void gic_port_irq_pend(unsigned line);
void gic_gic_put_first(unsigned line);

enum { GICC = 0x1000, IAR = GICC + 0xc, EOIR = GICC + 0x10, IDLE_ID = 1023 };

static unsigned first_taken, last_taken;
static uint32_t unexpected_line;

/* How many were handled, and how many registers written, before the last barrier. */
static unsigned taken_before, written_before;

void gic_dma_publish(void) {
  taken_before = first_taken + last_taken;
  written_before = registers.write_count;
}

void first_interrupt_handler(void) {
  first_taken++;
  assert_int_equal(registers.write_count, 0); /* not ended before it is handled */
}
void last_interrupt_handler(void) { last_taken++; }
void fault_unexpected_interrupt(uint32_t line) {
  unexpected_line = line;
  host_end();
}

static void interrupt_of(uint32_t acknowledged) {
  registers.word[IAR / 4] = acknowledged;
  registers.write_count = 0;
  gic_interrupt();
}

static void the_controller_starts_with_every_line_off(void **state) {
  (void)state;
  for (unsigned banks = 1; banks <= 3; banks++) {
    unsigned lines = 32 * banks, version = 1 + banks % 2;

    registers_attach(BOARD_GICD_BASE);
    registers.word[0x004 / 4] = (banks - 1) | 0xe0; /* in its TYPER, five bits say how many */
    for (unsigned word = 0; word < 8; word++)
      registers.word[(GICC + 0xd0) / 4 + word] = 1;
    registers.word[(GICC + 0xfc) / 4] = version << 16 | 0x43b;
    gic_start();
    /* No priority is active any more, in cores with a register for it. */
    for (unsigned word = 0; word < 8; word++)
      assert_int_equal(registers.word[(GICC + 0xd0) / 4 + word], version == 2 ? 0 : 1);
    for (unsigned line = 0; line < lines; line += 32) {
      assert_int_equal(registers_last(0x080 + line / 8),
                       0); /* whatever a start before has put first */
      assert_int_equal(registers_last(0x180 + line / 8), UINT32_MAX);
      assert_int_equal(registers_last(0x280 + line / 8), UINT32_MAX);
      assert_int_equal(registers_last(0x380 + line / 8), UINT32_MAX);
    }
    for (unsigned line = 0; line < lines; line += 4) {
      assert_int_equal(registers_last(0x400 + line), 0xa0a0a0a0);
      /* The core's own interrupts have no target to set (4.3.12). */
      assert_int_equal(registers.word[(0x800 + line) / 4], line < 32 ? 0 : 0x01010101);
    }
    assert_int_equal(registers.word[(0x180 + lines / 8) / 4], 0); /* no more than exist */
    assert_int_equal(registers.writes[0].offset, 0);              /* off during the set-up */
    assert_int_equal(registers.writes[0].value, 0);
    assert_int_equal(registers_last(0x000), 1);
    assert_int_equal(registers_last(GICC + 0x4), 0xff);
    assert_int_equal(registers_last(GICC + 0x0), 1);
  }
}

static unsigned last_read;

static uint32_t remembers(unsigned offset) {
  last_read = offset;
  return registers.word[offset / 4];
}

static void a_line_is_a_bit_of_the_distributor(void **state) {
  (void)state;
  registers_attach(BOARD_GICD_BASE);
  registers.read = remembers;
  gic_port_irq_enable(33);
  gic_port_irq_disable(63);
  assert_int_equal(last_read, 0x184); /* by then the distributor has received it */
  assert_int_equal(written_before, 2);
  gic_port_irq_pend(64);
  registers_check_writes({0x104, 1 << 1}, {0x184, UINT32_C(1) << 31}, {0x208, 1});
}

/* All others are in group 1, which is then the IRQs', and lower in priority (4.3.4, 4.4.1). */
static void a_line_put_first_is_an_fiq(void **state) {
  (void)state;
  registers_attach(BOARD_GICD_BASE);
  registers.word[0x004 / 4] = 2; /* 96 lines */
  gic_gic_put_first(41);
  registers_check_writes({0x000, 0}, {0x080, UINT32_MAX}, {0x084, ~(UINT32_C(1) << 9)},
                         {0x088, UINT32_MAX}, {0x400 + 40, 0xa0a000a0}, {0x000, 3}, {GICC, 0xf});
}

static void an_interrupt_is_handled_then_ended(void **state) {
  (void)state;
  registers_attach(BOARD_GICD_BASE);
  interrupt_of(33 | 5 << 10); /* with the core that has sent it, which is to be given back */
  assert_int_equal(first_taken, 1);
  assert_int_equal(taken_before, 1); /* what it wrote is with its device before the end */
  assert_int_equal(written_before, 0);
  registers_check_writes({EOIR, 33 | 5 << 10});
  interrupt_of(41);
  assert_int_equal(last_taken, 1);
  registers_check_writes({EOIR, 41});
}

/* It has gone meanwhile, or was never there: nothing is ended. A PL390 may be stuck until a
 * priority is written, which stays what it is (erratum 733075). */
static void an_interrupt_of_nothing_lets_the_next_one_come(void **state) {
  static const uint32_t none[] = {IDLE_ID, 1020, 0};

  (void)state;
  registers_attach(BOARD_GICD_BASE);
  registers.word[0x400 / 4] = 0xa000a0a0;
  for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
    interrupt_of(none[i]);
    registers_check_writes({0x400, 0xa000a0a0});
  }
}

static void line_0(void) { interrupt_of(0); }
static void line_34(void) { interrupt_of(34); }
static void line_42(void) { interrupt_of(42); }

static void an_interrupt_without_a_handler_is_a_fault(void **state) {
  (void)state;
  registers_attach(BOARD_GICD_BASE);
  assert_true(host_ends(line_34));
  assert_int_equal(unexpected_line, 34);
  registers.word[0x300 / 4] = 1; /* active: somebody has sent it */
  assert_true(host_ends(line_0));
  assert_int_equal(unexpected_line, 0);
  assert_true(host_ends(line_42)); /* beyond the board's */
  assert_int_equal(unexpected_line, 42);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_a9s_is_loaded_anew_with_its_clocks_ticks, setup),
      cmocka_unit_test_setup(the_cmsdks_is_locked_and_warns_before_it_resets, setup),
      cmocka_unit_test_setup(the_imxs_is_fed_by_two_words, setup),
      cmocka_unit_test_setup(the_imx_resets_at_once, setup),
      cmocka_unit_test_setup(the_mss_timers_interrupt_resets, setup),
      cmocka_unit_test_setup(the_virtual_timers_interrupt_resets, setup),
      cmocka_unit_test_setup(the_zynq_resets_by_its_unlocked_register, setup),
      cmocka_unit_test_setup(the_controller_starts_with_every_line_off, setup),
      cmocka_unit_test_setup(a_line_is_a_bit_of_the_distributor, setup),
      cmocka_unit_test_setup(a_line_put_first_is_an_fiq, setup),
      cmocka_unit_test_setup(an_interrupt_is_handled_then_ended, setup),
      cmocka_unit_test_setup(an_interrupt_of_nothing_lets_the_next_one_come, setup),
      cmocka_unit_test_setup(an_interrupt_without_a_handler_is_a_fault, setup),
  };

  return cmocka_run_group_tests_name("watchdogs", tests, NULL, NULL);
}
