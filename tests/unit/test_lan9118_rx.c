/* The LAN9118 driver under the datapath, receiving, against a register-level fake of the MAC. */
#include "unit.h"

#include <stdlib.h>

#include "lan9118_rig.h"

static struct fake_lan9118 *const fake = &fifo_rig.fake;
static struct nic *const nic = &fifo_rig.lan9118.nic;

static void receives_in_order_and_whole(void **state) {
  uint32_t number = 0;

  (void)state;
  srand(3);
  while (number < 5000) {
    unsigned burst = (unsigned)rand() % 7; /* of full frames, what the FIFO holds */

    for (unsigned i = 0; i < burst; i++)
      assert_true(fifo_rig_wire(number++));
    fifo_rig_run();
    assert_int_equal(fifo_rig.received, number);
    fifo_rig_check_conservation();
  }
  assert_int_equal(fake->rx_dropped, 0);
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], number);
  assert_true(nic->counters[NIC_INTERRUPTS] > 0);
}

static void the_ip_header_is_aligned_where_the_buffer_has_room(void **state) {
  (void)state;
  fifo_rig.hoard = 1;
  assert_true(fifo_rig_wire(0));
  fifo_rig_run();
  assert_int_equal(fifo_rig.hoarded, 1);
  assert_int_equal(((uintptr_t)fifo_rig.hoarded_frames[0]->payload + 14) % 4, 0);
  pbuf_free(fifo_rig.hoarded_frames[0]);
  fifo_rig_run();
  fifo_rig_check_conservation();
}

static void a_tight_buffer_takes_its_longest_frame(void **state) {
  (void)state;
  assert_int_equal(nic->mtu, RIG_TIGHT_BUFFER - 14);
  for (uint32_t number = 0; number < 2000; number++) {
    assert_true(fifo_rig_wire(number));
    fifo_rig_run();
    assert_int_equal(fifo_rig.received, number + 1);
  }
  assert_int_equal(nic_dropped(nic), 0);
  fifo_rig_check_conservation();
}

/* The stack holds all buffers: frames wait in the FIFO, without a storm of interrupts. What the
 * FIFO has no room for is counted by the MAC. */
static void frames_wait_in_the_fifo_for_a_buffer(void **state) {
  uint32_t number = 0;
  unsigned before;

  (void)state;
  fifo_rig.hoard = RIG_PACKETS;
  while (fifo_rig.hoarded < RIG_PACKETS) {
    assert_true(fifo_rig_wire(number++));
    fifo_rig_run();
  }
  fifo_rig.hoard = 0;
  assert_int_equal(ring_count(&nic->rx_ring.ring), 0);
  before = nic->counters[NIC_INTERRUPTS];
  for (unsigned i = 0; i < 4; i++)
    assert_true(fifo_rig_wire(number++));
  fifo_rig_run();
  assert_true(nic->counters[NIC_INTERRUPTS] - before <= 1);
  assert_int_equal(fifo_rig.received, RIG_PACKETS);
  while (fake->rx_dropped < 3)
    assert_true(fifo_rig_wire_of(number, 1000, 0)); /* nobody reads these */
  fifo_rig_run();
  assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 3);
  fifo_rig_check_conservation();

  /* A stop counts what waits there. */
  before = fake->rx_status_used;
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], before);
  while (fifo_rig.hoarded != 0)
    pbuf_free(fifo_rig.hoarded_frames[--fifo_rig.hoarded]);
  assert_int_equal(nic->pool.held, 0);
}

static void goes_on_when_the_stack_gives_back_what_it_hoards(void **state) {
  uint32_t number = 0;

  (void)state;
  fifo_rig.hoard = RIG_PACKETS;
  while (fifo_rig.hoarded < RIG_PACKETS) {
    assert_true(fifo_rig_wire(number++));
    fifo_rig_run();
  }
  fifo_rig.hoard = 0;
  for (unsigned i = 0; i < 5; i++)
    assert_true(fifo_rig_wire(number++));
  fifo_rig_run();
  assert_int_equal(fifo_rig.received, RIG_PACKETS);
  pbuf_free(fifo_rig.hoarded_frames[--fifo_rig.hoarded]);
  fifo_rig_run();
  assert_int_equal(fifo_rig.received, number); /* one buffer takes them all, one after another */
  while (fifo_rig.hoarded != 0)
    pbuf_free(fifo_rig.hoarded_frames[--fifo_rig.hoarded]);
  fifo_rig_run();
  assert_int_equal(ring_count(&nic->rx_ring.ring), LAN9118_RX_BUFFERS);
  assert_int_equal(nic_dropped(nic), 0);
  fifo_rig_check_conservation();
}

static void bad_frames_are_skipped_and_counted(void **state) {
  (void)state;
  for (uint32_t number = 0; number < 100; number++) {
    assert_true(fifo_rig_wire_of(7, 60 + number, RIG_CRC_ERROR));
    assert_true(fifo_rig_wire_of(7, 1519, RIG_TOO_LONG));
    assert_true(
        fifo_rig_wire_of(7, RIG_BUFFER - 1 + number, 0)); /* longer than a buffer with its offset */
    assert_true(fifo_rig_wire(number));
    fifo_rig_run();
    assert_int_equal(fifo_rig.received, number + 1);
    fifo_rig_check_conservation();
  }
  assert_int_equal(nic->counters[NIC_IN_ERROR], 100);
  assert_int_equal(nic->counters[NIC_IN_TOO_LONG], 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(receives_in_order_and_whole, fifo_rig_setup_enabled),
      {"receives_in_order_and_whole, edges", receives_in_order_and_whole, fifo_rig_setup_edges,
       NULL, NULL},
      cmocka_unit_test_setup(the_ip_header_is_aligned_where_the_buffer_has_room,
                             fifo_rig_setup_enabled),
      cmocka_unit_test_setup(a_tight_buffer_takes_its_longest_frame, fifo_rig_setup_tight),
      cmocka_unit_test_setup(frames_wait_in_the_fifo_for_a_buffer, fifo_rig_setup_enabled),
      cmocka_unit_test_setup(goes_on_when_the_stack_gives_back_what_it_hoards,
                             fifo_rig_setup_enabled),
      {"goes_on_when_the_stack_gives_back_what_it_hoards, edges",
       goes_on_when_the_stack_gives_back_what_it_hoards, fifo_rig_setup_edges, NULL, NULL},
      cmocka_unit_test_setup(bad_frames_are_skipped_and_counted, fifo_rig_setup_enabled),
  };

  return cmocka_run_group_tests_name("lan9118_rx", tests, NULL, NULL);
}
