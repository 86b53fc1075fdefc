/* A connection on a wire: its window, acknowledgements and timers, its end, and what it leaves to
 * others. */
#include "unit.h"

#include <limits.h>

#include "lwip/init.h"
#include "lwip/stats.h"
#include "tcp_connection.h"

/* ---- the timer of a window that is too small ---- */

enum { MINUTE = 60000 / TCP_SLOW_INTERVAL }; /* in ticks */

static struct netif wire;
static unsigned room;      /* segments that the wire accepts */
static uint8_t sent_flags; /* the last one's */

static err_t send_what_has_room(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  struct tcp_hdr header;

  (void)netif, (void)to;
  if (room == 0)
    return ERR_MEM;
  room--;
  assert_int_equal(pbuf_copy_partial(packet, &header, TCP_HLEN, IP_HLEN), TCP_HLEN);
  sent_flags = TCPH_FLAGS(&header);
  return ERR_OK;
}

static void put_on_wire(void) {
  ip_addr_copy_from_ip4(pcb->local_ip, *netif_ip4_addr(&wire));
  IP_ADDR4(&pcb->remote_ip, 10, 0, 0, 2);
  pcb->local_port = PORT;
  pcb->remote_port = PEER_PORT;
  pcb->mss = SEGMENT;
  pcb->cwnd = 10 * SEGMENT;
  pcb->pollinterval = UINT8_MAX; /* polling sends, too */
}

static int setup_on_wire(void **state) {
  wire_add(&wire, send_what_has_room);
  netif_set_default(&wire);
  (void)setup(state);
  put_on_wire();
  return 0;
}

static int teardown_on_wire(void **state) {
  room = 1; /* for a reset */
  (void)teardown(state);
  netif_remove(&wire);
  return 0;
}

static void write_segments(unsigned count) {
  static const char data[SEGMENT];

  for (unsigned i = 0; i < count; i++)
    assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  assert_int_equal(tcp_output(pcb), ERR_OK);
}

/* Not for data in flight, at which lwIP would assert. */
static void a_window_that_opened_is_not_probed(void **state) {
  (void)state;
  room = 1;
  pcb->snd_wnd = SEGMENT - 1;
  write_segments(2);
  assert_int_equal(pcb->persist_backoff, 1);
  pcb->snd_wnd = 10 * SEGMENT; /* while there was no memory to send anything */
  for (unsigned ticks = 0; room == 1 && ticks < 10; ticks++)
    tcp_slowtmr();
  assert_int_equal(room, 0); /* there was room for one of two */
  assert_non_null(pcb->unacked);
  assert_int_equal(pcb->persist_backoff, 0);
  tcp_slowtmr();
}

static void acknowledgement_comes(uint32_t sequence, uint16_t window) {
  segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt, sequence, window);
}

/* Nor when nothing waits any more: what was to be retransmitted had arrived. */
static void a_window_is_not_probed_without_data(void **state) {
  (void)state;
  room = 2;
  pcb->snd_wnd = 2 * SEGMENT;
  write_segments(2);
  assert_int_equal(room, 0);
  assert_int_equal(tcp_rexmit_rto_prepare(pcb), ERR_OK);
  acknowledgement_comes(SEQUENCE, SEGMENT - 1); /* the window has shrunk */
  assert_int_equal(pcb->persist_backoff, 1);
  acknowledgement_comes(SEQUENCE + SEGMENT, SEGMENT - 1);
  assert_int_equal(pcb->persist_backoff, 1); /* for the second */
  acknowledgement_comes(SEQUENCE + 2 * SEGMENT, SEGMENT - 1);
  assert_null(pcb->unsent);
  assert_int_equal(pcb->persist_backoff, 0);
  tcp_slowtmr();
}

/* If there is no memory to split a segment, something is still done: a byte probes the window. */
static void a_small_window_is_probed_without_room_for_a_segment(void **state) {
  static struct tcp_seg *all[MEMP_NUM_TCP_SEG];
  unsigned taken = 0;

  (void)state;
  room = UINT_MAX;
  pcb->snd_wnd = SEGMENT - 1;
  write_segments(1);
  assert_int_equal(pcb->persist_backoff, 1);
  while (taken < MEMP_NUM_TCP_SEG && (all[taken] = memp_malloc(MEMP_TCP_SEG)) != NULL)
    taken++;
  for (unsigned ticks = 0; room == UINT_MAX && ticks < 10; ticks++)
    tcp_slowtmr();
  assert_int_equal(room, UINT_MAX - 1);
  assert_int_equal(pcb->snd_nxt, SEQUENCE + 1);
  assert_int_equal(pcb->persist_backoff, 2);
  acknowledgement_comes(SEQUENCE + 1, WINDOW); /* an update of it had been lost */
  assert_int_equal(room, UINT_MAX - 2);
  assert_non_null(pcb->unacked);
  assert_int_equal(pcb->persist_backoff, 0);
  acknowledgement_comes(SEQUENCE + SEGMENT, WINDOW);
  assert_null(pcb->unacked);
  while (taken != 0)
    memp_free(MEMP_TCP_SEG, all[--taken]);
}

/* The rest of a partly acknowledged segment is split, since it has the window to itself. */
static void a_small_window_is_that_of_what_is_not_acknowledged(void **state) {
  (void)state;
  room = UINT_MAX;
  pcb->snd_wnd = SEGMENT - 1;
  write_segments(1);
  pcb->snd_nxt = SEQUENCE + 60; /* that many of its bytes were sent before */
  acknowledgement_comes(SEQUENCE + 60, 20);
  assert_int_equal(pcb->persist_backoff, 1);
  for (unsigned ticks = 0; room == UINT_MAX && ticks < 10; ticks++)
    tcp_slowtmr();
  assert_int_equal(room, UINT_MAX - 1);
  assert_int_equal(pcb->snd_nxt, SEQUENCE + 80);
  acknowledgement_comes(SEQUENCE + 80, WINDOW);
  assert_int_equal(pcb->snd_nxt, SEQUENCE + SEGMENT);
}

/* A peer that answers each probe, and never opens its window; true if the connection still exists
 * after some hours. */
static bool window_stays_shut(bool is_closed) {
  unsigned before;

  room = UINT_MAX;
  pcb->rcv_wnd = TCP_WND_MAX(pcb);
  pcb->snd_wnd = 0;
  write_segments(1);
  if (is_closed)
    assert_int_equal(tcp_close(pcb), ERR_OK);
  before = room;
  for (unsigned ticks = 0; tcp_active_pcbs != NULL && ticks < 4 * 60 * MINUTE; ticks++) {
    tcp_slowtmr();
    if (room != before)
      acknowledgement_comes(SEQUENCE, 0);
    before = room;
  }
  return tcp_active_pcbs != NULL;
}

/* Nobody else would ever end it. */
static void a_closed_connection_does_not_wait_for_a_window_for_ever(void **state) {
  (void)state;
  assert_false(window_stays_shut(true));
  assert_int_equal(room, UINT_MAX - TCP_MAXRTX);
  pcb = NULL;
}

/* RFC 1122, 4.2.2.17: the application may wait. */
static void one_that_is_not_closed_does(void **state) {
  (void)state;
  assert_true(window_stays_shut(false));
}

/* RFC 9293, 3.10.7.4: else anybody who knows the ports could shut it for good, since nothing from
 * the peer would open it any more. */
static void what_is_not_acceptable_says_nothing_of_the_window(void **state) {
  static const struct {
    uint32_t sequence, acknowledged; /* relative to where they should be */
  } others[] = {{0x40000000, 0x12345678}, {0x40000000, 0}, {WINDOW + 2, 0}, {0, 1}, {1, 1}};

  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    room = UINT_MAX;
    segment_comes(&wire, pcb, TCP_ACK, SEQUENCE + others[i].sequence,
                  SEQUENCE + others[i].acknowledged, 0);
    assert_int_equal(pcb->snd_wnd, WINDOW);
    assert_int_equal(room, UINT_MAX - 1);
    assert_int_equal(sent_flags, TCP_ACK);
  }
  acknowledgement_comes(SEQUENCE, WINDOW / 2);
  assert_int_equal(pcb->snd_wnd, WINDOW / 2);
}

/* ---- the peer's MSS ---- */

static void mss_comes(uint8_t flags, uint16_t mss) {
  const uint8_t option[] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};

  options_come(&wire, pcb, flags, pcb->rcv_nxt, SEQUENCE, WINDOW, option, sizeof option, 1);
}

/* RFC 9293, 3.7.1. An MSS smaller than what waits to be sent would leave a segment length that
 * makes no sense. */
static void an_mss_is_of_a_syn_alone(void **state) {
  (void)state;
  room = UINT_MAX;
  pcb->snd_wnd = 0;
  write_segments(1);
  mss_comes(TCP_ACK, 1);
  assert_int_equal(pcb->mss, SEGMENT);
  write_segments(1);
}

/* The answer to it was lost. The MSS derived from it, for the interface's MTU, stays. */
static void a_syn_that_comes_again_changes_nothing(void **state) {
  (void)state;
  room = UINT_MAX;
  pcb->state = SYN_RCVD;
  pcb->rcv_nxt = SEQUENCE + 1;
  options_come(&wire, pcb, TCP_SYN, SEQUENCE, 0, WINDOW, "\2\4\5\xb4", 4, 1);
  assert_int_equal(pcb->mss, SEGMENT);
  pcb->state = ESTABLISHED;
}

/* ---- acknowledgements, while Nagle's algorithm holds back the data that would carry them ---- */

static void keep_data(void) {
  room = UINT_MAX;
  pcb->rcv_ann_wnd = pcb->rcv_wnd;
  pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_wnd;
  write_segments(1);
  assert_int_equal(tcp_write(pcb, "", 1, TCP_WRITE_FLAG_COPY), ERR_OK);
  assert_int_equal(tcp_output(pcb), ERR_OK);
  assert_int_equal(room, UINT_MAX - 1);
}

static void data_is_received(void) {
  data_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt, SEQUENCE, WINDOW, "data", 4);
}

/* RFC 1122, 4.2.3.2 */
static void each_second_segment_is_acknowledged(void **state) {
  (void)state;
  keep_data();
  for (unsigned i = 1; i <= 10; i++) {
    data_is_received();
    assert_int_equal(room, UINT_MAX - 1 - i / 2);
  }
  assert_non_null(pcb->unsent);
}

static void an_acknowledgement_is_late_by_a_tick_of_the_timer(void **state) {
  (void)state;
  keep_data();
  data_is_received();
  assert_int_equal(room, UINT_MAX - 1);
  tcp_fasttmr();
  assert_int_equal(room, UINT_MAX - 2);
  tcp_fasttmr();
  assert_int_equal(room, UINT_MAX - 2);
  assert_non_null(pcb->unsent);
}

static void one_that_cannot_be_sent_is_tried_again(void **state) {
  (void)state;
  keep_data();
  data_is_received();
  room = 0;
  for (unsigned i = 0; i < 3; i++)
    tcp_fasttmr();
  room = 1;
  tcp_fasttmr();
  assert_int_equal(room, 0);
}

/* ---- a connection that is closed with data unread ---- */

/* Else it would go on probing a window that nobody opens any more. */
static void who_sent_what_is_not_read_is_told(void **state) {
  static const enum tcp_state states[] = {ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, FIN_WAIT_2};

  for (unsigned i = 0; i < sizeof states / sizeof *states; i++) {
    (void)setup_on_wire(state);
    room = UINT_MAX;
    pcb->state = states[i];
    pcb->rcv_wnd = 0;
    assert_int_equal(tcp_close(pcb), ERR_OK);
    assert_int_equal(sent_flags & (TCP_RST | TCP_FIN), TCP_RST);
    assert_null(tcp_active_pcbs);
    assert_null(tcp_tw_pcbs);
    netif_remove(&wire);
  }
}

/* Nor is the other side cut off if everything is read. */
static void who_sent_what_is_read_may_go_on(void **state) {
  (void)state;
  room = UINT_MAX;
  pcb->state = FIN_WAIT_2;
  pcb->rcv_wnd = TCP_WND_MAX(pcb);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  assert_int_equal(room, UINT_MAX);
  assert_ptr_equal(tcp_active_pcbs, pcb);
}

/* ---- data that was refused ---- */

static unsigned offers;

static err_t close_at_last(void *argument, struct tcp_pcb *of, struct pbuf *data, err_t error) {
  (void)argument, (void)error;
  offers++;
  assert_non_null(data); /* the end of the stream is not reported to what is closed */
  pbuf_free(data);
  assert_int_equal(tcp_close(of), ERR_OK); /* with data that it has not read: at once */
  pcb = NULL;
  return ERR_OK;
}

static void a_connection_that_ends_as_it_takes_refused_data_is_gone(void **state) {
  struct pbuf *data = pbuf_alloc(PBUF_RAW, 10, PBUF_RAM);

  (void)state;
  data->flags |= PBUF_FLAG_TCP_FIN;
  pcb->refused_data = data;
  tcp_recv(pcb, close_at_last);
  offers = 0;
  tcp_fasttmr();
  assert_int_equal(offers, 1);
  assert_null(tcp_active_pcbs);
}

static struct tcp_pcb *next;
static unsigned told;

static err_t tell(void *argument, struct tcp_pcb *of, struct pbuf *data, err_t error) {
  (void)argument, (void)of, (void)data, (void)error;
  told++;
  return ERR_OK;
}

/* The next one gets the memory that is free. */
static err_t close_and_connect(void *argument, struct tcp_pcb *of, struct pbuf *data, err_t error) {
  ip_addr_t to = of->remote_ip;

  (void)close_at_last(argument, of, data, error);
  next = tcp_new();
  tcp_recv(next, tell);
  return tcp_connect(next, &to, PORT, NULL);
}

static void its_end_is_not_told_to_the_next(void **state) {
  struct pbuf *data = pbuf_alloc(PBUF_RAW, 10, PBUF_RAM);

  (void)state;
  room = UINT_MAX;
  data->flags |= PBUF_FLAG_TCP_FIN;
  pcb->refused_data = data;
  tcp_recv(pcb, close_and_connect);
  offers = told = 0;
  tcp_fasttmr();
  assert_int_equal(offers, 1);
  assert_int_equal(told, 0);
  assert_ptr_equal(tcp_active_pcbs, next);
  assert_null(next->next);
  assert_int_equal(next->state, SYN_SENT);
  tcp_abort(next);
  assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, 0);
}

/* ---- the time until data is retransmitted ---- */

static void data_is_sent_again_after_a_minute_at_the_latest(void **state) {
  (void)state;
  room = UINT_MAX;
  pcb->snd_wnd = pcb->snd_wnd_max;
  write_segments(1);
  tcp_ticks += 20 * MINUTE; /* it waited out a fault */
  acknowledgement_comes(SEQUENCE + SEGMENT, WINDOW);
  assert_int_equal(pcb->rto, MINUTE);
  write_segments(1);
  acknowledgement_comes(SEQUENCE + 2 * SEGMENT, WINDOW);
  assert_int_equal(pcb->rto, MINUTE);
  write_segments(1);
  for (unsigned losses = 1; losses < 8; losses++) {
    unsigned before = room;

    for (unsigned ticks = 0; ticks < MINUTE; ticks++) {
      assert_int_equal(room, before);
      tcp_slowtmr();
    }
    assert_int_equal(pcb->nrtx, losses);
    assert_int_equal(room, before - 1);
    assert_int_equal(pcb->rto, MINUTE);
  }
}

/* Such as one of whose fragments the interface took only the first. */
static void so_is_a_segment_that_the_interface_still_has(void **state) {
  struct pbuf *had;

  (void)state;
  room = 1;
  pcb->snd_wnd = pcb->snd_wnd_max;
  write_segments(1);
  assert_int_equal(tcp_write(pcb, "", 1, TCP_WRITE_FLAG_COPY), ERR_OK);
  had = pcb->unsent->p;
  pbuf_ref(had);
  acknowledgement_comes(SEQUENCE + SEGMENT, WINDOW);
  assert_null(pcb->unsent); /* for lwIP it is in flight */
  room = 1;
  pbuf_free(had);
  for (unsigned ticks = 0; room == 1 && ticks < MINUTE; ticks++)
    tcp_slowtmr();
  assert_int_equal(room, 0);
}

/* ---- the heap ---- */

/* Names are resolved, and connections accepted, while peers take none of what they are sent. */
static void data_to_be_sent_leaves_the_heap_room(void **state) {
  static const char data[1460];

  (void)state;
  pcb->mss = sizeof data;
  pcb->snd_buf = 0xffff;
  while (tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY) == ERR_OK) {
  }
  assert_int_equal(lwip_stats.mem.err, 0); /* it was not the heap that refused */
  assert_in_range(lwip_stats.mem.used, MEM_SIZE - TCP_MEM_RESERVE - 1600,
                  MEM_SIZE - TCP_MEM_RESERVE + 100);
}

/* ---- the segments ---- */

enum { OTHERS = 4 };

static unsigned segments_used(void) { return lwip_stats.memp[MEMP_TCP_SEG]->used; }

static struct tcp_pcb *another(uint16_t port) {
  struct tcp_pcb *first = pcb, *other;

  (void)setup(NULL);
  put_on_wire();
  other = pcb;
  other->remote_port = port;
  pcb = first;
  return other;
}

/* While some peers take none of what they are sent, others begin and end. */
static void data_to_be_sent_leaves_segments(void **state) {
  struct tcp_pcb *others[OTHERS], *begins = tcp_new();
  unsigned failures = lwip_stats.memp[MEMP_TCP_SEG]->err;

  (void)state;
  room = UINT_MAX;
  for (unsigned i = 0; i < OTHERS; i++) {
    others[i] = another((uint16_t)(PEER_PORT + 1 + i));
    others[i]->mss = 10;
    while (tcp_write(others[i], "ten bytes.", 10, TCP_WRITE_FLAG_COPY) == ERR_OK) {
    }
  }
  assert_int_equal(segments_used(), MEMP_NUM_TCP_SEG - TCP_SEG_RESERVE);
  assert_int_equal(lwip_stats.memp[MEMP_TCP_SEG]->err, failures);
  pcb->rcv_wnd = TCP_WND_MAX(pcb);
  assert_int_equal(tcp_close(pcb), ERR_OK);
  assert_int_equal(pcb->state, FIN_WAIT_1);
  assert_int_equal(sent_flags & TCP_FIN, TCP_FIN);
  assert_int_equal(tcp_connect(begins, &pcb->remote_ip, PORT, NULL), ERR_OK);
  assert_int_equal(sent_flags, TCP_SYN);
  tcp_abort(begins);
  for (unsigned i = 0; i < OTHERS; i++)
    tcp_abort(others[i]);
}

/* And they send, while some do not retransmit what was lost. */
static void what_is_out_of_order_leaves_segments(void **state) {
  struct tcp_pcb *others[OTHERS];

  (void)state;
  room = UINT_MAX;
  for (unsigned i = 0; i < OTHERS; i++) {
    others[i] = another((uint16_t)(PEER_PORT + 1 + i));
    for (uint32_t at = 10; at < 10 * (TCP_OOSEQ_MAX_PBUFS + 1); at += 10)
      data_comes(&wire, others[i], TCP_ACK, SEQUENCE + at, SEQUENCE, WINDOW, "data", 4);
  }
  assert_int_equal(segments_used(), MEMP_NUM_TCP_SEG - 2 * TCP_SEG_RESERVE);
  write_segments(2);
  assert_int_equal(pcb->snd_nxt, SEQUENCE + 2 * SEGMENT);
  for (unsigned i = 0; i < OTHERS; i++)
    tcp_abort(others[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_window_that_opened_is_not_probed, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_window_is_not_probed_without_data, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_small_window_is_probed_without_room_for_a_segment,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_small_window_is_that_of_what_is_not_acknowledged,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_closed_connection_does_not_wait_for_a_window_for_ever,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(one_that_is_not_closed_does, setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(what_is_not_acceptable_says_nothing_of_the_window,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(an_mss_is_of_a_syn_alone, setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_syn_that_comes_again_changes_nothing, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(each_second_segment_is_acknowledged, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(an_acknowledgement_is_late_by_a_tick_of_the_timer,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(one_that_cannot_be_sent_is_tried_again, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test(who_sent_what_is_not_read_is_told),
      cmocka_unit_test_setup_teardown(who_sent_what_is_read_may_go_on, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(data_is_sent_again_after_a_minute_at_the_latest,
                                      setup_on_wire, teardown_on_wire),
      cmocka_unit_test_setup_teardown(so_is_a_segment_that_the_interface_still_has, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(data_to_be_sent_leaves_the_heap_room, setup, teardown),
      cmocka_unit_test_setup_teardown(data_to_be_sent_leaves_segments, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(what_is_out_of_order_leaves_segments, setup_on_wire,
                                      teardown_on_wire),
      cmocka_unit_test_setup_teardown(a_connection_that_ends_as_it_takes_refused_data_is_gone,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(its_end_is_not_told_to_the_next, setup_on_wire,
                                      teardown_on_wire),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("tcp_on_wire", tests, NULL, NULL);
}
