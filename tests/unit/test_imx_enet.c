/* The i.MX ENET driver: its lifecycle, reception and what goes wrong with it, link and filter. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath.h"
#include "imx_enet_rig.h"

enum {
  RX_RING = IMX_ENET_RX_DESCRIPTORS,
  EIMR = 0x008 / 4,
  RDAR = 0x010 / 4,
  ECR = 0x024 / 4,
  RCR = 0x084 / 4,
  TCR = 0x0c4 / 4,
  MRBR = 0x188 / 4,
};

static struct nic *const nic = &enet.nic;

static void starts_quiet_and_is_enabled_with_its_address(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fake_enet.registers[ECR] & 2, 0);
  assert_int_equal(fake_enet.registers[EIMR], 0);
  assert_false(host_irq_enabled(FAKE_ENET_IRQ));
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(fake_enet.registers[0xe4 / 4], 0x02000012);
  assert_int_equal(fake_enet.registers[0xe8 / 4], 0x34568808);
  assert_int_equal(fake_enet.registers[MRBR], RIG_BUFFER);
  assert_int_equal(fake_enet.registers[RDAR], 1 << 24);
  enet_check();
}

static void a_mac_or_phy_that_is_not_there_is_no_device(void **state) {
  (void)state;
  other_enet.phy_addresses = 0;
  fake_enet.reset_hangs = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake_enet.reset_hangs = false;
  fake_enet.phy_addresses = 0;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake_enet.phy_addresses = 1 << 2;
  fake_enet.mdio_hangs = other_enet.mdio_hangs = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_int_equal(nic->state, NIC_INIT);
  fake_enet.mdio_hangs = false;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(enet.phy.address, 2);
}

/* Both PHYs on one management interface, which is the other MAC's; that one may be reset later. */
static void the_phy_may_be_on_the_other_macs_interface(void **state) {
  (void)state;
  fake_enet.phy_addresses = 0;
  other_enet.phy_addresses = 1 << 1 | 1 << 2;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(enet.phy.address, 2);
  assert_int_equal(other_enet.mdio_writes, 1 << 2);
  fake_imx_enet_attach(&other_enet, FAKE_ENET2_BASE);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(nic_link_is_active(nic));
  assert_true(rig_wire(0));
  rig_run();
  assert_int_equal(rig_received, 1);
  enet_check();
}

static void buffers_that_it_cannot_reach_are_refused(void **state) {
  struct nic_config config = *nic->config;

  (void)state;
  assert_int_equal(nic_start(nic), 0);
  config.pool.alignment = 32;
  nic->config = &config;
  assert_int_equal(nic_set_interface_enable(nic, true), -EINVAL);
  config.pool.alignment = 64;
  config.pool.buffer_size = 1504;
  assert_int_equal(nic_set_interface_enable(nic, true), -EINVAL);
  config.pool.buffer_size = 1536;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
}

static void receives_in_order_round_and_round_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  srand(3);
  while (number < 5000) {
    unsigned burst = (unsigned)rand() % RX_RING;

    for (unsigned i = 0; i < burst; i++)
      assert_true(rig_wire(number++));
    rig_run();
    assert_int_equal(rig_received, number);
    enet_check();
  }
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], number);
  assert_int_equal(nic->counters[NIC_IN_OCTETS], number * RIG_FRAME);
  assert_int_equal(nic->counters[NIC_RX_RESTARTS], 1); /* the start */
}

static unsigned on_the_wire;
static uint32_t next_number;

static void wire_all(void) {
  while (on_the_wire != 0 && rig_wire(next_number)) {
    next_number++;
    on_the_wire--;
  }
}

/* Frames come in while a buffer is given over, too: into all those that were given before. */
static void frames_may_come_while_buffers_are_given_over(void **state) {
  (void)state;
  next_number = 0;
  host_on_publish = wire_all;
  for (unsigned i = 1; i <= 100; i++) {
    on_the_wire = 3 * RX_RING;
    wire_all();
    rig_run();
    assert_int_equal(rig_received, 3 * RX_RING * i);
    enet_check();
  }
}

static void goes_on_after_an_exhaustion_at_any_place_of_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  for (unsigned round = 0; round < 100; round++) {
    for (unsigned i = 0; i < RX_RING; i++)
      assert_true(rig_wire(number++));
    assert_false(rig_wire(number)); /* it finds no descriptor */
    rig_run();
    assert_int_equal(rig_received, number);
    assert_int_equal(nic->counters[NIC_RX_RESTARTS], round + 2);
    for (unsigned i = 0; i < round % 7; i++)
      assert_true(rig_wire(number++));
    rig_run();
    assert_int_equal(rig_received, number);
    enet_check();
  }
}

/* The stack holds everything: reception waits, without a storm of interrupts, loses no buffer, and
 * the first that comes back starts it again. */
static void goes_on_when_the_stack_gives_back_what_it_hoards(void **state) {
  uint32_t number = 0;
  uint32_t interrupts;

  (void)state;
  rig_hoard = RIG_PACKETS;
  while (rig_hoarded < RIG_PACKETS) {
    assert_true(rig_wire(number++));
    rig_run();
  }
  assert_int_equal(ring_count(&nic->rx_ring.ring), 0);
  assert_false(rig_wire(number));
  interrupts = nic->counters[NIC_INTERRUPTS];
  for (unsigned i = 0; i < 10; i++)
    nic_watch(nic);
  rig_run();
  assert_int_equal(nic->counters[NIC_INTERRUPTS], interrupts);
  enet_check();
  rig_hoard = 0;
  for (unsigned i = 0; i < 3; i++) {
    pbuf_free(rig_hoarded_frames[--rig_hoarded]);
    rig_run();
    assert_true(rig_wire(number++));
    rig_run();
    assert_int_equal(rig_received, number);
    enet_check();
  }
  while (rig_hoarded != 0)
    pbuf_free(rig_hoarded_frames[--rig_hoarded]);
  rig_run();
  assert_int_equal(nic->pool.held, 0);
  assert_int_equal(ring_count(&nic->rx_ring.ring), RX_RING);
}

static void what_comes_under_the_mask_interrupts_when_it_opens(void **state) {
  (void)state;
  assert_true(rig_wire(0)); /* interrupts, which closes the mask */
  assert_true(rig_wire(1));
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  nic->ops->irq_unmask(nic);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 2);
  rig_run();
  assert_int_equal(rig_received, 2);
}

/* ---- what goes wrong with reception ---- */

static void bad_frames_count_each_in_one_cause(void **state) {
  static const struct {
    uint32_t length, errors;
    enum nic_counter counter;
  } frames[] = {
      {RIG_FRAME, 1 << 18, NIC_IN_ERROR},           /* CR */
      {RIG_FRAME, 1 << 20, NIC_IN_ERROR},           /* NO */
      {RIG_FRAME, 1 << 17, NIC_IN_OVERFLOW},        /* OV */
      {1519, 0, NIC_IN_TOO_LONG},                   /* LG: with its FCS longer than 1522 */
      {1519, 1 << 18, NIC_IN_TOO_LONG},             /* and CR */
      {RIG_BUFFER + 400, 1 << 18, NIC_IN_TOO_LONG}, /* TR, "and always CR" */
      {RIG_BUFFER + 400, 1 << 17, NIC_IN_OVERFLOW}, /* OV: the other flags mean nothing */
      {0, 0, NIC_IN_RUNT},                          /* nothing but an FCS */
      {5, 0, NIC_IN_RUNT},                          /* less than a header */
  };
  static const uint8_t frame[RIG_BUFFER + 400] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
    uint32_t before = nic->counters[frames[i].counter];

    assert_true(fake_imx_enet_receive(&fake_enet, frame, frames[i].length, frames[i].errors));
    rig_run();
    assert_int_equal(nic->counters[frames[i].counter], before + 1);
    assert_int_equal(nic_dropped(nic), i + 1);
    assert_true(rig_wire(i));
    rig_run();
    assert_int_equal(rig_received, i + 1);
    enet_check();
  }
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
}

static void a_frame_with_a_vlan_tag_may_be_longer(void **state) {
  static uint8_t frame[1518] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  assert_true(fake_imx_enet_receive(&fake_enet, frame, sizeof frame, 0));
  assert_true(ring_count(&nic->rx_ring.ring) == RX_RING);
  assert_int_equal(nic->ops->rx_reap(nic)->len, sizeof frame);
  assert_int_equal(nic_dropped(nic), 0);
}

/* Against FTRL: it does not happen, but must not be taken for several frames. */
static void a_frame_in_several_buffers_counts_once(void **state) {
  static const uint8_t frame[1000] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  fake_enet.registers[MRBR] = 256;
  assert_true(fake_imx_enet_receive(&fake_enet, frame, sizeof frame, 0));
  rig_run();
  fake_enet.registers[MRBR] = RIG_BUFFER;
  assert_int_equal(nic->counters[NIC_IN_TOO_LONG], 1);
  assert_int_equal(nic_dropped(nic), 1);
  assert_true(rig_wire(0));
  rig_run();
  assert_int_equal(rig_received, 1);
  enet_check();
}

static void a_bus_error_is_cured_by_a_restart(void **state) {
  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    fake_imx_enet_report(&fake_enet, 1 << 22);
    assert_false(rig_wire(i));
    rig_run();
    assert_int_equal(nic->counters[NIC_RECOVERIES], i + 1);
    assert_true(rig_wire(i));
    rig_run();
    assert_int_equal(rig_received, i + 1);
    enet_check();
  }
}

/* Babbling (BABR, BABT), a payload's length error and others are told elsewhere, or are none. */
static void other_events_disturb_nothing(void **state) {
  (void)state;
  for (unsigned bit = 0; bit < 32; bit++) {
    if (bit != 22)
      fake_imx_enet_report(&fake_enet, UINT32_C(1) << bit);
    rig_run();
    assert_true(rig_wire(bit));
    rig_run();
    assert_int_equal(rig_received, bit + 1);
  }
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
  assert_int_equal(nic_dropped(nic), 0);
  enet_check();
}

/* The statistics start anywhere, and have 16 bits. */
static void what_the_device_drops_is_counted(void **state) {
  static const struct {
    unsigned offset, counter;
  } drops[] = {
      {0x294, NIC_IN_RUNT}, {0x29c, NIC_IN_RUNT}, {0x2c8, NIC_IN_ERROR}, {0x2d8, NIC_IN_OVERFLOW}};

  (void)state;
  assert_int_equal(nic_dropped(nic), 0);
  for (unsigned i = 0; i < sizeof drops / sizeof *drops; i++) {
    uint32_t *statistic = &fake_enet.registers[drops[i].offset / 4];

    for (unsigned round = 0; round < 3; round++) {
      uint32_t before = nic->counters[drops[i].counter];

      *statistic = (*statistic + 30000) & 0xffff;
      nic_poll_link(nic);
      nic_poll_link(nic); /* nothing counts twice */
      assert_int_equal(nic->counters[drops[i].counter] - before, 30000);
    }
  }
}

/* Of three overflows, two frames reach a descriptor, truncated: one before the statistics have told
 * of them, one after that. */
static void an_overflow_counts_once(void **state) {
  static const uint8_t frame[RIG_FRAME] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  for (unsigned i = 1; i <= 3; i++) {
    assert_true(fake_imx_enet_receive(&fake_enet, frame, sizeof frame, 1 << 17));
    rig_run();
    fake_enet.registers[0x2d8 / 4] += 3;
    nic_poll_link(nic);
    assert_true(fake_imx_enet_receive(&fake_enet, frame, sizeof frame, 1 << 17));
    rig_run();
    assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 3 * i);
  }
  fake_enet.registers[0x2d8 / 4] += 2;
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 11);
  assert_int_equal(nic_dropped(nic), 11);
}

/* ---- link and filter ---- */

static void follows_the_link_and_its_speed(void **state) {
  struct pbuf *frame = rig_tx_chain(1, false);

  (void)state;
  assert_int_equal(nic->link.speed_mbps, 100);
  assert_int_equal(fake_enet.registers[TCR], 1 << 2);    /* full duplex */
  assert_int_equal(fake_enet.registers[RCR] & 0x202, 0); /* neither 10 Mbit/s nor half duplex */
  fake_enet.link = false;
  nic_watch(nic);
  rig_run();
  assert_false(nic_link_is_active(nic));
  assert_int_equal(datapath_transmit(nic, frame), -ENETDOWN);
  fake_enet.link = true;
  nic_watch(nic);
  rig_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0); /* the link is what it was */
  fake_enet.phy[5] = 0x0021; /* the partner can 10 Mbit/s half duplex only */
  nic_watch(nic);
  rig_run();
  assert_int_equal(nic->link.speed_mbps, 10);
  assert_int_equal(fake_enet.registers[TCR], 0);
  assert_int_equal(fake_enet.registers[RCR] & 0x202, 0x202);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_100_HALF), 0);
  assert_int_equal(fake_enet.phy[0], 0x2000);
  nic_watch(nic);
  rig_run();
  assert_int_equal(fake_enet.registers[TCR], 0);
  assert_int_equal(fake_enet.registers[RCR] & 0x202, 0x002);
  assert_int_equal(datapath_transmit(nic, frame), 0);
  pbuf_free(frame);
  assert_true(rig_wire(0));
  rig_run();
  assert_int_equal(rig_tx_freed, 1);
  assert_int_equal(rig_received, 1);
  enet_check();
}

/* The interrupt acknowledges its own events only: a management frame that ends just then is not
 * missed. */
static void an_interrupt_leaves_the_management_interface_alone(void **state) {
  (void)state;
  fake_imx_enet_report(&fake_enet, 1 << 25 | 1 << 23); /* RXF, MII */
  assert_int_equal(fake_enet.registers[0x004 / 4] & 1 << 23, 1 << 23);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
}

static void the_hash_is_the_manuals(void **state) {
  static const uint8_t firsts[] = {0x65, 0x55, 0x15, 0x35, 0xb5, 0x95, 0xd5, 0xf5, 0xdb};

  (void)state;
  for (unsigned i = 0; i < sizeof firsts; i++) {
    uint8_t group[ETH_ADDRESS_BYTES] = {0, 255, 255, 255, 255, 255};

    group[0] = firsts[i];
    assert_int_equal(fake_imx_enet_hash(group), i);
    assert_int_equal(nic_join_group(nic, group), 0);
    assert_int_equal(fake_enet.registers[0x124 / 4], 1 << i);
    assert_int_equal(fake_enet.registers[0x120 / 4], 0);
    assert_int_equal(nic_leave_group(nic, group), 0);
  }
}

static void filters_by_hash(void **state) {
  static const uint8_t joined[] = {0x01, 0, 0x5e, 0, 0, 1},
                       stranger[] = {0x01, 0, 0x5e, 0, 0, 0xfb},
                       other[] = {2, 0, 0, 0x99, 0x99, 0x99},
                       all[] = {255, 255, 255, 255, 255, 255};

  (void)state;
  assert_int_equal(nic_join_group(nic, joined), 0);
  assert_true(rig_wire_to(joined, 0) && rig_wire_to(all, 1) && rig_wire(2));
  assert_true(rig_wire_to(stranger, 0) && rig_wire_to(other, 0));
  rig_run();
  assert_int_equal(rig_received, 3);
  assert_int_equal(fake_enet.filtered, 2);
  nic_set_all_multicast(nic, true);
  assert_true(rig_wire_to(stranger, 3) && rig_wire_to(other, 0));
  rig_run();
  assert_int_equal(rig_received, 4);
  nic_set_all_multicast(nic, false);
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  assert_true(rig_wire_to(stranger, 4) && rig_wire_to(other, 5));
  rig_run();
  assert_int_equal(rig_received, 6);
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  assert_int_equal(nic_leave_group(nic, joined), 0);
  assert_true(rig_wire_to(joined, 0));
  rig_run();
  assert_int_equal(fake_enet.filtered, 4);
  assert_int_equal(nic->counters[NIC_IN_FILTERED], 0);
  enet_check();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(starts_quiet_and_is_enabled_with_its_address, enet_setup),
      cmocka_unit_test_setup(a_mac_or_phy_that_is_not_there_is_no_device, enet_setup),
      cmocka_unit_test_setup(the_phy_may_be_on_the_other_macs_interface, enet_setup),
      cmocka_unit_test_setup(buffers_that_it_cannot_reach_are_refused, enet_setup),
      cmocka_unit_test_setup(receives_in_order_round_and_round_the_ring, enet_setup_enabled),
      cmocka_unit_test_setup(frames_may_come_while_buffers_are_given_over, enet_setup_enabled),
      cmocka_unit_test_setup(goes_on_after_an_exhaustion_at_any_place_of_the_ring,
                             enet_setup_enabled),
      cmocka_unit_test_setup(goes_on_when_the_stack_gives_back_what_it_hoards, enet_setup_enabled),
      cmocka_unit_test_setup(what_comes_under_the_mask_interrupts_when_it_opens,
                             enet_setup_enabled),
      cmocka_unit_test_setup(bad_frames_count_each_in_one_cause, enet_setup_enabled),
      cmocka_unit_test_setup(a_frame_with_a_vlan_tag_may_be_longer, enet_setup_enabled),
      cmocka_unit_test_setup(a_frame_in_several_buffers_counts_once, enet_setup_enabled),
      cmocka_unit_test_setup(a_bus_error_is_cured_by_a_restart, enet_setup_enabled),
      cmocka_unit_test_setup(other_events_disturb_nothing, enet_setup_enabled),
      cmocka_unit_test_setup(what_the_device_drops_is_counted, enet_setup_enabled),
      cmocka_unit_test_setup(an_overflow_counts_once, enet_setup_enabled),
      cmocka_unit_test_setup(follows_the_link_and_its_speed, enet_setup_enabled),
      cmocka_unit_test_setup(an_interrupt_leaves_the_management_interface_alone,
                             enet_setup_enabled),
      cmocka_unit_test_setup(the_hash_is_the_manuals, enet_setup_enabled),
      cmocka_unit_test_setup(filters_by_hash, enet_setup_enabled),
  };

  return cmocka_run_group_tests_name("imx_enet", tests, NULL, NULL);
}
