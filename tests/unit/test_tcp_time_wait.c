/* A connection in TIME-WAIT: what arrives for it, and for its successor. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "tcp_segment.h"

enum { PORT = 80, PEER_PORT = 40000, NEXT = 0xfffffff0, WINDOW = 1460 }; /* before the wrap */

static struct netif netif;
static struct tcp_pcb *old, *listener;
static struct tcp_hdr answer;
static unsigned answers;

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *to) {
  (void)from;
  (void)to;
  assert_int_equal(pbuf_copy_partial(packet, &answer, sizeof answer, IP_HLEN), sizeof answer);
  answers++;
  return ERR_OK;
}

static bool is_remembered(void) {
  for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next) {
    if (pcb == old)
      return true;
  }
  return false;
}

static int set_up(void **state) {
  (void)state;
  wire_add(&netif, output);
  listener = tcp_new();
  assert_int_equal(tcp_bind(listener, IP_ANY_TYPE, PORT), ERR_OK);
  listener = tcp_listen(listener);
  assert_non_null(listener);
  old = tcp_new();
  assert_non_null(old);
  old->state = TIME_WAIT;
  ip_addr_copy_from_ip4(old->local_ip, *netif_ip4_addr(&netif));
  IP4_ADDR(ip_2_ip4(&old->remote_ip), 10, 0, 0, 2);
  old->local_port = PORT;
  old->remote_port = PEER_PORT;
  old->rcv_nxt = NEXT;
  old->rcv_wnd = WINDOW;
  TCP_REG(&tcp_tw_pcbs, old);
  answers = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  if (is_remembered())
    tcp_abort(old);
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  if (listener != NULL)
    assert_int_equal(tcp_close(listener), ERR_OK);
  netif_remove(&netif);
  return 0;
}

static void comes(uint8_t flags, uint32_t sequence) {
  segment_comes(&netif, old, flags, sequence, 0, WINDOW);
}

static void the_next_connection_from_the_same_port_is_answered(void **state) {
  static const uint32_t beyond[] = {1, WINDOW - 1, 100000}; /* across the wrap */

  for (unsigned i = 0; i < sizeof beyond / sizeof *beyond; i++) {
    comes(TCP_SYN, NEXT + beyond[i]);
    assert_false(is_remembered());
    assert_int_equal(answers, 1);
    assert_int_equal(TCPH_FLAGS(&answer), TCP_SYN | TCP_ACK);
    assert_int_equal(lwip_ntohl(answer.ackno), (uint32_t)(NEXT + beyond[i] + 1));
    (void)tear_down(state);
    (void)set_up(state);
  }
}

/* RFC 9293, 3.6.1: else an old segment of ours might be taken for one of the new connection. The
 * clock that its numbers start from is slower than a wire. */
static void it_begins_beyond_all_that_the_old_one_sent(void **state) {
  for (uint32_t quarter = 0; quarter < 4; quarter++) {
    const uint32_t end = quarter << 30;

    old->snd_nxt = end;
    comes(TCP_SYN, NEXT + 1);
    assert_int_equal(TCPH_FLAGS(&answer), TCP_SYN | TCP_ACK);
    assert_true(TCP_SEQ_GT(lwip_ntohl(answer.seqno), end));
    (void)tear_down(state);
    (void)set_up(state);
  }
}

/* The old one was opened from here, or its service has ended. */
static void where_nobody_listens_it_is_reset(void **state) {
  (void)state;
  assert_int_equal(tcp_close(listener), ERR_OK);
  listener = NULL;
  comes(TCP_SYN, NEXT + 1);
  assert_false(is_remembered());
  assert_int_equal(answers, 1);
  assert_int_equal(TCPH_FLAGS(&answer), TCP_RST | TCP_ACK);
  assert_int_equal(lwip_ntohl(answer.ackno), (uint32_t)(NEXT + 2));
  assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, 0);
}

/* Such as a SYN of the old connection that has been on its way for long. */
static void what_is_not_beyond_it_is_of_the_old_one(void **state) {
  (void)state;
  comes(TCP_SYN, NEXT - 1000);
  assert_true(is_remembered());
  assert_int_equal(answers, 1);
  assert_int_equal(TCPH_FLAGS(&answer), TCP_ACK);
  assert_int_equal(lwip_ntohl(answer.ackno), (uint32_t)NEXT);
}

static void nothing_else_ends_it(void **state) {
  static const uint8_t others[] = {TCP_RST, TCP_SYN | TCP_RST, TCP_SYN | TCP_ACK, TCP_ACK,
                                   TCP_FIN | TCP_ACK};

  (void)state;
  for (unsigned i = 0; i < sizeof others; i++) {
    comes(others[i], NEXT + 100000);
    assert_true(is_remembered());
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_next_connection_from_the_same_port_is_answered, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(it_begins_beyond_all_that_the_old_one_sent, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(where_nobody_listens_it_is_reset, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_not_beyond_it_is_of_the_old_one, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nothing_else_ends_it, set_up, tear_down),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
