/* The simulated NIC from its bus, without its driver: registers, invalid rings, buffers that are
 * too small. */
#include "unit.h"

#include "port.h"
#include "sim_device.h"

enum { IRQ = 34, RING = 4, BUFFER = 128, PING_BYTES = 98, TICK_US = 1000000 };
enum { DELAY_US = 20000, FLAP_US = 400000, STORM_US = 50 };

static struct sim_device device;
static struct sim_descriptor rx[RING], tx[RING];
static uint8_t rx_buffers[RING][BUFFER], tx_buffer[BUFFER];
static unsigned interrupts;

static uint32_t read_reg(enum sim_register reg) { return sim_device_read(&device, reg); }
static void write_reg(enum sim_register reg, uint32_t value) {
  sim_device_write(&device, reg, value);
}

/* Acknowledges all causes except an error, which is masked: the test reads it. */
static void interrupt(void *context) {
  (void)context;
  interrupts++;
  write_reg(SIM_IRQ_STATUS, ~SIM_IRQ_ERROR);
}

static int setup(void **state) {
  const struct sim_peer_config peer = {.mac = {2, 0, 0, 0, 0, 2},
                                       .address = {10, 1, 0, 2},
                                       .station = {10, 1, 0, 1},
                                       .burst = 2,
                                       .first_ms = TICK_US / 1000,
                                       .period_ms = 5000};

  (void)state;
  host_reset();
  interrupts = 0;
  host_connect_irq(IRQ, interrupt, NULL);
  port_irq_enable(IRQ);
  memset(rx, 0, sizeof rx);
  memset(tx, 0, sizeof tx);
  sim_device_init(&device, &peer, IRQ);
  write_reg(SIM_RX_BASE, (uint32_t)(uintptr_t)rx);
  write_reg(SIM_RX_SIZE, RING);
  write_reg(SIM_TX_BASE, (uint32_t)(uintptr_t)tx);
  write_reg(SIM_TX_SIZE, RING);
  write_reg(SIM_MAC_HIGH, 0x02000000);
  write_reg(SIM_MAC_LOW, 0x00010000);
  write_reg(SIM_IRQ_MASK, SIM_IRQ_RX | SIM_IRQ_TX | SIM_IRQ_OVERRUN);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  write_reg(SIM_CTRL, 0);
  assert_int_equal(timer_source_armed(), 0);
  return 0;
}

static void post(unsigned slot, uint32_t size) {
  rx[slot].address = (uint32_t)(uintptr_t)rx_buffers[slot];
  rx[slot].control = SIM_DESCRIPTOR_OWN | size;
}

/* ---- registers ---- */

static void what_is_read_only_stays(void **state) {
  static const enum sim_register registers[] = {SIM_ID, SIM_STATUS, SIM_RX_MISSED, SIM_RX_FILTERED};

  (void)state;
  for (unsigned i = 0; i < sizeof registers / sizeof *registers; i++) {
    uint32_t before = read_reg(registers[i]);

    write_reg(registers[i], ~before);
    assert_int_equal(read_reg(registers[i]), before);
  }
  assert_int_equal(read_reg(SIM_ID), SIM_ID_VALUE);
}

static void a_reset_leaves_the_cable(void **state) {
  (void)state;
  sim_device_set_carrier(&device, false);
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  assert_int_equal(read_reg(SIM_CTRL), SIM_CTRL_ENABLE);
  write_reg(SIM_CTRL, SIM_CTRL_RESET | SIM_CTRL_ENABLE);
  assert_int_equal(read_reg(SIM_CTRL), 0);
  assert_int_equal(read_reg(SIM_RX_BASE), 0);
  assert_int_equal(read_reg(SIM_ID), SIM_ID_VALUE);
  assert_int_equal(read_reg(SIM_STATUS), 0);
  sim_device_set_carrier(&device, true);
  write_reg(SIM_CTRL, SIM_CTRL_RESET);
  assert_int_equal(read_reg(SIM_STATUS), SIM_STATUS_LINK);
}

static void what_is_not_enabled_does_nothing(void **state) {
  (void)state;
  tx[0].control = SIM_DESCRIPTOR_OWN | 60;
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
  sim_device_set_flood(&device, SIM_FLOOD_ARP, 1000);
  host_run_for_us(3 * TICK_US);
  assert_int_equal(interrupts, 0);
  assert_int_equal(read_reg(SIM_RX_MISSED), 0);
  assert_int_equal(tx[0].control, SIM_DESCRIPTOR_OWN | 60);
}

/* A cause that is left set keeps the line up. */
static void the_line_follows_status_and_mask(void **state) {
  (void)state;
  write_reg(SIM_IRQ_MASK, 0);
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  host_run_for_us(TICK_US + 1000); /* two frames, and no buffer */
  assert_int_equal(interrupts, 0);
  assert_int_equal(read_reg(SIM_IRQ_STATUS), SIM_IRQ_OVERRUN);
  write_reg(SIM_IRQ_STATUS, SIM_IRQ_RX); /* another */
  assert_int_equal(read_reg(SIM_IRQ_STATUS), SIM_IRQ_OVERRUN);
  write_reg(SIM_IRQ_MASK, SIM_IRQ_OVERRUN);
  assert_int_equal(interrupts, 1);
  assert_int_equal(read_reg(SIM_IRQ_STATUS), 0);
}

/* ---- rings ---- */

/* It disables itself, with an error, and touches nothing. */
static void check_ring_is_refused(enum sim_register reg, uint32_t value, uint64_t within_us) {
  write_reg(reg, value);
  write_reg(SIM_IRQ_STATUS, UINT32_MAX);
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
  host_run_for_us(within_us);
  assert_int_equal(read_reg(SIM_CTRL), 0);
  assert_int_equal(read_reg(SIM_IRQ_STATUS), SIM_IRQ_ERROR);
  host_run_for_us(10 * TICK_US);
  assert_int_equal(read_reg(SIM_IRQ_STATUS), SIM_IRQ_ERROR);
}

static void a_tx_ring_that_makes_no_sense_is_an_error(void **state) {
  static const uint32_t sizes[] = {0, 1, 3, 512, UINT32_MAX};

  (void)state;
  for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
    check_ring_is_refused(SIM_TX_SIZE, sizes[i], 1000);
  write_reg(SIM_TX_SIZE, RING);
  check_ring_is_refused(SIM_TX_BASE, 0, 1000);
  check_ring_is_refused(SIM_TX_BASE, (uint32_t)(uintptr_t)tx + 4, 1000);
}

/* It is looked at when a frame arrives. */
static void an_rx_ring_that_makes_no_sense_is_an_error(void **state) {
  (void)state;
  check_ring_is_refused(SIM_RX_SIZE, 6, TICK_US + 1000);
  assert_int_equal(read_reg(SIM_RX_MISSED), 0);
  write_reg(SIM_RX_SIZE, RING);
  check_ring_is_refused(SIM_RX_BASE, (uint32_t)(uintptr_t)rx + 1, TICK_US + 1000);
}

static void a_frame_without_a_descriptor_is_missed(void **state) {
  (void)state;
  post(0, BUFFER);
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  host_run_for_us(TICK_US + 1000);
  assert_int_equal(rx[0].control, PING_BYTES);
  assert_int_equal(read_reg(SIM_RX_MISSED), 1);
}

static void a_whole_ring_is_sent_and_no_more(void **state) {
  (void)state;
  for (unsigned i = 0; i < RING; i++) {
    tx[i].address = (uint32_t)(uintptr_t)tx_buffer;
    tx[i].control = SIM_DESCRIPTOR_OWN | 60;
  }
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  write_reg(SIM_DOORBELL, SIM_DOORBELL_RX); /* not this one */
  host_run_for_us(1000);
  assert_int_equal(tx[0].control, SIM_DESCRIPTOR_OWN | 60);
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
  host_run_for_us(1000);
  for (unsigned i = 0; i < RING; i++)
    assert_int_equal(tx[i].control, 60);
  assert_int_equal(interrupts, 1);
}

/* ---- buffers that are too small ---- */

/* Else a driver that rings for the frames on its ring, and a device that answers by interrupt,
 * would go on for ever. */
static void a_ring_that_is_stuck_does_not_interrupt(void **state) {
  (void)state;
  for (unsigned i = 0; i < RING; i++)
    tx[i] = (struct sim_descriptor){.address = (uint32_t)(uintptr_t)tx_buffer,
                                    .control = SIM_DESCRIPTOR_OWN | 60};
  device.faults.probability[SIM_FAULT_STUCK] = SIM_FAULT_ALWAYS;
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  for (unsigned i = 0; i < 3; i++) {
    write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
    host_run_for_us(1000);
  }
  assert_int_equal(device.faults.struck[SIM_FAULT_STUCK], 3 * RING);
  assert_int_equal(interrupts, 0);
  device.faults.probability[SIM_FAULT_STUCK] = 0;
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
  host_run_for_us(1000);
  assert_int_equal(tx[0].control & SIM_DESCRIPTOR_OWN, 0);
  assert_int_equal(interrupts, 1);
}

/* The descriptor is left for the next frame. */
static void a_frame_that_does_not_fit_is_lost(void **state) {
  (void)state;
  post(0, PING_BYTES - 1);
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  host_run_for_us(TICK_US + 1000);
  assert_int_equal(rx[0].control, SIM_DESCRIPTOR_OWN | (PING_BYTES - 1));
  assert_int_equal(device.peer.report.requests, 0);
  assert_int_equal(interrupts, 0);
}

static void a_delayed_frame_that_does_not_fit_is_lost(void **state) {
  (void)state;
  for (unsigned fits = 0; fits < 2; fits++) {
    write_reg(SIM_CTRL, 0);
    memset(rx, 0, sizeof rx);
    post(0, BUFFER);
    device.faults.probability[SIM_FAULT_DELAY] = SIM_FAULT_ALWAYS;
    write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
    host_run_for_us(TICK_US + 1000); /* the first waits, the second has arrived */
    assert_int_equal(rx[0].control, PING_BYTES);
    post(1, fits != 0 ? PING_BYTES : PING_BYTES - 1);
    host_run_for_us(DELAY_US);
    assert_int_equal(rx[1].control, fits != 0 ? PING_BYTES : SIM_DESCRIPTOR_OWN | (PING_BYTES - 1));
    assert_int_equal(read_reg(SIM_RX_MISSED), 0);
  }
}

static void a_delayed_frame_without_a_descriptor_is_missed(void **state) {
  (void)state;
  post(0, BUFFER);
  device.faults.probability[SIM_FAULT_DELAY] = SIM_FAULT_ALWAYS;
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  host_run_for_us(TICK_US + 1000 + DELAY_US);
  assert_int_equal(rx[0].control, PING_BYTES);
  assert_int_equal(read_reg(SIM_RX_MISSED), 1);
}

static void a_copy_comes_where_it_fits(void **state) {
  (void)state;
  device.peer.config.burst = 1;
  device.faults.probability[SIM_FAULT_DUPLICATE] = SIM_FAULT_ALWAYS;
  for (unsigned i = 0; i < 3; i++) {
    write_reg(SIM_CTRL, 0);
    memset(rx, 0, sizeof rx);
    post(0, BUFFER);
    if (i != 0)
      post(1, i == 1 ? PING_BYTES - 1 : PING_BYTES);
    write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
    host_run_for_us(TICK_US + 1000);
    assert_int_equal(rx[0].control, PING_BYTES);
    if (i == 1)
      assert_int_equal(rx[1].control, SIM_DESCRIPTOR_OWN | (PING_BYTES - 1));
    else if (i == 2)
      assert_memory_equal(rx_buffers[1], rx_buffers[0], PING_BYTES);
  }
  assert_int_equal(rx[1].control, PING_BYTES);
}

/* ---- what goes wrong ---- */

/* From its enabling on, with a fault that always strikes: a tick's frames are on the rx ring. */
static void run_a_tick_with(enum sim_fault fault) {
  write_reg(SIM_CTRL, 0);
  memset(rx, 0, sizeof rx);
  for (unsigned i = 0; i < RING; i++)
    post(i, BUFFER);
  memset(device.faults.probability, 0, sizeof device.faults.probability);
  if (fault != SIM_FAULT_COUNT)
    device.faults.probability[fault] = SIM_FAULT_ALWAYS;
  write_reg(SIM_CTRL, SIM_CTRL_ENABLE);
  host_run_for_us(TICK_US + 1000);
}

static unsigned sequence_of(unsigned slot) {
  return (unsigned)rx_buffers[slot][40] << 8 | rx_buffers[slot][41];
}

static void one_bit_of_a_corrupt_frame_is_another(void **state) {
  uint8_t right[PING_BYTES];
  unsigned bits = 0;

  run_a_tick_with(SIM_FAULT_COUNT);
  memcpy(right, rx_buffers[0], sizeof right);
  write_reg(SIM_CTRL, 0);
  setup(state);
  run_a_tick_with(SIM_FAULT_CORRUPT);
  assert_int_equal(rx[0].control, PING_BYTES);
  for (unsigned i = 0; i < PING_BYTES; i++)
    bits += (unsigned)__builtin_popcount(rx_buffers[0][i] ^ right[i]);
  assert_int_equal(bits, 1);
}

/* To any length from one byte on, unless it is left whole. */
static void a_truncated_frame_is_shorter(void **state) {
  uint32_t least = PING_BYTES, most = 0;

  (void)state;
  for (unsigned i = 0; i < 1000; i++) {
    run_a_tick_with(SIM_FAULT_TRUNCATE);
    assert_in_range(rx[0].control, 1, PING_BYTES);
    least = rx[0].control < least ? rx[0].control : least;
    most = rx[0].control > most ? rx[0].control : most;
  }
  assert_int_equal(least, 1);
  assert_int_equal(most, PING_BYTES);
}

static void the_next_frame_overtakes_one(void **state) {
  unsigned first;

  (void)state;
  run_a_tick_with(SIM_FAULT_COUNT);
  first = sequence_of(0);
  assert_int_equal(sequence_of(1), first + 1);
  run_a_tick_with(SIM_FAULT_REORDER);
  assert_int_equal(sequence_of(0), first + 3);
  assert_int_equal(sequence_of(1), first + 2);
  assert_int_equal(rx[2].control, SIM_DESCRIPTOR_OWN | BUFFER);
}

/* What it held back belongs to the time before. */
static void what_is_held_does_not_come_after_a_new_start(void **state) {
  (void)state;
  run_a_tick_with(SIM_FAULT_DELAY);
  assert_int_equal(rx[0].control, PING_BYTES);
  assert_int_equal(rx[1].control, SIM_DESCRIPTOR_OWN | BUFFER);
  run_a_tick_with(SIM_FAULT_COUNT);
  assert_int_equal(rx[1].control, PING_BYTES);
  assert_int_equal(rx[2].control, SIM_DESCRIPTOR_OWN | BUFFER);
}

/* Frames shorter than a header, which the peer counts as wrong. */
static uint32_t sent_to_the_peer(void) {
  uint32_t before = device.peer.report.wrong;

  for (unsigned i = 0; i < RING; i++)
    tx[i] = (struct sim_descriptor){.address = (uint32_t)(uintptr_t)tx_buffer,
                                    .control = SIM_DESCRIPTOR_OWN | 5};
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX);
  host_run_for_us(1000);
  for (unsigned i = 0; i < RING; i++)
    assert_int_equal(tx[i].control, 5);
  return device.peer.report.wrong - before;
}

static void what_is_dropped_comes_nowhere(void **state) {
  (void)state;
  run_a_tick_with(SIM_FAULT_DROP);
  assert_int_equal(device.peer.report.requests, 2);
  assert_int_equal(rx[0].control, SIM_DESCRIPTOR_OWN | BUFFER);
  assert_int_equal(sent_to_the_peer(), 0);
  device.faults.probability[SIM_FAULT_DROP] = 0;
  assert_int_equal(sent_to_the_peer(), RING);
}

/* Nothing comes and nothing goes without the carrier, which returns by itself. */
static void a_link_that_flaps_is_off_for_a_while(void **state) {
  (void)state;
  run_a_tick_with(SIM_FAULT_LINK_FLAP);
  assert_int_equal(read_reg(SIM_STATUS), 0);
  assert_int_equal(rx[0].control, SIM_DESCRIPTOR_OWN | BUFFER);
  assert_int_equal(sent_to_the_peer(), 0);
  device.faults.probability[SIM_FAULT_LINK_FLAP] = 0;
  host_run_for_us(FLAP_US - 10000);
  assert_int_equal(read_reg(SIM_STATUS), 0);
  host_run_for_us(10000);
  assert_int_equal(read_reg(SIM_STATUS), SIM_STATUS_LINK);
  assert_int_equal(rx[0].control, PING_BYTES); /* it has waited */
  assert_int_equal(sent_to_the_peer(), RING);
}

static void a_storm_is_a_hundred_interrupts(void **state) {
  unsigned before;

  (void)state;
  run_a_tick_with(SIM_FAULT_COUNT);
  host_run_for_us(4 * TICK_US - 2000); /* up to the next tick */
  before = interrupts;
  device.faults.probability[SIM_FAULT_STORM] = SIM_FAULT_ALWAYS;
  write_reg(SIM_DOORBELL, SIM_DOORBELL_TX); /* there is nothing to send */
  host_run_for_us(10);
  device.faults.probability[SIM_FAULT_STORM] = 0;
  assert_int_equal(interrupts - before, 1);
  host_run_for_us(50 * STORM_US);
  assert_int_equal(interrupts - before, 51);
  host_run_for_us(500 * STORM_US);
  assert_int_equal(interrupts - before, 100);
  assert_int_equal(device.faults.struck[SIM_FAULT_STORM], 1);
}

static void dice_without_a_seed_are_thrown_all_the_same(void **state) {
  struct sim_faults faults;
  unsigned strikes = 0;

  (void)state;
  sim_faults_seed(&faults, 0);
  faults.probability[SIM_FAULT_DROP] = SIM_FAULT_ALWAYS / 2;
  for (unsigned i = 0; i < 1000; i++)
    strikes += sim_fault_strikes(&faults, SIM_FAULT_DROP);
  assert_in_range(strikes, 400, 600);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_read_only_stays, setup, teardown),
      cmocka_unit_test_setup_teardown(a_reset_leaves_the_cable, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_not_enabled_does_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(the_line_follows_status_and_mask, setup, teardown),
      cmocka_unit_test_setup_teardown(a_tx_ring_that_makes_no_sense_is_an_error, setup, teardown),
      cmocka_unit_test_setup_teardown(an_rx_ring_that_makes_no_sense_is_an_error, setup, teardown),
      cmocka_unit_test_setup_teardown(a_frame_without_a_descriptor_is_missed, setup, teardown),
      cmocka_unit_test_setup_teardown(a_whole_ring_is_sent_and_no_more, setup, teardown),
      cmocka_unit_test_setup_teardown(a_ring_that_is_stuck_does_not_interrupt, setup, teardown),
      cmocka_unit_test_setup_teardown(a_frame_that_does_not_fit_is_lost, setup, teardown),
      cmocka_unit_test_setup_teardown(a_delayed_frame_that_does_not_fit_is_lost, setup, teardown),
      cmocka_unit_test_setup_teardown(a_delayed_frame_without_a_descriptor_is_missed, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(a_copy_comes_where_it_fits, setup, teardown),
      cmocka_unit_test_setup_teardown(one_bit_of_a_corrupt_frame_is_another, setup, teardown),
      cmocka_unit_test_setup_teardown(a_truncated_frame_is_shorter, setup, teardown),
      cmocka_unit_test_setup_teardown(the_next_frame_overtakes_one, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_held_does_not_come_after_a_new_start, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(what_is_dropped_comes_nowhere, setup, teardown),
      cmocka_unit_test_setup_teardown(a_link_that_flaps_is_off_for_a_while, setup, teardown),
      cmocka_unit_test_setup_teardown(a_storm_is_a_hundred_interrupts, setup, teardown),
      cmocka_unit_test(dice_without_a_seed_are_thrown_all_the_same),
  };

  return cmocka_run_group_tests_name("sim_device", tests, NULL, NULL);
}
