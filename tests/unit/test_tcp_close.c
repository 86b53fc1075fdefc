/* A connection that ends before the application is done: with data that it refuses, or in its
 * accept function. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "tcp_segment.h"

enum { PORT = 80, PEER_PORT = 40000, WINDOW = 1460, FIRST = 0xfffffffc }; /* before the wrap */

static struct netif netif;
static struct tcp_pcb *listener, *accepted; /* the latter: while the application knows it */
static struct tcp_hdr sent;                 /* the last segment */
static int sent_length;                     /* of its data */
static uint32_t peer_next;                  /* the peer's next sequence number */
static bool refuse, close_in_accept, half_only;
static bool answer_and_close; /* what is taken */
static bool lose_address;     /* when data is taken */
static bool call_another;     /* as well */
static bool open_on_error;
static struct tcp_pcb *opened;
static unsigned offered, taken, ends, errors, resets;
static mem_size_t heap_before;

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *to) {
  (void)from;
  (void)to;
  assert_int_equal(pbuf_copy_partial(packet, &sent, sizeof sent, IP_HLEN), sizeof sent);
  sent_length = packet->tot_len - IP_HLEN - TCP_HLEN;
  if ((TCPH_FLAGS(&sent) & TCP_RST) != 0)
    resets++;
  return ERR_OK;
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)argument;
  assert_int_equal(error, ERR_OK);
  if (data == NULL) {
    ends++;
    return ERR_OK;
  }
  offered++;
  if (refuse)
    return ERR_MEM;
  taken += data->tot_len;
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  if (lose_address)
    netif_set_ipaddr(&netif, IP4_ADDR_ANY4);
  if (call_another)
    assert_null(tcp_alloc(TCP_PRIO_MAX));
  if (answer_and_close) {
    assert_int_equal(tcp_write(pcb, "answer", 6, 0), ERR_OK);
    assert_int_equal(tcp_close(pcb), ERR_OK);
  }
  return ERR_OK;
}

static void failed(void *argument, err_t error) {
  (void)argument;
  (void)error;
  errors++;
  accepted = NULL;
  if (open_on_error)
    opened = tcp_new();
}

static err_t accepts(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)argument;
  assert_int_equal(error, ERR_OK);
  accepted = pcb;
  tcp_recv(pcb, received);
  tcp_err(pcb, failed);
  if (close_in_accept)
    return half_only ? tcp_shutdown(pcb, 0, 1) : tcp_close(pcb);
  return ERR_OK;
}

static struct tcp_pcb *connection(void) {
  static const struct tcp_pcb *const *const lists[] = {
      (const struct tcp_pcb *const *)&tcp_active_pcbs, (const struct tcp_pcb *const *)&tcp_tw_pcbs};

  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (*lists[i] != NULL)
      return (struct tcp_pcb *)*lists[i];
  }
  return NULL;
}

/* A segment from the peer, which acknowledges everything sent to it except for `unheard` sequence
 * numbers. */
static void comes(uint8_t flags, const char *data, uint32_t unheard) {
  uint16_t length = data == NULL ? 0 : (uint16_t)strlen(data);
  struct tcp_pcb peer = {.local_port = PORT, .remote_port = PEER_PORT};

  IP4_ADDR(ip_2_ip4(&peer.remote_ip), 10, 0, 0, 2);
  data_comes(&netif, &peer, flags, peer_next,
             connection() == NULL ? 0 : connection()->snd_nxt - unheard, WINDOW, data, length);
  peer_next += length + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1u : 0u);
}

static int set_up(void **state) {
  (void)state;
  heap_before = lwip_stats.mem.used;
  wire_add(&netif, output);
  listener = tcp_new();
  assert_int_equal(tcp_bind(listener, IP_ANY_TYPE, PORT), ERR_OK);
  listener = tcp_listen(listener);
  tcp_accept(listener, accepts);
  peer_next = FIRST;
  refuse = close_in_accept = half_only = answer_and_close = false;
  lose_address = call_another = open_on_error = false;
  offered = taken = ends = errors = resets = 0;
  return 0;
}

/* Data that was not taken is freed with its connection. */
static int tear_down(void **state) {
  (void)state;
  while (connection() != NULL)
    tcp_abort(connection());
  assert_int_equal(tcp_close(listener), ERR_OK);
  netif_remove(&netif);
  assert_int_equal(lwip_stats.mem.used, heap_before);
  return 0;
}

static void connect(void) {
  comes(TCP_SYN, NULL, 0);
  comes(TCP_ACK, NULL, 0);
  assert_non_null(accepted);
}

static void half_close(bool acknowledged) {
  connect();
  assert_int_equal(tcp_shutdown(accepted, 0, 1), ERR_OK);
  assert_int_equal(accepted->state, FIN_WAIT_1);
  if (acknowledged)
    comes(TCP_ACK, NULL, 0);
}

/* After some time the application takes what it has refused, and the connection is over. */
static void check_offered_again(void) {
  for (unsigned i = 1; i < 20; i++) {
    assert_int_equal(connection()->state, CLOSING);
    assert_int_equal(offered, i);
    tcp_fasttmr();
  }
  assert_int_equal(ends, 0);
  refuse = false;
  tcp_fasttmr();
  assert_int_equal(taken, 4);
  assert_int_equal(ends, 1);
  tcp_fasttmr();
  assert_int_equal(connection()->state, TIME_WAIT);
  for (uint32_t i = 0; i <= 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1; i++)
    tcp_slowtmr();
  assert_null(connection());
  assert_int_equal(errors, 0);
}

static void check_refused_with_the_end(bool acknowledged) {
  half_close(acknowledged);
  refuse = true;
  comes(TCP_ACK | TCP_FIN, "data", 0);
  check_offered_again();
}

static void what_is_refused_with_the_end_is_offered_again(void **state) {
  (void)state;
  check_refused_with_the_end(true);
}

/* The two FINs cross, or the peer's comes with the acknowledgement of ours. */
static void so_it_is_where_the_ends_cross(void **state) {
  (void)state;
  half_close(false);
  refuse = true;
  comes(TCP_ACK | TCP_FIN, "data", 1);
  assert_int_equal(connection()->state, CLOSING);
  comes(TCP_ACK, NULL, 0);
  offered = 1; /* each segment has it offered again */
  check_offered_again();
}

static void so_it_is_where_the_end_acknowledges_ours(void **state) {
  (void)state;
  check_refused_with_the_end(false);
}

/* The peer was done first; its FIN, and ours, are acknowledged while the data is refused. */
static void refuse_and_half_close(void) {
  connect();
  refuse = true;
  comes(TCP_ACK | TCP_FIN, "data", 0);
  assert_int_equal(connection()->state, CLOSE_WAIT);
  assert_int_equal(tcp_shutdown(accepted, 0, 1), ERR_OK);
  assert_int_equal(TCPH_FLAGS(&sent) & TCP_FIN, TCP_FIN);
  comes(TCP_ACK, NULL, 0);
  for (uint32_t i = 0; i <= 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1; i++) {
    assert_non_null(connection());
    assert_int_equal(connection()->state, LAST_ACK);
    tcp_fasttmr();
    tcp_slowtmr();
  }
  assert_int_equal(ends, 0);
  refuse = false;
  tcp_fasttmr();
  assert_int_equal(taken, 4);
  assert_int_equal(ends, 1);
  assert_int_equal(errors, 0);
}

static void so_it_is_where_the_peer_was_done_first(void **state) {
  (void)state;
  refuse_and_half_close();
  tcp_fasttmr();
  assert_null(connection());
  assert_int_equal(errors, 1); /* the application is to know that it is over */
}

static void nobody_is_told_that_it_is_over_who_has_closed(void **state) {
  (void)state;
  refuse_and_half_close();
  assert_int_equal(tcp_close(accepted), ERR_OK);
  tcp_fasttmr();
  assert_null(connection());
  assert_int_equal(errors, 0);
}

/* It would be leaked when the connection goes to TIME-WAIT, which frees nothing. */
static void what_comes_behind_the_end_is_not_kept(void **state) {
  (void)state;
  half_close(true);
  refuse = true;
  comes(TCP_ACK | TCP_FIN, "data", 0);
  refuse = false;
  peer_next += 10; /* out of order */
  comes(TCP_ACK, "more", 0);
  assert_int_equal(taken, 4);
  assert_null(connection()->ooseq);
  tcp_fasttmr();
  assert_int_equal(connection()->state, TIME_WAIT);
}

static void what_is_never_taken_is_freed_with_its_connection(void **state) {
  (void)state;
  half_close(true);
  refuse = true;
  comes(TCP_ACK | TCP_FIN, "data", 0); /* see tear_down() */
  assert_int_equal(offered, 1);
}

/* Like that of a connection without refused data, whose FIN is not acknowledged yet. */
static void closing_waits_for_the_acknowledgement(void **state) {
  (void)state;
  half_close(false);
  comes(TCP_ACK | TCP_FIN, "data", 1);
  assert_int_equal(taken, 4);
  for (unsigned i = 0; i < 5; i++) {
    tcp_fasttmr();
    assert_int_equal(connection()->state, CLOSING);
  }
  comes(TCP_ACK, NULL, 0);
  assert_int_equal(connection()->state, TIME_WAIT);
}

/* The segment that completes the handshake has the peer's FIN as well. */
static void an_accept_function_may_close(void **state) {
  (void)state;
  close_in_accept = true;
  for (unsigned i = 0; i < 2; i++) {
    half_only = i != 0;
    comes(TCP_SYN, NULL, 0);
    comes(TCP_ACK | TCP_FIN, half_only ? "data" : NULL, 0);
    assert_int_equal(connection()->state, CLOSING);
    assert_int_equal(TCPH_FLAGS(&sent) & TCP_FIN, TCP_FIN);
    assert_int_equal(lwip_ntohl(sent.ackno), peer_next);
    comes(TCP_ACK, NULL, 0);
    assert_int_equal(connection()->state, TIME_WAIT);
    tcp_abort(connection());
  }
  assert_int_equal(taken, 4);
}

static void one_that_does_not_close_waits(void **state) {
  (void)state;
  comes(TCP_SYN, NULL, 0);
  comes(TCP_ACK | TCP_FIN, "data", 0);
  assert_int_equal(connection()->state, CLOSE_WAIT);
  assert_int_equal(taken, 4);
  assert_int_equal(ends, 1);
}

/* Everything received is read, the end as well. */
static void check_answered(void) {
  assert_int_equal(taken, 4);
  assert_int_equal(resets, 0);
  assert_int_equal(sent_length, 6);
  assert_int_equal(TCPH_FLAGS(&sent) & TCP_FIN, TCP_FIN);
  assert_int_equal(lwip_ntohl(sent.ackno), peer_next);
  assert_int_equal(connection()->state, LAST_ACK);
  comes(TCP_ACK, NULL, 0);
  assert_null(connection());
  assert_int_equal(errors, 0);
}

static void who_is_done_is_answered(void **state) {
  (void)state;
  connect();
  answer_and_close = true;
  comes(TCP_ACK | TCP_FIN, "data", 0);
  check_answered();
}

static void so_he_is_where_his_end_came_first(void **state) {
  (void)state;
  connect();
  answer_and_close = true;
  peer_next += 4;
  comes(TCP_ACK | TCP_FIN, NULL, 0);
  peer_next -= 5;
  comes(TCP_ACK, "data", 0);
  peer_next++;
  check_answered();
}

static void so_he_is_where_it_is_refused_at_first(void **state) {
  (void)state;
  connect();
  refuse = answer_and_close = true;
  comes(TCP_ACK | TCP_FIN, "data", 0);
  refuse = false;
  tcp_fasttmr();
  check_answered();
}

/* A FIN that arrives before the last data, `end` bytes after what has arrived. */
static void end_comes_first(uint32_t end) {
  connect();
  accepted->rcv_wnd = 20;
  peer_next += end;
  comes(TCP_ACK | TCP_FIN, NULL, 0);
  peer_next -= end + 1;
}

/* The data fills the window: a FIN after it would be beyond that. */
static void data_beyond_the_end_is_not_the_end(void **state) {
  (void)state;
  end_comes_first(10);
  comes(TCP_ACK, "exactly twenty bytes", 0);
  assert_int_equal(taken, 20);
  assert_int_equal(ends, 0);
  assert_int_equal(connection()->state, ESTABLISHED);
}

static void nor_is_it_out_of_order(void **state) {
  (void)state;
  end_comes_first(10);
  peer_next += 2;
  comes(TCP_ACK, "actly twenty bytes", 0);
  peer_next -= 20;
  comes(TCP_ACK, "ex", 0);
  assert_int_equal(taken, 20);
  assert_int_equal(ends, 0);
  assert_int_equal(connection()->state, ESTABLISHED);
}

static void data_up_to_the_end_is(void **state) {
  (void)state;
  end_comes_first(19);
  peer_next += 2;
  comes(TCP_ACK, "actly nineteen by", 0);
  assert_int_equal(taken, 0);
  peer_next -= 19;
  comes(TCP_ACK, "ex", 0);
  assert_int_equal(taken, 19);
  assert_int_equal(ends, 1);
  assert_int_equal(connection()->state, CLOSE_WAIT);
}

/* Data that an application leaves unread is still answered by a reset. */
static void what_is_not_read_is_reset(void **state) {
  (void)state;
  connect();
  comes(TCP_ACK, "data", 0);
  comes(TCP_ACK | TCP_FIN, NULL, 0);
  assert_int_equal(accepted->rcv_wnd, TCP_WND);
  accepted->rcv_wnd--;
  assert_int_equal(tcp_close(accepted), ERR_OK);
  assert_int_equal(resets, 1);
  assert_null(connection());
}

/* ---- without an address ---- */

/* By header prediction and by lwIP's own path; with nothing more, a FIN, an answer. */
static void an_address_may_go_in_a_receive_function(void **state) {
  static const struct {
    uint8_t flags;
    bool answer;
  } ways[] = {
      {TCP_ACK, false}, {TCP_ACK | TCP_FIN, false}, {TCP_ACK, true}, {TCP_ACK | TCP_FIN, true}};
  unsigned pcbs = lwip_stats.memp[MEMP_TCP_PCB]->used;
  ip4_addr_t own = *netif_ip4_addr(&netif);

  (void)state;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    connect();
    lose_address = true;
    answer_and_close = ways[i].answer;
    errors = 0;
    comes(ways[i].flags, "request", 0);
    assert_int_equal(errors, !ways[i].answer);
    assert_null(connection());
    assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, pcbs);
    lose_address = answer_and_close = false;
    netif_set_ipaddr(&netif, &own);
  }
}

static struct tcp_pcb *calls[4];

static void abort_the_next(void *argument, err_t error) {
  struct tcp_pcb **call = argument;

  assert_int_equal(error, ERR_ABRT);
  *call = NULL;
  errors++;
  if (call == &calls[3])
    tcp_abort(calls[2]); /* it is the next in lwIP's list */
}

static void all_connections_end_with_their_address(void **state) {
  ip_addr_t own = netif.ip_addr, peer;

  (void)state;
  IP_ADDR4(&peer, 10, 0, 0, 2);
  for (unsigned i = 0; i < 4; i++) {
    calls[i] = tcp_new();
    tcp_arg(calls[i], &calls[i]);
    tcp_err(calls[i], abort_the_next);
    assert_int_equal(tcp_bind(calls[i], &own, 0), ERR_OK);
    assert_int_equal(tcp_connect(calls[i], &peer, PORT, NULL), ERR_OK);
  }
  netif_set_ipaddr(&netif, IP4_ADDR_ANY4);
  assert_int_equal(errors, 4);
  for (unsigned i = 0; i < 4; i++)
    assert_null(calls[i]);
  assert_null(connection());
}

/* No other could make room, and the one whose receive function asks does not. */
static void a_connection_is_not_ended_for_one_that_its_own_callback_wants(void **state) {
  struct tcp_pcb *others[MEMP_NUM_TCP_PCB];
  unsigned count = 0;

  (void)state;
  connect();
  while (lwip_stats.memp[MEMP_TCP_PCB]->used < MEMP_NUM_TCP_PCB)
    others[count++] = tcp_new();
  call_another = true;
  comes(TCP_ACK, "request", 0);
  comes(TCP_ACK | TCP_FIN, "more", 0);
  assert_int_equal(errors, 0);
  assert_int_equal(taken, strlen("request") + strlen("more"));
  assert_int_equal(connection()->state, CLOSE_WAIT);
  while (count != 0)
    tcp_abort(others[--count]);
}

/* It is in TIME-WAIT before its receive function gets the last data. */
static void nor_is_one_that_has_closed(void **state) {
  struct tcp_pcb *others[MEMP_NUM_TCP_PCB];
  unsigned count = 0;

  (void)state;
  half_close(true);
  while (lwip_stats.memp[MEMP_TCP_PCB]->used < MEMP_NUM_TCP_PCB)
    others[count++] = tcp_new();
  call_another = true;
  comes(TCP_ACK | TCP_FIN, "last", 0);
  assert_int_equal(taken, strlen("last"));
  assert_int_equal(ends, 1);
  assert_int_equal(connection()->state, TIME_WAIT);
  while (count != 0)
    tcp_abort(others[--count]);
}

/* The connection that has ended is the only one that may make room. */
static void who_is_told_of_the_end_may_open_another(void **state) {
  struct tcp_pcb *others[MEMP_NUM_TCP_PCB];
  ip4_addr_t own = *netif_ip4_addr(&netif);
  unsigned count = 0;

  (void)state;
  connect();
  tcp_setprio(accepted, TCP_PRIO_MIN);
  while (lwip_stats.memp[MEMP_TCP_PCB]->used < MEMP_NUM_TCP_PCB)
    others[count++] = tcp_new();
  lose_address = open_on_error = true;
  comes(TCP_ACK, "data", 0);
  assert_int_equal(errors, 1);
  assert_non_null(opened);
  assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, MEMP_NUM_TCP_PCB);
  tcp_abort(opened);
  while (count != 0)
    tcp_abort(others[--count]);
  netif_set_ipaddr(&netif, &own);
}

static void call(void);

static void call_again(void *argument, err_t error) {
  (void)argument;
  assert_int_equal(error, ERR_ABRT);
  if (++errors < 10)
    call();
}

static void call(void) {
  struct tcp_pcb *pcb = tcp_new();
  ip_addr_t peer;

  IP_ADDR4(&peer, 10, 0, 0, 2);
  tcp_err(pcb, call_again);
  assert_int_equal(tcp_connect(pcb, &peer, PORT, NULL), ERR_OK);
}

/* The interface still has the address that it loses when the connections end with it. */
static void who_calls_again_from_a_lost_address_is_told_once(void **state) {
  ip4_addr_t own = *netif_ip4_addr(&netif), next;

  (void)state;
  IP4_ADDR(&next, 10, 0, 0, 7);
  call();
  netif_set_ipaddr(&netif, &next);
  assert_int_equal(errors, 1);
  assert_int_equal(connection()->state, SYN_SENT);
  errors = 10;
  tcp_abort(connection());
  netif_set_ipaddr(&netif, &own);
}

/* The data is lost, and both sides are told. */
static void so_is_what_comes_with_the_end(void **state) {
  (void)state;
  connect();
  assert_int_equal(tcp_shutdown(accepted, 1, 0), ERR_OK);
  assert_int_equal(tcp_shutdown(accepted, 0, 1), ERR_OK);
  comes(TCP_ACK | TCP_FIN, "data", 0);
  assert_int_equal(errors, 1);
  assert_int_equal(resets, 1);
}

#define CLOSE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CLOSE_TEST(what_is_refused_with_the_end_is_offered_again),
      CLOSE_TEST(so_it_is_where_the_ends_cross),
      CLOSE_TEST(so_it_is_where_the_end_acknowledges_ours),
      CLOSE_TEST(so_it_is_where_the_peer_was_done_first),
      CLOSE_TEST(nobody_is_told_that_it_is_over_who_has_closed),
      CLOSE_TEST(what_comes_behind_the_end_is_not_kept),
      CLOSE_TEST(what_is_never_taken_is_freed_with_its_connection),
      CLOSE_TEST(closing_waits_for_the_acknowledgement),
      CLOSE_TEST(an_accept_function_may_close),
      CLOSE_TEST(one_that_does_not_close_waits),
      CLOSE_TEST(who_is_done_is_answered),
      CLOSE_TEST(so_he_is_where_his_end_came_first),
      CLOSE_TEST(so_he_is_where_it_is_refused_at_first),
      CLOSE_TEST(data_beyond_the_end_is_not_the_end),
      CLOSE_TEST(nor_is_it_out_of_order),
      CLOSE_TEST(data_up_to_the_end_is),
      CLOSE_TEST(what_is_not_read_is_reset),
      CLOSE_TEST(so_is_what_comes_with_the_end),
      CLOSE_TEST(an_address_may_go_in_a_receive_function),
      CLOSE_TEST(all_connections_end_with_their_address),
      CLOSE_TEST(a_connection_is_not_ended_for_one_that_its_own_callback_wants),
      CLOSE_TEST(nor_is_one_that_has_closed),
      CLOSE_TEST(who_is_told_of_the_end_may_open_another),
      CLOSE_TEST(who_calls_again_from_a_lost_address_is_told_once),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("tcp_close", tests, NULL, NULL);
}
