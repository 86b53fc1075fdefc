/* A run of the simulation: what a seed determines, from start to end. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "wire.h"

struct scenario_options {
  uint64_t seed;
  enum node_defect defect; /* all nodes have it */
  const char *pcap;        /* file for a capture of the wire; NULL: none */
  bool replayed;           /* prints what it does */
};

struct scenario_report {
  uint64_t virtual_us;
  struct wire_report wire;
  struct node_report nodes[WORLD_NODES];
  uint64_t flows, whole; /* TCP connections opened, those that ended with all bytes delivered */
  uint64_t storms;
  uint64_t ping_us; /* the longest time from the end of a storm to a ping's answer */
};

/* Runs it; ends the process with status 1 if an invariant is broken. Once per process, since the
 * nodes' globals are not reset. */
void scenario_run(const struct scenario_options *options, struct scenario_report *report);

/* The text of a broken invariant goes to `text`, cut to `size`. */
void world_fail_into(char *text, unsigned size);

#endif
