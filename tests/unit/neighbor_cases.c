/* What holds for both ARP and IPv6: neighbors that are in use stay known, whoever else turns up. */
#include "neighbor_cases.h"

#include "unit.h"

enum { TALKED_TO = 3 };

struct neighbors neighbors;

void neighbor_must_be_reached(unsigned number) {
  unsigned before = neighbors.frames;

  neighbors.send_to(number);
  assert_int_equal(neighbors.frames - before, 1);
  assert_int_equal(neighbors.reached, (uint8_t)number);
}

/* Both ways to get to know one: it has asked for us, or has answered us. */
static void talk_to_some(void) {
  for (unsigned i = 0; i < TALKED_TO; i++) {
    if (i % 2 == 0) {
      neighbors.asks_for_us(2 + i);
      neighbors.send_to(2 + i);
    } else {
      neighbors.send_to(2 + i);
      neighbors.answers(2 + i);
    }
  }
  neighbors.second(); /* they are older than all that follow */
}

static void talk_to_all(void) {
  for (unsigned i = 0; i < neighbors.capacity; i++) {
    neighbors.asks_for_us(2 + i);
    neighbors.send_to(2 + i);
  }
}

void who_asks_does_not_displace_them(void **state) {
  (void)state;
  talk_to_some();
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++) {
    neighbors.asks_for_us(100 + i);
    neighbors.answers(2000 + i);
  }
  for (unsigned i = 0; i < TALKED_TO; i++)
    neighbor_must_be_reached(2 + i);
}

void who_is_asked_for_does_not_displace_them(void **state) {
  (void)state;
  talk_to_some();
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++)
    neighbors.asks_for_us(100 + i); /* the table is full */
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++)
    neighbors.send_to(2000 + i);
  for (unsigned i = 0; i < TALKED_TO; i++)
    neighbor_must_be_reached(2 + i);
  neighbors.send_to(5000);
  neighbors.answers(5000);
  neighbor_must_be_reached(5000);
}

/* The many must still make room among themselves. */
void who_was_not_talked_to_makes_room(void **state) {
  (void)state;
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++)
    neighbors.asks_for_us(100 + i);
  assert_true(neighbors.knows(100 + NEIGHBOR_OTHERS - 1));
}

void who_was_not_talked_to_for_a_minute_makes_room(void **state) {
  (void)state;
  neighbors.answering = true;
  talk_to_all();
  for (unsigned second = 0; second < NEIGHBOR_UNUSED_S; second++) {
    assert_true(neighbors.knows(2));
    neighbors.second();
    for (unsigned i = 1; i < neighbors.capacity; i++)
      neighbor_must_be_reached(2 + i);
  }
  neighbors.asks_for_us(100);
  assert_true(neighbors.knows(100));
  assert_false(neighbors.knows(2));
}

/* When all of them are in use. */
void the_one_that_was_idle_for_longest_makes_room(void **state) {
  (void)state;
  neighbors.answering = true;
  talk_to_all();
  neighbors.second();
  for (unsigned i = 0; i < neighbors.capacity; i++) {
    if (i != 4)
      neighbors.send_to(2 + i);
  }
  neighbors.send_to(100);
  neighbors.answers(100);
  assert_true(neighbors.knows(100));
  assert_false(neighbors.knows(2 + 4));
}
