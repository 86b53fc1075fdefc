/* The watchdog: a subject that is stuck keeps it from being fed and is reported after the reset;
 * one that is idle, or only slow, does not. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "dispatch.h"
#include "host_watchdog.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "lwip_timers.h"
#include "nic_progress.h"
#include "paper_rig.h"
#include "port.h"
#include "registry.h"
#include "watchdog.h"

enum { STILL_MS = 1000 * WATCHDOG_LOOKS_MAX / WATCHDOG_LOOKS_PER_S };

static struct dispatch_queue *const queue = &dispatch;
static const struct nic_device device = {.name = "paper0", .nic = &paper.nic};
static struct watchdog_subject probe, rx, tx, timers;

static bool probe_moves;
static unsigned probe_looks;
static bool look_at_probe(struct watchdog_subject *subject) {
  assert_ptr_equal(subject, &probe);
  probe_looks++;
  return probe_moves;
}

static const struct watchdog_kind probe_kind = {"probe", look_at_probe};

/* Runs the main loop for that long; it wakes as the timer does. False if the watchdog would have
 * bitten meanwhile. */
static bool runs_for_ms(unsigned duration) {
  for (unsigned ms = 0; ms < duration; ms++) {
    host_run_for_us(1000);
    (void)dispatch_run(queue);
    if (host_watchdog_is_due())
      return false;
  }
  return true;
}

/* A start of the board: its RAM is cleared, except for what is kept. */
static void start(void) {
  assert_int_equal(watchdog_start(queue), 0);
  probe_moves = true;
  watchdog_add(&probe, &probe_kind, NULL);
}

static void leave_queue(void) {
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++) {
    if (queue->sources[i] != NULL)
      dispatch_remove(queue->sources[i]);
  }
}

static void restart(void) {
  leave_queue();
  start();
}

static int setup(void **state) {
  leave_queue();
  return paper_setup(state);
}

static int setup_started(void **state) {
  setup(state);
  start();
  watchdog_forget();
  restart();
  (void)host_console();
  return 0;
}

static int setup_nic(void **state) {
  setup_started(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  watchdog_add(&rx, &nic_rx_progress, &device);
  watchdog_add(&tx, &nic_tx_progress, &device);
  return 0;
}

static void assert_reason(const char *what, unsigned seconds) {
  unsigned told = 0;

  assert_string_equal(watchdog_reason(&told), what);
  assert_int_equal(told, seconds);
}

static void assert_no_reason(void) {
  unsigned told;

  assert_null(watchdog_reason(&told));
}

/* `subject`, and nothing else, is found stuck, after STILL_MS and no sooner. */
static void assert_gets_stuck(const struct watchdog_subject *subject, const char *named) {
  assert_true(runs_for_ms(STILL_MS - 1000 / WATCHDOG_LOOKS_PER_S));
  assert_true(subject->still < WATCHDOG_LOOKS_MAX);
  assert_true(runs_for_ms(2000 / WATCHDOG_LOOKS_PER_S));
  assert_non_null(strstr(host_console(), "made no progress for 4 s: not fed any more"));
  assert_false(runs_for_ms(WATCHDOG_FEED_TIMEOUT_MS));
  host_watchdog_bite(); /* changes nothing: the stuck subject is known */
  restart();
  assert_reason(named, STILL_MS / 1000);
}

/* ---- the watchdog itself ---- */

static void first_start_has_no_reason(void **state) {
  (void)state; /* this is the first test: all of the memory is still 0 */
  start();
  assert_no_reason();
  assert_string_equal(host_console(), "");
}

static void is_fed_while_all_moves(void **state) {
  unsigned looks = probe_looks;

  (void)state;
  assert_true(runs_for_ms(10 * WATCHDOG_FEED_TIMEOUT_MS));
  assert_in_range(probe_looks - looks, 159, 160); /* as often as it says */
  assert_string_equal(host_console(), "");
}

static void tells_of_what_does_not_move(void **state) {
  (void)state;
  probe_moves = false;
  assert_gets_stuck(&probe, "probe");
  assert_non_null(strstr(host_console(), "W watchdog: reset: probe made no progress for 4 s"));
}

static const struct watchdog_kind long_kind = {"a very long subject", look_at_probe};

/* What has no room in the record is cut; the list shows all of it. */
static void subjects_are_listed_and_a_long_name_is_cut(void **state) {
  (void)state;
  leave_queue();
  assert_int_equal(watchdog_start(queue), 0);
  assert_null(watchdog_subjects());
  watchdog_add(&probe, &long_kind, &device);
  watchdog_add(&rx, &nic_rx_progress, &device);
  assert_ptr_equal(watchdog_subjects(), &rx);
  assert_ptr_equal(watchdog_subjects()->next, &probe);
  assert_null(watchdog_subjects()->next->next);
  probe_moves = false;
  assert_gets_stuck(&probe, "a very long subject");
}

static void one_move_in_time_is_enough(void **state) {
  (void)state;
  for (unsigned i = 0; i < 20; i++) {
    probe_moves = false;
    assert_true(runs_for_ms(STILL_MS - 1000 / WATCHDOG_LOOKS_PER_S));
    probe_moves = true;
    assert_true(runs_for_ms(1000 / WATCHDOG_LOOKS_PER_S));
  }
  assert_string_equal(host_console(), "");
}

static void what_moves_again_before_the_bite_has_escaped(void **state) {
  (void)state;
  probe_moves = false;
  assert_true(runs_for_ms(STILL_MS + WATCHDOG_FEED_TIMEOUT_MS - 1000));
  probe_moves = true;
  assert_true(runs_for_ms(10 * WATCHDOG_FEED_TIMEOUT_MS));
  restart();
  assert_no_reason();
}

/* The looks do not happen: the warning before the bite finds no other reason. */
static void tells_of_a_main_loop_that_is_stuck(void **state) {
  (void)state;
  assert_true(runs_for_ms(10000));
  host_run_for_us(UINT64_C(1000) * WATCHDOG_FEED_TIMEOUT_MS);
  assert_true(host_watchdog_is_due());
  host_watchdog_bite();
  restart();
  assert_reason("main loop", WATCHDOG_FEED_TIMEOUT_MS / 1000);
  restart(); /* by the reset button: the earlier reason is not reported again */
  assert_no_reason();
}

static void comes_back_from_less_than_that(void **state) {
  (void)state;
  for (unsigned i = 0; i < 10; i++) {
    host_run_for_us(UINT64_C(1000) * (WATCHDOG_FEED_TIMEOUT_MS - 1000));
    assert_false(host_watchdog_is_due());
    assert_true(runs_for_ms(1000));
  }
}

static void a_reset_from_outside_is_told_as_such(void **state) {
  (void)state;
  assert_true(runs_for_ms(10000));
  restart();
  assert_no_reason();
  assert_non_null(strstr(host_console(), "I watchdog: reset from outside"));
}

static void a_wanted_reset_is_not_told(void **state) {
  (void)state;
  watchdog_forget();
  restart();
  assert_no_reason();
  assert_string_equal(host_console(), "");
}

static void a_full_queue_is_refused(void **state) {
  static struct dispatch_source others[DISPATCH_SOURCES_MAX];

  (void)state;
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    assert_int_equal(dispatch_add(queue, &others[i], NULL, NULL), 0);
  assert_int_equal(watchdog_start(queue), -ENOSPC);
}

static void the_clock_may_wrap(void **state) {
  static const uint64_t wraps_us[] = {UINT64_C(1) << 32, (UINT64_C(1) << 32) * 1000,
                                      UINT64_C(1) << 63};

  for (unsigned i = 0; i < sizeof wraps_us / sizeof *wraps_us; i++) {
    setup(state);
    host_start_clock_at_us(wraps_us[i] - 20000000);
    start();
    assert_true(runs_for_ms(40000));
    setup(state);
    host_start_clock_at_us(wraps_us[i] - 2000000);
    start();
    probe_moves = false;
    assert_gets_stuck(&probe, "probe");
  }
}

/* ---- a NIC ---- */

static void send(void) {
  struct pbuf *frame = frame_of(60, 2);

  (void)datapath_transmit(nic, frame);
  pbuf_free(frame);
}

static bool refuse(struct nic *from, struct pbuf *packet) {
  (void)from;
  (void)packet;
  return false;
}

static void a_nic_at_work_or_idle_is_alive(void **state) {
  (void)state;
  assert_true(runs_for_ms(10 * STILL_MS));
  for (unsigned i = 0; i < 10 * STILL_MS / 100; i++) {
    assert_true(wire((uint8_t)i, 60));
    send();
    assert_true(runs_for_ms(100));
  }
  assert_int_equal(received, 10 * STILL_MS / 100);
}

/* Buffers come back from the stack, but the driver no longer posts them. */
static void a_ring_that_has_run_dry_is_stuck(void **state) {
  struct nic_ops ops = paper_ops;

  (void)state;
  ops.rx_post = refuse;
  nic_set_ops(nic, &ops);
  for (unsigned i = 0; i < PAPER_RING; i++)
    assert_true(wire((uint8_t)i, 60));
  assert_gets_stuck(&rx, "rx of paper0");
  assert_int_equal(tx.still, 0);
  nic_set_ops(nic, &paper_ops);
}

/* So the rest of the ring's buffers are with an application: the kit copies, and goes on. */
static void a_hoarding_application_is_alive(void **state) {
  (void)state;
  hoard = true;
  for (unsigned i = 0; i < 2 * PACKETS; i++) {
    assert_true(wire((uint8_t)i, 60));
    assert_true(runs_for_ms(10));
  }
  assert_true(runs_for_ms(10 * STILL_MS));
  for (unsigned i = 0; i < hoarded; i++)
    pbuf_free(hoarded_frames[i]);
}

static void a_receiver_that_is_left_stopped_is_stuck(void **state) {
  (void)state;
  nic->rx_stalled = true;
  assert_gets_stuck(&rx, "rx of paper0");
}

/* As under a flood: at each look it may have stopped again for want of a buffer. */
static void a_receiver_that_stops_between_frames_is_alive(void **state) {
  (void)state;
  for (unsigned i = 0; i < 3 * STILL_MS / 500; i++) {
    assert_true(wire((uint8_t)i, 60));
    assert_true(runs_for_ms(100));
    nic->rx_stalled = true;
    assert_true(runs_for_ms(400));
    assert_true(nic->rx_stalled);
  }
  assert_int_equal(rx.still, 0);
}

/* Its event was lost, and no turn has received it since. */
static void a_frame_that_is_not_delivered_is_stuck(void **state) {
  struct pbuf *frame = frame_of(60, 2);

  (void)state;
  packet_queue_append(&nic->rx_completion, frame);
  assert_gets_stuck(&rx, "rx of paper0");
  pbuf_free(packet_queue_get(&nic->rx_completion));
}

static void a_frame_that_is_not_posted_is_stuck(void **state) {
  struct nic_ops ops = paper_ops;

  (void)state;
  ops.tx_post = refuse;
  nic_set_ops(nic, &ops);
  send();
  assert_gets_stuck(&tx, "tx of paper0");
  assert_int_equal(rx.still, 0);
  nic_set_ops(nic, &paper_ops);
  assert_int_equal(nic_stop(nic), 0);
}

static void a_frame_that_is_not_sent_is_stuck(void **state) {
  (void)state;
  paper.hold_tx = true;
  send();
  assert_gets_stuck(&tx, "tx of paper0");
  assert_int_equal(nic_stop(nic), 0);
}

/* nic_watch() resets it each time: nothing is stuck for long, however little is sent. */
static void a_device_that_sends_nothing_and_is_reset_is_alive(void **state) {
  (void)state;
  paper.hold_tx = true;
  for (unsigned i = 0; i < 10 * STILL_MS / NIC_WATCH_MS; i++) {
    send();
    assert_true(runs_for_ms(NIC_WATCH_MS));
    nic_watch(nic);
  }
  assert_true(nic->counters[NIC_TX_TIMEOUTS] > 10);
  assert_int_equal(nic_stop(nic), 0);
}

static void without_a_link_nothing_is_stuck(void **state) {
  (void)state;
  paper.hold_tx = true;
  send();
  (void)run();
  paper.link = false;
  nic_poll_link(nic);
  assert_true(runs_for_ms(10 * STILL_MS));
  assert_int_equal(nic_stop(nic), 0);
}

static void a_nic_that_is_not_enabled_is_idle(void **state) {
  (void)state;
  nic->rx_stalled = true;
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_true(runs_for_ms(10 * STILL_MS));
  assert_int_equal(nic_stop(nic), 0);
  assert_true(runs_for_ms(10 * STILL_MS));
  assert_int_equal(nic_free(nic), 0);
  assert_true(runs_for_ms(10 * STILL_MS));
}

/* ---- the timers ---- */

static unsigned beats;

static void beat(void *context) {
  (void)context;
  beats++;
  sys_timeout(1000, beat, NULL);
}

static int setup_timers(void **state) {
  setup_started(state);
  sys_restart_timeouts();
  watchdog_add(&timers, &lwip_timers_progress, NULL);
  beats = 0;
  sys_timeout(1000, beat, NULL);
  return 0;
}

static bool runs_with_timeouts_for_ms(unsigned duration) {
  for (unsigned ms = 0; ms < duration; ms++) {
    sys_check_timeouts();
    if (!runs_for_ms(1))
      return false;
  }
  return true;
}

static void timers_that_run_are_alive(void **state) {
  (void)state;
  assert_true(runs_with_timeouts_for_ms(10 * STILL_MS));
  assert_in_range(beats, 39, 40);
  assert_int_equal(timers.still, 0);
}

static void timers_that_nobody_runs_are_stuck(void **state) {
  (void)state;
  assert_true(runs_with_timeouts_for_ms(1500));
  assert_true(runs_for_ms(LWIP_TIMERS_LATE_MS)); /* this late is not late yet */
  assert_int_equal(timers.still, 0);
  assert_gets_stuck(&timers, "timers");
}

/* The first one's time is wrong: all after it wait. */
static void a_list_out_of_order_is_stuck(void **state) {
  (void)state;
  (*sys_timeouts_get_next_timeout())->time += 24 * 3600 * 1000;
  assert_false(runs_with_timeouts_for_ms(3000 + STILL_MS + WATCHDOG_FEED_TIMEOUT_MS));
  restart();
  assert_reason("timers", STILL_MS / 1000);
}

static void timers_over_the_wrap(void **state) {
  setup(state);
  host_start_clock_at_us((UINT64_C(1000) << 32) - 20000000);
  start();
  watchdog_forget();
  sys_restart_timeouts();
  watchdog_add(&timers, &lwip_timers_progress, NULL);
  sys_timeout(1000, beat, NULL);
  assert_true(runs_with_timeouts_for_ms(40000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(first_start_has_no_reason, setup),
      cmocka_unit_test_setup(is_fed_while_all_moves, setup_started),
      cmocka_unit_test_setup(tells_of_what_does_not_move, setup_started),
      cmocka_unit_test_setup(subjects_are_listed_and_a_long_name_is_cut, setup_started),
      cmocka_unit_test_setup(one_move_in_time_is_enough, setup_started),
      cmocka_unit_test_setup(what_moves_again_before_the_bite_has_escaped, setup_started),
      cmocka_unit_test_setup(tells_of_a_main_loop_that_is_stuck, setup_started),
      cmocka_unit_test_setup(comes_back_from_less_than_that, setup_started),
      cmocka_unit_test_setup(a_reset_from_outside_is_told_as_such, setup_started),
      cmocka_unit_test_setup(a_wanted_reset_is_not_told, setup_started),
      cmocka_unit_test_setup(a_full_queue_is_refused, setup),
      cmocka_unit_test_setup(the_clock_may_wrap, setup_started),
      cmocka_unit_test_setup(a_nic_at_work_or_idle_is_alive, setup_nic),
      cmocka_unit_test_setup(a_ring_that_has_run_dry_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_hoarding_application_is_alive, setup_nic),
      cmocka_unit_test_setup(a_receiver_that_is_left_stopped_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_receiver_that_stops_between_frames_is_alive, setup_nic),
      cmocka_unit_test_setup(a_frame_that_is_not_delivered_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_frame_that_is_not_posted_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_frame_that_is_not_sent_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_device_that_sends_nothing_and_is_reset_is_alive, setup_nic),
      cmocka_unit_test_setup(without_a_link_nothing_is_stuck, setup_nic),
      cmocka_unit_test_setup(a_nic_that_is_not_enabled_is_idle, setup_nic),
      cmocka_unit_test_setup(timers_that_run_are_alive, setup_timers),
      cmocka_unit_test_setup(timers_that_nobody_runs_are_stuck, setup_timers),
      cmocka_unit_test_setup(a_list_out_of_order_is_stuck, setup_timers),
      cmocka_unit_test_setup(timers_over_the_wrap, setup_timers),
  };

  lwip_init();
  return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
