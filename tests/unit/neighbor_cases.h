/* What holds for both ARP and IPv6: neighbors that are in use stay known, whoever else turns up. */
#ifndef NEIGHBOR_CASES_H
#define NEIGHBOR_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum { NEIGHBOR_OTHERS = 1000, NEIGHBOR_UNUSED_S = 60 };

/* A table of neighbors, which are numbered from 2 on, and the station that has it. */
struct neighbors {
  unsigned capacity;                    /* entries of the table */
  void (*asks_for_us)(unsigned number); /* the neighbor's request arrives */
  void (*answers)(unsigned number);     /* the neighbor answers a request for its address */
  void (*send_to)(unsigned number);     /* sends it a packet */
  bool (*knows)(unsigned number);
  void (*second)(void); /* lets a second pass */
  bool answering;       /* neighbors answer requests by themselves */
  unsigned frames;      /* unicast frames sent */
  uint8_t reached;      /* the last byte of the address that the last packet went to */
};
extern struct neighbors neighbors;

/* Sends a packet to a neighbor that is known; it must go out at once. */
void neighbor_must_be_reached(unsigned number);

void who_asks_does_not_displace_them(void **state);
void who_is_asked_for_does_not_displace_them(void **state);
void who_was_not_talked_to_makes_room(void **state);
void who_was_not_talked_to_for_a_minute_makes_room(void **state);
void the_one_that_was_idle_for_longest_makes_room(void **state);

#endif
