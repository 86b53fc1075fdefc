/* The explorer: runs a piece of code once for each order in which the processor's accesses to
 * memory and the steps of the hardware around it can fall.
 *
 * The code under test is compiled with the compiler's instrumentation of memory accesses, whose
 * callbacks (instrument.c) come here. Before an access that another process also makes, each
 * process that can take a step is let go first in one run and not in another: a depth-first search
 * that runs everything anew for each decision (stateless model checking). Two orders are the same
 * where what they exchange has nothing in common, and only one of them is run (sleep sets; P.
 * Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996). Which
 * accesses are shared is found by the search itself: where a process makes one that was thought to
 * be private, the search begins anew.
 *
 * Memory is sequentially consistent here, and a step of the hardware is one: what a weaker order of
 * stores does is the matter of the conformance suite's bus. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "footprint.h"

enum { EXPLORE_PROCESSES_MAX = 12 };

/* Something that can happen at any moment beside the code that runs. */
struct explore_process {
  const char *name; /* what happens: "a frame comes in" */
  char letter;      /* of it, in a schedule */
  bool hardware;    /* its step is atomic; else it is code, whose accesses are steps as well */
  unsigned number;  /* for `enabled` and `run` */
  bool (*enabled)(unsigned number);
  bool (*run)(unsigned number); /* takes the step; false: nothing has changed by it */
};

struct explore_options {
  const struct explore_process *processes;
  unsigned count;
  void (*run)(void);    /* the code under test; ends by explore_done() or explore_fail() */
  bool (*is_due)(void); /* true: the code may not go on before a process has run */
  unsigned runs_max;    /* fail where there are more */
  bool whole;           /* run the orders that are the same as others, too */
  const char *schedule; /* run this one alone, and tell all of it; NULL: run all */
};

struct explore_result {
  unsigned runs;      /* that came to an end */
  unsigned redundant; /* given up, since they were the same as another */
  unsigned shared;    /* words of memory that more than one process uses */
  unsigned longest;   /* decisions of the longest */
  unsigned ends;      /* different states of all variables that runs have ended in */
  bool failed;        /* one was wrong; it has been printed */
};

/* Saves the program's variables: each run begins with these. Once, before explore(). */
void explore_save(void);

struct explore_result explore(const struct explore_options *options);

/* ---- for what runs under it; before explore_save() nothing is explored ---- */

bool explore_is_running(void);

/* The processor is about to access memory; `where`: the code that does. */
void explore_access(const volatile void *start, size_t size, enum footprint_kind kind,
                    const void *where);

/* The hardware accesses memory, within its step. */
void explore_touch(const volatile void *start, size_t size, enum footprint_kind kind);

/* The processor stops until a process has taken a step; false where none can. */
bool explore_wait(const void *where);

/* What the processor does from here to explore_end_hardware() is done by the hardware, at once. */
bool explore_begin_hardware(void);
void explore_end_hardware(bool was);
bool explore_in_hardware(void);

/* Between the two nothing is the processor's: a look at what it has done. */
void explore_begin_look(void);
void explore_end_look(void);

/* This run is over: all is well, or not. */
_Noreturn void explore_done(void);
_Noreturn void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
