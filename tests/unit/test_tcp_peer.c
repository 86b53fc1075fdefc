/* A peer that is silent for a long time, or sends what it need not: how long a connection is kept,
 * what opens it, and what is answered. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/stats.h"
#include "tcp_peer.h"

/* ---- what is answered ---- */

/* Two that answered each other like this would never stop. */
static void an_acknowledgement_is_not_acknowledged(void **state) {
  static const uint16_t windows[] = {0, 1, TCP_WND};

  (void)state;
  for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
    pcb->rcv_wnd = pcb->rcv_ann_wnd = windows[i];
    segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt, SEQUENCE, 0);
    segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt + windows[i], SEQUENCE, 0); /* all was lost */
    segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt + windows[i] + 1, SEQUENCE, 0); /* and a FIN */
    assert_int_equal(segments, i);
    segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt - 1, SEQUENCE, 0); /* RFC 9293, 3.8.4 */
    assert_int_equal(segments, i + 1);
    assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK);
  }
}

/* RFC 9293, 3.10.7.4 and RFC 5961, 5.2: a station that cannot see the connection would soon hit its
 * window, but not with a valid acknowledgement. */
static void what_acknowledges_nothing_of_ours_is_not_taken(void **state) {
  static const struct {
    uint8_t flags;
    uint32_t behind;
    bool is_taken;
  } others[] = {
      {TCP_ACK, 0, true},           {TCP_ACK | TCP_PSH, 0x1ffff, true},
      {TCP_ACK, 0x1ffff, true},     {TCP_ACK, 0x20000, false},
      {TCP_ACK, 0x40000000, false}, {TCP_ACK | TCP_URG, 0x7fffffff, false},
      {TCP_PSH, 0, false},          {0, 0, false},
      {TCP_FIN, 0, false},          {TCP_ACK | TCP_FIN, 0x40000000, false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    const uint32_t next = pcb->rcv_nxt;

    segments = 0;
    data_comes(&wire, pcb, others[i].flags, next, SEQUENCE - others[i].behind, WINDOW, "data", 4);
    assert_int_equal(pcb->rcv_nxt, next + (others[i].is_taken ? 4 : 0));
    assert_int_equal(pcb->state, ESTABLISHED);
    if (!others[i].is_taken) {
      assert_int_equal(segments, 1);
      assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK);
    }
  }
}

/* Else the peer would send it again, and more slowly. */
static void what_comes_is_acknowledged_with_a_full_heap(void **state) {
  static void *taken[MEM_SIZE / 64];
  unsigned count = 0;

  (void)state;
  while (count < MEM_SIZE / 64 && (taken[count] = mem_malloc(64)) != NULL)
    count++;
  for (unsigned i = 1; i <= 3; i++) {
    tcp_ack_now(pcb);
    assert_int_equal(tcp_output(pcb), ERR_OK);
    assert_int_equal(segments, i);
    assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK);
    assert_int_equal(lwip_ntohl(sent.ackno), pcb->rcv_nxt);
    assert_int_equal(sent_length, 0);
  }
  while (count != 0)
    mem_free(taken[--count]);
}

/* It may be under way for a while: then the next one is another. */
static void acknowledgements_may_be_under_way(void **state) {
  (void)state;
  keep = true;
  for (unsigned i = 1; i <= 3; i++) {
    segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt - i, SEQUENCE, 0);
    assert_int_equal(segments, i);
  }
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned k = 0; k < i; k++)
      assert_ptr_not_equal(kept[i], kept[k]);
  }
  keep = false;
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(pbuf_free(kept[i]), 1);
}

/* ---- how long a closed connection is kept ---- */

/* After the peer's FIN, and long after the last segment, as when the answer takes its time. */
static void what_is_closed_late_is_sent(void **state) {
  (void)state;
  pcb->state = CLOSE_WAIT;
  pass(5 * MINUTE);
  write_bytes(SEGMENT, TCP_WRITE_FLAG_COPY);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  assert_int_equal(pcb->state, LAST_ACK);
  pass(3 * MINUTE); /* without a link, say */
  assert_int_equal(sent_length, SEGMENT);
  assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK | TCP_PSH | TCP_FIN);
  assert_true(segments > 3);
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  assert_null(tcp_active_pcbs);
  pcb = NULL;
}

/* To a peer that reads slowly, for as long as that takes. */
static void what_is_closed_is_sent_to_a_slow_peer(void **state) {
  (void)state;
  pcb->state = CLOSE_WAIT;
  pcb->snd_wnd = SEGMENT;
  write_bytes(6 * SEGMENT, TCP_WRITE_FLAG_COPY);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  for (unsigned i = 0; i < 5; i++) {
    pass(30 * SECOND);
    acknowledgement_comes(pcb->snd_nxt, SEGMENT);
  }
  pass(30 * SECOND);
  assert_int_equal(pcb->snd_nxt, SEQUENCE + 6 * SEGMENT + 1);
  acknowledgement_comes(pcb->snd_nxt, SEGMENT);
  assert_null(tcp_active_pcbs);
  pcb = NULL;
}

/* Its retransmissions are counted, and the last one has its time as well. */
static void what_nobody_acknowledges_ends(void **state) {
  (void)state;
  pcb->state = CLOSE_WAIT;
  assert_int_equal(tcp_close(pcb), ERR_OK);
  for (unsigned i = 0; segments <= TCP_MAXRTX && i < HOUR; i++)
    pass(1);
  pass(MINUTE - 1);
  assert_non_null(tcp_active_pcbs);
  pass(1);
  assert_null(tcp_active_pcbs);
  assert_int_equal(segments, 1 + TCP_MAXRTX);
  pcb = NULL;
}

/* Nor does one stay whose link was gone before there was anything to be sent; what waits is sent
 * when it comes back. */
static void what_has_no_route_ends(void **state) {
  static const enum tcp_state states[] = {CLOSE_WAIT, ESTABLISHED};

  (void)state;
  for (unsigned i = 0; i < 4; i++) {
    pcb->state = states[i & 1];
    netif_set_link_down(&wire);
    if (i & 2)
      write_bytes(SEGMENT, TCP_WRITE_FLAG_COPY);
    assert_int_equal(tcp_close(pcb), ERR_OK);
    pass(MINUTE);
    assert_int_equal(segments, 0);
    netif_set_link_up(&wire);
    pass(MINUTE);
    assert_in_range(segments, 1, 3);
    acknowledgement_comes(pcb->snd_nxt, WINDOW);
    if (i & 1)
      pass(MINUTE); /* FIN-WAIT-2 */
    assert_null(tcp_active_pcbs);
    set_up_again();
    pcb->state = states[i & 1];
    netif_set_link_down(&wire);
    assert_int_equal(tcp_close(pcb), ERR_OK);
    pass(HOUR);
    assert_null(tcp_active_pcbs);
    set_up_again();
  }
}

/* 20 s from the acknowledgement of the FIN, however long nothing had come before; what comes then
 * does not prolong it. */
static void fin_wait_2_takes_its_time(void **state) {
  (void)state;
  pass(5 * MINUTE);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  pass(MINUTE); /* the FIN is lost at first */
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  assert_int_equal(pcb->state, FIN_WAIT_2);
  pass(10 * SECOND);
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  pass(10 * SECOND);
  assert_non_null(tcp_active_pcbs);
  pass(1);
  assert_null(tcp_active_pcbs);
  pcb = NULL;
}

/* So does one whose other half is closed later, which the peer does not notice. */
static void it_begins_anew_with_the_close(void **state) {
  (void)state;
  for (unsigned ways = 0; ways < 2; ways++) {
    assert_int_equal(tcp_shutdown(pcb, 0, 1), ERR_OK);
    acknowledgement_comes(pcb->snd_nxt, WINDOW);
    pass(5 * MINUTE);
    assert_int_equal(pcb->state, FIN_WAIT_2);
    assert_int_equal(ways == 0 ? tcp_close(pcb) : tcp_shutdown(pcb, 1, 0), ERR_OK);
    pass(20 * SECOND);
    assert_non_null(tcp_active_pcbs);
    pass(1);
    assert_null(tcp_active_pcbs);
    set_up_again();
  }
}

/* To make room for another connection, but not silently: there was data to be sent. */
static void who_has_not_got_all_is_told(void **state) {
  struct tcp_pcb *all[MEMP_NUM_TCP_PCB];
  unsigned count = 0;

  (void)state;
  pcb->state = CLOSE_WAIT;
  pcb->snd_wnd = 0;
  write_bytes(SEGMENT, TCP_WRITE_FLAG_COPY);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  assert_int_equal(segments, 0);
  while (segments == 0 && count < MEMP_NUM_TCP_PCB) {
    all[count] = tcp_new();
    assert_non_null(all[count++]);
  }
  assert_int_equal(count, MEMP_NUM_TCP_PCB);
  assert_int_equal(segments, 1);
  assert_true(TCPH_FLAGS(&sent) & TCP_RST);
  assert_int_equal(lwip_ntohl(sent.seqno), SEQUENCE);
  assert_null(tcp_active_pcbs);
  pcb = NULL;
  while (count != 0)
    tcp_abort(all[--count]);
}

/* So that the peer's FIN is acknowledged again if that was lost. */
static void time_wait_takes_its_time(void **state) {
  (void)state;
  assert_int_equal(tcp_close(pcb), ERR_OK);
  pass(4 * MINUTE);
  segment_comes(&wire, pcb, TCP_ACK | TCP_FIN, pcb->rcv_nxt, pcb->snd_nxt, WINDOW);
  assert_ptr_equal(tcp_tw_pcbs, pcb);
  pass(2 * TCP_MSL / TCP_SLOW_INTERVAL);
  assert_ptr_equal(tcp_tw_pcbs, pcb);
  pass(1);
  assert_null(tcp_tw_pcbs);
  pcb = NULL;
}

/* ---- half-open connections ---- */

enum { SERVICE = 7, BACKLOG = 2 };

static unsigned accepted;

static err_t accept_it(void *argument, struct tcp_pcb *accepted_pcb, err_t error) {
  (void)argument, (void)accepted_pcb;
  assert_int_equal(error, ERR_OK);
  accepted++;
  return ERR_OK;
}

/* To a service; true if the last sent segment answers it. */
static bool comes_to(uint16_t service, uint16_t port, uint8_t flags) {
  struct tcp_pcb peer = {.local_port = service, .remote_port = port};

  ip_addr_copy(peer.remote_ip, pcb->remote_ip);
  segments = 0;
  segment_comes(&wire, &peer, flags, PEER_FIRST + (flags == TCP_SYN ? 0 : 1),
                lwip_ntohl(sent.seqno) + 1, WINDOW);
  return segments == 1 && lwip_ntohs(sent.dest) == port &&
         TCPH_FLAGS(&sent) == (flags == TCP_SYN ? TCP_SYN | TCP_ACK : TCP_RST | TCP_ACK);
}

static bool comes_from(uint16_t port, uint8_t flags) { return comes_to(SERVICE, port, flags); }

static struct tcp_pcb *listen_at(uint16_t service) {
  struct tcp_pcb *listener = tcp_new();

  assert_int_equal(tcp_bind(listener, IP_ANY_TYPE, service), ERR_OK);
  listener = tcp_listen_with_backlog(listener, BACKLOG);
  tcp_accept(listener, accept_it);
  return listener;
}

/* One whose peer does not answer for a second: so that nobody keeps the others out with two
 * SYNs. Those of another service have nothing to do with it, however old. */
static void what_stays_half_open_makes_room(void **state) {
  struct tcp_pcb *listener = listen_at(SERVICE), *other = listen_at(SERVICE + 1);
  const STAT_COUNTER dropped = lwip_stats.tcp.drop;

  (void)state;
  accepted = 0;
  assert_true(comes_to(SERVICE + 1, 9, TCP_SYN));
  assert_true(comes_from(1, TCP_SYN));
  assert_true(comes_from(2, TCP_SYN));
  pass(SECOND);
  assert_false(comes_from(3, TCP_SYN));
  assert_int_equal(lwip_stats.tcp.drop, dropped + 1);
  pass(1);
  assert_true(comes_from(3, TCP_SYN));
  assert_false(comes_from(3, TCP_ACK));
  assert_int_equal(accepted, 1);
  assert_true(comes_from(1, TCP_ACK)); /* it had made room */
  assert_true(comes_from(4, TCP_SYN));
  assert_true(comes_from(5, TCP_SYN)); /* in 2's place */
  assert_false(comes_from(6, TCP_SYN));
  assert_int_equal(((struct tcp_pcb_listen *)listener)->accepts_pending, BACKLOG);
  assert_int_equal(((struct tcp_pcb_listen *)other)->accepts_pending, 1);
  pass(MINUTE);
  assert_int_equal(((struct tcp_pcb_listen *)listener)->accepts_pending, 0);
  assert_int_equal(accepted, 1);
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  pcb = NULL;
  assert_int_equal(tcp_close(listener), ERR_OK);
  assert_int_equal(tcp_close(other), ERR_OK);
}

/* ---- a connection that is opened from here ---- */

/* RFC 6298, 5.5: a switch takes longer than a few seconds to start. */
static void a_syn_waits_longer_each_time(void **state) {
  unsigned ticks = 0;

  (void)state;
  open();
  for (unsigned i = 1; i <= TCP_SYNMAXRTX; i++) {
    assert_int_equal(TCPH_FLAGS(&sent), TCP_SYN);
    while (segments == i && ticks <= 2 * MINUTE) {
      pass(1);
      ticks++;
    }
    assert_int_equal(ticks, ((1U << i) - 1) * SECOND);
  }
  pass(MINUTE - 1); /* for the last one, too */
  syn_is_answered(TCP_MSS);
}

/* Nor is it opened where nobody answers that. */
static void a_syn_that_nobody_answers_ends(void **state) {
  (void)state;
  open();
  pass(((1U << TCP_SYNMAXRTX) - 1) * SECOND + MINUTE);
  assert_null(tcp_active_pcbs);
  assert_int_equal(segments, 1 + TCP_SYNMAXRTX);
  pcb = NULL;
}

/* How long the first lost segment waits, after `syns` SYNs, and some silence. */
static unsigned wait_for_data(unsigned syns, unsigned silence) {
  unsigned ticks = 0;

  open();
  for (unsigned i = 0; segments < syns && i < MINUTE; i++)
    pass(1);
  syn_is_answered(TCP_MSS);
  assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK);
  pass(silence);
  for (segments = 0; segments < 4; segments++) { /* three that are not lost */
    write_bytes(SEGMENT, TCP_WRITE_FLAG_COPY);
    assert_int_equal(tcp_output(pcb), ERR_OK);
    if (segments < 3) {
      pass(1);
      acknowledgement_comes(pcb->snd_nxt, WINDOW);
      assert_null(pcb->unacked);
    }
    segments--;
  }
  for (; segments == 4 && ticks < HOUR; ticks++)
    pass(1);
  return ticks;
}

/* The acknowledgement of the SYN measures the round trip, and none that comes an hour later. */
static void an_answer_to_a_syn_ends_its_round_trip(void **state) {
  (void)state;
  assert_in_range(wait_for_data(1, HOUR), 1, 3 * SECOND);
  assert_in_range(wait_for_data(4, HOUR), 1, 3 * SECOND);
}

/* And its retransmissions do not count for data, which has three seconds (RFC 6298, 5.7). */
static void an_answer_to_a_syn_ends_its_retransmissions(void **state) {
  (void)state;
  open();
  pass(7 * SECOND);
  assert_int_equal(segments, 4);
  syn_is_answered(TCP_MSS);
  assert_int_equal(pcb->nrtx, 0);
  write_bytes(SEGMENT, TCP_WRITE_FLAG_COPY);
  assert_int_equal(tcp_output(pcb), ERR_OK);
  segments = 0;
  pass(3 * SECOND - 1);
  assert_int_equal(segments, 0);
  pass(1);
  assert_int_equal(segments, 1);
  assert_int_equal(sent_length, SEGMENT);
}

/* ---- segments that are shorter than what waits ---- */

static uint16_t longest(void) {
  uint16_t length = 0;

  for (const struct tcp_seg *segment = pcb->unsent; segment != NULL; segment = segment->next)
    length = LWIP_MAX(length, segment->len);
  return length;
}

/* Half of the largest window, if the peer's SYN has had none. */
static void a_first_window_may_be_none(void **state) {
  (void)state;
  for (uint16_t first = 0; first < 2; first++) {
    for (unsigned how = 0; how < 8; how++) {
      const uint8_t flags[] = {how & 1 ? TCP_WRITE_FLAG_COPY : 0,
                               how & 2 ? TCP_WRITE_FLAG_MORE : 0};

      pcb->snd_wnd = pcb->snd_wnd_max = first;
      write_bytes(how & 4 ? 10 : 2 * SEGMENT, (uint8_t)(TCP_WRITE_FLAG_COPY | flags[1]));
      acknowledgement_comes(SEQUENCE, 9);
      pcb->snd_wnd_max = 2 * SEGMENT; /* larger since, and small again */
      for (unsigned i = 0; i < 3; i++)
        write_bytes(SEGMENT, i == 1 ? TCP_WRITE_FLAG_COPY : flags[0]);
      assert_in_range(longest(), SEGMENT, 2 * SEGMENT);
      tear_down(state);
      set_up(state);
    }
  }
}

/* Not from anybody: a segment that acknowledges nothing cannot set the MSS, and the answer may have
 * none. */
static void an_mss_is_that_of_the_answer(void **state) {
  static const uint8_t one[] = {2, 4, 0, 1};

  (void)state;
  open();
  options_come(&wire, pcb, TCP_SYN, PEER_FIRST, 0, WINDOW, one, sizeof one, 1);
  options_come(&wire, pcb, TCP_SYN | TCP_ACK, PEER_FIRST, pcb->snd_nxt + 1, WINDOW, one, sizeof one,
               1);
  assert_int_equal(pcb->state, SYN_SENT);
  segment_comes(&wire, pcb, TCP_SYN | TCP_ACK, PEER_FIRST, pcb->snd_nxt, WINDOW);
  assert_int_equal(pcb->state, ESTABLISHED);
  assert_int_equal(pcb->mss, DEFAULT_MSS);
  open();
  syn_is_answered(SEGMENT);
  assert_int_equal(pcb->mss, SEGMENT);
}

/* In segments that every host takes, whatever MSS comes later: else they would wait for a
 * congestion window that is never reached. */
static void what_is_written_before_the_answer_is_sent(void **state) {
  static const uint16_t lengths[] = {SEGMENT, DEFAULT_MSS}; /* would fit behind a SYN, and not */

  (void)state;
  for (size_t way = 0; way < sizeof lengths / sizeof *lengths; way++) {
    open();
    tcp_nagle_disable(pcb);
    write_bytes(lengths[way], TCP_WRITE_FLAG_COPY);
    for (unsigned i = 0; i < 10 * SECOND; i++) {
      pass(1);
      (void)tcp_output(pcb);
      assert_int_equal(TCPH_FLAGS(&sent), TCP_SYN);
    }
    assert_int_equal(segments, 4);
    syn_is_answered(SEGMENT);
    segments = 1;
    assert_int_equal(pcb->mss, DEFAULT_MSS);
    assert_int_equal(sent_length, lengths[way]);
    pass(20 * SECOND);
    assert_true(segments > 2);
    acknowledgement_comes(pcb->snd_nxt, WINDOW);
    assert_null(pcb->unacked);
  }
}

/* Else a SYN would be taken for its first byte; its sender sends it again. */
static void what_comes_with_the_answer_is_not_taken(void **state) {
  static const uint8_t ends[] = {0, TCP_FIN};

  (void)state;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    open();
    data_comes(&wire, pcb, TCP_SYN | TCP_ACK | ends[i], PEER_FIRST, pcb->snd_nxt, WINDOW, "data",
               4);
    assert_int_equal(pcb->state, ESTABLISHED);
    assert_int_equal(TCPH_FLAGS(&sent), TCP_ACK);
    assert_int_equal(lwip_ntohl(sent.ackno), PEER_FIRST + 1);
    data_comes(&wire, pcb, TCP_ACK, PEER_FIRST + 1, pcb->snd_nxt, WINDOW, "data", 4);
    assert_int_equal(pcb->rcv_nxt, PEER_FIRST + 5);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(an_acknowledgement_is_not_acknowledged),
      TEST(what_acknowledges_nothing_of_ours_is_not_taken),
      TEST(what_comes_is_acknowledged_with_a_full_heap),
      TEST(acknowledgements_may_be_under_way),
      TEST(what_is_closed_late_is_sent),
      TEST(what_is_closed_is_sent_to_a_slow_peer),
      TEST(what_nobody_acknowledges_ends),
      TEST(what_has_no_route_ends),
      TEST(fin_wait_2_takes_its_time),
      TEST(it_begins_anew_with_the_close),
      TEST(who_has_not_got_all_is_told),
      TEST(time_wait_takes_its_time),
      TEST(what_stays_half_open_makes_room),
      TEST(a_syn_waits_longer_each_time),
      TEST(a_syn_that_nobody_answers_ends),
      TEST(an_answer_to_a_syn_ends_its_round_trip),
      TEST(an_answer_to_a_syn_ends_its_retransmissions),
      TEST(a_first_window_may_be_none),
      TEST(an_mss_is_that_of_the_answer),
      TEST(what_is_written_before_the_answer_is_sent),
      TEST(what_comes_with_the_answer_is_not_taken),
  };

  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
