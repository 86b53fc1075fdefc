/* What is explored: a driver over its fake, or queues between a loop and an interrupt, with a
 * number of frames, bytes and timeouts that may come at any moment. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>

#include "explore.h"
#include "fake_mac.h"

/* A driver with its device. */
struct subject {
  const char *name;
  const struct fake_mac *mac;
  bool edge;     /* the textbook MAC's, which interrupts on edges */
  bool software; /* the simulated NIC's: it works in an interrupt */
  bool no_dma;   /* each word of a frame is an access to a register, and a moment */
};

/* What happens around it. A number holds for the least bound; one marked "grows" rises with it. */
struct scenario {
  const char *name;
  unsigned rx;           /* frames that arrive (grows) */
  unsigned tx;           /* frames that the stack sends at the start (grows) */
  unsigned fragments;    /* of each of them; 0: one */
  unsigned timeouts;     /* of the stack, each wound when the one before is over (grows) */
  unsigned typed;        /* bytes on the console */
  unsigned echoes;       /* bytes that the console sends at the start */
  void (*at_byte)(void); /* the application's answer to each; NULL: none */
  unsigned errors;       /* that the device reports */
  unsigned packets;      /* of the pool */
  unsigned budget;       /* frames a turn, a batch */
  bool hoard;            /* the stack keeps what it gets */
  unsigned sent_from; /* the device begins when that many frames are on its ring, and sends all of
                         them in one step; 0: one by one, at any time */
  bool alone;         /* the same for every driver: run with only one */
};

extern const struct subject subjects[];
extern const struct scenario scenarios[];

/* Explores one over the other in a process of its own; `schedule`: only that run. */
struct explore_result scenario_explore(const struct subject *subject,
                                       const struct scenario *scenario, unsigned depth,
                                       unsigned runs_max, const char *schedule, bool whole);

/* True if the driver can be in it; true if that takes a minute. */
bool scenario_suits(const struct subject *subject, const struct scenario *scenario);
bool scenario_is_long(const struct subject *subject, const struct scenario *scenario);

#endif
