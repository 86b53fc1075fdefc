/* What lwIP needs of a netif driver, a test for each need. */
#include "dice.h"
#include "lwip/prot/ethernet.h"
#include "netif_rig.h"
#include "netif_suite.h"
#include "unit.h"

static const uint8_t everyone[ETH_HWADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t other_station[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, 0x77};

static void hold_tx(bool hold) { netrig.driver->hold_tx(hold); }

/* ---- the netif ---- */

static void it_has_what_lwip_needs(void) {
  const struct netif *netif = &netrig.netif;
  const u8_t flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP;

  assert_int_equal(netif->hwaddr_len, ETH_HWADDR_LEN);
  assert_int_equal(netif->hwaddr[0] & 1, 0);
  assert_int_equal(netif->flags & flags, flags);
  assert_in_range(netif->mtu, 576, NETRIG_FRAME_MAX - SIZEOF_ETH_HDR);
  assert_non_null(netif->linkoutput);
#if LWIP_IPV4
  assert_non_null(netif->output);
#endif
#if LWIP_IPV6
  assert_non_null(netif->output_ip6);
#endif
}

/* The carrier comes or goes, and the netif's link follows. */
static void change_link(bool up) {
  netrig.driver->set_link(up);
  netrig_await_link(up);
}

static void its_link_is_followed(void) {
  if (netrig.driver->set_link == NULL)
    netif_suite_skip("nobody sees a carrier");
  for (unsigned round = 0; round < 3; round++) {
    netrig.lossy = true;
    change_link(false);
    for (unsigned i = 0; i < 20; i++)
      (void)netrig_send(200, 1, false, NETRIG_GIVES);
    change_link(true);
    netrig_check_traffic();
  }
}

static void it_can_be_removed_and_added_again(void) {
  if (netrig.driver->remove == NULL)
    netif_suite_skip("it is never removed");
  for (unsigned frames = 1; frames < 20; frames++) {
    netrig.receiver = frames % 2 != 0 ? NETRIG_KEEPS : NETRIG_FREES;
    hold_tx(true);
    for (unsigned i = 0; i < frames; i++) {
      (void)netrig_receive(NETRIG_FRAME_MIN + i);
      (void)netrig_send(300, 1 + i % 3, false, NETRIG_GIVES);
    }
    if (frames % 3 != 0)
      netrig_run(1);
    for (unsigned i = 0; i < frames; i++)
      (void)netrig_receive(NETRIG_FRAME_MIN + i);
    netrig_remove();
    hold_tx(false); /* what the device still sends, or receives, would be seen */
    netrig_receive_stray(everyone, NETRIG_FRAME_MIN);
    netrig_free_kept();
    netrig_add();
    netrig_check_traffic();
  }
}

/* ---- it receives ---- */

static void frames_of_every_length_come_in(void) {
  for (uint32_t length = NETRIG_FRAME_MIN; length <= NETRIG_FRAME_MAX; length++)
    netrig_must_receive(1, length);
}

static void bursts_come_in_order(void) {
  for (unsigned burst = 1; burst <= 40; burst++) {
    for (unsigned i = 0; i < burst; i++)
      (void)netrig_receive(NETRIG_FRAME_MIN + i);
    netrig_must_receive(1, NETRIG_FRAME_MAX - burst);
  }
}

static void it_receives_after_a_burst_that_was_too_long(void) {
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 400; i++)
      (void)netrig_receive(NETRIG_FRAME_MIN + i % 64);
    netrig_check_traffic();
  }
}

static void what_the_stack_keeps_stays_as_it_is(void) {
  for (unsigned round = 0; round < 10; round++) {
    netrig.receiver = NETRIG_KEEPS;
    netrig_must_receive(3, 300 + round);
    netrig.receiver = NETRIG_FREES;
    netrig_must_receive(50, 400);
    netrig_free_kept();
  }
}

static void it_receives_once_the_stack_frees_what_it_kept(void) {
  for (unsigned round = 0; round < 3; round++) {
    netrig.receiver = NETRIG_KEEPS;
    netrig.lossy = true;
    for (unsigned i = 0; i < 200; i++) {
      (void)netrig_receive(NETRIG_FRAME_MAX - i);
      if (i % 3 == 0)
        netrig_run(1);
    }
    netrig.receiver = NETRIG_FREES;
    netrig_free_kept();
    netrig_check_traffic();
  }
}

static void it_receives_once_memory_is_back(void) {
  for (unsigned round = 0; round < 3; round++) {
    netrig.lossy = true;
    netrig_take_memory();
    for (unsigned i = 0; i < 200; i++) {
      (void)netrig_receive(500 + i);
      (void)netrig_send(500, 1 + i % NETRIG_PARTS_MAX, i % 2 != 0, NETRIG_GIVES);
      if (i % 5 == 0)
        netrig_run(1);
    }
    netrig_give_memory_back();
    netrig_check_traffic();
  }
}

static void what_input_refuses_is_freed(void) {
  netrig.receiver = NETRIG_REFUSES;
  for (unsigned round = 0; round < 50; round++) {
    netrig_must_receive(2, 700);
    netrig_check_memory();
  }
}

static void frames_to_others_stay_out(void) {
  for (unsigned i = 0; i < 50; i++) {
    netrig_receive_stray(other_station, 200);
    netrig_must_receive(1, 200);
  }
}

static void frames_that_are_too_long_do_no_harm(void) {
  for (uint32_t length = NETRIG_FRAME_MAX + 1; length <= NETRIG_LONGEST; length += 5) {
    netrig.lossy = true;
    (void)netrig_receive(length);
    netrig_check_traffic();
  }
}

static void broadcasts_come_in(void) {
  for (unsigned i = 0; i < 20; i++) {
    assert_true(netrig_receive_to(everyone, 100 + i));
    netrig_must_receive(1, 200);
  }
}

enum { GROUPS = 24 };

/* lwIP does not look at what a filter returns: to it the group is joined. */
static void check_filter(const char *filter, unsigned i, err_t error) {
  if (error != ERR_OK)
    fail_msg("%s returns error %d for group %u of %u", filter, error, i, GROUPS);
}

/* lwIP's group number `i`: RFC 1112, 6.4; RFC 2464, 7. */
static void join_or_leave(unsigned i, enum netif_mac_filter_action action) {
  (void)i;
  (void)action;
  (void)check_filter;
#if LWIP_IPV4 && LWIP_IGMP
  if ((netrig.netif.flags & NETIF_FLAG_IGMP) != 0 && netrig.netif.igmp_mac_filter != NULL) {
    ip4_addr_t group;

    IP4_ADDR(&group, 239, 1, 2, i);
    check_filter("igmp_mac_filter", i, netrig.netif.igmp_mac_filter(&netrig.netif, &group, action));
  }
#endif
#if LWIP_IPV6 && LWIP_IPV6_MLD
  if ((netrig.netif.flags & NETIF_FLAG_MLD6) != 0 && netrig.netif.mld_mac_filter != NULL) {
    ip6_addr_t group;

    IP6_ADDR(&group, PP_HTONL(0xff020000), 0, PP_HTONL(1), lwip_htonl(0xff010200 | i));
    check_filter("mld_mac_filter", i, netrig.netif.mld_mac_filter(&netrig.netif, &group, action));
  }
#endif
}

static void check_group_comes_in(unsigned i) {
  const uint8_t group4[ETH_HWADDR_LEN] = {1, 0, 0x5e, 1, 2, (uint8_t)i};
  const uint8_t group6[ETH_HWADDR_LEN] = {0x33, 0x33, 0xff, 1, 2, (uint8_t)i};

  if ((netrig.netif.flags & NETIF_FLAG_IGMP) != 0 && !netrig_receive_to(group4, 100))
    fail_msg("IGMP is on, and a frame to group %u, which was joined, stays out", i);
  if ((netrig.netif.flags & NETIF_FLAG_MLD6) != 0 && !netrig_receive_to(group6, 100))
    fail_msg("MLD is on, and a frame to group %u, which was joined, stays out", i);
  netrig_must_receive(1, 100);
}

static void skip_without_groups(void) {
  if ((netrig.netif.flags & (NETIF_FLAG_IGMP | NETIF_FLAG_MLD6)) == 0)
    netif_suite_skip("it has neither IGMP nor MLD");
}

static void groups_that_are_joined_come_in(void) {
  skip_without_groups();
  for (unsigned i = 0; i < GROUPS; i++) {
    join_or_leave(i, NETIF_ADD_MAC_FILTER);
    netrig_run(1);
    for (unsigned joined = 0; joined <= i; joined++)
      check_group_comes_in(joined);
  }
  for (unsigned i = 0; i < GROUPS; i += 2)
    join_or_leave(i, NETIF_DEL_MAC_FILTER);
  netrig_run(1);
  for (unsigned i = 1; i < GROUPS; i += 2)
    check_group_comes_in(i);
}

/* lwIP joins when the application says so, and not when the driver has nothing to do. */
static void a_group_is_joined_while_frames_wait(void) {
  enum { FRAMES = 3, JOINED = 2 };

  skip_without_groups();
  for (unsigned round = 0; round < 20; round++) {
    hold_tx(true);
    for (unsigned i = 0; i < FRAMES; i++) {
      netrig_must_send(200 + i, 1, false, NETRIG_GIVES);
      (void)netrig_receive(100 + i);
    }
    join_or_leave(round % JOINED, NETIF_ADD_MAC_FILTER);
    hold_tx(false);
    netrig_must_receive(FRAMES, 300);
    netrig_check_sent();
    check_group_comes_in(round % JOINED);
    join_or_leave(round % JOINED, NETIF_DEL_MAC_FILTER);
  }
}

/* ---- it sends ---- */

static void frames_of_every_length_go_out(void) {
  for (uint32_t length = NETRIG_SHORTEST; length <= netrig_longest(); length++) {
    netrig_must_send(length, 1, length % 2 != 0, NETRIG_GIVES);
    netrig_run(1);
  }
}

static void chains_go_out_whole(void) {
  for (uint32_t length = 64; length <= netrig_longest(); length += 7) {
    for (unsigned parts = 1; parts <= NETRIG_PARTS_MAX; parts++) {
      netrig_must_send(length, parts, parts % 2 != 0, NETRIG_GIVES);
      netrig_run(1);
    }
  }
}

/* Sends `frames` while the transmitter pauses; then it goes on. */
static void send_into_a_pause(unsigned frames, unsigned parts, enum netrig_sender sender) {
  hold_tx(true);
  for (unsigned i = 0; i < frames; i++)
    (void)netrig_send(200 + i, 1 + i % parts, i % 2 != 0, sender);
  netrig_run(1);
  hold_tx(false);
  netrig_check_sent();
}

static void a_frame_is_left_alone_until_it_is_sent(void) {
  for (unsigned frames = 1; frames <= 20; frames++)
    send_into_a_pause(frames, NETRIG_PARTS_MAX, NETRIG_GIVES);
}

static void what_may_be_sent_again_comes_back_unchanged(void) {
  for (unsigned frames = 1; frames <= 20; frames++)
    send_into_a_pause(frames, NETRIG_PARTS_MAX, NETRIG_RESENDS);
}

static void data_that_changes_after_the_call_is_copied(void) {
  for (unsigned frames = 1; frames <= 20; frames++)
    send_into_a_pause(frames, 3, NETRIG_REUSES);
}

static void a_transmitter_that_pauses_makes_it_refuse(void) {
  for (unsigned round = 0; round < 5; round++) {
    unsigned frames = 0;

    hold_tx(true);
    while (netrig_send(100, 1 + round % 2, false, NETRIG_GIVES) == ERR_OK) {
      if (++frames == NETRIG_FRAMES_MAX)
        fail_msg("%u frames are accepted, and none is sent: what was accepted was dropped, or is "
                 "queued without a limit",
                 frames);
    }
    netrig_run(5);
    assert_int_not_equal(frames, 0);
    hold_tx(false);
    netrig_check_traffic();
  }
}

static void it_sends_after_a_pause_of_any_length(void) {
  for (unsigned frames = 1; frames <= 80; frames++) {
    hold_tx(true);
    for (unsigned i = 0; i < frames; i++)
      (void)netrig_send(100, 1, false, NETRIG_GIVES);
    hold_tx(false);
    netrig_run(1);
    netrig_must_send(100, 1, false, NETRIG_GIVES);
    netrig_check_sent();
  }
}

static void what_waits_behind_a_frame_that_is_sent_is_left_alone(void) {
  if (netrig.driver->send_some == NULL)
    netif_suite_skip("its device sends all or nothing");
  for (unsigned frames = 1; frames <= 80; frames++) {
    hold_tx(true);
    for (unsigned i = 0; i < frames; i++)
      (void)netrig_send(100 + i, 1 + i % 2, i % 2 != 0, NETRIG_GIVES);
    for (unsigned i = 0; i < frames; i++) {
      netrig.driver->send_some(1);
      netrig_run(1);
      (void)netrig_send(100 + i, 1, false, NETRIG_RESENDS);
    }
    hold_tx(false);
    netrig_check_sent();
  }
}

static void it_sends_while_frames_come_in(void) {
  for (unsigned round = 0; round < 300; round++) {
    for (unsigned i = 0; i < 8; i++)
      (void)netrig_receive(NETRIG_FRAME_MIN);
    netrig_must_send(200, 1 + round % 3, false, NETRIG_GIVES);
    netrig_run(1);
  }
}

static void the_stack_answers_in_what_it_was_given(void) {
  netrig.receiver = NETRIG_ANSWERS;
  for (unsigned round = 0; round < 100; round++)
    netrig_must_receive(1 + round % 8, NETRIG_FRAME_MIN + 14 * round);
  netrig_check_sent();
}

static void the_stack_sends_while_it_is_given_a_frame(void) {
  netrig.receiver = NETRIG_SENDS;
  for (unsigned round = 0; round < 100; round++)
    netrig_must_receive(1 + round % 8, 64 + 14 * round);
  netrig_check_sent();
}

static void a_frame_that_is_freed_may_send_the_next(void) {
  netrig.unordered = true;
  for (unsigned frames = 1; frames <= 40; frames++) {
    netrig.stream = 500;
    hold_tx(true);
    for (unsigned i = 0; i < frames; i++)
      (void)netrig_send(NETRIG_FRAME_MIN, 1, false, NETRIG_STREAMS);
    hold_tx(false);
    for (unsigned ms = 0; netrig.stream != 0; ms++) {
      if (ms == 5000)
        fail_msg("a stream of frames stops, with %u left", netrig.stream);
      netrig_run(1);
      netrig_stream();
    }
    netrig_check_sent();
  }
  netrig.unordered = false;
}

/* ---- all of it ---- */

static uint32_t any_length(struct dice *dice, uint32_t longest) {
  return dice_chance(dice, 300000) ? longest : dice_from(dice, 64, 600);
}

static void anything(struct dice *dice) {
  switch (dice_below(dice, 9)) {
  case 0:
    hold_tx(dice_chance(dice, 300000));
    break;
  case 1:
    netrig.receiver = (enum netrig_receiver)dice_below(dice, NETRIG_SENDS + 1);
    break;
  case 2:
    netrig_free_kept();
    netrig_give_memory_back();
    break;
  case 3:
    if (dice_chance(dice, 100000))
      netrig_take_memory();
    break;
  case 4:
    if (netrig.driver->set_link != NULL && dice_chance(dice, 100000))
      netrig.driver->set_link(dice_chance(dice, 500000));
    break;
  case 5:
    for (unsigned i = dice_below(dice, 30); i != 0; i--)
      (void)netrig_receive(any_length(dice, NETRIG_FRAME_MAX));
    break;
  case 6:
    for (unsigned i = dice_below(dice, 30); i != 0; i--)
      (void)netrig_send(any_length(dice, netrig_longest()), dice_from(dice, 1, NETRIG_PARTS_MAX),
                        dice_below(dice, 2) != 0, NETRIG_GIVES);
    break;
  default:
    netrig_run(dice_below(dice, 4));
  }
  if (netrig.kept_count > NETRIG_KEPT_MAX - 64)
    netrig_free_kept();
}

static void put_right(void) {
  hold_tx(false);
  netrig_free_kept();
  netrig_give_memory_back();
  netrig.receiver = NETRIG_FREES;
  if (netrig.driver->set_link != NULL) {
    change_link(false); /* it may not have seen yet that the carrier was gone, or back */
    change_link(true);
  }
  netrig_check_traffic();
}

static void it_goes_on_after_anything_in_any_order(void) {
  for (uint32_t seed = netif_seeds.first; seed != netif_seeds.first + netif_seeds.count; seed++) {
    struct dice dice = dice_of(seed, 0);

    printf("seed %u\n", seed);
    for (unsigned events = 0; events < 300; events++) {
      netrig.lossy = true;
      anything(&dice);
    }
    put_right();
  }
}

const struct netif_test netif_tests[] = {
    NETIF_TEST(it_has_what_lwip_needs),
    NETIF_TEST(its_link_is_followed),
    NETIF_TEST(it_can_be_removed_and_added_again),
    NETIF_TEST(frames_of_every_length_come_in),
    NETIF_TEST(bursts_come_in_order),
    NETIF_TEST(it_receives_after_a_burst_that_was_too_long),
    NETIF_TEST(what_the_stack_keeps_stays_as_it_is),
    NETIF_TEST(it_receives_once_the_stack_frees_what_it_kept),
    NETIF_TEST(it_receives_once_memory_is_back),
    NETIF_TEST(what_input_refuses_is_freed),
    NETIF_TEST(frames_to_others_stay_out),
    NETIF_TEST(frames_that_are_too_long_do_no_harm),
    NETIF_TEST(broadcasts_come_in),
    NETIF_TEST(groups_that_are_joined_come_in),
    NETIF_TEST(a_group_is_joined_while_frames_wait),
    NETIF_TEST(frames_of_every_length_go_out),
    NETIF_TEST(chains_go_out_whole),
    NETIF_TEST(a_frame_is_left_alone_until_it_is_sent),
    NETIF_TEST(what_may_be_sent_again_comes_back_unchanged),
    NETIF_TEST(data_that_changes_after_the_call_is_copied),
    NETIF_TEST(a_transmitter_that_pauses_makes_it_refuse),
    NETIF_TEST(it_sends_after_a_pause_of_any_length),
    NETIF_TEST(what_waits_behind_a_frame_that_is_sent_is_left_alone),
    NETIF_TEST(it_sends_while_frames_come_in),
    NETIF_TEST(the_stack_answers_in_what_it_was_given),
    NETIF_TEST(the_stack_sends_while_it_is_given_a_frame),
    NETIF_TEST(a_frame_that_is_freed_may_send_the_next),
    NETIF_TEST(it_goes_on_after_anything_in_any_order),
    {NULL, NULL},
};
