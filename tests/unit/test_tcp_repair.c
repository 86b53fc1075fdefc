/* What the port puts right of lwIP's TCP and heap. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip_hooks.h"
#include "tcp_repair.h"

enum { SEQUENCE = 0xffffff00, WINDOW = 1460 }; /* just before the sequence numbers wrap */

static struct tcp_pcb *pcb;

static int setup(void **state) {
  (void)state;
  pcb = tcp_new();
  assert_non_null(pcb);
  pcb->state = ESTABLISHED;
  pcb->rcv_nxt = SEQUENCE;
  pcb->rcv_wnd = WINDOW;
  pcb->snd_wnd = pcb->snd_wnd_max = WINDOW;
  pcb->lastack = pcb->snd_nxt = pcb->snd_lbb = SEQUENCE;
  TCP_REG_ACTIVE(pcb);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  tcp_abort(pcb);
  return 0;
}

/* ---- a segment that is split for a small window ---- */

static uint8_t flags_of(const struct tcp_seg *segment) { return TCPH_FLAGS(segment->tcphdr); }

static void the_first_part_of_a_split_segment_does_not_end_the_stream(void **state) {
  static const char data[100];

  (void)state;
  assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  assert_int_equal(tcp_send_fin(pcb), ERR_OK);
  assert_int_equal(flags_of(pcb->unsent) & (TCP_PSH | TCP_FIN), TCP_PSH | TCP_FIN);
  assert_int_equal(tcp_split_unsent_seg(pcb, 60), ERR_OK);
  assert_int_equal(pcb->unsent->len, 60);
  assert_int_equal(flags_of(pcb->unsent) & (TCP_PSH | TCP_FIN), 0);
  assert_int_equal(pcb->unsent->next->len, 40);
  assert_int_equal(flags_of(pcb->unsent->next) & (TCP_PSH | TCP_FIN), TCP_PSH | TCP_FIN);
}

/* ---- segments that wait in the wrong order ---- */

static void what_waits_to_be_sent_is_sorted(void **state) {
  static const char data[10];
  struct tcp_seg *segments[4], *segment;

  (void)state;
  for (unsigned i = 0; i < 4; i++) { /* a segment each, beyond the wrap of the sequence numbers */
    pcb->mss = sizeof data;
    assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  }
  segment = pcb->unsent;
  for (unsigned i = 0; i < 4; i++, segment = segment->next) {
    segments[i] = segment;
    segment->tcphdr->seqno = lwip_htonl(SEQUENCE + 100 * i);
  }
  assert_null(segment);
  pcb->unsent = segments[1]; /* 1, 3, 0, 2 */
  segments[1]->next = segments[3];
  segments[3]->next = segments[0];
  segments[0]->next = segments[2];
  segments[2]->next = NULL;
  tcp_repair();
  segment = pcb->unsent;
  for (unsigned i = 0; i < 4; i++, segment = segment->next)
    assert_ptr_equal(segment, segments[i]);
  assert_null(segment);
}

/* ---- a segment that is sent again ---- */

/* 100 bytes and 50, which were sent; the first are to be sent again. */
static void send_and_lose(void) {
  static const char data[100];
  struct tcp_seg *first;

  assert_int_equal(tcp_write(pcb, data, 100, 0), ERR_OK);
  first = pcb->unacked = pcb->unsent;
  pcb->unsent = NULL;
  assert_int_equal(tcp_write(pcb, data, 50, 0), ERR_OK);
  first->next = pcb->unsent;
  pcb->unsent = NULL;
  pcb->snd_nxt = pcb->snd_lbb;
  assert_int_equal(tcp_rexmit(pcb), ERR_OK);
  assert_ptr_equal(pcb->unsent, first);
  assert_null(first->next);
}

static void check_next(uint8_t flags, unsigned length) {
  assert_int_equal(pcb->unsent->len, 100);
  assert_int_equal(flags_of(pcb->unsent) & TCP_FIN, 0);
  assert_non_null(pcb->unsent->next);
  assert_int_equal(lwip_ntohl(pcb->unsent->next->tcphdr->seqno), (u32_t)(SEQUENCE + 150));
  assert_int_equal(pcb->unsent->next->len, length);
  assert_int_equal(flags_of(pcb->unsent->next) & flags, flags);
}

/* Its place in the stream is not the end. */
static void nothing_is_added_to_a_segment_that_is_sent_again(void **state) {
  static const char data[20];

  (void)state;
  send_and_lose();
  assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  check_next(0, sizeof data);
  assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  check_next(0, 2 * sizeof data); /* that one is at the end */
}

static void nor_the_end_of_the_stream(void **state) {
  (void)state;
  send_and_lose();
  assert_int_equal(tcp_send_fin(pcb), ERR_OK);
  check_next(TCP_FIN, 0);
}

/* ---- the heap's last block ---- */

/* lwIP's assertion would end the program. */
static void the_last_block_of_the_heap_may_be_shortened(void **state) {
  mem_size_t size = MEM_SIZE;
  void *all, *rest;

  (void)state;
  while ((all = mem_malloc(size)) == NULL)
    size -= MEM_ALIGNMENT;
  assert_ptr_equal(mem_trim(all, 100), all);
  rest = mem_malloc((mem_size_t)(size - 200)); /* what was cut off is there */
  assert_non_null(rest);
  mem_free(rest);
  mem_free(all);
  assert_int_equal(lwip_stats.mem.used, 0);
}

/* ---- a window that opens where only one of two segments can be sent ---- */

static unsigned sent;

static err_t send_one(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  (void)netif, (void)packet, (void)to;
  return sent++ == 0 ? ERR_OK : ERR_MEM;
}

static err_t wire_init(struct netif *netif) {
  netif->output = send_one;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

/* The window's timer does not go on for data that is under way, at which lwIP would assert. */
static void a_window_that_opened_is_not_probed(void **state) {
  static const char data[100];
  static struct netif wire;
  ip4_addr_t own, mask;

  (void)state;
  IP4_ADDR(&own, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_add(&wire, &own, &mask, IP4_ADDR_ANY4, NULL, wire_init, ip_input);
  netif_set_default(&wire);
  netif_set_up(&wire);
  IP_ADDR4(&pcb->remote_ip, 10, 0, 0, 2);
  sent = 0;
  pcb->mss = sizeof data;
  pcb->snd_wnd = pcb->mss - 1;
  pcb->pollinterval = UINT8_MAX; /* which sends, too */
  pcb->cwnd = 10 * pcb->mss;
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(tcp_write(pcb, data, sizeof data, TCP_WRITE_FLAG_COPY), ERR_OK);
  assert_int_equal(tcp_output(pcb), ERR_OK);
  assert_int_equal(pcb->persist_backoff, 1);
  pcb->snd_wnd = 10 * pcb->mss; /* when there was no memory to send anything */
  for (unsigned ticks = 0; sent == 0 && ticks < 10; ticks++)
    tcp_slowtmr();
  assert_int_equal(sent, 2);
  assert_non_null(pcb->unacked);
  assert_int_equal(pcb->persist_backoff, 0);
  tcp_slowtmr();
  netif_remove(&wire);
}

/* ---- the heap ---- */

/* Names are asked for, and connections accepted, while others take nothing of what they are sent.
 */
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_first_part_of_a_split_segment_does_not_end_the_stream,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(what_waits_to_be_sent_is_sorted, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_is_added_to_a_segment_that_is_sent_again, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(nor_the_end_of_the_stream, setup, teardown),
      cmocka_unit_test_setup_teardown(a_window_that_opened_is_not_probed, setup, teardown),
      cmocka_unit_test_setup_teardown(data_to_be_sent_leaves_the_heap_room, setup, teardown),
      cmocka_unit_test(the_last_block_of_the_heap_may_be_shortened),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("tcp_repair", tests, NULL, NULL);
}
