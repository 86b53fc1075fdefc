/* The tester: a hand-written host that pings the nodes and sends what no decent host would. */
#ifndef TESTER_H
#define TESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

void tester_start(uint64_t seed);

/* When it next has something to do; does what is due by then. */
uint64_t tester_next_us(void);
void tester_run(uint64_t now_us);

/* A frame arrives at it. */
void tester_arrive(const uint8_t *frame, uint32_t length, uint64_t at_us);

/* Pings a node, and at first and every other time asks for its address just before;
 * tester_answered() returns whether any ping since tester_expect() was answered correctly. */
void tester_ping(unsigned node, uint64_t now_us);
void tester_expect(unsigned node);
bool tester_answered(unsigned node);

/* Sends something drawn from its dice: nonsense, fragments that are never completed, segments out
 * of the blue, requests from a crowd of addresses, frames for groups and for others. It opens
 * connections, which take the place of others, only in a storm. */
void tester_molest(bool in_storm, uint64_t now_us);

#endif
