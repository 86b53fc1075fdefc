/* The Cadence GEM driver: its lifecycle, reception, faults of it, the link and the filter. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath.h"
#include "gem_rig.h"
#include "port.h"

static struct nic *const nic = &gem.nic;

static void starts_quiet_and_is_enabled_with_its_address(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fake_gem.registers[0x00 / 4] & 0xc, 0);       /* receiver, transmitter */
  assert_int_equal(fake_gem.registers[0x30 / 4] & 0xfff, 0xfff); /* interrupts */
  assert_false(host_irq_enabled(FAKE_GEM_IRQ));
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(fake_gem.registers[0x88 / 4], 0x12000002);
  assert_int_equal(fake_gem.registers[0x8c / 4], 0x5634);
  assert_int_equal(fake_gem.registers[0x10 / 4] >> 16 & 0xff, GEM_BUFFER / 64);
  gem_check_conservation();
}

static void a_mac_or_phy_that_is_not_there_is_no_device(void **state) {
  (void)state;
  fake_gem.registers[0xfc / 4] = 0;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake_gem.registers[0xfc / 4] = 0x00020118;
  fake_gem.phy_address = 40; /* nowhere */
  assert_int_equal(nic_start(nic), -ENODEV);
  fake_gem.phy_address = 31;
  fake_gem.mdio_dead = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_int_equal(nic->state, NIC_INIT);
  fake_gem.mdio_dead = false;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(gem.phy.address, 31);
}

static void receives_in_order_round_and_round_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  srand(3);
  while (number < 5000) {
    unsigned burst = (unsigned)rand() % RX_RING;

    for (unsigned i = 0; i < burst; i++)
      assert_true(gem_wire(number++));
    gem_run();
    assert_int_equal(gem_received, number);
    gem_check_conservation();
  }
  assert_int_equal(nic->counters[NIC_IN_UCAST_PKTS], number);
  assert_int_equal(nic->counters[NIC_IN_OCTETS], number * GEM_FRAME);
  assert_int_equal(nic->counters[NIC_RX_RESTARTS], 1); /* the start */
}

/* The model looks at its descriptor again when NWCTRL is written, and never by itself. */
static void goes_on_after_an_exhaustion_at_any_place_of_the_ring(void **state) {
  uint32_t number = 0;

  (void)state;
  for (unsigned round = 0; round < 100; round++) {
    for (unsigned i = 0; i < RX_RING; i++)
      assert_true(gem_wire(number++));
    assert_false(gem_wire(number)); /* it finds no descriptor */
    gem_run();
    assert_int_equal(gem_received, number);
    assert_int_equal(nic->counters[NIC_RX_RESTARTS], round + 2);
    for (unsigned i = 0; i < round % 7; i++)
      assert_true(gem_wire(number++));
    gem_run();
    assert_int_equal(gem_received, number);
    gem_check_conservation();
  }
}

/* The stack holds everything: reception waits, without a storm of interrupts, loses no buffer, and
 * the first that comes back starts it again. */
static void goes_on_when_the_stack_gives_back_what_it_hoards(void **state) {
  uint32_t number = 0;
  uint32_t interrupts;

  (void)state;
  gem_hoard = GEM_PACKETS;
  while (gem_hoarded < GEM_PACKETS) {
    assert_true(gem_wire(number++));
    gem_run();
  }
  assert_int_equal(ring_count(&nic->rx_ring.ring), 0);
  assert_false(gem_wire(number));
  interrupts = nic->counters[NIC_INTERRUPTS];
  for (unsigned i = 0; i < 10; i++)
    nic_watch(nic);
  gem_run();
  assert_int_equal(nic->counters[NIC_INTERRUPTS], interrupts);
  gem_check_conservation();
  gem_hoard = 0;
  for (unsigned i = 0; i < 3; i++) {
    pbuf_free(gem_hoarded_frames[--gem_hoarded]);
    gem_run();
    assert_true(gem_wire(number++));
    gem_run();
    assert_int_equal(gem_received, number);
    gem_check_conservation();
  }
  while (gem_hoarded != 0)
    pbuf_free(gem_hoarded_frames[--gem_hoarded]);
  gem_run();
  assert_int_equal(nic->pool.held, 0);
  assert_int_equal(ring_count(&nic->rx_ring.ring), RX_RING);
}

/* What comes while the mask is closed is not latched: opening it has to look. */
static void nothing_that_came_under_the_mask_is_missed(void **state) {
  (void)state;
  assert_true(gem_wire(0)); /* interrupts, which closes the mask */
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  assert_true(gem_wire(1));
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 1);
  nic->ops->irq_unmask(nic);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 2);
  fake_gem.hold_tx = true;
  gem_run();
  assert_int_equal(gem_received, 2);
  gem_transmit(gem_tx_frame());
  gem_run();
  assert_true(gem_wire(2)); /* closes the mask again */
  fake_cadence_gem_send(&fake_gem, 1);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 3);
  nic->ops->irq_unmask(nic);
  assert_int_equal(nic->counters[NIC_INTERRUPTS], 4);
  gem_run();
  assert_int_equal(gem_tx_freed, 1);
}

static void a_frame_that_is_longer_than_a_buffer_counts_once(void **state) {
  uint8_t frame[GEM_BUFFER + 2] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  assert_true(fake_cadence_gem_receive(&fake_gem, frame, sizeof frame));
  gem_run();
  assert_int_equal(gem_received, 0);
  assert_int_equal(nic->counters[NIC_IN_TOO_LONG], 1);
  assert_int_equal(nic_dropped(nic), 1);
  assert_true(gem_wire(0));
  gem_run();
  assert_int_equal(gem_received, 1);
  gem_check_conservation();
}

static void a_receive_bus_error_is_cured_by_a_reset(void **state) {
  (void)state;
  fake_cadence_gem_report(&fake_gem, 1 << 3, 1 << 11);
  gem_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  assert_true(gem_wire(0));
  gem_run();
  assert_int_equal(gem_received, 1);
  gem_check_conservation();
}

/* The device goes on by itself, and what the model reports wrongly harms nothing. */
static void an_overrun_is_no_fault(void **state) {
  (void)state;
  fake_cadence_gem_report(&fake_gem, 1 << 2, 1 << 10);
  gem_run();
  assert_int_equal(fake_gem.registers[0x20 / 4] & 1 << 2, 0);
  fake_cadence_gem_report(&fake_gem, 0, 1 << 6); /* as for an rx frame that is too long */
  gem_run();
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
  assert_true(gem_wire(0));
  gem_run();
  assert_int_equal(gem_received, 1);
}

static void what_the_device_drops_is_counted(void **state) {
  static const struct {
    unsigned offset, counter;
  } drops[] = {
      {0x184, NIC_IN_RUNT},  {0x188, NIC_IN_TOO_LONG}, {0x18c, NIC_IN_TOO_LONG},
      {0x190, NIC_IN_ERROR}, {0x194, NIC_IN_ERROR},    {0x198, NIC_IN_ERROR},
      {0x19c, NIC_IN_ERROR}, {0x1a0, NIC_IN_OVERFLOW}, {0x1a4, NIC_IN_OVERFLOW},
  };

  (void)state;
  for (unsigned i = 0; i < sizeof drops / sizeof *drops; i++) {
    uint32_t before = nic->counters[drops[i].counter];

    fake_gem.registers[drops[i].offset / 4] = i + 1;
    nic_poll_link(nic);
    nic_poll_link(nic); /* they are cleared by reading: nothing counts twice */
    assert_int_equal(nic->counters[drops[i].counter] - before, i + 1);
  }
  fake_gem.registers[0x190 / 4] = 100;
  assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(nic_dropped(nic), 45 + 100);
}

/* ---- link and filter ---- */

static void follows_the_link_and_its_speed(void **state) {
  struct pbuf *frame = gem_tx_frame();

  (void)state;
  assert_int_equal(nic->link.speed_mbps, 1000);
  assert_int_equal(fake_gem.registers[0x04 / 4] & 0x403, 0x402);
  assert_int_equal(gem_tx_clock, 1000);
  fake_gem.link = false;
  nic_poll_link(nic);
  assert_false(nic_link_is_active(nic));
  assert_int_equal(datapath_transmit(nic, frame), -ENETDOWN);
  fake_gem.link = true;
  fake_gem.partner_1000 = false;
  nic_poll_link(nic);
  assert_int_equal(nic->link.speed_mbps, 100);
  assert_int_equal(fake_gem.registers[0x04 / 4] & 0x403, 0x003);
  assert_int_equal(gem_tx_clock, 100);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_10_HALF), 0);
  nic_poll_link(nic);
  assert_int_equal(nic->link.speed_mbps, 10);
  assert_int_equal(fake_gem.registers[0x04 / 4] & 0x403, 0);
  assert_int_equal(gem_tx_clock, 10);
  assert_int_equal(fake_gem.phy[0], 0);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_1000_FULL), 0);
  assert_int_equal(fake_gem.phy[0] & 0x1200, 0x1200); /* by negotiation, offering nothing else */
  assert_int_equal(fake_gem.phy[4], 0x0001);
  assert_int_equal(datapath_transmit(nic, frame), 0);
  pbuf_free(frame);
  gem_run();
  assert_int_equal(gem_tx_freed, 1);
}

static void filters_by_hash(void **state) {
  static const uint8_t joined[] = {0x01, 0, 0x5e, 0, 0, 1},
                       stranger[] = {0x01, 0, 0x5e, 0, 0, 0xfb},
                       other[] = {2, 0, 0, 0x99, 0x99, 0x99},
                       all[] = {255, 255, 255, 255, 255, 255};

  (void)state;
  assert_int_equal(nic_join_group(nic, joined), 0);
  assert_true(gem_wire_to(joined, 0) && gem_wire_to(all, 1) && gem_wire(2));
  assert_true(gem_wire_to(stranger, 0) && gem_wire_to(other, 0));
  gem_run();
  assert_int_equal(gem_received, 3);
  assert_int_equal(fake_gem.filtered, 2);
  nic_set_all_multicast(nic, true);
  assert_true(gem_wire_to(stranger, 3) && gem_wire_to(other, 0));
  gem_run();
  assert_int_equal(gem_received, 4);
  nic_set_all_multicast(nic, false);
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  assert_true(gem_wire_to(stranger, 4) && gem_wire_to(other, 5));
  gem_run();
  assert_int_equal(gem_received, 6);
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  assert_int_equal(nic_leave_group(nic, joined), 0);
  assert_true(gem_wire_to(joined, 0));
  gem_run();
  assert_int_equal(fake_gem.filtered, 4);
  assert_int_equal(nic->counters[NIC_IN_FILTERED], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(starts_quiet_and_is_enabled_with_its_address, gem_setup),
      cmocka_unit_test_setup(a_mac_or_phy_that_is_not_there_is_no_device, gem_setup),
      cmocka_unit_test_setup(receives_in_order_round_and_round_the_ring, gem_setup_enabled),
      cmocka_unit_test_setup(goes_on_after_an_exhaustion_at_any_place_of_the_ring,
                             gem_setup_enabled),
      cmocka_unit_test_setup(goes_on_when_the_stack_gives_back_what_it_hoards, gem_setup_enabled),
      cmocka_unit_test_setup(nothing_that_came_under_the_mask_is_missed, gem_setup_enabled),
      cmocka_unit_test_setup(a_frame_that_is_longer_than_a_buffer_counts_once, gem_setup_enabled),
      cmocka_unit_test_setup(a_receive_bus_error_is_cured_by_a_reset, gem_setup_enabled),
      cmocka_unit_test_setup(an_overrun_is_no_fault, gem_setup_enabled),
      cmocka_unit_test_setup(what_the_device_drops_is_counted, gem_setup_enabled),
      cmocka_unit_test_setup(follows_the_link_and_its_speed, gem_setup_enabled),
      cmocka_unit_test_setup(filters_by_hash, gem_setup_enabled),
  };

  return cmocka_run_group_tests_name("cadence_gem", tests, NULL, NULL);
}
