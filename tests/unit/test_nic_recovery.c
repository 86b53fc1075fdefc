/* Recovery: a device that cannot be reset for a while, and one that never stops interrupting. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "lwip/init.h"
#include "paper_rig.h"

static void check_it_works(void) {
  unsigned before = received;

  assert_int_equal(nic->state, NIC_ENABLED);
  assert_true(nic_link_is_active(nic));
  assert_true(wire(1, 60));
  (void)run();
  assert_int_equal(received, before + 1);
  check_conservation();
}

/* Like a device whose reset hangs for a while. */
static void a_device_that_does_not_come_back_is_tried_again(void **state) {
  (void)state;
  paper.enable_error = -EIO;
  assert_int_equal(nic_recover(nic), -EIO);
  assert_int_equal(nic->state, NIC_STARTED);
  assert_false(nic_link_is_active(nic));
  check_conservation();
  for (uint32_t tries = 2; tries < 10; tries++) {
    nic_watch(nic);
    (void)run();
    assert_int_equal(nic->state, NIC_STARTED);
    assert_int_equal(nic->counters[NIC_RECOVERIES], tries);
    check_conservation();
  }
  paper.enable_error = 0;
  nic_watch(nic);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 10);
  check_it_works();
  nic_watch(nic);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 10);
}

static void stop_and_start(void) {
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic_start(nic), 0);
}

static void switch_off(void) { assert_int_equal(nic_set_interface_enable(nic, false), 0); }

static void switch_on_and_off(void) {
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  switch_off();
}

/* Disabled on request, it stays disabled. */
static void a_device_that_is_switched_off_is_not_tried(void **state) {
  static void (*const ways[])(void) = {switch_off, switch_on_and_off, stop_and_start};

  (void)state;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    paper.enable_error = -EIO;
    assert_int_equal(nic_recover(nic), -EIO);
    paper.enable_error = 0;
    ways[i]();
    nic_watch(nic);
    assert_int_equal(nic->state, NIC_STARTED);
    assert_int_equal(nic_set_interface_enable(nic, true), 0);
  }
}

static void switched_off_by(struct nic *of) {
  assert_ptr_equal(of, nic);
  nic->link_changed = NULL;
  switch_off();
}

/* Even if that is a reaction to the loss of its link. */
static void a_device_is_not_tried_that_is_switched_off_when_its_link_goes(void **state) {
  (void)state;
  paper.enable_error = -EIO;
  nic->link_changed = switched_off_by;
  assert_int_equal(nic_recover(nic), -EIO);
  paper.enable_error = 0;
  nic_watch(nic);
  assert_int_equal(nic->state, NIC_STARTED);
}

/* ---- an interrupt that goes on ---- */

static unsigned interrupts; /* that the line has raised */
static bool stuck;

static void line(void *context) {
  (void)context;
  interrupts++;
  nic_interrupt(nic);
  if (!stuck)
    host_set_irq_level(PAPER_IRQ, false);
}

static int setup_line(void **state) {
  paper_setup_enabled(state);
  host_connect_irq(PAPER_IRQ, line, NULL);
  interrupts = 0;
  stuck = true;
  return 0;
}

/* Else the main loop would never run again. */
static void an_interrupt_that_goes_on_is_off_until_a_watch_resets_the_device(void **state) {
  (void)state;
  for (uint32_t rounds = 1; rounds < 4; rounds++) {
    host_set_irq_level(PAPER_IRQ, true);
    assert_in_range(interrupts, NIC_IRQ_STORM, NIC_IRQ_STORM + 1);
    assert_false(host_irq_enabled(PAPER_IRQ));
    assert_int_equal(nic->counters[NIC_IRQ_STORMS], rounds);
    (void)run();
    assert_false(host_irq_enabled(PAPER_IRQ));
    assert_int_equal(nic->counters[NIC_RECOVERIES], rounds - 1);
    host_set_irq_level(PAPER_IRQ, false); /* as a reset does */
    nic_watch(nic);
    (void)run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], rounds);
    assert_true(host_irq_enabled(PAPER_IRQ));
    check_it_works();
    nic_watch(nic);
    (void)run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], rounds);
    interrupts = 0;
  }
}

static void check_lines(bool first, bool second) {
  assert_int_equal(host_irq_enabled(PAPER_IRQ), first);
  assert_int_equal(host_irq_enabled(PAPER_IRQ + 1), second);
  assert_false(host_irq_enabled(PAPER_IRQ + 2));
}

/* A MAC may have one line for transmission, and one for reception. */
static void each_of_several_lines_is_the_kits(void **state) {
  static struct nic_config two_lines;

  paper_setup(state);
  two_lines = config;
  two_lines.irq_last = PAPER_IRQ + 1;
  nic->config = &two_lines;
  host_connect_irq(PAPER_IRQ + 1, line, NULL);
  assert_int_equal(nic_start(nic), 0);
  check_lines(false, false);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  check_lines(true, true);
  host_set_irq_level(PAPER_IRQ + 1, true);
  check_lines(false, false);
  assert_int_equal(nic->counters[NIC_IRQ_STORMS], 1);
  host_set_irq_level(PAPER_IRQ + 1, false);
  nic_watch(nic);
  (void)run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  check_lines(true, true);
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  check_lines(false, false);

  nic->config = &config;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  check_lines(true, false);
}

/* If no reset cures it, the main loop still has the time that it needs between the watches. */
static void an_interrupt_that_a_reset_does_not_end_is_off_again(void **state) {
  (void)state;
  host_set_irq_level(PAPER_IRQ, true);
  for (unsigned watches = 0; watches < 5; watches++) {
    interrupts = 0;
    nic_watch(nic);
    (void)run();
    assert_in_range(interrupts, 1, NIC_IRQ_STORM + 1);
  }
}

/* Many do not count as endless if turns come between them. */
static void interrupts_that_are_heard_are_left_alone(void **state) {
  (void)state;
  stuck = false;
  for (unsigned i = 0; i < 10; i++) {
    for (unsigned j = 0; j < NIC_IRQ_STORM - 1; j++)
      host_set_irq_level(PAPER_IRQ, true);
    (void)run();
  }
  assert_int_equal(nic->counters[NIC_IRQ_STORMS], 0);
  check_it_works();
}

/* Each frame that finds no room makes the device look again, which interrupts at once if a received
 * frame waits for its turn. */
static void what_is_sent_in_one_go_is_no_interrupt_that_goes_on(void **state) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);
  unsigned refused = 0;

  (void)state;
  paper.hold_tx = true;
  assert_true(wire(1, 60));
  while (refused < 2 * NIC_IRQ_STORM)
    refused += datapath_transmit(nic, frame) == -ENOBUFS;
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1 + refused + 1); /* and one that found room */
  assert_int_equal(nic->counters[NIC_IRQ_STORMS], 0);
  assert_true(host_irq_enabled(PAPER_IRQ));
  pbuf_free(frame);
}

/* In the turn of the reset: no event is to come that would see to them. */
static void what_waits_behind_the_ring_is_sent_after_a_reset(void **state) {
  (void)state;
  paper.hold_tx = true;
  for (unsigned i = 0; i < PAPER_RING + 2; i++)
    transmit(frame_of(60, 2), 0);
  (void)run();
  assert_int_equal(packet_queue_count(&nic->tx_submission), 2);
  paper.hold_tx = false;
  nic->faulted = true;
  nic_interrupt(nic);
  (void)run();
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], PAPER_RING);
  assert_int_equal(paper.sent, 2);
  check_it_works();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_device_that_does_not_come_back_is_tried_again, paper_setup_enabled),
      cmocka_unit_test_setup(a_device_that_is_switched_off_is_not_tried, paper_setup_enabled),
      cmocka_unit_test_setup(a_device_is_not_tried_that_is_switched_off_when_its_link_goes,
                             paper_setup_enabled),
      cmocka_unit_test_setup(an_interrupt_that_goes_on_is_off_until_a_watch_resets_the_device,
                             setup_line),
      cmocka_unit_test_setup(each_of_several_lines_is_the_kits, setup_line),
      cmocka_unit_test_setup(an_interrupt_that_a_reset_does_not_end_is_off_again, setup_line),
      cmocka_unit_test_setup(interrupts_that_are_heard_are_left_alone, setup_line),
      cmocka_unit_test_setup(what_is_sent_in_one_go_is_no_interrupt_that_goes_on,
                             paper_setup_enabled),
      cmocka_unit_test_setup(what_waits_behind_the_ring_is_sent_after_a_reset, paper_setup_enabled),
  };

  lwip_init();
  return cmocka_run_group_tests_name("nic_recovery", tests, NULL, NULL);
}
