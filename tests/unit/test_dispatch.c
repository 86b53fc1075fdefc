/* The dispatch queue and the timer sources: what is posted runs once, what is due fires in time. */
#include "unit.h"

#include <errno.h>

#include "dispatch.h"
#include "port.h"
#include "timer_source.h"

static struct dispatch_queue queue;
static struct dispatch_source sources[DISPATCH_SOURCES_MAX + 1];
static char ran[64];

static void note(void *context) { strcat(ran, context); }

static int setup(void **state) {
  (void)state;
  memset(&queue, 0, sizeof queue);
  memset(sources, 0, sizeof sources);
  ran[0] = '\0';
  host_reset();
  return 0;
}

static void runs_each_posted_source_once_in_order(void **state) {
  (void)state;
  assert_int_equal(dispatch_add(&queue, &sources[0], note, "a"), 0);
  assert_int_equal(dispatch_add(&queue, &sources[1], note, "b"), 0);
  assert_int_equal(dispatch_add(&queue, &sources[2], note, "c"), 0);
  assert_false(dispatch_run(&queue));
  dispatch_post(&sources[2]);
  dispatch_post(&sources[0]);
  dispatch_post(&sources[2]);
  assert_true(dispatch_pending(&queue));
  assert_true(dispatch_run(&queue));
  assert_string_equal(ran, "ac");
  assert_false(dispatch_pending(&queue));
}

static void post_itself(void *context) {
  strcat(ran, "x");
  dispatch_post(context);
}

static void a_source_that_posts_itself_waits_for_the_next_turn(void **state) {
  (void)state;
  assert_int_equal(dispatch_add(&queue, &sources[0], post_itself, &sources[0]), 0);
  assert_int_equal(dispatch_add(&queue, &sources[1], note, "b"), 0);
  dispatch_post(&sources[0]);
  dispatch_post(&sources[1]);
  dispatch_run(&queue);
  assert_string_equal(ran, "xb");
  assert_true(dispatch_pending(&queue));
}

static void refuses_a_second_add_and_a_33rd_source(void **state) {
  (void)state;
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    assert_int_equal(dispatch_add(&queue, &sources[i], note, "a"), 0);
  assert_int_equal(dispatch_add(&queue, &sources[DISPATCH_SOURCES_MAX], note, "z"), -ENOSPC);
  assert_int_equal(dispatch_add(&queue, &sources[3], note, "a"), -EBUSY);
  dispatch_remove(&sources[31]);
  assert_int_equal(dispatch_add(&queue, &sources[DISPATCH_SOURCES_MAX], note, "z"), 0);
  dispatch_post(&sources[DISPATCH_SOURCES_MAX]);
  dispatch_run(&queue);
  assert_string_equal(ran, "z");
}

static void counts_what_is_added_and_what_waits(void **state) {
  unsigned posted = 99;

  (void)state;
  assert_int_equal(dispatch_count(&queue, &posted), 0);
  assert_int_equal(posted, 0);
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    assert_int_equal(dispatch_add(&queue, &sources[i], note, ""), 0);
  dispatch_post(&sources[0]);
  dispatch_post(&sources[31]);
  dispatch_post(&sources[31]);
  dispatch_remove(&sources[7]);
  assert_int_equal(dispatch_count(&queue, &posted), DISPATCH_SOURCES_MAX - 1);
  assert_int_equal(posted, 2);
  dispatch_remove(&sources[31]); /* with its pending post */
  assert_int_equal(dispatch_count(&queue, &posted), DISPATCH_SOURCES_MAX - 2);
  assert_int_equal(posted, 1);
}

static void remove_other(void *context) {
  strcat(ran, "r");
  dispatch_remove(context);
}

static void a_removed_source_runs_no_more(void **state) {
  (void)state;
  assert_int_equal(dispatch_add(&queue, &sources[0], remove_other, &sources[1]), 0);
  assert_int_equal(dispatch_add(&queue, &sources[1], note, "b"), 0);
  dispatch_post(&sources[0]);
  dispatch_post(&sources[1]); /* the first action removes it in the same turn */
  dispatch_run(&queue);
  assert_string_equal(ran, "r");
  dispatch_remove(&sources[1]); /* twice is harmless */
}

/* ---- timer sources ---- */

static uint64_t fired_at[8];
static char fired[16];

static void fire(void *context) {
  fired_at[strlen(fired)] = port_clock_us();
  strcat(fired, context);
}

static void fires_in_order_at_the_deadlines(void **state) {
  struct timer_source a = {.interrupt = fire, .context = "a"};
  struct timer_source b = {.interrupt = fire, .context = "b"};
  struct timer_source c = {.interrupt = fire, .context = "c"};

  (void)state;
  fired[0] = '\0';
  timer_source_wake_at(&a, 300);
  timer_source_wake_at(&b, 100);
  timer_source_wake_at(&c, 200);
  assert_int_equal(timer_source_armed(), 3);
  host_run_until_us(90);
  assert_int_equal(timer_source_left_ms(&b), 0);
  timer_source_wake_at(&c, 5090);
  assert_int_equal(timer_source_left_ms(&c), 5);
  timer_source_wake_at(&c, UINT64_C(1000) << 33); /* more than it can represent */
  assert_int_equal(timer_source_left_ms(&c), UINT32_MAX);
  timer_source_wake_at(&c, 200);
  host_run_until_us(99);
  assert_string_equal(fired, "");
  timer_source_wake_at(&b, 250); /* moved behind c */
  host_run_until_us(1000);
  assert_string_equal(fired, "cba");
  assert_int_equal(fired_at[0], 200);
  assert_int_equal(fired_at[1], 250);
  assert_int_equal(fired_at[2], 300);
  assert_int_equal(timer_source_armed(), 0);
  assert_int_equal(timer_source_left_ms(&a), UINT32_MAX);
}

static void a_deadline_beyond_the_hardware_and_one_in_the_past(void **state) {
  struct timer_source far = {.interrupt = fire, .context = "f"};
  struct timer_source past = {.interrupt = fire, .context = "p"};
  const uint64_t two_hours = UINT64_C(7200) * 1000000;

  (void)state;
  fired[0] = '\0';
  host_run_until_us(500);
  timer_source_wake_at(&far, two_hours);
  timer_source_wake_at(&past, 10);
  host_run_until_us(500);
  assert_string_equal(fired, "p");
  host_run_until_us(two_hours - 1);
  assert_string_equal(fired, "p");
  host_run_until_us(two_hours);
  assert_string_equal(fired, "pf");
}

static void posts_its_event_and_is_cancelled(void **state) {
  struct timer_source timer = {.event = &sources[0]};
  struct timer_source other = {.interrupt = fire, .context = "o"};

  (void)state;
  fired[0] = '\0';
  assert_int_equal(dispatch_add(&queue, &sources[0], note, "t"), 0);
  timer_source_wake_at(&timer, 50);
  timer_source_wake_at(&other, 60);
  timer_source_cancel(&other);
  timer_source_cancel(&other);
  host_run_until_us(70);
  assert_true(dispatch_pending(&queue));
  assert_string_equal(fired, "");
  timer_source_wake_at(&timer, 100);
  timer_source_cancel(&timer);
  dispatch_run(&queue);
  host_run_until_us(200);
  assert_false(dispatch_pending(&queue));
  assert_int_equal(timer_source_armed(), 0);
}

/* Whoever has masked them has let them in again. */
static int interrupts_are_unmasked(void **state) {
  uint32_t masked = port_irq_save();

  (void)state;
  port_irq_restore(0);
  assert_int_equal(masked, 0);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(runs_each_posted_source_once_in_order, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(a_source_that_posts_itself_waits_for_the_next_turn, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(refuses_a_second_add_and_a_33rd_source, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(counts_what_is_added_and_what_waits, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(a_removed_source_runs_no_more, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(fires_in_order_at_the_deadlines, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(a_deadline_beyond_the_hardware_and_one_in_the_past, setup,
                                      interrupts_are_unmasked),
      cmocka_unit_test_setup_teardown(posts_its_event_and_is_cancelled, setup,
                                      interrupts_are_unmasked),
  };

  return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
