/* The Cadence GEM in the conformance suite: its fake, and what only its driver has to do. */
#include "cadence_gem.h"

#include <errno.h>
#include <string.h>

#include "fake_cadence_gem.h"
#include "suite.h"

static struct cadence_gem driver;
static struct cadence_gem_rings rings;
static struct fake_cadence_gem fake;
static unsigned tx_clock; /* as the driver has set it, in Mbit/s */

static uint32_t *reg(unsigned offset) { return &fake.registers[offset / 4]; }

static void set_tx_clock(unsigned speed_mbps) { tx_clock = speed_mbps; }

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  driver.set_tx_clock = set_tx_clock;
  fake_cadence_gem_attach(&fake);
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  return fake_cadence_gem_receive(&fake, frame, length);
}

static void send(unsigned frames) { fake_cadence_gem_send(&fake, frames); }

static void set_link(bool up) { fake.link = up; }

/* ---- errors ---- */

static bool fail_rx(const struct fake_error *error) {
  return fake_cadence_gem_report(&fake, error->bits[0], error->bits[1]);
}

static bool fail_tx(const struct fake_error *error) {
  return fake_cadence_gem_fail(&fake, error->bits[0], error->bits[1], error->bits[2]);
}

static const struct fake_error errors[] = {
    {"a bus error of the rx DMA", fail_rx, NIC_RECOVERIES, {1 << 3, 1 << 11}},
    {"the retry limit", fail_tx, NIC_RECOVERIES, {1 << 29, 1 << 2, 1 << 5}},
    {"a late collision", fail_tx, NIC_RECOVERIES, {1 << 26, 1 << 7, 1 << 5}},
    {"a bus error in mid-frame", fail_tx, NIC_RECOVERIES, {1 << 27, 1 << 4, 1 << 6}},
    {"an underrun", fail_tx, NIC_RECOVERIES, {1 << 28, 1 << 6, 1 << 4}},
    {"a bus error at a tx descriptor", fail_tx, NIC_RECOVERIES, {0, 1 << 8, 1 << 11}},
    {.name = NULL},
};

static void forget(void) { fake_cadence_gem_forget(&fake); }

static const struct fake_absence absences[] = {
    {"no PHY", &fake.phy_address, 40},
    {"a management interface that hangs", &fake.mdio_dead, true},
    {"no MAC at this address", &fake.registers[0xfc / 4], 0},
    {"a MAC without power", &fake.without_power, true},
    {.name = NULL},
};

/* Only the descriptor shows it. */
static void a_frame_that_was_not_sent_is_no_frame_sent(void) {
  rig_hold_tx(true);
  for (unsigned i = 0; i < 5; i++)
    rig_must_transmit(100, 1, 8);
  rig_run();
  assert_true(fake_cadence_gem_fail(&fake, 1 << 29, 0, 0));
  nic_watch(rig.nic); /* looks at the rings */
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 1);
  rig_hold_tx(false);
  rig_check_traffic();
}

/* Lost under the mask, where nothing interrupts; and after it, because the device had looked before
 * the frame was there. */
static void a_kick_that_is_lost_is_made_again(void) {
  for (unsigned i = 0; i < 3; i++) {
    fake.lose_kick = true;
    rig_must_transmit(100, 1 + i, 8);
    rig_run();
    assert_int_equal(rig.sent, i + 1);
  }
  rig_hold_tx(true);
  fake.has_looked = true;
  rig_must_transmit(100, 2, 8);
  rig_run();
  rig_send(1);
  rig_run();
  assert_int_equal(rig.sent, 3);
  rig_send(1);
  rig_run();
  assert_int_equal(rig.sent, 4);
  rig_hold_tx(false);
  assert_int_equal(rig.nic->counters[NIC_TX_TIMEOUTS], 0);
  rig_check_idle();
}

/* A burst of short frames can hang it: the only sign is that no frame is counted. */
static void a_receiver_that_hangs_is_turned_off_and_on(void) {
  rig_check_traffic();
  fake.rx_hangs = true;
  assert_int_equal(rig_wire(60), FAKE_FILTERED);
  for (unsigned i = 0; i < 3; i++) { /* the first one sees what came before */
    assert_true(fake.rx_hangs);
    nic_watch(rig.nic);
    rig_run();
  }
  rig_check_traffic();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

/* It may stay stuck where it has found no buffer, though there is one again (16.7.4). */
static void a_receiver_that_found_no_buffer_is_turned_off_and_on(void) {
  enum fake_verdict verdict = FAKE_RECEIVED;
  uint32_t masked = port_irq_save();
  unsigned stops = fake.rx_stops;

  for (unsigned i = 0; i < RIG_TRIES_MAX && verdict == FAKE_RECEIVED; i++)
    verdict = rig_wire(60);
  port_irq_restore(masked);
  assert_int_not_equal(verdict, FAKE_RECEIVED);
  rig_run();
  assert_true(fake.rx_stops > stops);
  rig_check_traffic();
}

static void a_receiver_that_has_frames_is_let_alone(void) {
  unsigned stops;

  rig_wire_all(1, 60);
  nic_watch(rig.nic);
  stops = fake.rx_stops;
  for (unsigned i = 0; i < 10; i++) {
    rig_wire_all(i % 2, 60); /* to this station, now and then */
    nic_watch(rig.nic);
    rig_run();
  }
  assert_int_equal(fake.rx_stops, stops);
  for (unsigned i = 0; i < 10; i++) /* and finally one that receives none, too */
    nic_watch(rig.nic);
  assert_int_equal(fake.rx_stops, stops + 4);
}

/* The device goes on by itself, and what the model reports by mistake does no harm. */
static void an_overrun_is_no_fault(void) {
  assert_true(fake_cadence_gem_report(&fake, 1 << 2, 1 << 10));
  rig_run();
  assert_int_equal(*reg(0x20) & 1 << 2, 0);
  assert_true(fake_cadence_gem_report(&fake, 0, 1 << 6)); /* as for an rx frame that is too long */
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
  rig_check_traffic();
}

static void a_frame_that_is_longer_than_a_buffer_counts_once(void) {
  rig_must_wire_bad(RIG_BUFFER + 2);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_IN_TOO_LONG], 1);
  assert_int_equal(nic_dropped(rig.nic), 1);
  rig_check_traffic();
}

static void what_the_device_drops_is_counted(void) {
  static const struct {
    unsigned offset, counter;
  } drops[] = {
      {0x184, NIC_IN_RUNT},  {0x188, NIC_IN_TOO_LONG}, {0x18c, NIC_IN_TOO_LONG},
      {0x190, NIC_IN_ERROR}, {0x194, NIC_IN_ERROR},    {0x198, NIC_IN_ERROR},
      {0x19c, NIC_IN_ERROR}, {0x1a0, NIC_IN_OVERFLOW}, {0x1a4, NIC_IN_OVERFLOW},
  };

  for (unsigned i = 0; i < sizeof drops / sizeof *drops; i++) {
    uint32_t before = rig.nic->counters[drops[i].counter];

    *reg(drops[i].offset) = i + 1;
    nic_poll_link(rig.nic);
    nic_poll_link(rig.nic); /* they are cleared by reading: nothing is counted twice */
    assert_int_equal(rig.nic->counters[drops[i].counter] - before, i + 1);
  }
  *reg(0x190) = 100;
  assert_int_equal(nic_stop(rig.nic), 0);
  assert_int_equal(nic_dropped(rig.nic), 45 + 100);
}

/* ---- registers ---- */

static void it_programs_its_registers(void) {
  fake.phy_address = 31;
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(driver.phy.address, 31);
  assert_int_equal(*reg(0x00) & 0xc, 0);       /* receiver, transmitter */
  assert_int_equal(*reg(0x30) & 0xfff, 0xfff); /* interrupts */
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(*reg(0x88), 0x12000002);
  assert_int_equal(*reg(0x8c), 0x5634);
  assert_int_equal(*reg(0x10) >> 16 & 0xff, RIG_BUFFER / 64);
}

static void checksums_are_made_only_if_they_are_to_be(void) {
  rig_enable();
  assert_int_equal(*reg(0x10) >> 11 & 1, 1);
  assert_int_equal(nic_stop(rig.nic), 0);
  rig_offload_nothing();
  rig_enable();
  assert_int_equal(*reg(0x10) >> 11 & 1, 0);
  nic_poll_link(rig.nic);
  assert_false(rig.nic->faulted);
}

static void check_speed(unsigned speed_mbps, uint32_t configuration) {
  nic_poll_link(rig.nic);
  assert_int_equal(rig.nic->link.speed_mbps, speed_mbps);
  assert_int_equal(*reg(0x04) & 0x403, configuration);
  assert_int_equal(tx_clock, speed_mbps);
}

/* Its buffer sizes are in units of 64 bytes. */
static void odd_buffers_are_refused(void) {
  struct nic_config config = *rig.nic->config;
  const struct nic_config *good = rig.nic->config;

  assert_int_equal(nic_start(rig.nic), 0);
  rig.nic->config = &config;
  config.pool.buffer_size = 1504;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -EINVAL);
  rig.nic->config = good;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
}

/* The clock may be from another life: a boot loader's, or of a link before a restart. */
static void the_clock_is_set_at_each_start(void) {
  fake.partner_1000 = false;
  for (unsigned i = 0; i < 3; i++) {
    tx_clock = 0;
    rig_enable();
    assert_int_equal(tx_clock, 100);
    assert_int_equal(nic_stop(rig.nic), 0);
  }
}

static void it_follows_the_links_speed(void) {
  check_speed(1000, 0x402);
  fake.partner_1000 = false;
  check_speed(100, 0x003);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_10_HALF), 0);
  check_speed(10, 0);
  assert_int_equal(fake.phy[0], 0);
  fake.phy[0] = 0x3100; /* it had no power for a while */
  nic_watch(rig.nic);
  assert_int_equal(fake.phy[0], 0);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_1000_FULL), 0);
  assert_int_equal(fake.phy[0] & 0x1200, 0x1200); /* by negotiation, advertising nothing else */
  assert_int_equal(fake.phy[4], 0x0001);
  nic_watch(rig.nic);
  rig_check_traffic();
}

static const struct suite_test tests[] = {
    SUITE_TEST(a_frame_that_was_not_sent_is_no_frame_sent),
    SUITE_TEST(a_kick_that_is_lost_is_made_again),
    SUITE_TEST(a_receiver_that_hangs_is_turned_off_and_on),
    SUITE_TEST(a_receiver_that_found_no_buffer_is_turned_off_and_on),
    SUITE_TEST(a_receiver_that_has_frames_is_let_alone),
    SUITE_TEST(an_overrun_is_no_fault),
    SUITE_TEST(a_frame_that_is_longer_than_a_buffer_counts_once),
    SUITE_TEST(what_the_device_drops_is_counted),
    SUITE_TEST_BARE(it_programs_its_registers),
    SUITE_TEST_BARE(checksums_are_made_only_if_they_are_to_be),
    SUITE_TEST_BARE(odd_buffers_are_refused),
    SUITE_TEST_BARE(the_clock_is_set_at_each_start),
    SUITE_TEST(it_follows_the_links_speed),
    SUITE_TESTS_END,
};

const struct fake_mac fake_mac_cadence_gem = {
    .ops = &cadence_gem_ops,
    FAKE_MAC_MEMBERS,
    .base = FAKE_GEM_BASE,
    .irq = FAKE_GEM_IRQ,
    .rings = &rings,
    .rings_size = sizeof rings,
    .unit = 4,
    .hold_tx = &fake.hold_tx,
    .sends_at_once = true,
    .power = &fake.without_power,
    .forget = forget,
    .bad_accesses = &fake.bad_accesses,
    .tests = tests,
};
