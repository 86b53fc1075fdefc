/* When a segment is sent again: RFC 6298's times. */
#include "unit.h"

#include "lwip/init.h"
#include "tcp_peer.h"

enum { FAR = 4 * SECOND }; /* a round trip that is longer than the first wait */

static void sends(uint16_t length) {
  write_bytes(length, TCP_WRITE_FLAG_COPY);
  assert_int_equal(tcp_output(pcb), ERR_OK);
}

/* RFC 6298, 3: a round trip is that of a segment that was sent once. Here the first copy is
 * acknowledged, just after the last one was sent. */
static void what_was_sent_twice_is_not_timed(void **state) {
  (void)state;
  sends(SEGMENT);
  pass(3 * SECOND); /* again after 1 s and 3 s */
  assert_int_equal(segments, 3);
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  assert_int_equal(pcb->rttest, 0);
  assert_int_equal(pcb->sa, 0);
  assert_int_equal(pcb->rto, 4 * SECOND);
  sends(SEGMENT);
  pass(FAR - 1);
  assert_int_equal(segments, 4);
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  assert_int_equal(pcb->sa, FAR - 1);
}

/* So are those that a timeout sends again one by one, and one that duplicates ask for. */
static void nor_are_those_behind_it(void **state) {
  const uint32_t first = pcb->snd_nxt;

  (void)state;
  tcp_nagle_disable(pcb);
  for (unsigned i = 0; i < 4; i++)
    sends(SEGMENT);
  pass(SECOND);
  for (unsigned i = 1; i < 4; i++) {
    acknowledgement_comes(first + i * SEGMENT, WINDOW);
    assert_int_equal(pcb->rttest, 0);
  }
  acknowledgement_comes(pcb->snd_nxt, WINDOW);
  sends(SEGMENT);
  assert_int_not_equal(pcb->rttest, 0);
  for (unsigned i = 0; i < 3; i++)
    acknowledgement_comes(first + 4 * SEGMENT, WINDOW);
  assert_true(pcb->flags & TF_INFR);
  assert_int_equal(pcb->rttest, 0);
}

/* RFC 6298, 5.5 and 5.6: each segment over a long path would be sent twice. */
static void a_doubled_wait_is_kept(void **state) {
  (void)state;
  for (unsigned i = 0; i < 10; i++) {
    segments = 0;
    sends(SEGMENT);
    pass(FAR);
    acknowledgement_comes(pcb->snd_nxt, WINDOW);
    assert_null(pcb->unacked);
    assert_in_range(segments, 1, i == 0 ? 3 : 2);
    if (i > 1)
      assert_int_equal(segments, 1);
  }
  for (unsigned i = 0; i < 20; i++) { /* and over a short one no longer than it has to be */
    sends(SEGMENT);
    acknowledgement_comes(pcb->snd_nxt, WINDOW);
  }
  assert_in_range(pcb->rto, 1, 3 * SECOND);
}

/* A SYN's round trip is one, too, if it was sent once. */
static void a_syn_is_timed_once(void **state) {
  (void)state;
  open();
  pass(1);
  syn_is_answered(TCP_MSS);
  assert_int_equal(pcb->sa, 1);
  open();
  pass(SECOND);
  assert_int_equal(segments, 2);
  syn_is_answered(TCP_MSS);
  assert_int_equal(pcb->sa, 0);
  assert_int_equal(pcb->rto, 3 * SECOND);
}

static struct tcp_pcb *accepted;

static err_t accept_it(void *argument, struct tcp_pcb *accepted_pcb, err_t error) {
  (void)argument;
  accepted = accepted_pcb;
  return error;
}

/* So is our answer to one, and data has the same three seconds after it. */
static void so_is_the_answer_to_one(void **state) {
  struct tcp_pcb *listener = tcp_new(), peer = {.local_port = PORT + 1, .remote_port = PEER_PORT};

  (void)state;
  ip_addr_copy(peer.remote_ip, pcb->remote_ip);
  assert_int_equal(tcp_bind(listener, IP_ANY_TYPE, PORT + 1), ERR_OK);
  listener = tcp_listen(listener);
  tcp_accept(listener, accept_it);
  for (unsigned times = 1; times <= 3; times += 2) {
    segments = 0;
    segment_comes(&wire, &peer, TCP_SYN, PEER_FIRST, 0, WINDOW);
    pass(times == 1 ? 1 : 3 * SECOND);
    assert_int_equal(segments, times);
    assert_int_equal(TCPH_FLAGS(&sent), TCP_SYN | TCP_ACK);
    accepted = NULL;
    segment_comes(&wire, &peer, TCP_ACK, PEER_FIRST + 1, lwip_ntohl(sent.seqno) + 1, WINDOW);
    assert_non_null(accepted);
    assert_int_equal(accepted->sa, times == 1 ? 1 : 0);
    if (times > 1)
      assert_int_equal(accepted->rto, 3 * SECOND);
    tcp_abort(accepted);
  }
  assert_int_equal(tcp_close(listener), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_was_sent_twice_is_not_timed), TEST(nor_are_those_behind_it),
      TEST(a_doubled_wait_is_kept),           TEST(a_syn_is_timed_once),
      TEST(so_is_the_answer_to_one),
  };

  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
