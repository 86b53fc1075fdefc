/* lwIP's timeouts by the timer's event: each on time, even one that becomes the first later. */
#include "unit.h"

#include "dispatch.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "lwip_timers.h"
#include "port.h"
#include "timer_source.h"

enum { LATE_MS = 1 }; /* deadlines are whole milliseconds of a clock that is accurate to one */

static struct dispatch_queue queue;
static char ran[64];
static uint32_t ran_at[64];

static void note(void *context) {
  ran_at[strlen(ran)] = port_clock_ms();
  strcat(ran, context);
}

/* Runs as the main loop does, for that long; returns in how many turns there was something to
 * do. */
static unsigned run_for_ms(unsigned duration) {
  uint64_t end_us = port_clock_us() + UINT64_C(1000) * duration;
  unsigned woken = 0;

  while (port_clock_us() < end_us) {
    woken += dispatch_run(&queue);
    lwip_timers_arm();
    host_run_for_us(100);
  }
  return woken;
}

/* The first test. What the product does between lwip_init() and the start may take longer than a
 * timeout, by whatever time. */
static void a_late_start_finds_what_is_due(void **state) {
  (void)state;
  host_reset();
  lwip_init();
  while (port_clock_ms() != (*sys_timeouts_get_next_timeout())->time + 1)
    host_run_for_us(100);
  assert_int_equal(lwip_timers_start(&queue), 0);
  run_for_ms(5);
  assert_int_equal(lwip_timers_report.runs, 1);
}

static int setup(void **state) {
  (void)state;
  host_reset();
  sys_restart_timeouts();
  run_for_ms(10);
  ran[0] = '\0';
  return 0;
}

static void assert_ran(unsigned index, uint32_t since_ms, uint32_t after_ms) {
  assert_in_range(ran_at[index] - since_ms, after_ms, after_ms + LATE_MS);
}

static void runs_each_in_its_time(void **state) {
  uint32_t now = port_clock_ms();

  (void)state;
  sys_timeout(250, note, "b");
  sys_timeout(30, note, "a");
  run_for_ms(400);
  assert_string_equal(ran, "ab");
  assert_ran(0, now, 30);
  assert_ran(1, now, 250);
}

static void sees_that_another_has_become_the_first(void **state) {
  uint32_t now = port_clock_ms();

  (void)state;
  sys_timeout(50, note, "b");
  run_for_ms(10);
  sys_timeout(5, note, "a");
  run_for_ms(100);
  assert_string_equal(ran, "ab");
  assert_ran(0, now, 15);
  assert_ran(1, now, 50);
}

/* The timeout that takes the first one's place may have its memory. */
static void sees_that_the_first_was_taken_back(void **state) {
  uint32_t now = port_clock_ms();

  (void)state;
  sys_timeout(5, note, "x");
  run_for_ms(1);
  sys_untimeout(note, "x");
  sys_timeout(20, note, "a");
  run_for_ms(1);
  sys_untimeout(note, "a");
  sys_timeout(8, note, "b");
  run_for_ms(100);
  assert_string_equal(ran, "b");
  assert_ran(0, now, 10);
}

static void sleeps_between_timeouts(void **state) {
  unsigned woken;

  (void)state;
  woken = run_for_ms(1000); /* lwIP's own: IGMP's and MLD's of 100 ms, and those of a second */
  assert_in_range(woken, 10, 40);
}

/* The main loop may be late; by how much is reported. */
static void lateness_is_reported(void **state) {
  (void)state;
  lwip_timers_report = (struct lwip_timers_report){0};
  sys_timeout(30, note, "a");
  run_for_ms(60);
  assert_in_range(lwip_timers_report.runs, 1, 3);
  assert_in_range(lwip_timers_report.late_most_ms, 0, LATE_MS);
  sys_timeout(30, note, "b");
  run_for_ms(10);
  host_run_for_us(62000);
  run_for_ms(10);
  assert_string_equal(ran, "ab");
  assert_in_range(lwip_timers_report.late_most_ms, 42, 42 + LATE_MS);
}

/* Nothing to wait for: nothing is wound, and what was wound earlier finds nothing. */
static void without_a_timeout_nothing_is_wound(void **state) {
  struct sys_timeo **list = sys_timeouts_get_next_timeout(), *kept;

  (void)state;
  sys_timeout(5, note, "a");
  lwip_timers_arm();
  assert_int_equal(timer_source_armed(), 1);
  kept = *list;
  *list = NULL;
  lwip_timers_report = (struct lwip_timers_report){0};
  run_for_ms(10);
  assert_int_equal(lwip_timers_report.runs, 1);
  assert_int_equal(lwip_timers_report.late_most_ms, 0);
  run_for_ms(1000);
  assert_int_equal(lwip_timers_report.runs, 1);
  assert_int_equal(timer_source_armed(), 0);
  *list = kept;
  run_for_ms(1);
  assert_string_equal(ran, "a");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_late_start_finds_what_is_due),
      cmocka_unit_test_setup(runs_each_in_its_time, setup),
      cmocka_unit_test_setup(sees_that_another_has_become_the_first, setup),
      cmocka_unit_test_setup(sees_that_the_first_was_taken_back, setup),
      cmocka_unit_test_setup(sleeps_between_timeouts, setup),
      cmocka_unit_test_setup(lateness_is_reported, setup),
      cmocka_unit_test_setup(without_a_timeout_nothing_is_wound, setup),
  };
  return cmocka_run_group_tests_name("lwip_timers", tests, NULL, NULL);
}
