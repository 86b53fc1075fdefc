/* The peer on the simulated wire, frame by frame: what has no room, makes no sense or does not
 * concern it costs a count and nothing else. */
#include "unit.h"

#include "sim_peer.h"

enum { ROOM = 1514, PING_BYTES = 98, ARP_BYTES = 60 };

static struct dispatch_queue dispatch;
static struct dispatch_source burst_done;
static unsigned bursts_done;
static struct sim_peer peer;
static const uint8_t station_mac[6] = {2, 0, 0, 0, 0, 1};
static struct sim_peer_config config;
static uint8_t frame[ROOM];

static void count_burst(void *context) {
  (void)context;
  bursts_done++;
}

static int setup(void **state) {
  (void)state;
  config = (struct sim_peer_config){.mac = {2, 0, 0, 0, 0, 2},
                                    .address = {10, 1, 0, 2},
                                    .station = {10, 1, 0, 1},
                                    .burst = 3,
                                    .first_ms = 1000,
                                    .period_ms = 5000};
  if (burst_done.queue == NULL)
    assert_int_equal(dispatch_add(&dispatch, &burst_done, count_burst, NULL), 0);
  (void)dispatch_run(&dispatch);
  bursts_done = 0;
  sim_peer_init(&peer, &config);
  peer.burst_done = &burst_done;
  sim_peer_start(&peer, station_mac, 0);
  memset(frame, 0, sizeof frame);
  return 0;
}

/* The first tick, with that profile. */
static void tick_as(enum sim_peer_profile profile) {
  config.profile = profile;
  sim_peer_configure(&peer, &config);
  sim_peer_tick(&peer, 1000000);
  assert_int_equal(peer.report.ticks, 1);
}

static unsigned bursts(void) {
  (void)dispatch_run(&dispatch);
  return bursts_done;
}

static void put16(unsigned at, unsigned value) {
  frame[at] = (uint8_t)(value >> 8);
  frame[at + 1] = (uint8_t)value;
}

/* An IPv4 frame of that protocol from the station to the peer, whose header says `ip_length`. */
static void make_ip(uint8_t protocol, unsigned ip_length) {
  memset(frame, 0, sizeof frame);
  memcpy(frame, config.mac, 6);
  memcpy(frame + 6, station_mac, 6);
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, ip_length);
  frame[23] = protocol;
  memcpy(frame + 26, config.station, 4);
  memcpy(frame + 30, config.address, 4);
}

/* A ping from the station, with `data` bytes. */
static uint32_t make_ping(unsigned data) {
  make_ip(1, 20 + 8 + data);
  frame[34] = 8;
  for (unsigned i = 0; i < data; i++)
    frame[42 + i] = (uint8_t)(0x80 + i);
  return 42 + data < 60 ? 60 : 42 + data;
}

static uint32_t make_arp(unsigned operation, const uint8_t sender[4], const uint8_t target[4]) {
  memset(frame, 0, sizeof frame);
  put16(12, 0x0806);
  put16(20, operation);
  memcpy(frame + 28, sender, 4);
  memcpy(frame + 38, target, 4);
  return 42;
}

static void profiles_and_names_belong_together(void **state) {
  (void)state;
  for (unsigned profile = 0; profile < SIM_PEER_PROFILE_COUNT; profile++) {
    const char *name = sim_peer_profile_name((enum sim_peer_profile)profile);

    assert_int_equal(sim_peer_profile_parse(name), profile);
  }
  assert_string_equal(sim_peer_profile_name(SIM_PEER_IMIX), "imix");
  assert_int_equal(sim_peer_profile_parse("imi"), SIM_PEER_PROFILE_COUNT);
}

/* ---- what does not fit ---- */

static void a_request_that_does_not_fit_is_not_sent(void **state) {
  (void)state;
  tick_as(SIM_PEER_ECHO);
  assert_int_equal(sim_peer_send(&peer, frame, PING_BYTES - 1), 0);
  assert_int_equal(sim_peer_send(&peer, frame, PING_BYTES), PING_BYTES);
  assert_int_equal(sim_peer_send(&peer, frame, PING_BYTES), PING_BYTES);
  assert_false(sim_peer_has_frame(&peer));
  assert_int_equal(peer.report.requests, 2);
  sim_peer_tick(&peer, 6000000);
  assert_int_equal(peer.report.missing, 2); /* the first was never requested */
}

static void what_else_does_not_fit_is_lost(void **state) {
  (void)state;
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.address));
  assert_true(sim_peer_has_frame(&peer));
  assert_int_equal(sim_peer_send(&peer, frame, ARP_BYTES - 1), 0);
  assert_false(sim_peer_has_frame(&peer));
  sim_peer_receive(&peer, frame, make_ping(56));
  assert_int_equal(sim_peer_send(&peer, frame, PING_BYTES - 1), 0);
  assert_false(sim_peer_has_frame(&peer));
  tick_as(SIM_PEER_PEER);
  assert_int_equal(sim_peer_send(&peer, frame, 59), 0); /* the SYN, which is retransmitted later */
  assert_false(sim_peer_has_frame(&peer));
  sim_peer_tick(&peer, 1000000 + 1000 * SIM_TCP_RESEND_MS);
  assert_int_equal(sim_peer_send(&peer, frame, 60), 60);
  assert_int_equal(frame[47], 0x02);
}

static void a_frame_without_a_buffer_is_the_one_that_was_next(void **state) {
  (void)state;
  tick_as(SIM_PEER_PEER); /* a SYN */
  sim_peer_receive(&peer, frame, make_ping(8));
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.station));
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.address));
  sim_peer_drop_frame(&peer); /* the ARP reply: the request, the echo reply and the SYN are left */
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), ARP_BYTES);
  assert_int_equal(frame[21], 1);
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.station));
  sim_peer_drop_frame(&peer);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[23], 1);
  sim_peer_receive(&peer, frame, make_ping(8));
  sim_peer_drop_frame(&peer);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[23], 6);
  assert_false(sim_peer_has_frame(&peer));
}

/* ---- time ---- */

static void a_stall_is_not_caught_up_with(void **state) {
  (void)state;
  sim_peer_tick(&peer, 1000000);
  sim_peer_tick(&peer, 60000000);
  assert_int_equal(peer.report.ticks, 2);
  assert_int_equal(sim_peer_next_tick(&peer), 65000000);
}

static void what_happens_first_is_next(void **state) {
  (void)state;
  tick_as(SIM_PEER_PEER);
  assert_int_equal(sim_peer_next_tick(&peer), 6000000);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(sim_peer_next_tick(&peer), 1000000 + 1000 * SIM_TCP_RESEND_MS);
}

/* ---- what is in flight ---- */

static void a_new_start_forgets_what_was_under_way(void **state) {
  (void)state;
  tick_as(SIM_PEER_ECHO);
  (void)sim_peer_send(&peer, frame, ROOM);
  sim_peer_receive(&peer, frame, make_ping(8));
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.station));
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.address));
  sim_peer_start(&peer, station_mac, 2000000);
  assert_false(sim_peer_has_frame(&peer));
  assert_int_equal(peer.report.missing, 1);
  assert_int_equal(bursts(), 1);
}

static void another_profile_begins_with_its_next_tick(void **state) {
  (void)state;
  tick_as(SIM_PEER_ECHO);
  (void)sim_peer_send(&peer, frame, ROOM);
  config.profile = SIM_PEER_PEER;
  sim_peer_configure(&peer, &config);
  assert_false(sim_peer_has_frame(&peer));
  assert_int_equal(peer.report.missing, 1);
  sim_peer_tick(&peer, 6000000);
  (void)sim_peer_send(&peer, frame, ROOM);
  config.profile = SIM_PEER_ECHO;
  sim_peer_configure(&peer, &config);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[47] & 0x04, 0x04); /* the session is reset */
  assert_false(sim_peer_has_frame(&peer));
}

static void every_second_frame_of_a_flood_is_the_hosts(void **state) {
  (void)state;
  sim_flood_start(&peer.flood, SIM_FLOOD_ARP, 1000, 0);
  tick_as(SIM_PEER_ECHO);
  for (unsigned i = 0; i < 10; i++) {
    assert_int_equal(sim_peer_send(&peer, frame, ROOM), i < 6 && i % 2 != 0 ? PING_BYTES : 60);
    assert_int_equal(frame[13], i < 6 && i % 2 != 0 ? 0x00 : 0x06);
  }
}

static void imix_has_its_lengths(void **state) {
  static const unsigned lengths[] = {60, 572, 60, 60, 572, 60, 1514, 60, 572, 60, 572, 60};

  (void)state;
  config.burst = 24;
  tick_as(SIM_PEER_IMIX);
  for (unsigned i = 0; i < 24; i++)
    assert_int_equal(sim_peer_send(&peer, frame, ROOM), lengths[i % 12]);
}

/* ---- ARP ---- */

static void arp_is_answered_where_it_asks_for_the_peer(void **state) {
  static const uint8_t other[4] = {10, 1, 0, 9};

  (void)state;
  sim_peer_receive(&peer, frame, make_arp(1, config.station, other)); /* for somebody else */
  sim_peer_receive(&peer, frame, make_arp(1, other, config.station));
  sim_peer_receive(&peer, frame, make_arp(2, config.station, config.address)); /* an answer */
  sim_peer_receive(&peer, frame, make_arp(1, config.station, config.address) - 1);
  assert_false(sim_peer_has_frame(&peer));
  sim_peer_receive(&peer, frame, make_arp(1, other, config.address));
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), ARP_BYTES);
  assert_int_equal(frame[21], 2);
  assert_memory_equal(frame, station_mac, 6);
  assert_memory_equal(frame + 22, config.mac, 6);
  assert_memory_equal(frame + 28, config.address, 4);
  assert_int_equal(peer.report.wrong, 0);
}

/* ---- pings of the station ---- */

/* Over the bytes from `at` to `end`; an odd one is padded with a zero (RFC 1071). */
static unsigned sum_of(unsigned at, unsigned end) {
  unsigned sum = 0;

  for (unsigned i = at; i < end; i++)
    sum += (unsigned)frame[i] << ((i - at) % 2 == 0 ? 8 : 0);
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

static void pings_of_each_length_are_answered(void **state) {
  (void)state;
  for (unsigned data = 0; data <= SIM_PEER_PING_MAX - 42; data++) {
    uint32_t length = make_ping(data);

    frame[42 + data] = 0xee; /* the frame's padding does not belong to the sum */
    sim_peer_receive(&peer, frame, length);
    memset(frame, 0, sizeof frame);
    assert_int_equal(sim_peer_send(&peer, frame, ROOM), length);
    assert_int_equal(frame[34], 0);
    assert_int_equal(sum_of(14, 34), 0xffff);
    assert_int_equal(sum_of(34, 42 + data), 0xffff);
    for (unsigned i = 0; i < data; i++)
      assert_int_equal(frame[42 + i], (uint8_t)(0x80 + i));
  }
}

/* Lengths that the frame does not have; the smallest of them once made the peer sum up 4 GiB. */
static void a_ping_whose_length_is_wrong_is_not_answered(void **state) {
  static const unsigned lengths[] = {0, 19, 20, 27, 60 - 14 + 1, 0xffff};

  (void)state;
  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    uint32_t length = make_ping(8);

    put16(16, lengths[i]);
    sim_peer_receive(&peer, frame, length);
    assert_false(sim_peer_has_frame(&peer));
  }
  sim_peer_receive(&peer, frame, make_ping(SIM_PEER_PING_MAX - 42 + 1)); /* too long */
  assert_false(sim_peer_has_frame(&peer));
  (void)make_ping(8);
  frame[33] = 9; /* to somebody else */
  sim_peer_receive(&peer, frame, 60);
  assert_false(sim_peer_has_frame(&peer));
  sim_peer_receive(&peer, frame, make_ping(0) > 41 ? 41 : 0); /* cut within its header */
  assert_false(sim_peer_has_frame(&peer));
  assert_int_equal(peer.report.wrong, 0);
}

static void other_icmp_is_of_no_concern(void **state) {
  (void)state;
  make_ip(1, 28);
  frame[34] = 3; /* destination unreachable */
  sim_peer_receive(&peer, frame, 60);
  make_ip(17, 28);
  sim_peer_receive(&peer, frame, 60);
  assert_false(sim_peer_has_frame(&peer));
  assert_int_equal(peer.report.wrong, 0);
}

/* ---- answers to its pings ---- */

/* The request that it has just sent, turned around. */
static void answer(uint32_t length) {
  uint8_t mac[6], address[4];

  memcpy(mac, frame, 6);
  memcpy(frame, frame + 6, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(address, frame + 26, 4);
  memcpy(frame + 26, frame + 30, 4);
  memcpy(frame + 30, address, 4);
  frame[34] = 0;
  put16(36, 0);
  put16(36, 0xffff - sum_of(34, length));
  sim_peer_receive(&peer, frame, length);
}

static void a_burst_is_done_with_its_last_answer(void **state) {
  (void)state;
  tick_as(SIM_PEER_IMIX);
  for (unsigned i = 0; i < 3; i++) {
    uint32_t length = sim_peer_send(&peer, frame, ROOM);

    assert_int_equal(length, i == 1 ? 572 : 60);
    answer(length);
    assert_int_equal(peer.report.right, i + 1);
    assert_int_equal(bursts(), i == 2);
  }
  assert_int_equal(peer.report.wrong, 0);
}

static void an_answer_that_is_cut_or_was_not_asked_for_is_wrong(void **state) {
  uint32_t length;

  (void)state;
  tick_as(SIM_PEER_FLOOD);
  length = sim_peer_send(&peer, frame, ROOM);
  answer(length - 1);
  assert_int_equal(peer.report.wrong, 1);
  put16(40, 1); /* the next one's sequence number */
  sim_peer_receive(&peer, frame, length);
  assert_int_equal(peer.report.wrong, 2);
  assert_int_equal(peer.report.right, 0);
}

/* Its tick ends even if nobody waits for it. */
static void nobody_need_wait_for_a_burst(void **state) {
  uint32_t length;

  (void)state;
  peer.burst_done = NULL;
  config.burst = 1;
  tick_as(SIM_PEER_ECHO);
  length = sim_peer_send(&peer, frame, ROOM);
  answer(length);
  assert_int_equal(peer.report.right, 1);
  sim_peer_tick(&peer, 6000000);
  (void)sim_peer_send(&peer, frame, ROOM);
  sim_peer_tick(&peer, 11000000);
  assert_int_equal(peer.report.missing, 1);
  config.profile = SIM_PEER_REPLAY;
  sim_peer_configure(&peer, &config);
  sim_peer_tick(&peer, 16000000);
  assert_int_equal(bursts(), 0);
}

/* ---- captures ---- */

static uint8_t capture[400];

/* A capture of `frames` frames, of 60, 61 and so on bytes of `fill`; returns its length. */
static uint32_t make_capture(unsigned frames, uint8_t fill) {
  uint32_t length = 24;

  memset(capture, 0, sizeof capture);
  memcpy(capture, "\xd4\xc3\xb2\xa1", 4);
  for (unsigned i = 0; i < frames; i++) {
    capture[length + 8] = (uint8_t)(60 + i);
    memset(capture + length + 16, fill + (int)i, 60 + i);
    length += 16 + 60 + i;
  }
  return length;
}

static void replay(uint32_t length) {
  config.replay = capture;
  config.replay_length = length;
  peer.report = (struct sim_peer_report){0};
  peer.next_tick_us = 1000000;
  tick_as(SIM_PEER_REPLAY);
}

static void what_is_no_capture_replays_nothing(void **state) {
  (void)state;
  (void)make_capture(1, 1);
  for (uint32_t length = 0; length < 24 + 16 + 60; length += 5) { /* cut anywhere */
    replay(length);
    for (unsigned i = 0; i < 3; i++)
      assert_int_equal(sim_peer_send(&peer, frame, ROOM), 0);
    assert_false(sim_peer_has_frame(&peer));
    assert_int_equal(peer.report.requests, 0);
  }
  config.replay = NULL;
  sim_peer_configure(&peer, &config);
  sim_peer_tick(&peer, 6000000);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 0);
  capture[0] = 0; /* no magic number */
  replay(24 + 16 + 60);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 0);
  capture[0] = 0xd4;
  replay(24 + 16 + 60);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
}

static void a_frame_that_does_not_fit_is_passed_over(void **state) {
  (void)state;
  replay(make_capture(2, 1));
  assert_int_equal(sim_peer_send(&peer, frame, 59), 0);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 61);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60); /* starts over */
  assert_int_equal(peer.report.requests, 2);
}

/* What is left of the last is not a frame. */
static void a_capture_that_is_cut_short_starts_again(void **state) {
  (void)state;
  replay(make_capture(3, 1) - 1);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 61);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 0);
  sim_peer_tick(&peer, 6000000);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
}

/* With another capture, its first frame comes first: the previous position means nothing in it. */
static void another_capture_starts_at_its_first_frame(void **state) {
  (void)state;
  replay(make_capture(3, 1));
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 61);
  replay(make_capture(4, 0x77));
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[0], 0x77);
}

/* ---- TCP segments: those of the session itself are test_sim_tcp.c's ---- */

static void a_segment_that_makes_no_sense_is_ignored(void **state) {
  static const unsigned lengths[] = {0, 19, 60 - 14 + 1, 0xffff};

  (void)state;
  tick_as(SIM_PEER_PEER);
  (void)sim_peer_send(&peer, frame, ROOM);
  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    make_ip(6, lengths[i]);
    put16(36, peer.tcp.port);
    sim_peer_receive(&peer, frame, 60);
  }
  make_ip(6, 44);
  frame[14] = 0x46; /* with options, which the station does not send */
  put16(38, peer.tcp.port);
  sim_peer_receive(&peer, frame, 60);
  assert_int_equal(peer.tcp.state, SIM_TCP_SYN_SENT);
  assert_int_equal(peer.report.wrong, 0);
  make_ip(6, 40);
  put16(36, peer.tcp.port); /* for the session, with a wrong sum */
  sim_peer_receive(&peer, frame, 60);
  assert_int_equal(peer.report.wrong, 1);
  assert_int_equal(peer.tcp.state, SIM_TCP_CLOSED);
}

/* A segment from the station's echo port to the session, with `length` bytes of `data`. */
static void answer_segment(uint8_t flags, uint32_t sequence, const uint8_t *data, unsigned length) {
  unsigned sum;

  make_ip(6, 20 + 20 + length);
  put16(34, 7);
  put16(36, peer.tcp.port);
  put16(38, sequence >> 16);
  put16(40, sequence);
  put16(42, peer.tcp.send_next >> 16);
  put16(44, peer.tcp.send_next);
  frame[46] = 0x50;
  frame[47] = flags;
  memcpy(frame + 54, data, length);
  sum = sum_of(26, 54 + length) + 6 + 20 + length; /* both addresses, and what precedes them */
  put16(50, 0xffff - (sum > 0xffff ? sum - 0xffff : sum));
  sim_peer_receive(&peer, frame, 54 + length < 60 ? 60 : 54 + length);
}

/* A tick is done when its ping is answered, and its segment has come back. */
static void a_session_and_its_pings_are_one_tick(void **state) {
  uint8_t data[SIM_TCP_DATA_BYTES] = {0};

  (void)state;
  config.burst = 1;
  tick_as(SIM_PEER_SESSION);
  memset(frame, 0xee, sizeof frame);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[47], 0x02);
  for (unsigned i = 54; i < 60; i++)
    assert_int_equal(frame[i], 0); /* the padding */
  answer(sim_peer_send(&peer, frame, ROOM));
  assert_int_equal(peer.report.right, 1);
  assert_int_equal(bursts(), 0);
  answer_segment(0x12, 999, data, 0);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 54 + SIM_TCP_DATA_BYTES);
  memcpy(data, frame + 54, sizeof data);
  answer_segment(0x18, 1000, data, sizeof data);
  assert_int_equal(peer.report.echoed, 1);
  assert_int_equal(bursts(), 1);
  assert_int_equal(peer.report.segments, 1);
}

/* One that is still open is not counted again at the next tick; one that was lost is opened
 * anew. */
static void what_a_session_has_lost_is_counted(void **state) {
  (void)state;
  tick_as(SIM_PEER_SESSION);
  (void)sim_peer_send(&peer, frame, ROOM);
  sim_peer_tick(&peer, 1000000 + 5000000);
  assert_int_equal(peer.report.segments, 1);
  answer_segment(0x14, 999, station_mac, 0); /* a reset */
  assert_int_equal(peer.report.lost, 1);
  assert_int_equal(peer.report.wrong, 0);
  sim_peer_tick(&peer, 1000000 + 10000000);
  assert_int_equal(peer.report.segments, 2);
}

/* The next tick gives it up, the one after that opens another. */
static void a_session_that_is_still_open_is_given_up(void **state) {
  (void)state;
  tick_as(SIM_PEER_PEER);
  (void)sim_peer_send(&peer, frame, ROOM);
  sim_peer_tick(&peer, 6000000);
  assert_int_equal(peer.report.missing, 1);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[47] & 0x04, 0x04); /* a reset */
  sim_peer_tick(&peer, 11000000);
  assert_int_equal(sim_peer_send(&peer, frame, ROOM), 60);
  assert_int_equal(frame[47], 0x02);
  assert_int_equal(peer.report.requests, 2);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(profiles_and_names_belong_together, setup),
      cmocka_unit_test_setup(a_request_that_does_not_fit_is_not_sent, setup),
      cmocka_unit_test_setup(what_else_does_not_fit_is_lost, setup),
      cmocka_unit_test_setup(a_frame_without_a_buffer_is_the_one_that_was_next, setup),
      cmocka_unit_test_setup(a_stall_is_not_caught_up_with, setup),
      cmocka_unit_test_setup(what_happens_first_is_next, setup),
      cmocka_unit_test_setup(a_new_start_forgets_what_was_under_way, setup),
      cmocka_unit_test_setup(another_profile_begins_with_its_next_tick, setup),
      cmocka_unit_test_setup(every_second_frame_of_a_flood_is_the_hosts, setup),
      cmocka_unit_test_setup(imix_has_its_lengths, setup),
      cmocka_unit_test_setup(arp_is_answered_where_it_asks_for_the_peer, setup),
      cmocka_unit_test_setup(pings_of_each_length_are_answered, setup),
      cmocka_unit_test_setup(a_ping_whose_length_is_wrong_is_not_answered, setup),
      cmocka_unit_test_setup(other_icmp_is_of_no_concern, setup),
      cmocka_unit_test_setup(a_burst_is_done_with_its_last_answer, setup),
      cmocka_unit_test_setup(an_answer_that_is_cut_or_was_not_asked_for_is_wrong, setup),
      cmocka_unit_test_setup(nobody_need_wait_for_a_burst, setup),
      cmocka_unit_test_setup(what_is_no_capture_replays_nothing, setup),
      cmocka_unit_test_setup(a_frame_that_does_not_fit_is_passed_over, setup),
      cmocka_unit_test_setup(a_capture_that_is_cut_short_starts_again, setup),
      cmocka_unit_test_setup(another_capture_starts_at_its_first_frame, setup),
      cmocka_unit_test_setup(a_segment_that_makes_no_sense_is_ignored, setup),
      cmocka_unit_test_setup(a_session_that_is_still_open_is_given_up, setup),
      cmocka_unit_test_setup(a_session_and_its_pings_are_one_tick, setup),
      cmocka_unit_test_setup(what_a_session_has_lost_is_counted, setup),
  };

  return cmocka_run_group_tests_name("sim_peer", tests, NULL, NULL);
}
