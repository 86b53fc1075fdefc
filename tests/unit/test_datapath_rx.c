/* The receive datapath, over a NIC on paper. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath.h"
#include "lwip/init.h"
#include "lwip/mem.h"
#include "paper_rig.h"

static void counts_each_bad_frame_once_and_keeps_its_buffer(void **state) {
  (void)state;
  assert_true(wire(0, 13)); /* no Ethernet header */
  assert_true(wire(0, 1));
  assert_true(wire(0, 1519)); /* longer than MTU, header and FCS */
  paper.error_frames = true;
  assert_true(wire(0, 60));
  paper.error_frames = false;
  assert_true(wire(0, 1518)); /* an FCS that the MAC left on */
  assert_true(wire(0, 14));
  run();
  assert_int_equal(nic->counters[NIC_IN_RUNT], 2);
  assert_int_equal(nic->counters[NIC_IN_TOO_LONG], 1);
  assert_int_equal(nic->counters[NIC_IN_ERROR], 1);
  assert_int_equal(nic_dropped(nic), 4);
  assert_int_equal(received, 2);
  assert_int_equal(nic->counters[NIC_IN_OCTETS], 1518 + 14);
  check_conservation();
}

enum { RX_WATCHES = NIC_RX_TIMEOUT_MS / NIC_WATCH_MS };

static void lose_and_watch(void) {
  nic_count(nic, NIC_IN_OVERFLOW);
  nic_watch(nic);
  run();
}

/* The device has lost track of its buffers: it loses what arrives, and gives none back. */
static void a_receiver_that_loses_all_is_reset(void **state) {
  (void)state;
  nic_watch(nic);
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < RX_WATCHES; i++) {
      assert_int_equal(nic->counters[NIC_RECOVERIES], round);
      lose_and_watch();
    }
    assert_int_equal(nic->counters[NIC_RECOVERIES], round + 1);
    assert_true(wire(1, 60));
    run();
    nic_watch(nic); /* sees what its ring is like now */
  }
  assert_int_equal(received, 3);
  check_conservation();
}

static void a_receiver_without_buffers_or_losses_is_not_reset(void **state) {
  (void)state;
  for (unsigned i = 0; i < 4 * RX_WATCHES; i++) /* nothing arrives */
    nic_watch(nic);
  for (unsigned i = 0; i < 4 * RX_WATCHES; i++) { /* not everything is lost */
    assert_true(wire(1, 60));
    lose_and_watch();
  }
  hoard = true;
  nic->pool.options.held_max = PACKETS;
  while (!ring_empty(&nic->rx_ring.ring)) {
    assert_true(wire(1, 60));
    run();
  }
  for (unsigned i = 0; i < 4 * RX_WATCHES; i++) /* there is no buffer */
    lose_and_watch();
  for (unsigned i = 0; i < RX_WATCHES; i++) { /* there was none until just now */
    pbuf_free(hoarded_frames[--hoarded]);
    run();
    lose_and_watch();
    assert_true(wire(1, 60));
    run();
  }
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
}

static void counts_by_kind_of_destination(void **state) {
  static const uint8_t broadcast[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  static const uint8_t multicast[60] = {0x33, 0x33, 0, 0, 0, 1};

  (void)state;
  paper_receive(&paper, broadcast, sizeof broadcast);
  paper_receive(&paper, multicast, sizeof multicast); /* not joined: dropped */
  run();
  assert_int_equal(nic->counters[NIC_IN_FILTERED], 1);
  assert_int_equal(received, 1);
  assert_int_equal(nic_join_group(nic, multicast), 0);
  paper_receive(&paper, multicast, sizeof multicast);
  wire(1, 60);
  run();
  assert_int_equal(nic->counters[NIC_IN_BROADCAST_PKTS], 1);
  assert_int_equal(nic->counters[NIC_IN_MULTICAST_PKTS], 1);
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], 1);
}

/* Any frames at any time, to a stack that hoards and a device that stops: what came in is what was
 * delivered plus what was dropped, and what was to be sent is what was sent plus what was
 * dropped. */
static void every_drop_has_one_cause(void **state) {
  unsigned came = 0, tried = 0, refused = 0;

  (void)state;
  srand(4);
  for (unsigned step = 0; step < 100000; step++) {
    uint8_t frame[2048] = {0};
    uint16_t length = (uint16_t)(rand() % 1600 + 1);
    struct pbuf *sent;

    switch (rand() % 8) {
    case 0:
    case 1:
    case 2:
      frame[0] = (uint8_t)(rand() % 4); /* stations and groups, none of which is joined */
      paper.error_frames = rand() % 16 == 0;
      came += paper_receive(&paper, frame, length > 1536 ? 1536 : length);
      break;
    case 3:
    case 4:
      sent = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
      if (sent == NULL)
        break;
      memset(sent->payload, 0, length);
      tried++;
      refused += datapath_transmit(nic, sent) != 0;
      pbuf_free(sent);
      break;
    case 5:
      dispatch_run(&dispatch);
      break;
    case 6:
      hoard = rand() % 2 != 0 && hoarded < 20;
      paper.hold_tx = rand() % 4 == 0;
      while (!hoard && hoarded != 0)
        pbuf_free(hoarded_frames[--hoarded]);
      break;
    default:
      reset_in_input = rand() % 20 == 0;
      if (rand() % 50 == 0) {
        nic_set_interface_enable(nic, false);
        nic_set_interface_enable(nic, true);
      }
    }
    if (hoarded > 50)
      hoard = false;
    check_conservation();
  }
  hoard = reset_in_input = false;
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
  paper.hold_tx = false;
  run();
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  uint32_t in_drops = 0, out_drops = 0;
  for (unsigned i = NIC_IN_RUNT; i < NIC_OUT_LINK_DOWN; i++)
    in_drops += nic->counters[i];
  for (unsigned i = NIC_OUT_LINK_DOWN; i <= NIC_OUT_STOPPED; i++)
    out_drops += nic->counters[i];
  assert_int_equal(came, received + in_drops);
  assert_int_equal(tried, paper.sent + out_drops);
  assert_int_equal(nic_dropped(nic), in_drops + out_drops);
  assert_true(refused > 0 && nic->counters[NIC_OUT_STOPPED] > 0 &&
              nic->counters[NIC_IN_STOPPED] > 0);
  assert_true(nic->counters[NIC_IN_FILTERED] > 0 && nic->counters[NIC_IN_TOO_LONG] > 0);
}

/* The stack hoards: from held_max on it gets copies, and the device never runs out of buffers. When
 * there is no memory for copies either, frames are dropped and counted, and reception goes on. */
static void hoarding_cannot_stop_reception(void **state) {
  unsigned sent = 0;

  (void)state;
  hoard = true;
  for (unsigned i = 0; i < 60; i++) {
    assert_true(wire((uint8_t)i, 1000));
    sent++;
    run();
    check_conservation();
    assert_true(ring_count(&nic->rx_ring.ring) >= PACKETS - HELD_MAX);
  }
  assert_int_equal(nic->pool.held, HELD_MAX);
  assert_true(nic->counters[NIC_COPY_OUTS] > 0);
  assert_true(nic->counters[NIC_IN_NO_BUFFER] > 0);
  assert_int_equal(HELD_MAX + nic->counters[NIC_COPY_OUTS] + nic->counters[NIC_IN_NO_BUFFER], sent);
  assert_int_equal(received, hoarded);
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
  hoard = false;
  run();
  assert_int_equal(nic->pool.held, 0);
  assert_true(wire(77, 60));
  run();
  assert_int_equal(last_number, 77);
}

static unsigned expendable; /* from this index on hoarded frames can be given up */

static void let_go_of_the_expendable(void) {
  while (hoarded > expendable)
    pbuf_free(hoarded_frames[--hoarded]);
}

/* The first HELD_MAX hoarded frames are packets of the pool, the others copies. */
static void what_the_stack_can_do_without_makes_room(void **state) {
  uint32_t copies;

  (void)state;
  hoard = true;
  nic->reclaim = let_go_of_the_expendable;
  expendable = sizeof hoarded_frames / sizeof *hoarded_frames;
  while (nic->counters[NIC_IN_NO_BUFFER] == 0) {
    assert_true(wire(1, 1000));
    run();
  }
  assert_true(hoarded > HELD_MAX + 2);
  assert_int_equal(nic->counters[NIC_RECLAIMS], 1); /* not as long as there are copies */
  expendable = hoarded;
  assert_true(wire(2, 1000));
  run();
  assert_int_equal(last_number, 1);
  assert_int_equal(nic->counters[NIC_RECLAIMS], 2);
  assert_int_equal(nic->counters[NIC_IN_NO_BUFFER], 2);
  copies = nic->counters[NIC_COPY_OUTS];
  expendable = hoarded - 2; /* room in the heap */
  assert_true(wire(3, 1000));
  run();
  assert_int_equal(last_number, 3);
  assert_int_equal(hoarded, expendable + 1);
  assert_int_equal(nic->counters[NIC_COPY_OUTS], copies + 1);
  while (nic->counters[NIC_IN_NO_BUFFER] == 2) {
    assert_true(wire(4, 1000));
    expendable = hoarded;
    run();
  }
  copies = nic->counters[NIC_COPY_OUTS];
  expendable = HELD_MAX - 1; /* a packet, so the frame need not be copied */
  assert_true(wire(5, 1000));
  run();
  assert_int_equal(last_number, 5);
  assert_int_equal(hoarded, HELD_MAX);
  assert_int_equal(nic->pool.held, HELD_MAX);
  assert_int_equal(nic->counters[NIC_COPY_OUTS], copies);
  assert_int_equal(nic->counters[NIC_IN_NO_BUFFER], 3);
  check_conservation();
  expendable = 0;
  let_go_of_the_expendable();
  check_conservation();
}

/* Long frames leave room for short ones. */
static void copies_leave_the_heap_room(void **state) {
  void *rest;

  (void)state;
  hoard = true;
  while (nic->counters[NIC_IN_NO_BUFFER] == 0) {
    assert_true(wire(1, 1000));
    run();
  }
  rest = mem_malloc(1000);
  assert_non_null(rest);
  assert_true(wire(2, 60));
  run();
  mem_free(rest);
  assert_int_equal(nic->counters[NIC_IN_NO_BUFFER], 1);
  assert_int_equal(last_number, 2);
  assert_int_equal(hoarded_frames[hoarded - 1]->tot_len, 60);
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
}

/* What the device vouches for holds for the copy as well, and not for the buffer's next frame. */
static void a_frame_keeps_its_mark(void **state) {
  (void)state;
  hoard = true;
  for (unsigned i = 0; i < HELD_MAX + 4; i++) {
    paper.checked = i % 2 == 0;
    assert_true(wire((uint8_t)i, 60));
    run();
  }
  assert_int_equal(nic->counters[NIC_COPY_OUTS], 4);
  assert_int_equal(hoarded, HELD_MAX + 4);
  for (unsigned i = 0; i < hoarded; i++)
    assert_int_equal(hoarded_frames[i]->flags & PACKET_FLAG_CHECKED,
                     i % 2 == 0 ? PACKET_FLAG_CHECKED : 0);
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
  paper.checked = false;
  for (unsigned i = 0; i < PACKETS; i++) {
    assert_true(wire((uint8_t)i, 60));
    run();
    assert_int_equal(hoarded_frames[i]->flags & PACKET_FLAG_CHECKED, 0);
  }
  while (hoarded != 0)
    pbuf_free(hoarded_frames[--hoarded]);
}

/* For each delivered frame the wire has another. */
static void a_flood_leaves_each_turn_after_its_budget(void **state) {
  unsigned turns = 0;

  (void)state;
  flood = 10 * BUDGET;
  while (wire(1, 60)) {
  }
  do {
    unsigned before = received;

    dispatch_run(&dispatch);
    turns++;
    assert_true(received - before < BUDGET + BATCH);
  } while (dispatch_pending(&dispatch));
  assert_int_equal(flood, 0);
  assert_true(turns >= 10);
}

static void late_frame(struct paper_nic *nic_on_paper) {
  nic_on_paper->before_unmask = NULL;
  assert_true(wire(9, 60));
}

static void what_comes_under_the_mask_has_a_turn_of_its_own(void **state) {
  (void)state;
  assert_true(wire(1, 60));
  paper.before_unmask = late_frame;
  run();
  assert_int_equal(received, 2);
  assert_int_equal(last_number, 9);
  assert_true(paper.unmasked);
}

static void refills_with_one_doorbell_a_batch(void **state) {
  unsigned before = paper.doorbells_rx;

  (void)state;
  for (uint8_t i = 0; i < BATCH; i++)
    wire(i, 60);
  run();
  assert_int_equal(paper.doorbells_rx - before, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_frame_keeps_its_mark, paper_setup_enabled),
      cmocka_unit_test_setup(counts_each_bad_frame_once_and_keeps_its_buffer, paper_setup_enabled),
      cmocka_unit_test_setup(a_receiver_that_loses_all_is_reset, paper_setup_enabled),
      cmocka_unit_test_setup(a_receiver_without_buffers_or_losses_is_not_reset,
                             paper_setup_enabled),
      cmocka_unit_test_setup(counts_by_kind_of_destination, paper_setup_enabled),
      cmocka_unit_test_setup(every_drop_has_one_cause, paper_setup_enabled),
      cmocka_unit_test_setup(hoarding_cannot_stop_reception, paper_setup_enabled),
      cmocka_unit_test_setup(what_the_stack_can_do_without_makes_room, paper_setup_enabled),
      cmocka_unit_test_setup(copies_leave_the_heap_room, paper_setup_enabled),
      cmocka_unit_test_setup(a_flood_leaves_each_turn_after_its_budget, paper_setup_enabled),
      cmocka_unit_test_setup(what_comes_under_the_mask_has_a_turn_of_its_own, paper_setup_enabled),
      cmocka_unit_test_setup(refills_with_one_doorbell_a_batch, paper_setup_enabled),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("datapath_rx", tests, NULL, NULL);
}
