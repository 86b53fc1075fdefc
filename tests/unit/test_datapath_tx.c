/* The transmit datapath, over a NIC on paper. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "lwip/init.h"
#include "lwip/mem.h"
#include "paper_rig.h"

static void sends_a_batch_with_one_doorbell(void **state) {
  (void)state;
  for (uint8_t i = 0; i < 5; i++)
    transmit(frame_of(60, 2), 0);
  assert_int_equal(paper.doorbells_tx, 0);
  run();
  assert_int_equal(paper.doorbells_tx, 1);
  assert_int_equal(paper.sent, 5);
  assert_int_equal(nic->counters[NIC_OUT_UCAST_PKTS], 5);
  assert_int_equal(nic->counters[NIC_OUT_OCTETS], 300);
}

/* A turn that finds them sent reclaims them, and has no doorbell to ring. */
static void what_is_sent_is_not_rung_for_again(void **state) {
  (void)state;
  paper.hold_tx = true;
  transmit(frame_of(60, 2), 0);
  run();
  assert_int_equal(paper.doorbells_tx, 1);
  assert_false(ring_empty(&nic->tx_ring.ring));
  paper.done = nic->tx_ring.ring.head;
  nic_interrupt(nic);
  run();
  assert_true(ring_empty(&nic->tx_ring.ring));
  assert_int_equal(paper.doorbells_tx, 1);
}

static void gathers_what_it_can_and_copies_the_rest(void **state) {
  struct pbuf *two = frame_of(14, 2), *three = frame_of(14, 2);

  (void)state;
  pbuf_cat(two, frame_of(30, 4));
  pbuf_cat(three, frame_of(30, 4));
  pbuf_cat(three, frame_of(40, 6));
  transmit(two, 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  transmit(three, 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  run();
  assert_int_equal(paper.sent_length[0], 44);
  assert_int_equal(paper.sent_length[1], 84);
  assert_int_equal(paper.sent_data[1][13], 2);
  assert_int_equal(paper.sent_data[1][14], 4);
  assert_int_equal(paper.sent_data[1][83], 6);
}

/* The first part ends in the middle of the destination. */
static void copies_a_chain_whose_destination_is_in_two_parts(void **state) {
  struct pbuf *first = frame_of(2, 0), *second = frame_of(58, 0);

  (void)state;
  memset(first->payload, 0xff, 2);
  memset(second->payload, 0xff, 4);
  pbuf_cat(first, second);
  transmit(first, 0);
  run();
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  assert_int_equal(nic->counters[NIC_OUT_BROADCAST_PKTS], 1);
  assert_int_equal(nic->counters[NIC_OUT_MULTICAST_PKTS], 0);
  assert_int_equal(nic->counters[NIC_OUT_OCTETS], 60);
}

/* An empty pbuf at a chain's end is harmless, and no reason to stop; and no device sees one. */
static void copies_a_chain_that_ends_in_an_empty_part(void **state) {
  struct pbuf *frame = frame_of(14, 2), *short_one = frame_of(60, 2);

  (void)state;
  pbuf_cat(frame, frame_of(46, 4));
  pbuf_cat(frame, frame_of(0, 6));
  transmit(frame, 0);
  run();
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  assert_int_equal(paper.sent_length[0], 60);
  assert_int_equal(paper.sent_data[0][59], 4);
  pbuf_cat(short_one, frame_of(0, 6));
  transmit(short_one, 0);
  run();
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 2);
  assert_int_equal(paper.sent_length[1], 60);
}

/* PBUF_REF data may change as soon as the call returns. */
static void copies_data_that_may_change(void **state) {
  uint8_t data[60] = {0};
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, sizeof data, PBUF_REF);

  (void)state;
  frame->payload = data;
  data[20] = 5;
  transmit(frame, 0);
  data[20] = 6;
  run();
  assert_int_equal(paper.sent_data[0][20], 5);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
}

/* Nor need it be the first part. */
static void copies_a_part_that_may_change(void **state) {
  uint8_t data[46] = {0};
  struct pbuf *frame = frame_of(14, 2), *part = pbuf_alloc(PBUF_RAW, sizeof data, PBUF_REF);

  (void)state;
  part->payload = data;
  pbuf_cat(frame, part);
  data[20] = 5;
  transmit(frame, 0);
  data[20] = 6;
  run();
  assert_int_equal(paper.sent_data[0][34], 5);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
}

static void copies_what_the_device_cannot_address(void **state) {
  struct pbuf *frame = frame_of(62, 2);

  (void)state;
  paper_ops.caps.tx_alignment = 4;
  assert_int_equal(pbuf_remove_header(frame, 2), 0);
  transmit(frame, 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  transmit(frame_of(60, 2), 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 1);
  run();
  assert_int_equal(paper.sent, 2);
}

/* All of lwIP's heap. */
static void *all_of_it[64];

static void take_all_memory(void) {
  memset(all_of_it, 0, sizeof all_of_it);
  for (unsigned i = 0; i < 64 && (all_of_it[i] = mem_malloc(500)) != NULL; i++) {
  }
}

static void give_all_memory_back(void) {
  for (unsigned i = 0; i < 64 && all_of_it[i] != NULL; i++)
    mem_free(all_of_it[i]);
}

/* Else whatever fills the heap, like TCP's unsent data, could never leave by a MAC that gathers
 * nothing. */
static void a_full_heap_does_not_stop_what_has_to_be_copied(void **state) {
  struct pbuf *chain = frame_of(600, 2);

  (void)state;
  pbuf_cat(chain, frame_of(20, 6));
  paper_ops.caps.tx_fragments_max = 1;
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  hoard = true;
  while (hoarded < HELD_MAX) { /* all but one of the remaining packets are on the ring */
    assert_true(wire(1, 60));
    run();
  }
  assert_int_equal(nic->pool.free_count, 1);
  assert_int_equal(ring_count(&nic->rx_ring.ring), PACKETS - HELD_MAX - 1);
  take_all_memory();
  for (unsigned i = 0; i < 10; i++) {
    assert_int_equal(datapath_transmit(nic, chain), 0);
    run();
    check_conservation();
    assert_int_equal(paper.sent, i + 1);
    assert_int_equal(paper.sent_data[i % PAPER_RING][619], 6);
    assert_int_equal(nic->pool.free_count, 1);
  }
  paper.hold_tx = true;
  assert_int_equal(datapath_transmit(nic, chain), 0);
  assert_int_equal(datapath_transmit(nic, chain), -ENOMEM);
  give_all_memory_back();
  pbuf_free(chain);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 11);
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
}

static void refuses_and_counts_what_cannot_be_sent(void **state) {
  struct pbuf *chain = frame_of(600, 2);

  (void)state;
  transmit(frame_of(1515, 2), -EMSGSIZE);
  assert_int_equal(nic->counters[NIC_OUT_TOO_LONG], 1);
  transmit(frame_of(13, 2), -EMSGSIZE);
  transmit(frame_of(0, 2), -EMSGSIZE);
  assert_int_equal(nic->counters[NIC_OUT_RUNT], 2);
  paper.link = false;
  nic_poll_link(nic);
  transmit(frame_of(60, 2), -ENETDOWN);
  assert_int_equal(nic->counters[NIC_OUT_LINK_DOWN], 1);
  paper.link = true;
  nic_poll_link(nic);
  pbuf_cat(chain, frame_of(10, 2));
  pbuf_cat(chain, frame_of(10, 2));
  take_all_memory();
  transmit(chain, -ENOMEM); /* three fragments, and no memory for the copy */
  give_all_memory_back();
  assert_int_equal(nic->counters[NIC_OUT_NO_BUFFER], 1);
  paper.hold_tx = true;
  for (unsigned i = 0; i < PAPER_RING + DEPTH; i++)
    transmit(frame_of(60, 2), 0);
  transmit(frame_of(60, 2), -ENOBUFS);
  assert_int_equal(nic->counters[NIC_OUT_QUEUE_FULL], 1);
  assert_int_equal(nic_dropped(nic), 6);
  assert_int_equal(nic_stop(nic), 0);
  transmit(frame_of(60, 2), -ENETDOWN);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], PAPER_RING + DEPTH);
}

/* Tx is reclaimed in the turns that reception takes, not only when it is idle. */
static void reclaims_tx_under_rx_load(void **state) {
  (void)state;
  for (unsigned i = 0; i < 200; i++) {
    wire(1, 60);
    transmit(frame_of(60, 2), 0);
    dispatch_run(&dispatch);
    assert_true(ring_count(&nic->tx_ring.ring) <= 1);
  }
  run();
  assert_int_equal(paper.sent, 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(sends_a_batch_with_one_doorbell, paper_setup_enabled),
      cmocka_unit_test_setup(what_is_sent_is_not_rung_for_again, paper_setup_enabled),
      cmocka_unit_test_setup(gathers_what_it_can_and_copies_the_rest, paper_setup_enabled),
      cmocka_unit_test_setup(copies_a_chain_whose_destination_is_in_two_parts, paper_setup_enabled),
      cmocka_unit_test_setup(copies_a_chain_that_ends_in_an_empty_part, paper_setup_enabled),
      cmocka_unit_test_setup(copies_data_that_may_change, paper_setup_enabled),
      cmocka_unit_test_setup(copies_a_part_that_may_change, paper_setup_enabled),
      cmocka_unit_test_setup(copies_what_the_device_cannot_address, paper_setup_enabled),
      cmocka_unit_test_setup(a_full_heap_does_not_stop_what_has_to_be_copied, paper_setup_enabled),
      cmocka_unit_test_setup(refuses_and_counts_what_cannot_be_sent, paper_setup_enabled),
      cmocka_unit_test_setup(reclaims_tx_under_rx_load, paper_setup_enabled),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("datapath_tx", tests, NULL, NULL);
}
