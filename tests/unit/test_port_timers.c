/* The boards' clocks and one-shot timers, over their registers: time is exact, even if a counter
 * wraps while being read, and a delay that the hardware cannot hold fires early. */
#include "unit.h"

#include "a9_timer.h"
#include "board.h"
#include "cmsdk_dual_timer.h"
#include "cortex_m.h"
#include "cp15.h"
#include "generic_timer.h"
#include "msf2_sysreg.h"
#include "mss_timer.h"
#include "port.h"
#include "registers.h"
#include "systick_clock.h"
#include "zynq_clock.h"

/* ---- a one-shot timer's delay in ticks ---- */

enum { TICKS_PER_US = 71, TICKS_MIN = 16 };

static void check_ticks(unsigned load, uint32_t delay_us, void (*arm)(uint32_t delay_us)) {
  uint64_t wanted = (uint64_t)delay_us * TICKS_PER_US;
  uint32_t ticks;

  registers.write_count = 0;
  arm(delay_us);
  ticks = registers_last(load);
  if (wanted <= UINT32_MAX)
    assert_int_equal(ticks, wanted > TICKS_MIN ? wanted : TICKS_MIN);
  else
    assert_in_range(ticks, UINT32_MAX - TICKS_PER_US, UINT32_MAX);
}

static const uint32_t delays_us[] = {0, 1, 999, 60493160, 60493161, 60493162, UINT32_MAX};
enum { DELAYS = sizeof delays_us / sizeof *delays_us };

static const struct cmsdk_dual_timer dual = {.base = 0x40002020, .ticks_per_us = TICKS_PER_US};

static void dual_arm(uint32_t delay_us) { cmsdk_dual_timer_arm(&dual, delay_us); }

static void the_dual_timer_fires_once(void **state) {
  (void)state;
  registers_attach(0x40002000);
  for (unsigned i = 0; i < DELAYS; i++)
    check_ticks(0x20, delays_us[i], dual_arm);
  registers.write_count = 0;
  cmsdk_dual_timer_arm(&dual, 100);
  /* Off while being set; one-shot, 32 bits, with its interrupt (4.5.1). */
  registers_check_writes({0x28, 0x03}, {0x2c, 1}, {0x20, 7100}, {0x28, 0xa3});
  cmsdk_dual_timer_stop(&dual);
  assert_int_equal(registers.word[0x28 / 4] & 0x80, 0);
  registers.write_count = 0;
  cmsdk_dual_timer_acknowledge(&dual);
  registers_check_writes({0x2c, 1});
}

static const struct mss_timer mss = {.base = 0x40004000, .ticks_per_us = TICKS_PER_US};

static void mss_arm(uint32_t delay_us) { mss_timer_arm(&mss, delay_us); }

static void the_mss_timer_fires_once(void **state) {
  (void)state;
  registers_attach(0x40004000);
  for (unsigned i = 0; i < DELAYS; i++)
    check_ticks(0x04, delays_us[i], mss_arm);
  registers.write_count = 0;
  mss_timer_arm(&mss, 100);
  registers_check_writes({0x0c, 0}, {0x04, 7100}, {0x0c, 7});
  mss_timer_stop(&mss);
  mss_timer_acknowledge(&mss);
  registers_check_writes({0x0c, 0}, {0x10, 1});
}

/* It counts down from all ones, 83 ticks a microsecond of the host's clock, which each reading
 * advances; one in `slow_each` takes long, as if an interrupt had come in between. */
static unsigned readings, slow_each;

static uint32_t mss_counts(unsigned offset) {
  uint32_t ticks = (uint32_t)port_clock_us() * 83;

  assert_int_equal(offset, 0);
  host_run_for_us(++readings % slow_each == 0 ? 500 : 1);
  return UINT32_MAX - ticks;
}

static void the_mss_timers_clock_is_measured(void **state) {
  (void)state;
  for (slow_each = 2; slow_each < 50; slow_each += 7) {
    registers_attach(0x40004000);
    registers.read = mss_counts;
    readings = 0;
    assert_in_range(mss_timer_measure(&mss, 1000), 83 - 1, 83 + 1);
    assert_int_equal(registers.word[0x0c / 4] & 1, 0); /* and stopped */
  }
}

/* On a host so slow that no reading is a good one it makes do with what it has, and ends. */
static void a_measurement_ends(void **state) {
  (void)state;
  registers_attach(0x40004000);
  registers.read = mss_counts;
  slow_each = 1;
  assert_in_range(mss_timer_measure(&mss, 1000), 40, 166);
}

/* ---- the Cortex-A9's ---- */

uint64_t a9_timer_port_clock_us(void);
uint32_t a9_timer_port_clock_ms(void);
void a9_timer_port_timer_arm(uint32_t delay_us);
void a9_timer_port_timer_stop(void);

/* The emulator's; the slowest and the fastest with a whole number of microseconds a tick; that of
 * chips at 667 MHz, nominal and actual; ones without a neat relation to a microsecond. */
static const uint32_t periphclks_hz[] = {100000000, 1000000,   256000000, 333000000,  333333333,
                                         10999999,  256000001, 999999937, 1000000000, UINT32_MAX};
enum { PERIPHCLKS = sizeof periphclks_hz / sizeof *periphclks_hz };

uint32_t host_periphclk_hz;
static uint32_t a9_prescaler;    /* the control registers' value */
static uint64_t a9_prescaled_hz; /* the clock at which a tick would be a microsecond */
static uint64_t a9_count;
static unsigned a9_wraps_in; /* readings until the low half wraps; 0: it does not */

static uint32_t a9_counts(unsigned offset) {
  uint64_t count = a9_count;

  if (a9_wraps_in != 0 && --a9_wraps_in == 0)
    a9_count += 100;
  assert_true(offset == 0x200 || offset == 0x204);
  return (uint32_t)(offset == 0x204 ? count >> 32 : count);
}

static void start_a9(unsigned i) {
  host_periphclk_hz = periphclks_hz[i];
  registers_attach(BOARD_A9_PERIPHBASE);
  a9_timer_start();
  a9_prescaler = registers_last(0x608);
  a9_prescaled_hz = UINT64_C(1000000) * ((a9_prescaler >> 8) + 1);
  registers_check_writes({0x208, 0}, {0x200, 0}, {0x204, 0}, {0x208, a9_prescaler | 1},
                         {0x608, a9_prescaler});
  registers.read = a9_counts;
}

#define FOR_EACH_PERIPHCLK(i) for (unsigned i = 0; i < PERIPHCLKS && (start_a9(i), true); i++)

static uint64_t a9_us(uint64_t ticks) {
  return (uint64_t)((unsigned __int128)ticks * a9_prescaled_hz / host_periphclk_hz);
}

/* `is` is `exact` if a tick is a microsecond, else it may be too small by one in 10^8. */
static void check_a9(uint64_t is, uint64_t exact) {
  assert_true(is <= exact);
  assert_in_range(exact - is, 0, a9_prescaled_hz == host_periphclk_hz ? 0 : exact / 100000000 + 1);
}

/* No shorter, so that the counter has room for a delay. */
static void the_a9s_ticks_are_as_long_as_a_microsecond_has_room_for(void **state) {
  (void)state;
  FOR_EACH_PERIPHCLK(i) {
    assert_int_equal(a9_prescaler & ~0xff00U, 0);
    assert_true(a9_prescaled_hz <= host_periphclk_hz);
    assert_true(a9_prescaler == 0xff00 || a9_prescaled_hz + 1000000 > host_periphclk_hz);
  }
}

static void the_a9s_clock_is_one_reading(void **state) {
  (void)state;
  FOR_EACH_PERIPHCLK(i) {
    for (unsigned moment = 1; moment <= 4; moment++) {
      uint64_t before;

      a9_count = (UINT64_C(5) << 32) - 50;
      before = a9_timer_port_clock_us();
      a9_wraps_in = moment;
      assert_in_range(a9_timer_port_clock_us(), before, before + 100);
      a9_wraps_in = 0;
    }
  }
}

/* The counter's halves never agree: it ends nevertheless. */
static uint32_t never_the_same(unsigned offset) {
  static uint32_t reading;

  (void)offset;
  return reading++;
}

static void a_clock_that_never_agrees_does_not_hang(void **state) {
  (void)state;
  start_a9(0);
  registers.read = never_the_same;
  (void)a9_timer_port_clock_us();
}

static const uint64_t times_us[] = {0,
                                    999,
                                    1000,
                                    UINT32_MAX,
                                    UINT64_C(1) << 32,
                                    (UINT64_C(1) << 32) + 703,
                                    (UINT64_C(1) << 32) + 704,
                                    UINT64_C(7) << 32,
                                    (UINT64_C(1000) << 32) - 1, /* milliseconds wrap */
                                    UINT64_C(1000) << 32,
                                    UINT64_C(123456789012345)};
enum { TIMES = sizeof times_us / sizeof *times_us };

static void the_a9s_clock_is_right(void **state) {
  (void)state;
  FOR_EACH_PERIPHCLK(i) {
    for (unsigned j = 0; j < TIMES; j++) {
      uint64_t us;

      a9_count = (uint64_t)(((unsigned __int128)times_us[j] * host_periphclk_hz) / a9_prescaled_hz);
      us = a9_timer_port_clock_us();
      check_a9(us, a9_us(a9_count));
      assert_int_equal(a9_timer_port_clock_ms(), (uint32_t)(us / 1000));
    }
  }
}

static void the_a9s_clock_goes_by_each_microsecond(void **state) {
  (void)state;
  FOR_EACH_PERIPHCLK(i) {
    uint64_t last;

    a9_count = (UINT64_C(3) << 32) - 1000;
    last = a9_timer_port_clock_us();
    for (unsigned tick = 0; tick < 2000; tick++, a9_count++) {
      assert_in_range(a9_timer_port_clock_us(), last, last + 1);
      last = a9_timer_port_clock_us();
    }
  }
}

/* It fires one tick after it has counted its load value. */
static void the_a9s_timer_fires_once(void **state) {
  (void)state;
  FOR_EACH_PERIPHCLK(i) {
    for (unsigned j = 0; j < DELAYS; j++) {
      uint32_t delay_us = delays_us[j] > 0 ? delays_us[j] : 1; /* 0 would never come */
      uint64_t ticks = (uint64_t)delay_us * host_periphclk_hz / a9_prescaled_hz;
      uint32_t load;

      a9_timer_port_timer_arm(delays_us[j]);
      load = registers_last(0x600);
      check_a9(load, ticks < UINT32_MAX ? ticks : UINT32_MAX);
      assert_true(load > 0);
      registers_check_writes({0x608, a9_prescaler}, {0x600, load}, {0x608, a9_prescaler | 5});
    }
    a9_timer_port_timer_stop();
    a9_timer_acknowledge();
    registers_check_writes({0x608, a9_prescaler}, {0x60c, 1});
  }
}

/* ---- the generic timer ---- */

uint64_t generic_timer_port_clock_us(void);
uint32_t generic_timer_port_clock_ms(void);
void generic_timer_port_timer_arm(uint32_t delay_us);
void generic_timer_port_timer_stop(void);

static uint32_t frequency, control;
static uint64_t count, compare;

uint32_t cp15_read_cntfrq(void) { return frequency; }
uint64_t cp15_read_cntpct(void) { return count; }
void cp15_write_cntp_cval(uint64_t value) { compare = value; }
void cp15_write_cntp_ctl(uint32_t value) { control = value; }

/* 8 MHz on the i.MX, 62.5 on QEMU's virt, and ones without a neat relation to a microsecond, which
 * may be wrong by one in a thousand. */
static const struct {
  uint32_t hz;
  bool exact;
} frequencies[] = {{8000000, true},  {62500000, true}, {24000000, true},  {1000000000, true},
                   {19200000, true}, {1000003, false}, {65536011, false}, {999999937, false}};
enum { FREQUENCIES = sizeof frequencies / sizeof *frequencies };

/* `is` is `exact`, or may be wrong by one in a thousand. */
static void check_scaled(unsigned i, uint64_t is, uint64_t exact) {
  uint64_t error = is > exact ? is - exact : exact - is;

  assert_in_range(error, 0, frequencies[i].exact ? 0 : exact / 1000 + 1);
}

static void start_generic(unsigned i, uint64_t count_at_start) {
  frequency = frequencies[i].hz;
  count = count_at_start;
  control = 1;
  generic_timer_start();
  assert_int_equal(control, 0);
}

static void the_generic_timers_clock_starts_at_0_and_is_right(void **state) {
  (void)state;
  for (unsigned i = 0; i < FREQUENCIES; i++) {
    start_generic(i, UINT64_C(1) << 40);
    assert_int_equal(generic_timer_port_clock_us(), 0);
    for (unsigned j = 0; j < TIMES; j++) { /* up to four years */
      unsigned __int128 ticks = ((unsigned __int128)times_us[j] * frequency + 999999) / 1000000;
      uint64_t us;

      count = (UINT64_C(1) << 40) + (uint64_t)ticks;
      us = generic_timer_port_clock_us();
      check_scaled(i, us, times_us[j]);
      assert_int_equal(generic_timer_port_clock_ms(), (uint32_t)(us / 1000));
    }
  }
}

static void the_generic_timer_fires_once(void **state) {
  (void)state;
  for (unsigned i = 0; i < FREQUENCIES; i++) {
    start_generic(i, 77);
    count = UINT64_C(1) << 50;
    for (unsigned j = 0; j < DELAYS; j++) {
      uint64_t ticks = (uint64_t)delays_us[j] * frequency / 1000000;

      generic_timer_port_timer_arm(delays_us[j]);
      assert_int_equal(control, 1);
      check_scaled(i, compare - count, ticks);
    }
    generic_timer_acknowledge();
    assert_int_equal(control, 0);
    control = 1;
    generic_timer_port_timer_stop();
    assert_int_equal(control, 0);
  }
}

/* ---- SysTick ---- */

uint64_t systick_clock_port_clock_us(void);
uint32_t systick_clock_port_clock_ms(void);

static uint64_t systick_ticks;    /* since the start */
static uint64_t systick_periods;  /* whose interrupt has been taken */
static unsigned systick_wraps_in; /* readings until it wraps; 0: it does not */

static uint32_t systick_reads(unsigned offset) {
  const uint32_t period = registers.word[0x14 / 4] + 1;
  uint32_t value = period - (uint32_t)(systick_ticks % period);

  if (systick_wraps_in != 0 && --systick_wraps_in == 0)
    systick_ticks += 10;
  if (offset == (SCB_ICSR & 0xfff))
    return systick_ticks / period > systick_periods ? SCB_ICSR_PENDSTSET : 0;
  assert_int_equal(offset, SYSTICK_CVR & 0xfff);
  return value == period ? 0 : value;
}

/* The main loop takes the interrupt of each wrap. */
static void systick_runs_to(uint64_t ticks) {
  const uint32_t period = registers.word[0x14 / 4] + 1;

  systick_ticks = ticks;
  for (; systick_periods < ticks / period; systick_periods++)
    systick_handler();
}

static void systick_is_exact_over_a_day_and_at_each_wrap(void **state) {
  uint64_t last = 0;

  (void)state;
  registers_attach(0xe000e000);
  systick_clock_start();
  assert_int_equal(registers_last(0x10) & 3, 3);
  registers.word[0x14 / 4] = registers_last(0x14);
  registers.read = systick_reads;
  for (uint64_t ticks = 0; ticks < UINT64_C(86400) * BOARD_SYSTICK_HZ; ticks += 7777777) {
    uint64_t us, exact = ticks * 1000000 / BOARD_SYSTICK_HZ;

    systick_runs_to(ticks);
    us = systick_clock_port_clock_us();
    assert_in_range(us, exact > 0 ? exact - 1 : 0, exact);
    assert_in_range(systick_clock_port_clock_ms(), exact > 999 ? exact / 1000 - 1 : 0,
                    exact / 1000);
    assert_true(us >= last);
    last = us;
  }
}

/* The wrap comes before, between and after the readings, its interrupt not yet taken. */
static void systick_never_goes_back_where_it_wraps(void **state) {
  const uint32_t period = registers.word[0x14 / 4] + 1;

  (void)state;
  assert_true(period > 1000000); /* as the previous test has left it */
  systick_runs_to(systick_ticks / period * period + period - 5);
  for (unsigned moment = 1; moment <= 4; moment++) {
    uint64_t before = systick_clock_port_clock_us(), at;
    uint32_t before_ms = systick_clock_port_clock_ms(), at_ms;

    systick_wraps_in = moment;
    at = systick_clock_port_clock_us();
    assert_in_range(at, before, before + 5);
    systick_wraps_in = 0;
    systick_ticks = (systick_periods + 1) * period - 5;
    systick_wraps_in = moment;
    at_ms = systick_clock_port_clock_ms();
    assert_in_range(at_ms - before_ms, 0, 1);
    systick_wraps_in = 0;
    systick_ticks = (systick_periods + 1) * period + 5; /* pending */
    assert_in_range(systick_clock_port_clock_us(), at, before + 5);
    systick_runs_to(systick_ticks + period - 10);
  }
}

/* ---- the SmartFusion2's resets ---- */

static void what_power_on_holds_in_reset_is_let_go(void **state) {
  (void)state;
  registers_attach(0x40038000);
  registers.word[0x48 / 4] = 0x07ffffff; /* UG0331, SYSREG: at power-on */
  registers.write_count = 0;
  msf2_sysreg_start();
  registers_check_writes({0x48, 0x07ffffff & ~(1 << 4 | 1 << 6 | 1 << 7 | 1 << 8)}, {0x8c, 0xd});
}

/* ---- the Zynq's clocks ---- */

/* As Xilinx's boot loader leaves it where the design has GEM0 and UART1 only: a look for GEM1 would
 * not come back. The others' clocks stay as they are. */
static void all_devices_that_are_looked_for_have_clocks(void **state) {
  (void)state;
  registers_attach(0xf8000000);
  registers.word[0x12c / 4] = 0x01ec044d;
  zynq_clock_start();
  registers_check_writes({0x008, 0xdf0d}, {0x12c, 0x01fc04cd}, {0x004, 0x767b});
}

/* 125, 25 and 2.5 MHz of the I/O PLL's 1000, the registers locked again (UG585, 25.7.3). */
static void a_gem_sends_with_the_clock_of_its_link(void **state) {
  static const struct {
    unsigned speed_mbps, hz;
  } speeds[] = {{1000, 125000000}, {100, 25000000}, {10, 2500000}};

  (void)state;
  for (unsigned gem = 0; gem < 2; gem++) {
    for (unsigned i = 0; i < 3; i++) {
      uint32_t clock;

      registers_attach(0xf8000000);
      (gem == 0 ? zynq_gem0_set_tx_clock : zynq_gem1_set_tx_clock)(speeds[i].speed_mbps);
      clock = registers_last(gem == 0 ? 0x140 : 0x144);
      assert_int_equal(clock & 0x71, 1);
      assert_int_equal(1000000000 / (clock >> 8 & 0x3f) / (clock >> 20 & 0x3f), speeds[i].hz);
      registers_check_writes({0x008, 0xdf0d}, {gem == 0 ? 0x140 : 0x144, clock}, {0x004, 0x767b});
    }
  }
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_dual_timer_fires_once),
      cmocka_unit_test(the_mss_timer_fires_once),
      cmocka_unit_test(the_mss_timers_clock_is_measured),
      cmocka_unit_test(a_measurement_ends),
      cmocka_unit_test(the_a9s_ticks_are_as_long_as_a_microsecond_has_room_for),
      cmocka_unit_test(the_a9s_clock_is_one_reading),
      cmocka_unit_test(a_clock_that_never_agrees_does_not_hang),
      cmocka_unit_test(the_a9s_clock_is_right),
      cmocka_unit_test(the_a9s_clock_goes_by_each_microsecond),
      cmocka_unit_test(the_a9s_timer_fires_once),
      cmocka_unit_test(the_generic_timers_clock_starts_at_0_and_is_right),
      cmocka_unit_test(the_generic_timer_fires_once),
      cmocka_unit_test(systick_is_exact_over_a_day_and_at_each_wrap),
      cmocka_unit_test(systick_never_goes_back_where_it_wraps),
      cmocka_unit_test(what_power_on_holds_in_reset_is_let_go),
      cmocka_unit_test(all_devices_that_are_looked_for_have_clocks),
      cmocka_unit_test(a_gem_sends_with_the_clock_of_its_link),
  };

  return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
