/* Frames sent by the free functions of other frames: in the middle of a turn, of a stop or of a
 * reset. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "lwip/init.h"
#include "paper_rig.h"

enum { OWNED = 64, FRAME_BYTES = 60 };

/* Frames whose free function sends the next one, as long as there is one. */
static struct pbuf_custom owned[OWNED];
static unsigned owned_used, owned_freed, owned_taken;

static void send_owned(void);

static void free_owned(struct pbuf *pbuf) {
  assert_int_equal(pbuf->ref, 0);
  owned_freed++;
  send_owned();
}

static void send_owned(void) {
  static uint8_t bytes[FRAME_BYTES];
  struct pbuf *frame;

  if (owned_used == OWNED)
    return;
  owned[owned_used].custom_free_function = free_owned;
  frame = pbuf_alloced_custom(PBUF_RAW, sizeof bytes, PBUF_RAM, &owned[owned_used++], bytes,
                              sizeof bytes);
  owned_taken += datapath_transmit(nic, frame) == 0;
  pbuf_free(frame);
}

/* With a ring that is longer than the queues; `plain` frames go first. */
static void fill_with_owned(unsigned plain) {
  static struct nic_config small;

  small = config;
  small.queue_depth = small.batch = 2;
  assert_int_equal(nic_init(nic, &small, &dispatch), 0);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  memset(owned, 0, sizeof owned);
  owned_used = owned_freed = owned_taken = 0;
  paper.hold_tx = true;
  for (unsigned i = 0; i < plain; i++)
    transmit(frame_of(FRAME_BYTES, 2), 0);
  while (owned_used < PAPER_RING + 2 - plain)
    send_owned();
  assert_int_equal(owned_taken, owned_used);
}

static void check_owned(void) {
  assert_int_equal(owned_freed, owned_used);
  assert_int_equal(paper.sent + nic->counters[NIC_OUT_STOPPED], owned_taken);
  assert_true(ring_empty(&nic->tx_ring.ring));
}

static void what_is_freed_may_send_the_next(void **state) {
  (void)state;
  assert_int_equal(nic_free(nic), 0);
  fill_with_owned(0);
  paper.hold_tx = false;
  nic_watch(nic);
  run();
  assert_int_equal(owned_used, OWNED);
  check_owned();
}

static void what_a_stop_frees_may_send_the_next(void **state) {
  (void)state;
  assert_int_equal(nic_free(nic), 0);
  fill_with_owned(PAPER_RING); /* only those in the queue are owned */
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], PAPER_RING + 2);
  assert_int_equal(owned_freed, owned_used);
  assert_true(ring_empty(&nic->tx_ring.ring));
  assert_int_equal(nic_stop(nic), 0);
}

static void what_a_reset_frees_may_send_the_next(void **state) {
  (void)state;
  assert_int_equal(nic_free(nic), 0);
  fill_with_owned(0);
  paper.done += 3;
  paper.sent += 3;
  assert_int_equal(nic_recover(nic), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], PAPER_RING - 3); /* none that were queued */
  paper.hold_tx = false;
  nic_watch(nic);
  run();
  check_owned();
}

/* A stream without end: a frame that is freed is sent again, with all those that were refused. */
static struct pbuf_custom stream[4 * DEPTH], *idle[4 * DEPTH];
static unsigned idle_count, stream_sent, stream_depth, stream_depth_max;

static void send_stream(void) {
  static uint8_t bytes[FRAME_BYTES];
  unsigned count = idle_count;

  if (++stream_depth > stream_depth_max)
    stream_depth_max = stream_depth;
  if (stream_sent > 1000000)
    fail_msg("a stream without end is sent without end");
  while (count-- != 0 && idle_count != 0) {
    struct pbuf_custom *custom = idle[--idle_count];
    struct pbuf *frame =
        pbuf_alloced_custom(PBUF_RAW, sizeof bytes, PBUF_RAM, custom, bytes, sizeof bytes);
    bool sent = datapath_transmit(nic, frame) == 0;

    stream_sent += sent;
    if (!sent)
      idle[idle_count++] = custom;
    else if (--frame->ref == 0)
      idle[idle_count++] = custom;
  }
  stream_depth--;
}

static void send_again(struct pbuf *pbuf) {
  idle[idle_count++] = (struct pbuf_custom *)pbuf;
  send_stream();
}

static void a_stream_without_end_leaves_others_their_turn(void **state) {
  (void)state;
  idle_count = stream_sent = stream_depth_max = 0;
  for (unsigned i = 0; i < sizeof stream / sizeof *stream; i++) {
    stream[i].custom_free_function = send_again;
    idle[idle_count++] = &stream[i];
  }
  send_stream();
  for (unsigned turns = 0; turns < 100; turns++) {
    unsigned before = stream_sent;

    assert_true(dispatch_run(&dispatch));           /* it goes on, */
    assert_in_range(stream_sent - before, 1, 1000); /* for a while at a time, */
    assert_true(wire(0, 100));                      /* and so does all else */
  }
  assert_true(received >= 99);
  assert_in_range(stream_depth_max, 2, 3); /* what is freed meanwhile moves no others */
}

static void switch_off(struct pbuf *pbuf) {
  (void)pbuf;
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
}

static void must_be_enabled(struct paper_nic *unmasked) {
  assert_int_equal(unmasked->nic.state, NIC_ENABLED);
}

/* In a turn, with frames to be freed before and after it, and others that wait. */
static void what_is_freed_may_switch_the_interface_off(void **state) {
  static struct pbuf_custom custom = {.custom_free_function = switch_off};
  static uint8_t bytes[FRAME_BYTES];

  (void)state;
  paper.hold_tx = true;
  for (unsigned i = 0; i < PAPER_RING + 4; i++) {
    transmit(i != 2 ? frame_of(FRAME_BYTES, 2)
                    : pbuf_alloced_custom(PBUF_RAW, sizeof bytes, PBUF_RAM, &custom, bytes,
                                          sizeof bytes),
             0);
    run();
  }
  paper.hold_tx = false;
  paper.before_unmask = must_be_enabled;
  assert_true(wire(1, 100)); /* has a turn */
  run();
  assert_int_equal(nic->state, NIC_STARTED);
  assert_false(paper.unmasked);
  assert_true(packet_queue_empty(&nic->tx_completion));
  assert_true(packet_queue_empty(&nic->tx_submission));
  check_conservation();
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  transmit(frame_of(FRAME_BYTES, 2), 0);
  run();
  assert_true(paper.unmasked);
}

static void take_every_step(struct pbuf *pbuf) {
  (void)pbuf;
  assert_int_equal(nic->state, NIC_STOPPING);
  assert_int_equal(nic_set_interface_enable(nic, false), -EPERM);
  assert_int_equal(nic_set_interface_enable(nic, true), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), -EPERM);
  assert_int_equal(nic_stop(nic), -EPERM);
  assert_int_equal(nic_start(nic), -EPERM);
  assert_int_equal(nic_free(nic), -EPERM);
  assert_int_equal(nic_recover(nic), -EPERM);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_AUTO), -EPERM);
  nic_watch(nic);
  owned_freed++;
}

/* One frame on the ring, one in tx_submission. */
static void queue_two_that_take_every_step(void) {
  static uint8_t bytes[FRAME_BYTES];

  owned_freed = 0;
  paper.hold_tx = true;
  for (unsigned i = 0; i < 2; i++) {
    owned[i].custom_free_function = take_every_step;
    run();
    transmit(pbuf_alloced_custom(PBUF_RAW, sizeof bytes, PBUF_RAM, &owned[i], bytes, sizeof bytes),
             0);
  }
}

static void no_step_is_taken_while_another_gives_frames_back(void **state) {
  (void)state;
  queue_two_that_take_every_step();
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic->state, NIC_LOW);
  assert_int_equal(owned_freed, 2);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);

  queue_two_that_take_every_step();
  assert_int_equal(nic_recover(nic), 0);
  assert_int_equal(nic->state, NIC_ENABLED);
  assert_int_equal(owned_freed, 1); /* the other one still waits */
  paper.enable_error = -EIO;
  assert_int_equal(nic_recover(nic), -EIO);
  assert_int_equal(nic->state, NIC_STARTED);
  assert_int_equal(owned_freed, 2);
  paper.enable_error = 0;
  nic_watch(nic);
  assert_int_equal(nic->state, NIC_ENABLED);

  queue_two_that_take_every_step();
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->state, NIC_INIT);
  assert_int_equal(owned_freed, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(what_is_freed_may_send_the_next, paper_setup),
      cmocka_unit_test_setup(what_a_stop_frees_may_send_the_next, paper_setup),
      cmocka_unit_test_setup(what_a_reset_frees_may_send_the_next, paper_setup),
      cmocka_unit_test_setup(what_is_freed_may_switch_the_interface_off, paper_setup_enabled),
      cmocka_unit_test_setup(no_step_is_taken_while_another_gives_frames_back, paper_setup_enabled),
      cmocka_unit_test_setup(a_stream_without_end_leaves_others_their_turn, paper_setup_enabled),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("free_functions", tests, NULL, NULL);
}
