/* Conformance of the lifecycle: start, stop in mid-flight, restart, low power, link, and any
 * order. */
#include "suite.h"

#include <errno.h>

#include "dma.h"
#include "port.h"
#include "torture.h"

static void it_starts_quiet(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  assert_false(host_irq_enabled(rig.mac->irq));
  assert_int_equal(rig_wire(100), FAKE_NOT_READY);
  assert_int_equal(host_dma_accesses(), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_check_traffic();
}

/* A boot loader that has loaded the program through it, or a watchdog that resets only the
 * processor, leaves it on: in the middle of its rings, whose memory has other uses now. */
static void one_that_was_left_on_starts_quiet(void) {
  nic_set_all_multicast(rig.nic, true);
  rig_check_traffic();
  rig_wire_all(5, 100);
  rig_boot_again();
  assert_int_equal(nic_start(rig.nic), 0);
  host_dma_forbid(true);
  host_dma_look();
  if (rig_wire(100) == FAKE_RECEIVED)
    fail_msg("what was left on is on after the start");
  host_dma_forbid(false);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_run();
  rig_check_traffic();
}

static void a_device_that_is_not_there_is_refused(void) {
  for (const struct fake_absence *absence = rig.mac->absences; absence->name != NULL; absence++) {
    uint32_t present = rig_take_away(absence);

    if (nic_start(rig.nic) != -ENODEV)
      fail_msg("%s: a device that is not there was started", absence->name);
    assert_int_equal(rig.nic->state, NIC_INIT);
    *absence->where = present;
    assert_int_equal(nic_start(rig.nic), 0);
    assert_int_equal(nic_stop(rig.nic), 0);
  }
}

/* Completed, half-completed and queued frames, posted and received buffers. */
static void load(unsigned to_send, unsigned to_receive) {
  rig_hold_tx(true);
  for (unsigned i = 0; i < 20; i++)
    rig_must_transmit(200, 1 + i % rig.fragments_max, 8);
  rig_run();
  rig_send(to_send);
  for (unsigned i = 0; i < to_receive; i++)
    (void)rig_wire(100);
}

/* Without power for some watches, or for none: it is deaf, and only its registers show it. */
static void lose_power(const struct fake_absence *absence, unsigned watches) {
  uint32_t present = rig_take_away(absence);

  for (unsigned i = 0; i < watches; i++) {
    nic_watch(rig.nic);
    rig_run();
    if (nic_link_is_active(rig.nic))
      fail_msg("%s: the link is active", absence->name);
  }
  *absence->where = present;
  rig_hold_tx(false);
  nic_watch(rig.nic);
  rig_run();
  if (rig_wire(100) != FAKE_RECEIVED)
    fail_msg("%s, for %u watches: it is deaf afterwards", absence->name, watches);
  rig_run();
  nic_watch(rig.nic); /* finds the link */
  rig_check_traffic();
}

static void a_device_that_lost_its_power_is_back_with_a_watch(void) {
  for (const struct fake_absence *absence = rig.mac->absences; absence->name != NULL; absence++) {
    for (unsigned round = 0; absence->where == rig.mac->power && round < 6; round++) {
      if (round % 2 != 0)
        load(round, round);
      lose_power(absence, round / 2);
    }
  }
}

/* All memory is back, everything is counted, and the device is quiet. */
static void check_stopped(void) {
  assert_false(nic_link_is_active(rig.nic));
  assert_false(host_irq_enabled(rig.mac->irq));
  rig_check_equal("packets in the pool", rig.nic->pool.free_count, RIG_PACKETS);
  rig_check_idle();
  host_dma_forbid(true);
  rig_send(5);
  rig_hold_tx(false);
  host_dma_look();
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(rig_wire(100), FAKE_NOT_READY);
  rig_run();
  assert_int_equal(rig_transmit(100, 1, 8), -ENETDOWN);
  host_dma_forbid(false);
}

static void a_stop_in_mid_flight_gets_all_back(void) {
  for (unsigned round = 0; round < 24; round++) {
    load(round % 17, round % 9);
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
    assert_int_equal(rig.nic->state, NIC_STARTED);
    check_stopped();
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
    rig_check_traffic();
  }
}

static unsigned frames_until;
static bool on_again;

static void switch_interface(void) {
  if (frames_until == 0 || --frames_until != 0)
    return;
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  if (on_again)
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
}

/* In the middle of a turn, as a remote command does. */
static void a_receiver_may_switch_the_interface(void) {
  for (unsigned round = 0; round < 48; round++) {
    load(round % 5, 1 + round % 9);
    frames_until = 1 + round % 3;
    on_again = round % 2 != 0;
    rig.on_input = switch_interface;
    rig_run();
    rig.on_input = NULL;
    if (rig.nic->state == NIC_STARTED) {
      check_stopped();
      assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
    }
    rig_hold_tx(false);
    rig_check_traffic();
    if (round % 9 >= 3) /* as many arrive, whatever the device does with the others */
      assert_int_equal(frames_until, 0);
  }
}

/* The interrupt that would have counted it never comes. */
static void a_frame_lost_just_before_a_stop_is_counted(void) {
  for (unsigned round = 0; round < 3; round++) {
    uint32_t before = rig.nic->counters[NIC_IN_OVERFLOW], masked = port_irq_save();
    enum fake_verdict verdict = FAKE_RECEIVED;

    for (unsigned i = 0; i < RIG_TRIES_MAX && verdict == FAKE_RECEIVED; i++)
      verdict = rig_wire(100);
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
    port_irq_restore(masked);
    if (verdict == FAKE_LOST)
      rig_check_equal("lost frames that are counted", rig.nic->counters[NIC_IN_OVERFLOW] - before,
                      1);
    check_stopped();
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
    rig_check_traffic();
    if (verdict == FAKE_LOST)
      rig_check_equal("lost frames that are counted after all",
                      rig.nic->counters[NIC_IN_OVERFLOW] - before, 1);
  }
}

static void come_and_go(void) {
  rig.mac->send(2);
  (void)rig_come_in(100);
}

/* A stop does not stop the device at its first instruction. */
static void frames_come_and_go_at_each_moment_of_a_stop(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    load(moment % 5, moment % 3);
    rig_at(moment, come_and_go);
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
    over = rig_at_cancel();
    check_stopped();
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
    rig_check_traffic();
  }
  assert_true(over);
}

/* Nor does enabling it start the device only at the last. */
static void frames_come_and_go_at_each_moment_of_an_enable(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    load(moment % 5, moment % 3);
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
    check_stopped();
    rig_at(moment, come_and_go);
    assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
    over = rig_at_cancel();
    rig_run();
    rig_check_traffic();
  }
  assert_true(over);
}

static void it_starts_again_from_the_base(void) {
  for (unsigned round = 0; round < 10; round++) {
    rig_wire_all(round, 100);
    load(round % 5, round % 3);
    assert_int_equal(nic_stop(rig.nic), 0);
    check_stopped();
    rig_enable();
    rig_check_traffic();
  }
}

static void low_power_is_quiet_and_on_goes_on(void) {
  for (unsigned round = 0; round < 10; round++) {
    load(round % 7, round % 5);
    assert_int_equal(nic_set_power_state(rig.nic, NIC_POWER_LOW), 0);
    check_stopped();
    assert_int_equal(nic_set_power_state(rig.nic, NIC_POWER_ON), 0);
    assert_true(nic_link_is_active(rig.nic));
    rig_check_traffic();
  }
}

/* For a MAC whose rings the rig cannot start there: see rig_enable(). On one bus, since it takes
 * its time. A driver that gathers may also have indices of descriptors; more of them pass than fit
 * on its ring. */
static void it_goes_on_when_the_indices_wrap(void) {
  const unsigned most = rig.fragments_max > 1 && !rig.bus->eager ? UINT16_MAX + 500 : 0;
  unsigned frames = rig.mac->shares_indices && !rig.bus->eager ? UINT16_MAX + 500 : 500;

  while (rig.delivered < frames) {
    rig_wire_all(16, RIG_FRAME_MIN);
    for (unsigned i = 0; i < 16; i++)
      rig_must_transmit(RIG_FRAME_MIN, 1, 8);
    rig_run();
  }
  rig_must_transmit(RIG_FRAME_MIN, 1, 8); /* so that the ring is full as they wrap */
  rig_run();
  for (unsigned parts = 0; parts < most; parts += 19 * rig.fragments_max) {
    for (unsigned i = 0; i < 19; i++)
      rig_must_transmit(16 * rig.fragments_max, rig.fragments_max, 8);
    rig_run();
  }
  rig_check_idle();
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
}

/* It is enabled before its cable is plugged in. */
static void it_waits_for_a_link(void) {
  if (rig_set_link(false))
    return; /* the link is fixed */
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_run();
  assert_int_equal(rig.nic->link.status, NIC_LINK_INACTIVE);
  assert_int_equal(rig_transmit(100, 1, 8), -ENETDOWN);
  rig_set_link(true);
  nic_poll_link(rig.nic);
  rig_run();
  assert_true(nic_link_is_active(rig.nic));
  rig_check_traffic();
}

/* Those that it claims; it is enabled with each as well. */
static void each_medium_is_selected(void) {
  static const struct {
    enum nic_media media;
    unsigned speed_mbps;
    bool full;
  } forced[] = {{NIC_MEDIA_10_HALF, 10, false},
                {NIC_MEDIA_10_FULL, 10, true},
                {NIC_MEDIA_100_HALF, 100, false},
                {NIC_MEDIA_100_FULL, 100, true}};

  for (unsigned i = 0; i < sizeof forced / sizeof *forced; i++) {
    if ((rig.nic->ops->caps.media & forced[i].media) == 0) {
      assert_int_equal(nic_set_media(rig.nic, forced[i].media), -EINVAL);
      continue;
    }
    assert_int_equal(nic_set_media(rig.nic, forced[i].media), 0);
    for (unsigned round = 0; round < 2; round++) {
      nic_poll_link(rig.nic);
      rig_run(); /* some restart for it */
      rig_check_equal("Mbit/s", rig.nic->link.speed_mbps, forced[i].speed_mbps);
      rig_check_equal("full duplex", rig.nic->link.full_duplex, forced[i].full);
      rig_check_traffic();
      assert_int_equal(nic_stop(rig.nic), 0);
      rig_enable();
    }
  }
  assert_int_equal(nic_set_media(rig.nic, NIC_MEDIA_AUTO), 0);
  nic_poll_link(rig.nic);
  rig_run();
  rig_check_traffic();
}

static void it_follows_the_link(void) {
  for (unsigned round = 0; round < 10; round++) {
    uint32_t dropped = rig.nic->counters[NIC_OUT_LINK_DOWN];

    if (rig_set_link(false))
      return; /* the link is fixed */
    nic_poll_link(rig.nic);
    if (nic_link_is_active(rig.nic))
      fail_msg("the carrier is gone, and the link is active");
    assert_int_equal(rig_transmit(100, 1, 8), -ENETDOWN);
    assert_int_equal(rig.nic->counters[NIC_OUT_LINK_DOWN], dropped + 1);
    rig_set_link(true);
    nic_poll_link(rig.nic);
    assert_true(nic_link_is_active(rig.nic));
    assert_true(rig.nic->link.speed_mbps >= 10);
    rig_check_traffic();
  }
}

/* More of this in test_torture.c. */
static void it_goes_on_after_anything_in_any_order(void) { torture(7, 1000, false); }

const struct suite_test lifecycle_tests[] = {
    SUITE_TEST_BARE(it_starts_quiet),
    SUITE_TEST(one_that_was_left_on_starts_quiet),
    SUITE_TEST_BARE(a_device_that_is_not_there_is_refused),
    SUITE_TEST(a_device_that_lost_its_power_is_back_with_a_watch),
    SUITE_TEST(a_stop_in_mid_flight_gets_all_back),
    SUITE_TEST(a_receiver_may_switch_the_interface),
    SUITE_TEST(a_frame_lost_just_before_a_stop_is_counted),
    SUITE_TEST(frames_come_and_go_at_each_moment_of_a_stop),
    SUITE_TEST(frames_come_and_go_at_each_moment_of_an_enable),
    SUITE_TEST(it_starts_again_from_the_base),
    SUITE_TEST(low_power_is_quiet_and_on_goes_on),
    SUITE_TEST(it_goes_on_when_the_indices_wrap),
    SUITE_TEST_BARE(it_waits_for_a_link),
    SUITE_TEST(each_medium_is_selected),
    SUITE_TEST(it_follows_the_link),
    SUITE_TEST(it_goes_on_after_anything_in_any_order),
    SUITE_TESTS_END,
};
