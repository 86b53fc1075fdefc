/* The i.MX ENET in the conformance suite: its fake, and what only its driver has to do. */
#include "imx_enet.h"

#include <errno.h>
#include <string.h>

#include "datapath.h"
#include "fake_imx_enet.h"
#include "frame.h"
#include "suite.h"

enum {
  EIR = 0x004 / 4,
  EIMR = 0x008 / 4,
  RDAR = 0x010 / 4,
  ECR = 0x024 / 4,
  RCR = 0x084 / 4,
  TCR = 0x0c4 / 4,
  PALR = 0x0e4 / 4,
  PAUR = 0x0e8 / 4,
  OPD = 0x0ec / 4,
  IAUR = 0x118 / 4,
  IALR = 0x11c / 4,
  GAUR = 0x120 / 4,
  GALR = 0x124 / 4,
  MRBR = 0x188 / 4,
  MIBC = 0x064 / 4,
  DROPPED_OVERFLOW = 0x2d8 / 4, /* IEEE_R_MACERR */
  IINS = 1 << 27,
  PINS = 1 << 28,
};

static struct imx_enet driver;
static _Alignas(IMX_ENET_ALIGNMENT) struct imx_enet_rings rings;
static struct fake_imx_enet fake, other; /* the other one's management interface may have the PHY */

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  driver.module_hz = 66000000;
  driver.phy_addresses = 1 << 2;
  driver.mdio_bases[0] = FAKE_ENET_BASE;
  driver.mdio_bases[1] = FAKE_ENET2_BASE;
  fake_imx_enet_attach(&fake, FAKE_ENET_BASE);
  fake_imx_enet_attach(&other, FAKE_ENET2_BASE);
  other.phy_addresses = 0;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  return fake_imx_enet_receive(&fake, frame, length);
}

static void send(unsigned frames) { fake_imx_enet_send(&fake, frames); }

static void send_part(void) { fake_imx_enet_send_part(&fake); }

static void set_link(bool up) { fake.link = up; }

/* ---- errors ---- */

static bool report(const struct fake_error *error) {
  return fake_imx_enet_report(&fake, error->bits[0]);
}

static bool fail_rx(const struct fake_error *error) {
  fake.rx_errors = error->bits[0];
  return true;
}

static bool fail_tx(const struct fake_error *error) {
  return fake_imx_enet_fail(&fake, error->bits[0], error->bits[1]);
}

static const struct fake_error errors[] = {
    {"a bus error", report, NIC_RECOVERIES, {1 << 22}},
    {"a wrong FCS", fail_rx, NIC_IN_ERROR, {1 << 18}},
    {"bytes that are not whole", fail_rx, NIC_IN_ERROR, {1 << 20}},
    {"an overrun", fail_rx, NIC_IN_OVERFLOW, {1 << 17}},
    {"an underrun", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 13, 1 << 19}},
    {"too many collisions", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 12, 1 << 20}},
    {"a late collision", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 10, 1 << 21}},
    {"a frame error", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 11, 0}},
    {"a timestamp error", fail_tx, NIC_OUT_ERROR, {1 << 15 | 1 << 8, 1 << 16}},
    {"an overflow of the transmitter", fail_tx, NIC_RECOVERIES, {1 << 15 | 1 << 9, 0}},
    {.name = NULL},
};

static void forget(void) { fake_imx_enet_forget(&fake); }

static const struct fake_absence absences[] = {
    {"no PHY", &fake.phy_addresses, 0},
    {"a management interface that hangs", &fake.mdio_hangs, true},
    {"a reset that never ends", &fake.reset_hangs, true},
    {"a MAC without power", &fake.without_power, true},
    {.name = NULL},
};

/* A frame with several causes is counted under one. */
static void bad_frames_count_each_in_one_cause(void) {
  static const struct {
    uint32_t length, errors;
    enum nic_counter counter;
  } frames[] = {
      {1519, 0, NIC_IN_TOO_LONG},                   /* LG: with its FCS longer than 1522 */
      {1519, 1 << 18, NIC_IN_TOO_LONG},             /* and CR */
      {RIG_BUFFER + 400, 1 << 18, NIC_IN_TOO_LONG}, /* TR, "and always CR" */
      {RIG_BUFFER + 400, 1 << 17, NIC_IN_OVERFLOW}, /* OV: the other flags mean nothing */
      {0, 0, NIC_IN_RUNT},                          /* just an FCS */
      {5, 0, NIC_IN_RUNT},                          /* less than a header */
  };

  for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
    uint32_t before = rig.nic->counters[frames[i].counter];

    fake.rx_errors = frames[i].errors;
    rig_must_wire_bad(frames[i].length);
    rig_run();
    assert_int_equal(rig.nic->counters[frames[i].counter], before + 1);
    assert_int_equal(nic_dropped(rig.nic), i + 1);
    rig_check_traffic();
  }
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

/* FTRL rules it out, but it must not be taken for several frames. */
static void a_frame_in_several_buffers_counts_once(void) {
  fake.registers[MRBR] = 256;
  rig_must_wire_bad(1000);
  rig_run();
  fake.registers[MRBR] = RIG_BUFFER;
  assert_int_equal(rig.nic->counters[NIC_IN_TOO_LONG], 1);
  assert_int_equal(nic_dropped(rig.nic), 1);
  rig_check_traffic();
}

/* Three overflows, of which two frames reach a descriptor, truncated: one before the statistics
 * show them, one after. */
static void an_overflow_counts_once(void) {
  for (unsigned i = 1; i <= 3; i++) {
    fake.rx_errors = 1 << 17;
    rig_must_wire_bad(200);
    rig_run();
    fake.registers[DROPPED_OVERFLOW] += 3;
    nic_poll_link(rig.nic);
    fake.rx_errors = 1 << 17;
    rig_must_wire_bad(200);
    rig_run();
    assert_int_equal(rig.nic->counters[NIC_IN_OVERFLOW], 3 * i);
  }
  fake.registers[DROPPED_OVERFLOW] += 2;
  assert_int_equal(nic_stop(rig.nic), 0);
  assert_int_equal(rig.nic->counters[NIC_IN_OVERFLOW], 11);
  assert_int_equal(nic_dropped(rig.nic), 11);
}

/* The statistics start at any value, and have 16 bits. */
static void what_the_device_drops_is_counted(void) {
  static const struct {
    unsigned offset, counter;
  } drops[] = {
      {0x294, NIC_IN_RUNT}, {0x29c, NIC_IN_RUNT}, {0x2c8, NIC_IN_ERROR}, {0x2d8, NIC_IN_OVERFLOW}};

  assert_int_equal(nic_dropped(rig.nic), 0);
  for (unsigned i = 0; i < 3 * sizeof drops / sizeof *drops; i++) {
    uint32_t *statistic = &fake.registers[drops[i / 3].offset / 4];
    uint32_t before = rig.nic->counters[drops[i / 3].counter];

    *statistic = (*statistic + 30000) & 0xffff;
    nic_poll_link(rig.nic);
    nic_poll_link(rig.nic); /* nothing is counted twice */
    assert_int_equal(rig.nic->counters[drops[i / 3].counter] - before, 30000);
  }
}

/* After a reset they have any value, and are off. */
static void what_the_device_dropped_before_a_reset_counts_once(void) {
  fake.registers[DROPPED_OVERFLOW] += 3;
  nic_poll_link(rig.nic);
  forget();
  for (unsigned i = 0; i < 3; i++) {
    nic_watch(rig.nic);
    rig_run();
  }
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(nic_dropped(rig.nic), 3);
  assert_int_equal(fake.registers[MIBC], 0);
  fake.registers[DROPPED_OVERFLOW] += 2;
  nic_poll_link(rig.nic);
  assert_int_equal(nic_dropped(rig.nic), 5);
}

/* Babbling (BABR, BABT), a payload's length error and others are reported elsewhere, or are no
 * errors. */
static void other_events_disturb_nothing(void) {
  for (unsigned bit = 0; bit < 32; bit++) {
    if (bit != 22)
      assert_true(fake_imx_enet_report(&fake, UINT32_C(1) << bit));
    rig_run();
    rig_check_traffic();
  }
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
  assert_int_equal(nic_dropped(rig.nic), 0);
}

/* The interrupt acknowledges only its own events: a management frame that ends just then is not
 * missed. */
static void an_interrupt_leaves_the_management_interface_alone(void) {
  uint32_t before = rig.nic->counters[NIC_INTERRUPTS];

  assert_true(fake_imx_enet_report(&fake, 1 << 25 | 1 << 23)); /* RXF, MII */
  assert_int_equal(fake.registers[EIR] & 1 << 23, 1 << 23);
  assert_int_equal(rig.nic->counters[NIC_INTERRUPTS], before + 1);
}

/* At once; the watch would be late. */
static void a_kick_that_is_lost_is_made_again(void) {
  for (unsigned i = 0; i < 3; i++) {
    fake.lose_kick = true;
    rig_must_transmit(100, 1 + i, 8);
    rig_run();
    assert_int_equal(rig.sent, i + 1);
  }
  assert_int_equal(rig.nic->counters[NIC_TX_TIMEOUTS], 0);
}

static void a_graceful_stop_that_never_ends_is_one_all_the_same(void) {
  rig_hold_tx(true);
  for (unsigned i = 0; i < 20; i++)
    rig_must_transmit(100, 1 + i % 4, 8);
  rig_run();
  rig_send(3);
  fake.stop_hangs = true;
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(rig.nic->pool.free_count, RIG_PACKETS);
  rig_hold_tx(false);
  rig_check_idle();
  assert_int_equal(rig.sent, 3);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_check_traffic();
}

/* ---- registers ---- */

static void it_programs_its_registers(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(driver.phy.address, 2);
  assert_int_equal(fake.registers[ECR] & 2, 0);
  assert_int_equal(fake.registers[EIMR], 0);
  /* As a boot loader may leave them: stations whose frames it would let in, the time of a PAUSE. */
  fake.registers[IAUR] = fake.registers[IALR] = UINT32_MAX;
  fake.registers[OPD] = 0xffff;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(fake.registers[PALR], 0x02000012);
  assert_int_equal(fake.registers[PAUR], 0x34568808);
  assert_int_equal(fake.registers[IAUR] | fake.registers[IALR] | fake.registers[OPD], 0);
  assert_int_equal(fake.registers[MRBR], RIG_BUFFER);
  assert_int_equal(fake.registers[RDAR], 1 << 24);
  assert_int_equal(fake.registers[RCR] >> 16, 1522); /* a frame with a VLAN tag may be longer */
}

static void buffers_that_it_cannot_reach_are_refused(void) {
  struct nic_config config = *rig.nic->config;
  const struct nic_config *good = rig.nic->config;

  assert_int_equal(nic_start(rig.nic), 0);
  rig.nic->config = &config;
  config.pool.alignment = 32;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -EINVAL);
  config.pool.alignment = 64;
  config.pool.buffer_size = 1504;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -EINVAL);
  rig.nic->config = good;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
}

/* Both PHYs are on one management interface, which is the other MAC's; that MAC may be reset
 * later. */
static void the_phy_may_be_on_the_other_macs_interface(void) {
  fake.phy_addresses = 0;
  other.phy_addresses = 1 << 1 | 1 << 2;
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(driver.phy.address, 2);
  assert_int_equal(other.mdio_writes, 1 << 2);
  fake_imx_enet_attach(&other, FAKE_ENET2_BASE);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_true(nic_link_is_active(rig.nic));
  rig_check_traffic();
  assert_int_equal(other.bad_accesses, 0);
}

static void check_speed(unsigned speed_mbps, uint32_t tcr, uint32_t rcr, unsigned recoveries) {
  nic_watch(rig.nic);
  rig_run();
  assert_int_equal(rig.nic->link.speed_mbps, speed_mbps);
  assert_int_equal(fake.registers[TCR], tcr);         /* full duplex */
  assert_int_equal(fake.registers[RCR] & 0x202, rcr); /* 10 Mbit/s, half duplex */
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], recoveries);
}

static void it_follows_the_links_speed(void) {
  check_speed(100, 1 << 2, 0, 0);
  fake.link = false;
  nic_watch(rig.nic);
  rig_run();
  assert_false(nic_link_is_active(rig.nic));
  fake.link = true;
  check_speed(100, 1 << 2, 0, 0); /* as before */
  fake.phy[5] = 0x0021;           /* the partner is capable of 10 Mbit/s half duplex only */
  check_speed(10, 0, 0x202, 1);
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_100_HALF), 0);
  assert_int_equal(fake.phy[0], 0x2000);
  fake.phy[0] = 0x3100; /* it had no power for a while */
  nic_watch(rig.nic);
  assert_int_equal(fake.phy[0], 0x2000);
  check_speed(100, 0, 0x002, 2);
  rig_check_traffic();
}

static void the_hash_is_the_manuals(void) {
  static const uint8_t firsts[] = {0x65, 0x55, 0x15, 0x35, 0xb5, 0x95, 0xd5, 0xf5, 0xdb};

  for (unsigned i = 0; i < sizeof firsts; i++) {
    uint8_t group[ETH_ADDRESS_BYTES] = {0, 255, 255, 255, 255, 255};

    group[0] = firsts[i];
    assert_int_equal(fake_imx_enet_hash(group), i);
    assert_int_equal(nic_join_group(rig.nic, group), 0);
    assert_int_equal(fake.registers[GALR], 1 << i);
    assert_int_equal(fake.registers[GAUR], 0);
    assert_int_equal(nic_leave_group(rig.nic, group), 0);
  }
}

/* ---- checksums: their fields are 0 where lwIP leaves them out ---- */

static void checksums_are_inserted_where_lwip_leaves_them_out(void) {
  static const struct {
    struct frame_packet packet;
    uint32_t options;
  } frames[] = {
      {{0x0800, 0, 0, FRAME_TCP, 0}, IINS | PINS},
      {{0x0800, 0, 0, FRAME_UDP, 0}, IINS | PINS},
      {{0x0800, 0x4000, 0, FRAME_TCP, 0}, IINS | PINS}, /* don't fragment */
      {{0x0800, 0x2000, 0, FRAME_UDP, 0}, IINS},        /* more fragments: lwIP has made it */
      {{0x0800, 0x00b9, 0, FRAME_UDP, 0}, IINS},        /* a later fragment */
      {{0x0800, 0x0100, 0, FRAME_UDP, 0}, IINS},
      {{0x0800, 0, 0, 1, 0}, IINS},           /* ICMP: lwIP makes it */
      {{0x0800, 0, 0, 2, 0}, IINS},           /* IGMP */
      {{0x0800, 0, 0x1234, FRAME_UDP, 0}, 0}, /* not from lwIP */
      {{0x0800, 0, 0x0001, FRAME_TCP, 0}, 0},
      {{0x0806, 0, 0, 0, 0}, 0}, /* not IPv4 */
      {{0x86dd, 0, 0, 0, 0}, 0},
      {{0x8800, 0, 0, 0, 0}, 0},
      {{0x8100, 0, 0, 0, 0}, 0},
  };

  rig.foreign = true;
  for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, FRAME_PACKET_MAX, PBUF_RAM);

    pbuf_realloc(frame, frame_make_packet(frame->payload, &frames[i].packet));
    assert_int_equal(datapath_transmit(rig.nic, frame), 0);
    pbuf_free(frame);
    rig_run();
    assert_int_equal(rig.sent, i + 1);
    assert_int_equal(fake.options & (IINS | PINS), frames[i].options);
  }
}

/* Such as a packet that is sent on, whose IP header's checksum happens to be 0. */
static void none_is_inserted_if_none_is_to_be(void) {
  static const struct frame_packet packet = {0x0800, 0, 0, FRAME_TCP, 0};
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, FRAME_PACKET_MAX, PBUF_RAM);

  rig_offload_nothing();
  rig_enable();
  rig.foreign = true;
  pbuf_realloc(frame, frame_make_packet(frame->payload, &packet));
  assert_int_equal(datapath_transmit(rig.nic, frame), 0);
  pbuf_free(frame);
  rig_run();
  assert_int_equal(rig.sent, 1);
  assert_int_equal(fake.options & (IINS | PINS), 0);
}

static const struct suite_test tests[] = {
    SUITE_TEST(bad_frames_count_each_in_one_cause),
    SUITE_TEST(a_frame_in_several_buffers_counts_once),
    SUITE_TEST(an_overflow_counts_once),
    SUITE_TEST(what_the_device_drops_is_counted),
    SUITE_TEST(what_the_device_dropped_before_a_reset_counts_once),
    SUITE_TEST(other_events_disturb_nothing),
    SUITE_TEST(an_interrupt_leaves_the_management_interface_alone),
    SUITE_TEST(a_kick_that_is_lost_is_made_again),
    SUITE_TEST(a_graceful_stop_that_never_ends_is_one_all_the_same),
    SUITE_TEST_BARE(it_programs_its_registers),
    SUITE_TEST_BARE(buffers_that_it_cannot_reach_are_refused),
    SUITE_TEST_BARE(the_phy_may_be_on_the_other_macs_interface),
    SUITE_TEST(it_follows_the_links_speed),
    SUITE_TEST(the_hash_is_the_manuals),
    SUITE_TEST(checksums_are_inserted_where_lwip_leaves_them_out),
    SUITE_TEST_BARE(none_is_inserted_if_none_is_to_be),
    SUITE_TESTS_END,
};

const struct fake_mac fake_mac_imx_enet = {
    .ops = &imx_enet_ops,
    FAKE_MAC_MEMBERS,
    .base = FAKE_ENET_BASE,
    .irq = FAKE_ENET_IRQ,
    .rings = &rings,
    .rings_size = sizeof rings,
    .unit = 4,
    .hold_tx = &fake.hold_tx,
    .send_part = send_part,
    .sends_at_once = true,
    .power = &fake.without_power,
    .forget = forget,
    .bad_accesses = &fake.bad_accesses,
    .tests = tests,
};
