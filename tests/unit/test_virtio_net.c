/* The virtio network driver's rings and lifecycle under the datapath, against a fake of its device.
 */
#include <errno.h>
#include <stdlib.h>

#include "lwip/init.h"
#include "unit.h"
#include "virtio_rig.h"

enum { PARTS_MAX = 7, ROUND_THE_INDEX = 70000 }; /* more than 2^16 */

static struct virtio_rig *const rig = &virtio_rig;
static struct fake_virtio_net *const fake = &virtio_rig.fake;
static struct nic *const nic = &virtio_rig.virtio.nic;

/* ---- receive ---- */

static void receives_in_order_round_and_round_the_index(void **state) {
  (void)state;
  srand(3);
  while (rig->wired < ROUND_THE_INDEX) {
    unsigned burst = (unsigned)rand() % (VIRTIO_NET_RX_BUFFERS + 1);

    for (unsigned i = 0; i < burst; i++)
      assert_true(virtio_rig_wire());
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    virtio_rig_check();
  }
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], rig->wired);
  assert_int_equal(nic->counters[NIC_IN_OCTETS], rig->wired * VIRTIO_RIG_FRAME);
  assert_int_equal(nic_dropped(nic), 0);
}

static void takes_buffers_back_in_the_order_of_the_device(void **state) {
  uint8_t frames[20][VIRTIO_RIG_FRAME];

  (void)state;
  for (unsigned round = 0; round < 100; round++) {
    memset(frames, 0, sizeof frames);
    for (unsigned i = 0; i < 20; i++) {
      unsigned number = rig->wired++;

      frames[i][0] = 2;
      memcpy(frames[i] + 14, &number, sizeof number);
    }
    fake_virtio_net_receive_backwards(fake, frames, VIRTIO_RIG_FRAME, 20);
    virtio_rig_run();
    for (unsigned i = 0; i < round % 7; i++)
      assert_true(virtio_rig_wire());
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    virtio_rig_check();
  }
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
}

static void goes_on_after_the_ring_ran_dry(void **state) {
  (void)state;
  assert_int_equal(nic->counters[NIC_RX_RESTARTS], 1); /* by the first buffers */
  for (unsigned round = 0; round < 10; round++) {
    for (unsigned i = 0; i < VIRTIO_NET_RX_BUFFERS; i++)
      assert_true(virtio_rig_wire());
    assert_false(virtio_rig_wire()); /* the wire keeps it */
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    assert_int_equal(nic->counters[NIC_RX_RESTARTS], round + 2);
  }
}

static void goes_on_when_the_stack_gives_back_what_it_hoards(void **state) {
  (void)state;
  rig->hoard = VIRTIO_RIG_PACKETS;
  while (rig->hoarded < VIRTIO_RIG_PACKETS) {
    assert_true(virtio_rig_wire());
    virtio_rig_run();
  }
  assert_int_equal(ring_count(&nic->rx_ring.ring), 0);
  assert_false(virtio_rig_wire());
  virtio_rig_check();
  rig->hoard = 0;
  while (rig->hoarded != 0) {
    pbuf_free(rig->hoarded_frames[--rig->hoarded]);
    virtio_rig_run();
    assert_true(virtio_rig_wire());
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    virtio_rig_check();
  }
  assert_int_equal(nic->pool.held, 0);
  assert_int_equal(ring_count(&nic->rx_ring.ring), VIRTIO_NET_RX_BUFFERS);
}

static void a_length_that_cannot_be_is_an_error_of_one_frame(void **state) {
  static const uint32_t lengths[] = {0, 11, 12, 12 + VIRTIO_RIG_BUFFER + 1, UINT32_MAX};

  (void)state;
  for (unsigned i = 0; i < 5; i++) {
    fake->queues[0].taken++;
    fake_virtio_net_use(fake, 0, 2 * i, lengths[i]);
    virtio_rig_run();
    assert_int_equal(nic->counters[NIC_IN_ERROR], i + 1);
  }
  assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(rig->received, 1);
  virtio_rig_check();
}

/* ---- transmit ---- */

static void sends_chains_in_order_round_and_round_the_index(void **state) {
  unsigned parts_sent = 0;

  (void)state;
  for (unsigned i = 0; i < ROUND_THE_INDEX; i++) {
    unsigned parts = 1 + i % PARTS_MAX;

    assert_int_equal(virtio_rig_transmit(i, parts), 0);
    parts_sent += parts;
    if (i % 5 == 4)
      virtio_rig_run();
    if (fake->sent == i + 1) {
      assert_true(virtio_rig_was_sent(i, i, parts));
      assert_int_equal(fake->frames[i % FAKE_VIRTIO_SENT_MAX].parts, parts);
    }
  }
  virtio_rig_run();
  assert_int_equal(fake->sent, ROUND_THE_INDEX);
  assert_true(virtio_rig_was_sent(ROUND_THE_INDEX - 1, ROUND_THE_INDEX - 1,
                                  1 + (ROUND_THE_INDEX - 1) % PARTS_MAX));
  assert_int_equal(rig->parts_freed, parts_sent);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  virtio_rig_check();
}

static void a_chain_of_more_parts_is_copied(void **state) {
  (void)state;
  assert_int_equal(virtio_rig_transmit(3, PARTS_MAX + 1), 0);
  virtio_rig_run();
  assert_true(virtio_rig_was_sent(0, 3, PARTS_MAX + 1));
  assert_int_equal(fake->frames[0].parts, 1);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
}

static void a_batch_is_told_once(void **state) {
  (void)state;
  for (unsigned i = 0; i < 8; i++)
    assert_int_equal(virtio_rig_transmit(i, 2), 0);
  virtio_rig_run();
  assert_int_equal(fake->sent, 8);
  assert_int_equal(fake->notifications, 1);
}

/* A device that is at work says that it needs no notification, and finds the next frames. */
static void a_device_that_looks_by_itself_is_not_told(void **state) {
  (void)state;
  fake->hold_tx = true;
  fake->no_notify = true;
  for (unsigned i = 0; i < 8; i++) {
    assert_int_equal(virtio_rig_transmit(i, 1), 0);
    virtio_rig_run();
  }
  assert_int_equal(fake->notifications, 1);
  fake_virtio_net_send(fake, 8);
  virtio_rig_run();
  assert_int_equal(fake->sent, 8);
  assert_int_equal(rig->parts_freed, 8);
}

static void frees_frames_in_the_order_of_the_device(void **state) {
  unsigned number = 0;

  (void)state;
  fake->hold_tx = true;
  fake->backwards = true;
  for (unsigned round = 0; round < 200; round++) {
    for (unsigned i = 0; i < VIRTIO_NET_TX_FRAMES; i++)
      assert_int_equal(virtio_rig_transmit(number + i, 1), 0);
    virtio_rig_run();
    fake_virtio_net_send(fake, 1 + round % VIRTIO_NET_TX_FRAMES);
    virtio_rig_run();
    fake_virtio_net_send(fake, VIRTIO_NET_TX_FRAMES);
    virtio_rig_run();
    for (unsigned i = 0; i < VIRTIO_NET_TX_FRAMES; i++)
      assert_true(virtio_rig_was_sent(number + i, number + i, 1));
    number += VIRTIO_NET_TX_FRAMES;
    assert_int_equal(rig->parts_freed, number);
  }
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
  virtio_rig_check();
}

static void a_full_ring_and_queue_refuse_and_count(void **state) {
  unsigned accepted = 0;

  (void)state;
  fake->hold_tx = true;
  for (unsigned i = 0; i < 120; i++) {
    int error = virtio_rig_transmit(i, 3);

    if (error == 0)
      accepted++;
    else
      assert_int_equal(error, -ENOBUFS);
  }
  assert_int_equal(accepted, VIRTIO_NET_TX_FRAMES + VIRTIO_RIG_DEPTH);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], 120 - accepted);
  for (unsigned i = 0; i < 10 && fake->sent < accepted; i++) {
    fake_virtio_net_send(fake, 100);
    virtio_rig_run();
  }
  assert_int_equal(fake->sent, accepted);
  assert_int_equal(rig->parts_freed, 120 * 3);
  assert_true(virtio_rig_was_sent(accepted - 1, accepted - 1, 3));
}

/* ---- interrupts ---- */

static void a_burst_is_one_interrupt(void **state) {
  (void)state;
  for (unsigned i = 0; i < 8; i++)
    assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  assert_int_equal(rig->received, 8);
}

/* What the device used while its interrupts were off interrupts when they are let through. */
static void an_event_before_the_unmask_is_not_lost(void **state) {
  (void)state;
  nic->ops->interrupt(nic);
  assert_true(virtio_rig_wire());
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 0);
  nic->ops->irq_unmask(nic);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  virtio_rig_run();
  assert_int_equal(rig->received, 1);

  fake->hold_tx = true;
  assert_int_equal(virtio_rig_transmit(1, 1), 0);
  virtio_rig_run();
  nic->ops->interrupt(nic);
  fake_virtio_net_send(fake, 1);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  nic->ops->irq_unmask(nic);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 2);
  virtio_rig_run();
  assert_int_equal(rig->parts_freed, 1);
}

static void the_link_is_told_by_an_interrupt(void **state) {
  (void)state;
  fake_virtio_net_set_link(fake, false);
  virtio_rig_run();
  assert_int_equal(nic->link.status, NIC_LINK_INACTIVE);
  assert_int_equal(virtio_rig_transmit(0, 1), -ENETDOWN);
  fake_virtio_net_set_link(fake, true);
  virtio_rig_run();
  assert_int_equal(nic->link.status, NIC_LINK_ACTIVE);
  assert_int_equal(virtio_rig_transmit(0, 1), 0);
}

/* ---- errors and ends ---- */

static void a_device_that_asks_for_it_is_reset(void **state) {
  (void)state;
  fake->hold_tx = true;
  for (unsigned i = 0; i < 5; i++)
    assert_int_equal(virtio_rig_transmit(i, 2), 0);
  fake_virtio_net_break(fake);
  virtio_rig_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  fake->hold_tx = false;
  assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(rig->received, 1);
  assert_int_equal(virtio_rig_transmit(9, 1), 0);
  virtio_rig_run();
  assert_true(virtio_rig_was_sent(fake->sent - 1, 9, 1));
  assert_int_equal(rig->parts_freed, 11);
  virtio_rig_check();
}

static void what_was_not_given_and_is_used_is_cured_by_a_reset(void **state) {
  static const uint32_t ids[] = {1, 128, 200, 0x10000, UINT32_MAX};

  (void)state;
  for (unsigned i = 0; i < 5; i++) {
    fake_virtio_net_use(fake, 0, ids[i], 100);
    virtio_rig_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], 2 * i + 1);
    assert_int_equal(virtio_rig_transmit(i, 1), 0);
    virtio_rig_run();
    fake->hold_tx = true;
    assert_int_equal(virtio_rig_transmit(i, 1), 0);
    virtio_rig_run();
    fake_virtio_net_use(fake, 1, 16, 0); /* a frame that is not on its way */
    virtio_rig_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], 2 * i + 2);
    fake->hold_tx = false;
    assert_true(virtio_rig_wire());
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    virtio_rig_check();
  }
  assert_int_equal(rig->parts_freed, 10);
}

/* Completed, half-completed and queued frames, posted and received buffers: all come back, and the
 * next start is from the rings' base. */
static void a_stop_in_mid_flight_gets_every_buffer_back(void **state) {
  (void)state;
  for (unsigned round = 0; round < 80; round++) {
    unsigned sent = fake->sent;
    unsigned unwanted = round % (VIRTIO_NET_RX_BUFFERS + 1);

    fake->hold_tx = true;
    rig->parts_freed = 0;
    for (unsigned i = 0; i < 50; i++)
      assert_int_equal(virtio_rig_transmit(i, 2), 0);
    virtio_rig_run();
    fake_virtio_net_send(fake, round % 32);
    for (unsigned i = 0; i < unwanted; i++)
      assert_true(virtio_rig_wire());
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->pool.free_count, VIRTIO_RIG_PACKETS);
    assert_int_equal(rig->parts_freed, 100);
    assert_int_equal(fake->status, 0);
    assert_false(virtio_rig_wire());
    assert_int_equal(fake->sent - sent, round % 32);
    virtio_rig_run();
    rig->wired -= unwanted;

    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    fake->hold_tx = false;
    assert_true(virtio_rig_wire());
    assert_int_equal(virtio_rig_transmit(round, 3), 0);
    virtio_rig_run();
    assert_int_equal(rig->received, rig->wired);
    assert_true(virtio_rig_was_sent(fake->sent - 1, round, 3));
    virtio_rig_check();
  }
}

static void a_stop_accounts_for_every_frame(void **state) {
  (void)state;
  fake->hold_tx = true;
  for (unsigned i = 0; i < 40; i++)
    assert_int_equal(virtio_rig_transmit(i, 1), 0);
  virtio_rig_run();
  fake_virtio_net_send(fake, 5);
  for (unsigned i = 0; i < 7; i++)
    assert_true(virtio_rig_wire());
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 35);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 7);
  assert_int_equal(nic_dropped(nic), 42);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(receives_in_order_round_and_round_the_index, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(takes_buffers_back_in_the_order_of_the_device,
                             virtio_rig_setup_enabled),
      cmocka_unit_test_setup(goes_on_after_the_ring_ran_dry, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(goes_on_when_the_stack_gives_back_what_it_hoards,
                             virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_length_that_cannot_be_is_an_error_of_one_frame,
                             virtio_rig_setup_enabled),
      cmocka_unit_test_setup(sends_chains_in_order_round_and_round_the_index,
                             virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_chain_of_more_parts_is_copied, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_batch_is_told_once, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_device_that_looks_by_itself_is_not_told, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(frees_frames_in_the_order_of_the_device, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_full_ring_and_queue_refuse_and_count, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_burst_is_one_interrupt, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(an_event_before_the_unmask_is_not_lost, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(the_link_is_told_by_an_interrupt, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_device_that_asks_for_it_is_reset, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(what_was_not_given_and_is_used_is_cured_by_a_reset,
                             virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_stop_in_mid_flight_gets_every_buffer_back, virtio_rig_setup_enabled),
      cmocka_unit_test_setup(a_stop_accounts_for_every_frame, virtio_rig_setup_enabled),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("virtio_net", tests, NULL, NULL);
}
