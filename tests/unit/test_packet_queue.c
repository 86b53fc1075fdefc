/* The packet queue: order, full and empty, figures, even when its indices wrap. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "packet_queue.h"

enum { DEPTH = 8 };
#define FIRST (UINT32_MAX - 5) /* the indices start here: they wrap soon */

static struct dispatch_queue dispatch;
static struct dispatch_source event;
static unsigned events;
static struct pbuf *slots[DEPTH];
static struct packet_queue queue;
static struct pbuf packets[64]; /* only their addresses matter */

static void count_event(void *context) {
  (void)context;
  events++;
}

static int setup(void **state) {
  (void)state;
  events = 0;
  dispatch_remove(&event);
  assert_int_equal(dispatch_add(&dispatch, &event, count_event, NULL), 0);
  assert_int_equal(packet_queue_init(&queue, slots, DEPTH, &event), 0);
  packet_queue_set_enable(&queue, true);
  return 0;
}

static void refuses_a_depth_that_is_no_ring(void **state) {
  static const unsigned wrong[] = {0, 1, 3, 7, 12, 257, 512};

  (void)state;
  for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(packet_queue_init(&queue, slots, wrong[i], NULL), -EINVAL);
}

static void keeps_order_and_tells_full_from_empty_at_the_wrap(void **state) {
  (void)state;
  queue.enqueued = queue.dequeued = FIRST;
  for (unsigned round = 0; round < 20; round++) {
    assert_null(packet_queue_get(&queue));
    for (unsigned i = 0; i < DEPTH; i++) {
      assert_int_equal(packet_queue_count(&queue), i);
      assert_true(packet_queue_put(&queue, &packets[i]));
    }
    assert_int_equal(packet_queue_count(&queue), DEPTH);
    assert_false(packet_queue_put(&queue, &packets[DEPTH]));
    for (unsigned i = 0; i < DEPTH; i++) {
      assert_ptr_equal(packet_queue_peek(&queue), &packets[i]);
      assert_ptr_equal(packet_queue_get(&queue), &packets[i]);
    }
  }
  assert_int_equal(queue.enqueued, (uint32_t)(FIRST + 20 * DEPTH)); /* it has wrapped */
  assert_int_equal(queue.dequeued, queue.enqueued);
  assert_int_equal(queue.refused, 20);
  assert_int_equal(packet_queue_high_water(&queue), DEPTH);
}

static void knows_the_most_it_ever_held(void **state) {
  (void)state;
  assert_int_equal(packet_queue_high_water(&queue), 0);
  for (unsigned most = 1; most <= DEPTH; most++) {
    for (unsigned i = 0; i < most; i++)
      packet_queue_put(&queue, &packets[i]);
    assert_int_equal(packet_queue_high_water(&queue), most);
    while (packet_queue_get(&queue) != NULL)
      ;
    for (unsigned i = 0; i < (most + 1) / 2; i++)
      packet_queue_put(&queue, &packets[i]);
    while (packet_queue_get(&queue) != NULL)
      ;
    assert_int_equal(packet_queue_high_water(&queue), most);
  }
}

/* Any order of puts and gets, compared with a plain array. */
static void agrees_with_a_model(void **state) {
  struct pbuf *model[DEPTH];
  unsigned count = 0, next = 0;

  (void)state;
  srand(1);
  queue.enqueued = queue.dequeued = FIRST;
  for (unsigned step = 0; step < 300000; step++) {
    if (rand() % 2 != 0) {
      struct pbuf *packet = &packets[next++ % 64];

      assert_int_equal(packet_queue_put(&queue, packet), count < DEPTH);
      if (count < DEPTH)
        model[count++] = packet;
    } else {
      struct pbuf *packet = packet_queue_get(&queue);

      assert_ptr_equal(packet, count != 0 ? model[0] : NULL);
      if (count != 0)
        memmove(model, model + 1, --count * sizeof *model);
    }
    assert_int_equal(packet_queue_count(&queue), count);
  }
}

static void tells_its_consumer_when_data_becomes_available(void **state) {
  (void)state;
  packet_queue_put(&queue, &packets[0]);
  packet_queue_put(&queue, &packets[1]);
  dispatch_run(&dispatch);
  assert_int_equal(events, 1);
  packet_queue_get(&queue);
  packet_queue_put(&queue, &packets[2]); /* it was not empty: the consumer knows */
  assert_false(dispatch_pending(&dispatch));
  packet_queue_get(&queue);
  packet_queue_get(&queue);
  packet_queue_put(&queue, &packets[3]);
  assert_true(dispatch_pending(&dispatch));
  dispatch_run(&dispatch);
  assert_int_equal(events, 2);
}

static void disabled_it_refuses_and_keeps_what_it_has(void **state) {
  (void)state;
  packet_queue_put(&queue, &packets[0]);
  packet_queue_set_enable(&queue, false);
  assert_false(packet_queue_put(&queue, &packets[1]));
  assert_int_equal(queue.refused, 1);
  assert_ptr_equal(packet_queue_get(&queue), &packets[0]);
}

static struct pbuf *given_back[DEPTH];
static unsigned given_back_count;

static void give_back(void *context, struct pbuf *packet) {
  assert_ptr_equal(context, &queue);
  given_back[given_back_count++] = packet;
}

static void purges_oldest_first(void **state) {
  (void)state;
  given_back_count = 0;
  for (unsigned i = 0; i < 3; i++)
    packet_queue_put(&queue, &packets[i]);
  packet_queue_purge(&queue, give_back, &queue);
  assert_int_equal(given_back_count, 3);
  for (unsigned i = 0; i < 3; i++)
    assert_ptr_equal(given_back[i], &packets[i]);
  assert_int_equal(packet_queue_count(&queue), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(refuses_a_depth_that_is_no_ring, setup),
      cmocka_unit_test_setup(keeps_order_and_tells_full_from_empty_at_the_wrap, setup),
      cmocka_unit_test_setup(knows_the_most_it_ever_held, setup),
      cmocka_unit_test_setup(agrees_with_a_model, setup),
      cmocka_unit_test_setup(tells_its_consumer_when_data_becomes_available, setup),
      cmocka_unit_test_setup(disabled_it_refuses_and_keeps_what_it_has, setup),
      cmocka_unit_test_setup(purges_oldest_first, setup),
  };

  return cmocka_run_group_tests_name("packet_queue", tests, NULL, NULL);
}
