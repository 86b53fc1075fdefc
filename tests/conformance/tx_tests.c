/* Conformance of transmission: order, every byte, a full ring, chains, and when a frame is
 * freed. */
#include "suite.h"

#include <errno.h>
#include <stdlib.h>

static void drain(void) {
  rig_hold_tx(false);
  for (unsigned i = 0; i < 10; i++) {
    nic_watch(rig.nic);
    rig_run();
  }
  rig_check_idle();
}

static void frames_leave_in_order_without_a_copy(void) {
  srand(5);
  for (unsigned i = 0; i < 500; i++) {
    rig_must_transmit(18 + (uint32_t)rand() % 100, 1, 8);
    if (i % 5 == 4)
      rig_run();
  }
  rig_run();
  for (uint32_t length = 18; length <= RIG_FRAME_MAX; length += length < 140 ? 1 : 97) {
    rig_must_transmit(length, 1, 8);
    rig_run();
  }
  rig_must_transmit(RIG_FRAME_MAX, 1, 8);
  rig_run();
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
  assert_int_equal(rig.nic->counters[NIC_OUT_COPIES], 0);
  assert_int_equal(rig.nic->counters[NIC_OUT_STOPPED], 0);
  rig_check_idle();
}

/* A transmitter that is done before the main loop sleeps needs none. */
static void a_frame_alone_is_one_interrupt_at_most(void) {
  for (unsigned i = 0; i < 100; i++) {
    rig_must_transmit(100, 1, 8);
    rig_run();
  }
  assert_int_equal(rig.sent, 100);
  assert_true(rig.nic->counters[NIC_INTERRUPTS] <= (rig.mac->sends_at_once ? 0 : 100));
}

/* The rig catches a frame that is freed before it is sent; here, an interrupt must free it. */
static void a_frame_is_kept_until_it_is_sent(void) {
  for (unsigned round = 0; round < 40; round++) {
    unsigned sent = rig.sent;

    rig_hold_tx(true);
    rig_must_transmit(100, 1, 8);
    rig_must_transmit(100, 1, 8);
    rig_run();
    assert_int_equal(rig.sent, sent);
    rig_send(1);
    rig_run();
    assert_int_equal(rig.sent, sent + 1);
    rig_send(2);
    rig_run();
    rig_check_idle();
    rig_hold_tx(false);
  }
}

static void a_full_ring_and_queue_refuse_and_count(void) {
  for (unsigned round = 0; round < 10; round++) {
    unsigned accepted = rig.accepted, fragments = 1 + round % rig.fragments_max;
    uint32_t refused = rig.nic->counters[NIC_OUT_QUEUE_FULL];

    rig_hold_tx(true);
    for (unsigned i = 0; i < RIG_IN_FLIGHT_MAX; i++) {
      int error = rig_transmit(200, fragments, 8);

      if (error == 0)
        continue;
      assert_int_equal(error, -ENOBUFS);
      assert_int_equal(rig.nic->counters[NIC_OUT_QUEUE_FULL], ++refused);
    }
    assert_true(rig.accepted - accepted >= RIG_DEPTH);
    rig_check();
    for (unsigned i = 0; i < 3; i++) {
      rig_send(round);
      rig_run();
    }
    drain();
    assert_int_equal(rig.nic->counters[NIC_OUT_STOPPED], 0);
    rig_check_traffic();
  }
}

/* A chain that the MAC can gather leaves without a copy, as one frame; one that is too long for it,
 * or that starts where it cannot read, is copied. */
static void chains_of_every_length_leave_as_one_frame(void) {
  const struct nic_caps *caps = &rig.nic->ops->caps;
  unsigned most = caps->tx_fragments_max + 2u;

  most = most < RIG_FRAGMENTS_MAX ? most : RIG_FRAGMENTS_MAX;
  for (unsigned round = 0; round < 24; round++) {
    for (unsigned fragments = 1; fragments <= most; fragments++) {
      unsigned alignment = round % 2 == 0 ? 8 : 1;
      bool copy = fragments > caps->tx_fragments_max || caps->tx_alignment > alignment;
      uint32_t copies = rig.nic->counters[NIC_OUT_COPIES];

      rig_must_transmit(20 * fragments + 53 * round, fragments, alignment);
      assert_int_equal(rig.nic->counters[NIC_OUT_COPIES] - copies, copy);
      if (fragments % 3 == round % 3)
        rig_run();
    }
    rig_run();
    rig_check_idle();
  }
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
}

/* Fragments of any length and alignment, even empty ones: those are copied, so that the device sees
 * none. */
static void chains_of_any_parts_leave_as_one_frame(void) {
  srand(4);
  rig.with_empty_part = 0;
  rig.ragged = true;
  for (unsigned round = 0; round < 600; round++) {
    rig_must_transmit(18 * RIG_FRAGMENTS_MAX + (uint32_t)rand() % 400,
                      1 + round % rig.fragments_max, 8);
    if (round % 4 == 3)
      rig_run();
  }
  rig.ragged = false;
  rig_run();
  rig_check_idle();
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
  if (rig.nic->ops->caps.tx_alignment > 1)
    assert_true(rig.nic->counters[NIC_OUT_COPIES] > rig.with_empty_part);
  else
    rig_check_equal("copies", rig.nic->counters[NIC_OUT_COPIES], rig.with_empty_part);
}

/* Chains of mixed lengths, so that there is room for only a part of one. */
static void a_chain_waits_until_the_ring_has_room_for_all_of_it(void) {
  for (unsigned round = 0; round < 20; round++) {
    rig_hold_tx(true);
    for (unsigned i = 0; i < RIG_DEPTH + round; i++) {
      (void)rig_transmit(400, 1 + (i + round) % rig.fragments_max, 8);
      if (i % 3 == 0)
        rig_send(1);
    }
    rig_run();
    rig_check();
    drain();
  }
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
  assert_int_equal(rig.nic->counters[NIC_OUT_COPIES], 0);
}

static void send_all(void) { rig.mac->send(RIG_IN_FLIGHT_MAX); }

/* The device is in the middle of the ring while more is posted: it must not see a part of a
 * frame. */
static void frames_are_sent_at_each_moment_of_a_post(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    rig_hold_tx(true);
    rig_must_transmit(100, 1, 8);
    rig_run();
    rig_at(moment, send_all);
    rig_must_transmit(120, 1, 8);
    rig_must_transmit(400, rig.fragments_max, 8);
    rig_run();
    over = rig_at_cancel();
    drain();
  }
  assert_true(over);
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
}

/* The device has sent all that it found, and stops, while more is posted: it has to be told of
 * that, though the frame before is still on the ring. */
static void a_device_that_runs_out_at_each_moment_of_a_post_is_told(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    rig_hold_tx(true);
    rig_must_transmit(100, 1, 8);
    rig_run();
    rig_at(moment, rig_run_out);
    rig_must_transmit(120, 1, 8);
    rig_must_transmit(400, rig.fragments_max, 8);
    rig_run();
    over = rig_at_cancel();
    if (!over)
      rig_check_equal("frames that were sent without a watch", rig.sent, rig.accepted);
    drain();
  }
  assert_true(over);
}

/* A device gives the descriptors of a chain back one by one, and still reads the rest. */
static void a_chain_is_kept_until_its_last_part_is_sent(void) {
  for (unsigned round = 0; rig.mac->send_part != NULL && round < 40; round++) {
    unsigned sent = rig.sent, fragments = 1 + round % rig.fragments_max;

    rig_hold_tx(true);
    rig_must_transmit(400, fragments, 8);
    rig_run();
    for (unsigned part = 0; part < fragments; part++) {
      assert_int_equal(rig.sent, sent);
      rig_send_part();
      dispatch_post(&rig.nic->interrupt_event); /* not a watch: it would see no frame leave */
      rig_run();
    }
    assert_int_equal(rig.sent, sent + 1);
    rig_check_idle();
    rig_hold_tx(false);
  }
}

static void a_stalled_transmitter_is_reset(void) {
  for (unsigned round = 0; round < 3; round++) {
    rig_hold_tx(true);
    for (unsigned i = 0; i < 6; i++)
      rig_must_transmit(100, 1, 8);
    rig_run();
    for (unsigned i = 0; i <= 2 * NIC_TX_TIMEOUT_MS / NIC_WATCH_MS; i++) {
      nic_watch(rig.nic);
      rig_run();
    }
    rig_check();
    assert_true(rig.nic->counters[NIC_TX_TIMEOUTS] > round ||
                ring_empty(&rig.nic->tx_ring.ring)); /* a FIFO is done with them at once */
    drain();
    rig_check_traffic();
  }
}

const struct suite_test tx_tests[] = {
    SUITE_TEST(frames_leave_in_order_without_a_copy),
    SUITE_TEST(a_frame_alone_is_one_interrupt_at_most),
    SUITE_TEST(a_frame_is_kept_until_it_is_sent),
    SUITE_TEST(a_full_ring_and_queue_refuse_and_count),
    SUITE_TEST(chains_of_every_length_leave_as_one_frame),
    SUITE_TEST(chains_of_any_parts_leave_as_one_frame),
    SUITE_TEST(a_chain_waits_until_the_ring_has_room_for_all_of_it),
    SUITE_TEST(frames_are_sent_at_each_moment_of_a_post),
    SUITE_TEST(a_device_that_runs_out_at_each_moment_of_a_post_is_told),
    SUITE_TEST(a_chain_is_kept_until_its_last_part_is_sent),
    SUITE_TEST(a_stalled_transmitter_is_reset),
    SUITE_TESTS_END,
};
