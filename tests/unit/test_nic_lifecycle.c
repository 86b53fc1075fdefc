/* A NIC's lifecycle: every order, every step that fails, and what is in flight when it stops. */
#include "unit.h"

#include <errno.h>

#include "paper_rig.h"

static void refuses_every_illegal_order(void **state) {
  (void)state;
  assert_int_equal(nic_init(nic, &config, &dispatch), -EPERM); /* NIC_INIT */
  assert_int_equal(nic_set_interface_enable(nic, true), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), -EPERM);
  assert_int_equal(nic_stop(nic), -EPERM);
  assert_int_equal(nic_recover(nic), -EPERM);
  assert_int_equal(nic_start(nic), 0); /* NIC_STARTED */
  assert_int_equal(nic_start(nic), -EPERM);
  assert_int_equal(nic_init(nic, &config, &dispatch), -EPERM);
  assert_int_equal(nic_free(nic), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), -EPERM);
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0); /* NIC_ENABLED */
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(paper.enables, 1);
  assert_int_equal(nic_start(nic), -EPERM);
  assert_int_equal(nic_free(nic), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0); /* NIC_LOW */
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), -EPERM);
  assert_int_equal(nic_start(nic), -EPERM);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0); /* NIC_ENABLED */
  assert_int_equal(nic->state, NIC_ENABLED);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_set_interface_enable(nic, false), 0); /* NIC_STARTED */
  assert_int_equal(nic->state, NIC_STARTED);
  assert_int_equal(nic_stop(nic), 0); /* NIC_INIT */
  assert_int_equal(nic_free(nic), 0); /* NIC_ABSENT */
  assert_int_equal(nic_free(nic), -EPERM);
  assert_int_equal(nic_start(nic), -EPERM);
  assert_int_equal(nic_set_interface_enable(nic, true), -EPERM);
}

static void refuses_a_configuration_that_contradicts_itself(void **state) {
  struct nic_config wrong;

  (void)state;
  assert_int_equal(nic_free(nic), 0);
#define REFUSED(field, value)                                                                      \
  wrong = config;                                                                                  \
  wrong.field = value;                                                                             \
  assert_int_equal(nic_init(nic, &wrong, &dispatch), -EINVAL)
  REFUSED(batch, 0);
  REFUSED(batch, DEPTH + 1);
  REFUSED(budget, 0);
  REFUSED(pool.buffer_size, 13);
#undef REFUSED
  paper_ops.caps.tx_alignment = 2 * MEM_ALIGNMENT; /* not even a copy starts there */
  assert_int_equal(nic_init(nic, &config, &dispatch), -EINVAL);
  paper_ops.caps.tx_alignment = MEM_ALIGNMENT;
  wrong = config;
  wrong.queue_depth = 6;
  wrong.batch = 1;
  assert_int_equal(nic_init(nic, &wrong, &dispatch), 0);
  assert_int_equal(nic_start(nic), -EINVAL);
  assert_int_equal(nic_free(nic), 0);
  wrong = config;
  wrong.memory_size = config.memory_size - 1;
  assert_int_equal(nic_init(nic, &wrong, &dispatch), 0);
  assert_int_equal(nic_start(nic), -ENOMEM);
  assert_int_equal(nic_free(nic), 0);
  wrong.memory_size = 4 * sizeof(void *) * DEPTH - 1; /* not even the queues */
  assert_int_equal(nic_init(nic, &wrong, &dispatch), 0);
  assert_int_equal(nic_start(nic), -ENOMEM);
  assert_int_equal(paper.starts, 0);
}

static void a_device_that_does_not_wake_up_stays_in_low_power(void **state) {
  (void)state;
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  paper.enable_error = -EIO;
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), -EIO);
  assert_int_equal(nic->state, NIC_LOW);
  assert_int_equal(nic->link.status, NIC_LINK_INACTIVE);
  check_conservation();
  paper.enable_error = 0;
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
  assert_true(nic_link_is_active(nic));
  assert_true(wire(1, 60));
  (void)run();
  assert_int_equal(received, 1);
}

static unsigned sources_used(void) {
  unsigned used = 0;

  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    used += dispatch.sources[i] != NULL;
  return used;
}

static void a_start_that_fails_takes_nothing(void **state) {
  static struct dispatch_source filler[DISPATCH_SOURCES_MAX];

  (void)state;
  paper.start_error = -ENODEV;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_int_equal(nic->state, NIC_INIT);
  assert_int_equal(sources_used(), 0);
  paper.start_error = 0;
  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    assert_int_equal(dispatch_add(&dispatch, &filler[i], NULL, NULL), 0);
  assert_int_equal(nic_start(nic), -ENOSPC);
  dispatch_remove(&filler[0]); /* the first of its two events finds a place, the second none */
  assert_int_equal(nic_start(nic), -ENOSPC);
  assert_int_equal(sources_used(), DISPATCH_SOURCES_MAX - 1);
  assert_int_equal(paper.starts, 1);
  for (unsigned i = 1; i < DISPATCH_SOURCES_MAX; i++)
    dispatch_remove(&filler[i]);
  assert_int_equal(nic_start(nic), 0);
  paper.enable_error = -EIO;
  assert_int_equal(nic_set_interface_enable(nic, true), -EIO);
  assert_int_equal(nic->state, NIC_STARTED);
  assert_int_equal(nic->pool.free_count, PACKETS);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(sources_used(), 0);
}

static void low_power_is_quiet_and_on_goes_on(void **state) {
  (void)state;
  assert_true(wire(1, 60));
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_false(host_irq_enabled(PAPER_IRQ));
  assert_false(nic_link_is_active(nic));
  assert_int_equal(nic->pool.free_count, PACKETS);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 1);
  run(); /* the interrupt's event is still there and does nothing */
  assert_int_equal(received, 0);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
  assert_true(nic_link_is_active(nic));
  assert_true(wire(2, 60));
  run();
  assert_int_equal(received, 1);
  check_conservation();
}

static void start_one_that_keeps_buffers(uint16_t packets) {
  static struct nic_config keeping;
  void (*stack)(struct nic *, struct pbuf *) = nic->input;

  keeping = config;
  keeping.low_keeps_buffers = true;
  keeping.pool.packets = packets;
  assert_int_equal(nic_free(nic), 0);
  assert_int_equal(nic_init(nic, &keeping, &dispatch), 0);
  nic->input = stack;
  assert_int_equal(nic_start(nic), 0);
}

static void low_power_may_keep_the_buffers(void **state) {
  (void)state;
  start_one_that_keeps_buffers(PACKETS);
  for (unsigned round = 0; round < 3; round++) {
    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
    assert_int_equal(packet_queue_count(&nic->rx_submission), DEPTH);
    assert_int_equal(nic->pool.free_count, PACKETS - DEPTH);
    check_conservation();
    assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
    assert_true(wire(1, 60));
    run();
    check_conservation();
    assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
    assert_int_equal(nic_set_interface_enable(nic, false), 0);
    assert_int_equal(nic->pool.free_count, PACKETS);
  }
  assert_int_equal(received, 3);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->pool.free_count, PACKETS);
  assert_int_equal(nic_free(nic), 0);
}

/* One that gathers nothing keeps a packet at rest for copies to be sent, but never its only one. */
static void low_power_leaves_one_for_copies(void **state) {
  (void)state;
  paper_ops.caps.tx_fragments_max = 1;
  for (uint16_t packets = 1; packets <= DEPTH; packets++) {
    start_one_that_keeps_buffers(packets);
    assert_int_equal(nic_set_interface_enable(nic, true), 0);
    assert_int_equal(nic->pool.free_count, packets > 1);
    assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
    assert_int_equal(packet_queue_count(&nic->rx_submission), packets);
    assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
    assert_int_equal(nic->pool.free_count, packets > 1);
    assert_int_equal(ring_count(&nic->rx_ring.ring), packets - (packets > 1));
    assert_int_equal(nic_stop(nic), 0);
  }
}

/* A buffer outlives its driver: only after its return can the NIC be forgotten, or started with a
 * new pool. */
static void is_not_freed_nor_started_while_the_stack_holds_a_packet(void **state) {
  (void)state;
  hoard = true;
  wire(1, 60);
  run();
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic_free(nic), -EBUSY);
  assert_int_equal(nic_start(nic), -EBUSY);
  assert_int_equal(nic->state, NIC_INIT);
  pbuf_free(hoarded_frames[0]);
  assert_int_equal(nic->pool.free_count, PACKETS);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic_free(nic), 0);
}

static void the_stack_may_stop_it_while_it_is_served(void **state) {
  (void)state;
  for (uint8_t i = 0; i < 6; i++)
    assert_true(wire(i, 60));
  stop_in_input = true;
  run();
  assert_int_equal(received, 1);
  assert_int_equal(nic->state, NIC_INIT);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 5);
  assert_int_equal(nic->pool.free_count, PACKETS);
  assert_int_equal(nic->pool.held, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(refuses_every_illegal_order, paper_setup),
      cmocka_unit_test_setup(a_device_that_does_not_wake_up_stays_in_low_power,
                             paper_setup_enabled),
      cmocka_unit_test_setup(refuses_a_configuration_that_contradicts_itself, paper_setup),
      cmocka_unit_test_setup(a_start_that_fails_takes_nothing, paper_setup),
      cmocka_unit_test_setup(low_power_is_quiet_and_on_goes_on, paper_setup_enabled),
      cmocka_unit_test_setup(low_power_may_keep_the_buffers, paper_setup),
      cmocka_unit_test_setup(low_power_leaves_one_for_copies, paper_setup),
      cmocka_unit_test_setup(is_not_freed_nor_started_while_the_stack_holds_a_packet,
                             paper_setup_enabled),
      cmocka_unit_test_setup(the_stack_may_stop_it_while_it_is_served, paper_setup_enabled),
  };

  host_reset();
  return cmocka_run_group_tests_name("nic_lifecycle", tests, NULL, NULL);
}
