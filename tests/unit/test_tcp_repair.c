/* What the port repairs in lwIP's TCP and heap. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/stats.h"
#include "tcp_connection.h"
#include "tcp_repair.h"

static mem_size_t heap_at_rest; /* bytes: TCP's room for an acknowledgement */

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
  for (unsigned i = 0; i < 4; i++) { /* a segment each, across the wrap of the sequence numbers */
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

/* ---- a segment that is retransmitted ---- */

/* 100 bytes and 50, which were sent; the first ones are to be retransmitted. */
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
  rest = mem_malloc((mem_size_t)(size - 200)); /* what was cut off is free again */
  assert_non_null(rest);
  mem_free(rest);
  mem_free(all);
  assert_int_equal(lwip_stats.mem.used, heap_at_rest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_first_part_of_a_split_segment_does_not_end_the_stream,
                                      setup, teardown),
      cmocka_unit_test_setup_teardown(what_waits_to_be_sent_is_sorted, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_is_added_to_a_segment_that_is_sent_again, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(nor_the_end_of_the_stream, setup, teardown),
      cmocka_unit_test(the_last_block_of_the_heap_may_be_shortened),
  };

  host_reset();
  lwip_init();
  heap_at_rest = lwip_stats.mem.used;
  return cmocka_run_group_tests_name("tcp_repair", tests, NULL, NULL);
}
