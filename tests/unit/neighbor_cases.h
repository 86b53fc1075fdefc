/* What holds for ARP and for IPv6 alike: neighbors that are talked to stay known, whoever else
 * comes. */
#ifndef NEIGHBOR_CASES_H
#define NEIGHBOR_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum { NEIGHBOR_OTHERS = 1000, NEIGHBOR_UNUSED_S = 60 };

/* A table of neighbors, which have numbers from 2 on, and the station among them. */
struct neighbors {
  unsigned capacity;                    /* entries of the table */
  void (*asks_for_us)(unsigned number); /* the neighbor's frame comes in */
  void (*answers)(unsigned number);     /* its address that was asked for */
  void (*send_to)(unsigned number);     /* a packet */
  bool (*knows)(unsigned number);
  void (*second)(void); /* goes by */
  bool answering;       /* neighbors that are asked for answer by themselves */
  unsigned frames;      /* that went out to a station */
  uint8_t reached;      /* the last byte of the address that the last packet went to */
};
extern struct neighbors neighbors;

/* Has one that is known sent a packet, which goes at once. */
void neighbor_must_be_reached(unsigned number);

void who_asks_does_not_displace_them(void **state);
void who_is_asked_for_does_not_displace_them(void **state);
void who_was_not_talked_to_makes_room(void **state);
void who_was_not_talked_to_for_a_minute_makes_room(void **state);
void the_one_that_was_idle_for_longest_makes_room(void **state);

#endif
