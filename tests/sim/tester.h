/* The tester: a host written by hand that pings the nodes and sends what no decent host would. */
#ifndef TESTER_H
#define TESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

void tester_start(uint64_t seed);

/* When it has something to do, and what is due by then. */
uint64_t tester_next_us(void);
void tester_run(uint64_t now_us);

/* A frame comes to it. */
void tester_arrive(const uint8_t *frame, uint32_t length, uint64_t at_us);

/* Asks for a node's address and pings it, each with a frame of its own; tester_answered() tells
 * whether any ping since then was answered rightly. */
void tester_ping(unsigned node, uint64_t now_us);
void tester_expect(unsigned node);
bool tester_answered(unsigned node);

/* Sends something drawn from its dice: nonsense, fragments that are never completed, segments out
 * of the blue, requests from a crowd of addresses, frames for groups and for others. Only in a
 * storm it opens connections, which take the place of others. */
void tester_molest(bool in_storm, uint64_t now_us);

#endif
