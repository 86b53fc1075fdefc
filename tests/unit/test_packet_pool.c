/* The packet pool: options are checked, and every packet is accounted for at any time. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "packet_pool.h"

enum {
  PACKETS = 12,
  BUFFER = 256,
  HEADROOM = 24,
  ALIGNMENT = 32,
};

static _Alignas(ALIGNMENT) uint8_t memory[PACKET_POOL_BYTES(PACKETS, BUFFER, HEADROOM, ALIGNMENT)];
static struct packet_pool pool;
static struct pbuf *slots[16];
static struct packet_queue recycle;

static const struct packet_pool_options good = {
    .packets = PACKETS,
    .buffer_size = BUFFER,
    .headroom = HEADROOM,
    .alignment = ALIGNMENT,
    .held_max = PACKETS,
};

static int setup(void **state) {
  (void)state;
  host_reset();
  assert_int_equal(packet_pool_init(&pool, &good, memory, sizeof memory), 0);
  assert_int_equal(pool.free_low_water, PACKETS);
  return 0;
}

static void refuses_options_out_of_range(void **state) {
  struct packet_pool_options options;
  uint8_t *by_24 = memory + (24 - (uintptr_t)memory % 24) % 24;

  (void)state;
#define REFUSED(field, value)                                                                      \
  options = good;                                                                                  \
  options.field = value;                                                                           \
  assert_int_equal(packet_pool_init(&pool, &options, memory, sizeof memory), -EINVAL)
  REFUSED(packets, 0);
  REFUSED(packets, 257);
  REFUSED(buffer_size, 0);
  REFUSED(headroom, UINT16_MAX); /* the buffer's offset would not fit its field */
  REFUSED(buffer_size, BUFFER + 4); /* not a multiple of the alignment */
  REFUSED(alignment, 2);
#undef REFUSED
  options.alignment = 24; /* memory and buffers have it, but it is no power of two */
  options.buffer_size = BUFFER / 24 * 24;
  options.packets = 1;
  assert_int_equal(packet_pool_init(&pool, &options, by_24, sizeof memory - 24), -EINVAL);
  assert_int_equal(packet_pool_init(&pool, &good, memory + 4, sizeof memory - 4), -EINVAL);
  assert_int_equal(packet_pool_init(&pool, &good, memory, sizeof memory - 1), -ENOMEM);
  assert_int_equal(packet_pool_init(&pool, &good, NULL, sizeof memory), -ENOMEM);
}

static void gives_aligned_buffers_that_do_not_overlap(void **state) {
  struct pbuf *packets[PACKETS];

  (void)state;
  for (unsigned i = 0; i < PACKETS; i++) {
    packets[i] = packet_pool_get(&pool);
    assert_non_null(packets[i]);
    assert_int_equal((uintptr_t)packets[i]->payload % ALIGNMENT, 0);
    assert_int_equal(packets[i]->len, BUFFER);
    assert_true((uint8_t *)packets[i]->payload - (uint8_t *)packets[i] >=
                (ptrdiff_t)(sizeof(struct packet) + HEADROOM));
    memset(packets[i]->payload, (int)i, BUFFER);
  }
  assert_null(packet_pool_get(&pool));
  assert_int_equal(pool.free_low_water, 0);
  for (unsigned i = 0; i < PACKETS; i++) {
    assert_int_equal(((uint8_t *)packets[i]->payload)[0], i);
    assert_int_equal(((uint8_t *)packets[i]->payload)[BUFFER - 1], i);
    packet_pool_put(&pool, packets[i]);
  }
  assert_int_equal(pool.free_count, PACKETS);
}

static void a_freed_packet_comes_back_as_new(void **state) {
  struct pbuf *packet = packet_pool_get(&pool);

  (void)state;
  packet_pool_hand_over(&pool, packet);
  packet_set_length(packet, 100);
  packet->flags |= PBUF_FLAG_LLBCAST;
  assert_int_equal(pbuf_remove_header(packet, 14), 0);
  pbuf_ref(packet);
  pbuf_free(packet);
  assert_int_equal(pool.held, 1); /* one reference is left */
  pbuf_free(packet);
  assert_int_equal(pool.held, 0);
  assert_int_equal(pool.free_count, PACKETS);
  packet = packet_pool_get(&pool);
  assert_int_equal(packet->len, BUFFER);
  assert_int_equal(packet->tot_len, BUFFER);
  assert_int_equal(packet->ref, 1);
  assert_int_equal(packet->flags, PBUF_FLAG_IS_CUSTOM | PACKET_FLAG_POOLED);
  assert_int_equal((uintptr_t)packet->payload % ALIGNMENT, 0);
}

/* The stack puts headers back in front of the payload, even a longer one if there is headroom. */
static void an_answer_fits_in_the_buffer_of_its_question(void **state) {
  struct pbuf *packet = packet_pool_get(&pool);

  (void)state;
  packet_pool_hand_over(&pool, packet);
  assert_int_equal(pbuf_remove_header(packet, 42), 0);
  assert_int_equal(pbuf_add_header(packet, 42 + HEADROOM), 0);
  memset(packet->payload, 0xff, packet->len);
  pbuf_free(packet); /* its free function was not overwritten */
  assert_int_equal(pool.free_count, PACKETS);
}

static void a_freed_packet_goes_to_the_queue_first(void **state) {
  (void)state;
  assert_int_equal(packet_queue_init(&recycle, slots, 2, NULL), 0);
  packet_queue_set_enable(&recycle, true);
  pool.recycle = &recycle;
  for (unsigned i = 0; i < 3; i++) {
    struct pbuf *packet = packet_pool_get(&pool);

    packet_pool_hand_over(&pool, packet);
    pbuf_free(packet);
    if (i < 2)
      assert_int_equal(packet_queue_count(&recycle), i + 1);
  }
  /* The third found the queue full, and is at rest: none is lost. */
  assert_int_equal(packet_queue_count(&recycle), 2);
  assert_int_equal(pool.free_count, PACKETS - 2);
}

/* What the cache may hold of a frame of 60 bytes that the stack frees after it has removed headers
 * and left `length` bytes. */
static unsigned touched_when_freed(uint16_t length) {
  struct pbuf *packet = packet_pool_get(&pool);

  packet_set_length(packet, 60);
  packet_pool_hand_over(&pool, packet);
  assert_int_equal(pbuf_remove_header(packet, 42), 0);
  packet_set_length(packet, length);
  pbuf_free(packet);
  return packet_of(packet)->touched;
}

/* An answer that is longer than the request has changed the buffer up to the answer's end. */
static void what_was_made_longer_and_not_sent_has_been_touched(void **state) {
  (void)state;
  assert_int_equal(touched_when_freed(18), 60);
  assert_int_equal(touched_when_freed(0), 60);
  assert_int_equal(touched_when_freed(200), 242);
}

/* What the cache may hold of a frame of 100 bytes that was handed to the stack, after `length`
 * bytes from `front` on were sent. */
static unsigned touched_after(ptrdiff_t front, uint16_t length) {
  struct pbuf *packet = packet_pool_get(&pool);
  unsigned touched;

  packet_set_length(packet, 100);
  packet_pool_hand_over(&pool, packet);
  assert_int_equal(packet_of(packet)->touched, 100);
  packet->payload = (uint8_t *)packet->payload + front;
  packet_set_length(packet, length);
  packet_pool_note_sent(packet);
  touched = packet_of(packet)->touched;
  packet_pool_take_back(packet);
  return touched;
}

static void what_was_sent_is_clean(void **state) {
  (void)state;
  assert_int_equal(touched_after(0, 100), 0);
  assert_int_equal(touched_after(0, 120), 0);
  assert_int_equal(touched_after(14, 86), 14);          /* a header was removed */
  assert_int_equal(touched_after(-HEADROOM, 200), 0);   /* a longer one was added */
  assert_int_equal(touched_after(-HEADROOM, 110), 100); /* the end was not sent */
  assert_int_equal(touched_after(0, 99), 100);
}

/* As pbuf_free() would leave it. */
static void a_packet_that_is_taken_back_is_as_new(void **state) {
  struct pbuf *packet = packet_pool_get(&pool);

  (void)state;
  assert_int_equal(packet_queue_init(&recycle, slots, 2, NULL), 0);
  packet_queue_set_enable(&recycle, true);
  pool.recycle = &recycle;
  packet_pool_hand_over(&pool, packet);
  assert_int_equal(pbuf_remove_header(packet, 42), 0);
  packet_set_length(packet, 10);
  packet->flags |= PBUF_FLAG_LLMCAST | PACKET_FLAG_CHECKED;
  packet->if_idx = 3;
  assert_true(packet_is_ours(packet));
  packet_pool_take_back(packet);
  assert_int_equal(pool.held, 0);
  assert_ptr_equal(packet_queue_get(&recycle), packet);
  assert_true(packet_is_ours(packet));
  assert_ptr_equal(packet->payload, (uint8_t *)packet + pool.payload_offset);
  assert_int_equal(packet->len, BUFFER);
  assert_int_equal(packet->tot_len, BUFFER);
  assert_int_equal(packet->flags, PBUF_FLAG_IS_CUSTOM | PACKET_FLAG_POOLED);
  assert_int_equal(packet->if_idx, 0);
}

static void what_is_held_chained_lent_or_of_others_is_not_ours(void **state) {
  struct pbuf *packet = packet_pool_get(&pool), *rest = packet_pool_get(&pool);
  struct pbuf *lent = packet_pool_lend(&pool);
  struct pbuf other = {.ref = 1, .flags = PBUF_FLAG_IS_CUSTOM};

  (void)state;
  assert_true(packet_is_ours(packet));
  pbuf_ref(packet);
  assert_false(packet_is_ours(packet));
  packet->ref = 1;
  packet->next = rest;
  assert_false(packet_is_ours(packet));
  assert_false(packet_is_ours(&other));
  assert_false(packet_is_ours(lent));
  pbuf_free(lent); /* and then it is like any other */
  lent = packet_pool_get(&pool);
  assert_true(packet_is_ours(lent));
  packet_pool_put(&pool, lent);
  packet_pool_put(&pool, packet);
  packet_pool_put(&pool, rest);
}

static void a_lent_packet_comes_back_to_rest(void **state) {
  struct pbuf *lent[PACKETS], *packet;

  (void)state;
  assert_int_equal(packet_queue_init(&recycle, slots, 2, NULL), 0);
  packet_queue_set_enable(&recycle, true);
  pool.recycle = &recycle;
  for (unsigned i = 0; i < PACKETS; i++)
    lent[i] = packet_pool_lend(&pool);
  assert_null(packet_pool_lend(&pool));
  assert_int_equal(pool.held, PACKETS);
  pbuf_free(lent[0]);
  assert_int_equal(pool.free_count, 1);
  assert_int_equal(packet_queue_count(&recycle), 0);
  pbuf_free(lent[1]); /* another is at rest */
  assert_int_equal(pool.free_count, 1);
  assert_int_equal(packet_queue_count(&recycle), 1);
  packet = packet_pool_get(&pool); /* from now on it is like any other */
  packet_pool_hand_over(&pool, packet);
  pbuf_free(packet);
  assert_int_equal(pool.free_count, 0);
  assert_int_equal(packet_queue_count(&recycle), 2);
  assert_int_equal(pool.held, PACKETS - 2);
}

/* Any order of taking, handing over, referencing, chaining and freeing. */
static void every_packet_is_somewhere(void **state) {
  struct pbuf *held[PACKETS];
  unsigned count = 0;

  (void)state;
  srand(2);
  assert_int_equal(packet_queue_init(&recycle, slots, 4, NULL), 0);
  packet_queue_set_enable(&recycle, true);
  pool.recycle = &recycle;
  for (unsigned step = 0; step < 200000; step++) {
    unsigned what = (unsigned)rand() % 4;

    if (what == 0) {
      struct pbuf *packet = packet_queue_get(&recycle);

      if (packet == NULL)
        packet = packet_pool_get(&pool);
      if (packet != NULL) {
        packet_pool_hand_over(&pool, packet);
        packet_set_length(packet, (uint16_t)(rand() % BUFFER + 1));
        held[count++] = packet;
      }
    } else if (what == 1 && count != 0) {
      unsigned which = (unsigned)rand() % count;

      if (packet_is_ours(held[which]) && rand() % 2 != 0)
        packet_pool_take_back(held[which]);
      else
        pbuf_free(held[which]);
      held[which] = held[--count];
    } else if (what == 2 && count >= 2) { /* TCP chains what it holds: the head owns the rest */
      struct pbuf *head = held[count - 2];

      pbuf_cat(head, held[--count]);
    } else if (what == 3 && count != 0) {
      struct pbuf *packet = held[(unsigned)rand() % count];

      pbuf_ref(packet);
      pbuf_free(packet);
    }
    assert_int_equal(pool.free_count + packet_queue_count(&recycle) + pool.held, PACKETS);
  }
  while (count != 0)
    pbuf_free(held[--count]);
  assert_int_equal(pool.held, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(refuses_options_out_of_range, setup),
      cmocka_unit_test_setup(gives_aligned_buffers_that_do_not_overlap, setup),
      cmocka_unit_test_setup(a_freed_packet_comes_back_as_new, setup),
      cmocka_unit_test_setup(an_answer_fits_in_the_buffer_of_its_question, setup),
      cmocka_unit_test_setup(a_freed_packet_goes_to_the_queue_first, setup),
      cmocka_unit_test_setup(what_was_made_longer_and_not_sent_has_been_touched, setup),
      cmocka_unit_test_setup(what_was_sent_is_clean, setup),
      cmocka_unit_test_setup(a_packet_that_is_taken_back_is_as_new, setup),
      cmocka_unit_test_setup(what_is_held_chained_lent_or_of_others_is_not_ours, setup),
      cmocka_unit_test_setup(a_lent_packet_comes_back_to_rest, setup),
      cmocka_unit_test_setup(every_packet_is_somewhere, setup),
  };

  return cmocka_run_group_tests_name("packet_pool", tests, NULL, NULL);
}
