/* The LAN9118 in the conformance suite: its fake, and what only its driver has to do. */
#include "lan9118.h"

#include <errno.h>
#include <string.h>

#include "fake_lan9118.h"
#include "suite.h"

enum { TIGHT_BUFFER = 576 /* no byte more than its longest frame */ };

static struct lan9118 driver;
static struct fake_lan9118 fake;

static void power_on(void) { fake_lan9118_attach(&fake); }

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  return fake_lan9118_receive(&fake, frame, length);
}

static void send(unsigned frames) { fake_lan9118_send(&fake, frames); }

static void set_link(bool up) { fake.link = up; }

/* ---- errors ---- */

static bool raise(const struct fake_error *error) {
  return fake_lan9118_raise(&fake, error->bits[0]);
}

static bool fail_rx(const struct fake_error *error) {
  fake.rx_errors = error->bits[0];
  return true;
}

static bool fail_tx(const struct fake_error *error) {
  return fake_lan9118_fail(&fake, error->bits[0]);
}

static const struct fake_error errors[] = {
    {"a wrong FCS", fail_rx, NIC_IN_ERROR, {1 << 15 | 1 << 1}},
    {"an overrun of the tx FIFO", raise, NIC_RECOVERIES, {1 << 10}}, /* TDFO */
    {"a tx FIFO that is out of step", raise, NIC_RECOVERIES, {1 << 13}},
    {"an rx FIFO that is out of step", raise, NIC_RECOVERIES, {1 << 14}},
    {"an overflow of the tx statuses", raise, NIC_RECOVERIES, {1 << 16}}, /* TXSO */
    {"sixteen collisions", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 8}},
    {"the tag of another frame", fail_tx, NIC_RECOVERIES, {1 << 20}},
    {.name = NULL},
};

static void forget(void) { fake_lan9118_forget(&fake); }

static const struct fake_absence absences[] = {
    {"no PHY", &fake.phy_address, 40},
    {"no device at this address", &fake.absent, true},
    {"a device that never gets ready", &fake.never_ready, true},
    {"a reset that never ends", &fake.reset_hangs, true},
    {"a MAC that does not answer", &fake.csr_hangs, true},
    {"a management interface that hangs", &fake.mii_hangs, true},
    {.name = NULL},
};

/* It reads as all ones, which counts as one bad frame, and as no statistics. */
static void a_mac_that_goes_away_is_back_when_it_comes_back(void) {
  fake.absent = true;
  nic_interrupt(rig.nic);
  nic_watch(rig.nic);
  rig_run();
  assert_int_equal(rig.nic->state, NIC_STARTED);
  assert_false(nic_link_is_active(rig.nic));
  assert_int_equal(rig.nic->pool.free_count, RIG_PACKETS);
  assert_int_equal(rig.nic->counters[NIC_IN_OVERFLOW], 0);
  rig.wired += rig.nic->counters[NIC_IN_ERROR];
  assert_int_equal(rig.nic->counters[NIC_IN_ERROR], 1);
  fake.absent = false;
  nic_watch(rig.nic);
  rig_check_traffic();
}

/* The filter of a newer revision is set without a change of MAC_CR: nothing of that is remembered
 * over a reset. */
static void so_is_a_newer_one(void) {
  fake.revision = 2;
  fake.absent = true;
  nic_watch(rig.nic);
  rig_run();
  rig.wired += rig.nic->counters[NIC_IN_ERROR];
  fake.absent = false;
  for (unsigned i = 0; i < 2; i++) { /* it is reset, and finds the link */
    nic_watch(rig.nic);
    rig_run();
  }
  rig_check_traffic();
}

static void a_mac_that_answers_no_more_is_not_enabled(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  fake.csr_hangs = true;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -EIO);
  assert_int_equal(rig.nic->state, NIC_STARTED);
  fake.csr_hangs = false;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_check_traffic();
}

static void a_length_that_no_frame_has_is_cured_by_a_reset(void) {
  fake.rx_status[fake.rx_status_head % FAKE_LAN9118_RX_STATUSES] = UINT32_C(3000) << 16;
  fake.rx_status_used = 1;
  rig.wired++;
  nic_watch(rig.nic);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(rig.nic->counters[NIC_IN_ERROR], 1);
  rig_check_traffic();
}

static void a_frame_that_is_too_long_is_skipped_and_counted(void) {
  for (unsigned i = 0; i < 100; i++) {
    fake.rx_errors = 1 << 15 | 1 << 7; /* error, too long */
    rig_must_wire_bad(1519);
    rig_must_wire_bad(RIG_BUFFER - 1 + i); /* longer than a buffer with its offset */
    rig_wire_all(1, 100 + i);
    rig_check_idle();
  }
  assert_int_equal(rig.nic->counters[NIC_IN_TOO_LONG], 200);
}

/* ---- what another system may have left behind ---- */

static void a_mac_that_sleeps_is_woken(void) {
  fake.asleep = true;
  assert_int_equal(nic_start(rig.nic), 0);
  fake.asleep = true;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_check_traffic();
}

/* A soft reset needs the PHY's clocks. */
static void a_phy_that_sleeps_is_woken(void) {
  fake.phy_control = 1 << 11; /* powered down */
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_stop(rig.nic), 0);
  fake.phy_saves_energy = true;
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_100_FULL), 0);
  fake.phy_saves_energy = true; /* its cable is pulled */
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(fake.phy_control, 0x2100);
  rig_check_traffic();
}

/* ---- FIFOs ---- */

static void the_ip_header_is_aligned_where_the_buffer_has_room(void) {
  rig_wire_all(1, 100);
  assert_int_equal(((uintptr_t)rig.payload + ETH_HEADER_BYTES) % 4, 0);
}

static void a_tight_buffer_takes_its_longest_frame(void) {
  static struct nic_config config;
  struct dispatch_queue *dispatch = rig.nic->dispatch;
  void (*input)(struct nic * nic, struct pbuf * frame) = rig.nic->input;

  config = *rig.nic->config;
  config.pool.buffer_size = TIGHT_BUFFER;
  assert_int_equal(nic_free(rig.nic), 0);
  assert_int_equal(nic_init(rig.nic, &config, dispatch), 0);
  rig.nic->input = input;
  rig_enable();
  assert_int_equal(rig.nic->mtu, TIGHT_BUFFER - ETH_HEADER_BYTES);
  for (unsigned i = 0; i < 2000; i++)
    rig_wire_all(1, RIG_FRAME_MIN + i % (TIGHT_BUFFER - RIG_FRAME_MIN + 1));
  assert_int_equal(nic_dropped(rig.nic), 0);
  rig_check_idle();
}

/* Three full frames fill the FIFO long before the ring is full; the rest follows by itself. */
static void a_full_fifo_is_waited_for(void) {
  unsigned sent = rig.sent;

  rig_hold_tx(true);
  for (unsigned i = 0; i < 20; i++)
    rig_must_transmit(RIG_FRAME_MAX, 1, 8);
  rig_run();
  assert_int_equal(fake.written - fake.sent, FAKE_LAN9118_TX_BYTES / 1524);
  for (unsigned i = 0; i < 20; i++) {
    rig_send(1);
    rig_run();
    assert_int_equal(rig.sent, ++sent);
  }
  rig_hold_tx(false);
  assert_int_equal(nic_dropped(rig.nic), 0);
  rig_check_idle();
}

/* The stack holds all buffers: frames wait in the FIFO, without an interrupt storm. A single buffer
 * then takes them all, one after another. The MAC counts what the FIFO has no room for. */
static void frames_wait_in_the_fifo_for_a_buffer(void) {
  uint32_t interrupts;
  unsigned delivered = rig.delivered + RIG_PACKETS;

  rig.hoard = true;
  rig_wire_all(RIG_PACKETS, 200);
  rig.hoard = false;
  assert_int_equal(ring_count(&rig.nic->rx_ring.ring), 0);
  interrupts = rig.nic->counters[NIC_INTERRUPTS];
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(rig_wire(1000), FAKE_RECEIVED);
  rig_run();
  assert_true(rig.nic->counters[NIC_INTERRUPTS] - interrupts <= 1);
  while (rig.lost < 3)
    (void)rig_wire(1000);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_IN_OVERFLOW], 3);
  assert_int_equal(rig.delivered, delivered);
  rig_give_back(1);
  rig_run();
  assert_int_equal(rig.delivered, rig.wired);
  rig_give_back(RIG_PACKETS);
  rig_run();
  assert_int_equal(ring_count(&rig.nic->rx_ring.ring), LAN9118_RX_BUFFERS);
  rig_check_traffic();
}

/* RSFL and TSFL as in the emulator: raised as a status arrives, and not again while it waits. */
static void all_goes_on_where_causes_are_edges(void) {
  fake.edges = true;
  rig_check_traffic();
  a_full_fifo_is_waited_for();
  frames_wait_in_the_fifo_for_a_buffer();
}

/* ---- registers ---- */

static void it_programs_its_registers(void) {
  fake.phy_address = 31;
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(driver.phy.address, 31);
  assert_int_equal(fake.registers[0x5c / 4], 0); /* INT_EN */
  assert_int_equal(fake.mac[1] & 0xc, 0);        /* rx and tx */
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(fake.mac[3], 0x12000002);
  assert_int_equal(fake.mac[2], 0x5634);
  assert_int_equal(fake.mac[1] & ~(UINT32_C(1) << 23), 0x0010200c);
  assert_int_equal(fake.registers[0x54 / 4], 0x111); /* IRQ_CFG: on, high, push-pull */
}

static void it_follows_the_links_duplex(void) {
  fake.partner = 0x0021; /* 10 Mbit/s, half duplex */
  nic_poll_link(rig.nic);
  assert_int_equal(rig.nic->link.speed_mbps, 10);
  assert_int_equal(fake.mac[1] & (1 << 20 | 1 << 23), 1 << 23);
  fake.partner = 0x0f71;
  nic_poll_link(rig.nic);
  assert_int_equal(fake.mac[1] & (1 << 20 | 1 << 23), 1 << 20);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_10_FULL), 0);
  assert_int_equal(fake.phy_control, 0x0100);
  fake.phy_control = 0x3100; /* it had no power for a while */
  nic_watch(rig.nic);
  assert_int_equal(fake.phy_control, 0x0100);
  fake.phy_control = 0x3000; /* what the emulator's reset does to it */
  assert_int_equal(nic_recover(rig.nic), 0);
  assert_int_equal(fake.phy_control, 0x0100);
}

/* Later ones are not stopped: nothing is lost. */
static void the_filter_changes_while_old_revisions_receive_nothing(void) {
  static const uint8_t group[ETH_ADDRESS_BYTES] = {1, 0, 0x5e, 1, 2, 3};

  for (fake.revision = 0; fake.revision < 4; fake.revision++) {
    fake.filter_writes_on = 0;
    assert_int_equal(nic_join_group(rig.nic, group), 0);
    assert_int_equal(fake.bad_accesses, 0);
    assert_int_equal(fake.filter_writes_on, fake.revision < 2 ? 0 : 2);
    rig_check_traffic();
    assert_int_equal(nic_leave_group(rig.nic, group), 0);
  }
}

static const struct suite_test tests[] = {
    SUITE_TEST(a_mac_that_goes_away_is_back_when_it_comes_back),
    SUITE_TEST(so_is_a_newer_one),
    SUITE_TEST_BARE(a_mac_that_answers_no_more_is_not_enabled),
    SUITE_TEST(a_length_that_no_frame_has_is_cured_by_a_reset),
    SUITE_TEST(a_frame_that_is_too_long_is_skipped_and_counted),
    SUITE_TEST_BARE(a_mac_that_sleeps_is_woken),
    SUITE_TEST_BARE(a_phy_that_sleeps_is_woken),
    SUITE_TEST(the_ip_header_is_aligned_where_the_buffer_has_room),
    SUITE_TEST_BARE(a_tight_buffer_takes_its_longest_frame),
    SUITE_TEST(a_full_fifo_is_waited_for),
    SUITE_TEST(frames_wait_in_the_fifo_for_a_buffer),
    SUITE_TEST(all_goes_on_where_causes_are_edges),
    SUITE_TEST_BARE(it_programs_its_registers),
    SUITE_TEST(it_follows_the_links_duplex),
    SUITE_TEST(the_filter_changes_while_old_revisions_receive_nothing),
    SUITE_TESTS_END,
};

const struct fake_mac fake_mac_lan9118 = {
    .ops = &lan9118_ops,
    FAKE_MAC_MEMBERS,
    .base = FAKE_LAN9118_BASE,
    .irq = FAKE_LAN9118_IRQ,
    .hold_tx = &fake.hold_tx,
    .power = &fake.absent,
    .forget = forget,
    .sends_at_once = true,
    .bad_accesses = &fake.bad_accesses,
    .tests = tests,
};
