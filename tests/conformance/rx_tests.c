/* Conformance of reception: order, every byte, a full ring, an empty pool, filters, errors. */
#include "suite.h"

#include <errno.h>
#include <stdlib.h>

#include "port.h"

/* Bursts that every MAC has room for: no frame is lost. */
enum { BURST = 4 };

enum { SHORT_BUFFER = 576 };

static void frames_come_in_order_round_and_round_the_ring(void) {
  srand(3);
  for (unsigned i = 0; i < 400; i++) {
    unsigned burst = (unsigned)rand() % (BURST + 1);

    while (burst-- != 0)
      assert_int_equal(rig_wire(RIG_FRAME_MIN + (uint32_t)rand() % 64), FAKE_RECEIVED);
    rig_run();
    rig_check_idle();
  }
  rig_check_equal("frames that were delivered", rig.delivered, rig.wired);
  assert_int_equal(rig.nic->counters[NIC_COPY_OUTS], 0);
}

static void frames_of_every_length_come_whole(void) {
  for (uint32_t length = RIG_FRAME_MIN; length <= RIG_FRAME_MAX; length += length < 200 ? 1 : 73)
    rig_wire_all(1, length);
  rig_wire_all(20, RIG_FRAME_MAX);
  rig_check_idle();
  rig_check_equal("frames that were delivered", rig.delivered, rig.wired);
}

/* An interface for short frames saves memory. Longer ones are not received, and harm nothing. */
static void a_frame_that_no_buffer_can_hold_stays_out(void) {
  rig_resize(&(struct rig_sizes){.packets = RIG_PACKETS,
                                 .buffer_size = SHORT_BUFFER,
                                 .held_max = RIG_PACKETS,
                                 .queue_depth = RIG_DEPTH,
                                 .batch = 8,
                                 .budget = 16});
  rig_enable();
  assert_int_equal(rig.nic->mtu, SHORT_BUFFER - ETH_HEADER_BYTES);
  for (uint32_t length = SHORT_BUFFER + 1; length <= RIG_FRAME_MAX; length += 67) {
    rig_must_wire_bad(length);
    rig_run();
    rig_check();
    rig_wire_all(3, SHORT_BUFFER);
    rig_check_idle();
  }
}

/* The MTU is enforced by the kit: a MAC set up for a shorter one would keep out what it allows
 * now. */
static void what_a_longer_mtu_allows_comes_in(void) {
  assert_int_equal(nic_set_mtu(rig.nic, NIC_MTU_MIN), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  rig_must_wire_bad(RIG_FRAME_MAX);
  rig_run();
  assert_int_equal(nic_set_mtu(rig.nic, ETH_MTU), 0);
  for (unsigned i = 0; i < 20; i++) {
    if (rig_wire(RIG_FRAME_MAX) != FAKE_RECEIVED)
      fail_msg("a frame that the MTU allows is kept out");
    rig_must_transmit(RIG_FRAME_MAX, 1, 8);
    rig_run();
  }
  rig_check_idle();
}

static void check_losses(void) {
  if (rig.nic->counters[NIC_IN_OVERFLOW] > rig.lost)
    fail_msg("%u frames found no buffer, and %u are counted", rig.lost,
             (unsigned)rig.nic->counters[NIC_IN_OVERFLOW]);
}

/* It is filled to the last buffer, and beyond, at each place of the ring. */
static void a_full_ring_loses_no_buffer_and_goes_on(void) {
  for (unsigned round = 0; round < 24; round++) {
    enum fake_verdict verdict = FAKE_RECEIVED;
    uint32_t masked = port_irq_save();

    for (unsigned i = ring_count(&rig.nic->rx_ring.ring); i != 0; i--)
      (void)rig_wire(100);
    port_irq_restore(masked);
    rig_run();
    check_losses(); /* that no buffer is left is no loss */
    rig_wire_all(round % 5, 80);
    for (unsigned i = 0; i < RIG_TRIES_MAX && verdict == FAKE_RECEIVED; i++)
      verdict = rig_wire(100);
    assert_true(verdict == FAKE_LOST || verdict == FAKE_NOT_READY);
    rig_run();
    rig_check_idle();
    rig_wire_all(1 + round % 7, 80);
    rig_check_idle();
  }
  check_losses();
  rig_check_equal("resets for want of buffers", rig.nic->counters[NIC_RECOVERIES], 0);
}

/* All but the one that is kept for copies, if the MAC gathers nothing. */
static void hoard_all(void) {
  unsigned all = RIG_PACKETS - (rig.nic->ops->caps.tx_fragments_max == 1);

  rig.hoard = true;
  for (unsigned i = 0; i < 2 * RIG_PACKETS && rig.hoarded < all; i++) {
    (void)rig_wire(100);
    rig_run();
    rig_check();
  }
  rig_check_equal("packets that the stack holds", rig.hoarded, all);
}

/* The stack holds every packet, so nothing can be posted; the first that comes back restarts
 * reception. */
static void an_empty_pool_recovers_with_the_first_buffer(void) {
  for (unsigned round = 0; round < 4; round++) {
    uint32_t interrupts;

    hoard_all();
    for (unsigned i = 0; i < 3; i++) {
      (void)rig_wire(100);
      rig_run();
      rig_check();
    }
    interrupts = rig.nic->counters[NIC_INTERRUPTS];
    for (unsigned i = 0; i < 10; i++) {
      nic_watch(rig.nic);
      rig_run();
    }
    rig_check_equal("interrupts of what waits", rig.nic->counters[NIC_INTERRUPTS], interrupts);
    rig.hoard = false;
    for (unsigned i = 0; i < 3; i++) {
      unsigned delivered = rig.delivered;

      rig_give_back(1);
      rig_run();
      (void)rig_wire(100);
      rig_run();
      if (rig.delivered == delivered)
        fail_msg("a buffer came back, and still no frame comes through");
      rig_check();
    }
    rig_give_back(RIG_PACKETS);
    rig_run();
    rig_check_traffic();
    assert_int_equal(rig.nic->pool.held, 0);
    assert_true(ring_full(&rig.nic->rx_ring.ring) || rig.nic->pool.free_count == 0);
  }
}

static void a_frame_is_answered_in_its_own_buffer(void) {
  rig.echo = true;
  rig_wire_all(200, 300);
  rig_wire_all(20, RIG_FRAME_MAX);
  rig_check_idle();
  assert_int_equal(rig.sent, 220);
  assert_int_equal(rig.nic->counters[NIC_OUT_COPIES] != 0,
                   rig.nic->ops->caps.tx_alignment > RIG_PACKET_ALIGNMENT);
}

static void come_in(void) { (void)rig_come_in(100); }

/* The device waits for the one buffer that is being posted: it must not own it before it has the
 * address. */
static void a_frame_comes_at_each_moment_of_a_refill(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    hoard_all();
    rig_at(moment, come_in);
    rig_give_back(1);
    rig_run();
    over = rig_at_cancel();
    rig_check();
  }
  assert_true(over);
  rig.hoard = false;
  rig_give_back(RIG_PACKETS);
  rig_run();
  rig_check_traffic();
}

/* The device has filled all buffers, and loses the next frame between any two steps of an interrupt
 * or a stop. */
static void lose_one_at(unsigned moment, bool stop) {
  uint32_t masked = port_irq_save(), before = rig.nic->counters[NIC_IN_OVERFLOW];
  unsigned lost = rig.lost;

  for (unsigned i = ring_count(&rig.nic->rx_ring.ring); i != 0; i--)
    (void)rig_wire(100);
  rig_at(moment, come_in);
  if (stop)
    assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  port_irq_restore(masked);
  rig_run();
  if (!stop)
    nic_watch(rig.nic); /* reads the MAC's statistics */
  rig_run();
  if (rig.lost != lost && rig.nic->counters[NIC_IN_OVERFLOW] == before)
    fail_msg("a frame is lost at moment %u of %s, and not counted", moment,
             stop ? "a stop" : "an interrupt");
}

static void a_frame_lost_at_each_moment_is_counted(void) {
  for (unsigned stop = 0; stop < 2; stop++) {
    bool over = false;

    for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
      lose_one_at(moment, stop != 0);
      over = rig_at_cancel();
      assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
      rig_wire_all(1, 100);
      rig_check_idle();
    }
    assert_true(over);
  }
}

static void come_in_until_full(void) {
  for (unsigned i = 0; i < RIG_TRIES_MAX && rig_come_in(100) == FAKE_RECEIVED; i++) {
  }
}

/* The device fills all buffers that it owns, up to the one that is being posted. Each descriptor
 * gets another buffer than it had: what is left in it from before would be right. */
static void a_burst_comes_at_each_moment_of_a_refill(void) {
  bool over = false;

  rig.hoard = true;
  rig_wire_all(1, 100);
  rig.hoard = false;
  rig_give_back(1);
  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    for (unsigned i = 0; i < BURST; i++)
      assert_int_equal(rig_wire(100), FAKE_RECEIVED);
    rig_at(moment, come_in_until_full);
    rig_run();
    over = rig_at_cancel();
    rig_check_idle();
  }
  assert_true(over);
}

/* What nic_ops requires of irq_unmask(). */
static void what_comes_under_the_mask_interrupts_when_it_opens(void) {
  uint32_t before = rig.nic->counters[NIC_INTERRUPTS];

  rig.nic->ops->interrupt(rig.nic);
  dma_publish(); /* now the device sees it */
  assert_int_equal(rig_wire(100), FAKE_RECEIVED);
  rig_check_equal("interrupts under the mask", rig.nic->counters[NIC_INTERRUPTS], before);
  rig.nic->ops->irq_unmask(rig.nic);
  rig_check_equal("interrupts", rig.nic->counters[NIC_INTERRUPTS], before + 1);
  rig_run();
  rig_check_idle();
  before = rig.nic->counters[NIC_INTERRUPTS];
  rig_hold_tx(true);
  rig_must_transmit(100, 1, 8);
  rig_run();
  rig.nic->ops->interrupt(rig.nic);
  dma_publish(); /* now the device sees it */
  rig_send(1);
  rig_check_equal("interrupts under the mask", rig.nic->counters[NIC_INTERRUPTS], before);
  rig.nic->ops->irq_unmask(rig.nic);
  rig_check_equal("interrupts", rig.nic->counters[NIC_INTERRUPTS], before + 1);
  rig_run();
  rig_check_idle();
}

/* The same for enable(). A frame that arrives before irq_unmask() is received without an
 * interrupt. */
static void interrupts_are_masked_until_the_unmask(void) {
  struct nic *nic = rig.nic;
  struct pbuf *packet;
  uint32_t before = nic->counters[NIC_INTERRUPTS];

  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic->ops->enable(nic), 0);
  if (nic->ops->set_filter != NULL)
    nic->ops->set_filter(nic);
  assert_true(nic->ops->rx_post(nic, packet_pool_get(&nic->pool)));
  nic->ops->doorbell(nic, NIC_RX);
  port_irq_enable(nic->config->irq);
  assert_int_equal(rig_wire(100), FAKE_RECEIVED);
  rig_check_equal("interrupts before the unmask", nic->counters[NIC_INTERRUPTS], before);
  port_irq_disable(nic->config->irq);
  nic->ops->disable(nic);
  packet = nic->ops->rx_reap(nic);
  assert_non_null(packet);
  packet_pool_put(&nic->pool, packet);
  nic_count(nic, NIC_IN_STOPPED);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  rig_check_traffic();
}

/* None is forgotten, on whichever side of the last look, the mask and the unmask it arrives. */
static void a_frame_comes_at_each_moment_of_a_turn(void) {
  bool over = false;

  for (unsigned moment = 0; !over && moment < RIG_MOMENTS_MAX; moment++) {
    assert_int_equal(rig_wire(100), FAKE_RECEIVED);
    rig_at(moment, come_in);
    rig_run();
    over = rig_at_cancel();
    rig_check_idle();
  }
  assert_true(over);
  rig_check_equal("frames that were delivered", rig.delivered, rig.wired);
}

/* They arrive while the driver is at any step of its work. */
static void frames_come_at_any_moment(void) {
  rig.echo = true;
  for (unsigned round = 0; round < 20; round++) {
    rig.backlog = 60;
    (void)rig_wire(100); /* raises the interrupt */
    rig_run();
    rig_check();
  }
  rig.backlog = 0;
  rig_run();
  rig.echo = false;
  rig_check_traffic();
}

/* ---- filter ---- */

static enum fake_verdict verdict;

/* Checks that the station receives such a frame, or does not. */
static void check_sees(const char *what, const uint8_t *destination, bool wanted) {
  unsigned delivered = rig.delivered;

  verdict = rig_wire_to(destination, 100);
  assert_true(verdict == FAKE_RECEIVED || verdict == FAKE_FILTERED);
  rig_run();
  rig_check_idle();
  if ((rig.delivered != delivered) != wanted)
    fail_msg("a frame to %s %s", what, wanted ? "is kept out" : "is let in");
}

static const uint8_t other[] = {2, 0, 0, 0x12, 0x34, 0x57};
static const uint8_t everyone[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static uint8_t group[] = {1, 0, 0x5e, 0, 0, 1}, stranger[] = {1, 0, 0x5e, 0x7f, 1, 2};

static void the_filter_lets_in_what_is_for_this_station(void) {
  check_sees("this station", rig.nic->mac, true);
  check_sees("everyone", everyone, true);
  check_sees("another station", other, false);
  check_sees("a group", group, false);
  assert_int_equal(nic_join_group(rig.nic, group), 0);
  check_sees("a joined group", group, true);
  check_sees("everyone", everyone, true);
  check_sees("this station", rig.nic->mac, true);
  check_sees("a stranger's group", stranger, false);
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  check_sees("a joined group", group, true); /* it is kept over a stop */
  check_sees("a stranger's group", stranger, false);
  assert_int_equal(nic_leave_group(rig.nic, group), 0);
  check_sees("a group", group, false);
  nic_set_all_multicast(rig.nic, true);
  check_sees("a stranger's group", stranger, true);
  check_sees("everyone", everyone, true);
  check_sees("another station", other, false);
  nic_set_all_multicast(rig.nic, false);
  check_sees("a stranger's group", stranger, false);
  check_sees("this station", rig.nic->mac, true);
}

/* What nic_ops requires of enable(). */
static void it_is_at_the_address_that_is_set(void) {
  uint8_t before[ETH_ADDRESS_BYTES];

  memcpy(before, rig.nic->mac, sizeof before);
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(nic_set_mac(rig.nic, other), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  check_sees("the address that was set", other, true);
  check_sees("the address before", before, false);
}

static void a_promiscuous_interface_sees_all_where_the_mac_can(void) {
  if (!rig.nic->ops->caps.promiscuous) {
    assert_int_equal(nic_set_promiscuous(rig.nic, true), -ENOTSUP);
    check_sees("another station", other, false);
    return;
  }
  assert_int_equal(nic_set_promiscuous(rig.nic, true), 0);
  check_sees("another station", other, true);
  check_sees("a stranger's group", stranger, true);
  check_sees("this station", rig.nic->mac, true);
  assert_int_equal(nic_set_promiscuous(rig.nic, false), 0);
  check_sees("another station", other, false);
  check_sees("a stranger's group", stranger, false);
}

/* Each of them has its place in a hash. */
static void each_group_that_is_joined_comes_in(void) {
  for (uint8_t i = 0; i < 64; i++) {
    group[5] = i;
    assert_int_equal(nic_join_group(rig.nic, group), 0);
    check_sees("a joined group", group, true);
    assert_int_equal(nic_leave_group(rig.nic, group), 0);
  }
  group[5] = 1;
}

static void check_sees_groups(unsigned first, unsigned last) {
  for (unsigned i = first; i <= last; i++) {
    group[5] = (uint8_t)i;
    check_sees("a joined group", group, true);
  }
}

/* A filter keeps frames for strangers off the bus: all of them if it is perfect, some if it
 * hashes. */
static void groups_are_filtered_as_the_capabilities_say(void) {
  unsigned filtered = 0, joined = 0;

  for (; joined < NIC_GROUPS_MAX; joined++) {
    group[5] = (uint8_t)(joined + 1);
    assert_int_equal(nic_join_group(rig.nic, group), 0);
    check_sees_groups(1, joined + 1); /* also beyond what the MAC has places for */
    if (joined == 0) {
      for (uint8_t i = 0; i < 64; i++) {
        stranger[5] = i;
        check_sees("a stranger's group", stranger, false);
        filtered += verdict == FAKE_FILTERED;
      }
    }
  }
  if (rig.nic->ops->caps.multicast == NIC_MULTICAST_PERFECT)
    assert_int_equal(filtered, 64);
  if (rig.nic->ops->caps.multicast == NIC_MULTICAST_HASH)
    assert_in_range(filtered, 32, 64);
  group[5] = (uint8_t)(joined + 1); /* no room for it in the list: every group passes */
  assert_int_equal(nic_join_group(rig.nic, group), 0);
  check_sees_groups(1, joined + 1);
  group[5] = (uint8_t)(joined + 1);
  assert_int_equal(nic_leave_group(rig.nic, group), 0);
  check_sees("a group", group, false);
  for (unsigned left = 1; left <= joined; left++) {
    group[5] = (uint8_t)left;
    assert_int_equal(nic_leave_group(rig.nic, group), 0);
    check_sees("a group", group, false);
    check_sees_groups(left + 1, joined);
  }
  group[5] = 1;
}

/* A MAC that was reset has lost it. */
static void the_filter_is_kept_over_a_loss_of_power(void) {
  for (const struct fake_absence *absence = rig.mac->absences; absence->name != NULL; absence++) {
    if (absence->where != rig.mac->power)
      continue;
    assert_int_equal(nic_join_group(rig.nic, group), 0);
    check_sees("a joined group", group, true);
    *absence->where = rig_take_away(absence);
    nic_watch(rig.nic);
    rig_run();
    nic_watch(rig.nic); /* finds the link */
    rig_run();
    check_sees("a joined group", group, true);
    check_sees("a stranger's group", stranger, false);
    assert_int_equal(nic_leave_group(rig.nic, group), 0);
    check_sees("a group", group, false);
  }
}

/* ---- errors ---- */

/* On a short ring the last of the frames to be sent waits for those before it. */
static void must_inject(const struct fake_error *error) {
  if (rig_inject(error))
    return;
  rig_run();
  if (!rig_inject(error))
    fail_msg("%s: the fake says that there is nothing to strike", error->name);
}

static void each_error_is_counted_and_survived(void) {
  for (const struct fake_error *error = rig.mac->errors; error->name != NULL; error++) {
    for (unsigned round = 0; round < 5; round++) {
      uint32_t before = rig.nic->counters[error->counter];
      uint32_t resets = rig.nic->counters[NIC_RECOVERIES];

      rig_wire_all(round, 100);
      rig_hold_tx(true);
      for (unsigned i = 0; i < 5; i++)
        rig_must_transmit(200, 1 + (i + 1) % rig.fragments_max, 8);
      rig_run();
      rig_send(round);
      must_inject(error);
      (void)rig_wire(100);
      rig_run();
      if (rig.nic->counters[error->counter] == before)
        fail_msg("%s does not count as %s", error->name, nic_counter_name(error->counter));
      if (error->counter <= NIC_IN_STOPPED) /* else anyone who sends such a frame could reset us */
        rig_check_equal("resets for a bad frame", rig.nic->counters[NIC_RECOVERIES], resets);
      rig_check();
      rig_hold_tx(false);
      nic_watch(rig.nic);
      rig_run();
      rig_check_traffic();
    }
  }
}

const struct suite_test rx_tests[] = {
    SUITE_TEST(frames_come_in_order_round_and_round_the_ring),
    SUITE_TEST(frames_of_every_length_come_whole),
    SUITE_TEST_BARE(a_frame_that_no_buffer_can_hold_stays_out),
    SUITE_TEST(what_a_longer_mtu_allows_comes_in),
    SUITE_TEST(a_full_ring_loses_no_buffer_and_goes_on),
    SUITE_TEST(an_empty_pool_recovers_with_the_first_buffer),
    SUITE_TEST(a_frame_is_answered_in_its_own_buffer),
    SUITE_TEST(a_frame_comes_at_each_moment_of_a_refill),
    SUITE_TEST(a_frame_lost_at_each_moment_is_counted),
    SUITE_TEST(a_burst_comes_at_each_moment_of_a_refill),
    SUITE_TEST(what_comes_under_the_mask_interrupts_when_it_opens),
    SUITE_TEST(interrupts_are_masked_until_the_unmask),
    SUITE_TEST(a_frame_comes_at_each_moment_of_a_turn),
    SUITE_TEST(frames_come_at_any_moment),
    SUITE_TEST(the_filter_lets_in_what_is_for_this_station),
    SUITE_TEST(it_is_at_the_address_that_is_set),
    SUITE_TEST(a_promiscuous_interface_sees_all_where_the_mac_can),
    SUITE_TEST(each_group_that_is_joined_comes_in),
    SUITE_TEST(groups_are_filtered_as_the_capabilities_say),
    SUITE_TEST(the_filter_is_kept_over_a_loss_of_power),
    SUITE_TEST(each_error_is_counted_and_survived),
    SUITE_TESTS_END,
};
