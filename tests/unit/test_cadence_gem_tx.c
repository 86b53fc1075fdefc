/* The Cadence GEM driver: transmission of frames in several parts, stops in mid-flight, faults. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "gem_rig.h"
#include "lwip/init.h"
#include "port.h"

static struct nic *const nic = &gem.nic;

static void check_sent(unsigned number, unsigned parts, unsigned length, uint8_t first) {
  unsigned slot = number % FAKE_GEM_SENT_MAX;

  assert_int_equal(fake_gem.frames[slot].parts, parts);
  assert_int_equal(fake_gem.frames[slot].length, length);
  for (unsigned i = 0; i < length; i++)
    assert_int_equal(fake_gem.frames[slot].data[i], (uint8_t)(first + i));
}

static void a_chain_of_any_number_of_parts_leaves_as_one_frame(void **state) {
  unsigned sent = 0;

  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    for (unsigned parts = 1; parts <= nic->ops->caps.tx_fragments_max; parts++) {
      bool gap = parts > 1 && round % 3 == 0; /* an empty part has no descriptor */
      uint8_t first = (uint8_t)gem_tx_made;
      struct pbuf *frame = gem_tx_chain(parts, gap);
      unsigned length = frame->tot_len;

      gem_transmit(frame);
      gem_run();
      assert_int_equal(fake_gem.sent, ++sent);
      check_sent(sent - 1, parts - gap, length, first);
      assert_int_equal(gem_tx_freed, gem_tx_made);
      assert_int_equal(fake_gem.bad_accesses, 0);
    }
  }
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 0); /* it was done before anyone slept */
}

static void a_longer_chain_is_copied(void **state) {
  unsigned parts = nic->ops->caps.tx_fragments_max + 1u;
  struct pbuf *frame = gem_tx_chain(parts, false);
  unsigned length = frame->tot_len;

  (void)state;
  gem_transmit(frame);
  gem_run();
  check_sent(0, 1, length, 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  assert_int_equal(gem_tx_freed, gem_tx_made);
}

/* Chains that the ring holds in part only, at any place of it, and some that wait for room. */
static void chains_wrap_and_wait_for_room(void **state) {
  uint8_t first[512];
  unsigned length[512], parts[512], made = 0;

  (void)state;
  fake_gem.hold_tx = true;
  for (unsigned round = 0; round < 100; round++) {
    for (unsigned i = 0; i < 3 + round % 3; i++, made++) {
      struct pbuf *frame;

      parts[made] = 1 + (round + 5 * i) % nic->ops->caps.tx_fragments_max;
      first[made] = (uint8_t)gem_tx_made;
      frame = gem_tx_chain(parts[made], false);
      length[made] = frame->tot_len;
      gem_transmit(frame);
    }
    gem_run();
    while (fake_gem.sent < made) {
      unsigned before = fake_gem.sent;

      fake_cadence_gem_send(&fake_gem, 1 + round % 4);
      assert_true(fake_gem.sent > before);
      for (unsigned i = before; i < fake_gem.sent; i++)
        check_sent(i, parts[i], length[i], first[i]);
      gem_run();
    }
    assert_int_equal(gem_tx_freed, gem_tx_made);
    assert_int_equal(fake_gem.bad_accesses, 0);
  }
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 0);
}

static void a_full_ring_and_queue_refuse_and_count(void **state) {
  enum { MADE = 120 };
  unsigned accepted = 0;

  (void)state;
  fake_gem.hold_tx = true;
  for (unsigned i = 0; i < MADE; i++) {
    struct pbuf *frame = gem_tx_chain(2, false);
    int error = datapath_transmit(nic, frame);

    pbuf_free(frame);
    if (error == 0)
      accepted++;
    else
      assert_int_equal(error, -ENOBUFS);
  }
  assert_int_equal(accepted, TX_RING / 2 + GEM_DEPTH);
  assert_int_equal(ring_count(&nic->tx_ring.ring), TX_RING / 2);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], MADE - accepted);
  for (unsigned i = 0; i < 10 && fake_gem.sent < accepted; i++) {
    fake_cadence_gem_send(&fake_gem, UINT32_MAX);
    gem_run();
  }
  assert_int_equal(fake_gem.sent, accepted);
  assert_int_equal(gem_tx_freed, gem_tx_made);
  assert_int_equal(fake_gem.bad_accesses, 0);
}

/* Completed, half-completed and queued frames, posted and received buffers: all come back. */
static void a_stop_in_mid_flight_gets_every_buffer_back(void **state) {
  (void)state;
  for (unsigned round = 0; round < 50; round++) {
    unsigned sent = fake_gem.sent;

    gem_received = 0;
    fake_gem.hold_tx = true;
    for (unsigned i = 0; i < 30; i++)
      gem_transmit(gem_tx_chain(1 + i % 4, false));
    gem_run();
    fake_cadence_gem_send(&fake_gem, round % 16);
    for (unsigned i = 0; i < round % 17; i++)
      gem_wire(i);
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->pool.free_count, GEM_PACKETS);
    assert_int_equal(gem_tx_freed, gem_tx_made);
    assert_int_equal(fake_gem.bad_accesses, 0);
    assert_false(gem_wire(0)); /* the device is quiet */
    assert_int_equal(fake_gem.sent - sent, round % 16);
    gem_run();

    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    fake_gem.hold_tx = false;
    assert_true(gem_wire(gem_received));
    gem_transmit(gem_tx_chain(3, false));
    gem_run();
    assert_int_equal(gem_received, 1);
    assert_int_equal(gem_tx_freed, gem_tx_made);
    gem_check_conservation();
  }
}

static void a_stop_accounts_for_every_frame(void **state) {
  (void)state;
  fake_gem.hold_tx = true;
  for (unsigned i = 0; i < 30; i++)
    gem_transmit(gem_tx_chain(2, false));
  gem_run();
  fake_cadence_gem_send(&fake_gem, 5);
  for (unsigned i = 0; i < 7; i++)
    gem_wire(i);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 25);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 7);
  assert_int_equal(nic_dropped(nic), 32);
}

/* ---- errors ---- */

/* The frame that was not sent and those behind it are counted. The error comes while the mask is
 * closed, by the interrupt of the frames before. */
static void each_transmit_error_is_cured_by_a_reset(void **state) {
  static const struct {
    uint32_t descriptor, status, cause;
  } errors[] = {
      {UINT32_C(1) << 29, 1 << 2, 1 << 5}, /* retry limit */
      {UINT32_C(1) << 26, 1 << 7, 1 << 5}, /* late collision */
      {UINT32_C(1) << 27, 1 << 4, 1 << 6}, /* bus error in mid-frame */
      {UINT32_C(1) << 28, 1 << 6, 1 << 4}, /* underrun */
      {0, 1 << 8, 1 << 11},                /* bus error at a descriptor */
      {UINT32_C(1) << 29, 0, 0},           /* told by nothing but the descriptor */
  };

  (void)state;
  for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
    unsigned sent = fake_gem.sent;

    fake_gem.hold_tx = true;
    for (unsigned frame = 0; frame < 5; frame++)
      gem_transmit(gem_tx_chain(2, false));
    gem_run();
    fake_cadence_gem_send(&fake_gem, 2);
    fake_cadence_gem_fail(&fake_gem, errors[i].descriptor, errors[i].status, errors[i].cause);
    if (errors[i].cause == 0)
      nic_watch(nic); /* which looks at the rings */
    gem_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], i + 1);
    assert_int_equal(fake_gem.sent, sent + 2);
    assert_int_equal(nic->counters[NIC_OUT_STOPPED], 3 * (i + 1));
    assert_int_equal(gem_tx_freed, gem_tx_made);
    fake_gem.hold_tx = false;
    gem_transmit(gem_tx_chain(2, false));
    assert_true(gem_wire(gem_received));
    gem_run();
    assert_int_equal(fake_gem.sent, sent + 3);
    assert_int_equal(gem_received, i + 1);
    gem_check_conservation();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_chain_of_any_number_of_parts_leaves_as_one_frame, gem_setup_enabled),
      cmocka_unit_test_setup(a_longer_chain_is_copied, gem_setup_enabled),
      cmocka_unit_test_setup(chains_wrap_and_wait_for_room, gem_setup_enabled),
      cmocka_unit_test_setup(a_full_ring_and_queue_refuse_and_count, gem_setup_enabled),
      cmocka_unit_test_setup(a_stop_in_mid_flight_gets_every_buffer_back, gem_setup_enabled),
      cmocka_unit_test_setup(a_stop_accounts_for_every_frame, gem_setup_enabled),
      cmocka_unit_test_setup(each_transmit_error_is_cured_by_a_reset, gem_setup_enabled),
  };

  lwip_init();
  return cmocka_run_group_tests_name("cadence_gem_tx", tests, NULL, NULL);
}
