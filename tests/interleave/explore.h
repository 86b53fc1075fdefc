/* The explorer: runs a piece of code once for each order in which the processor's accesses to
 * memory and the steps of the hardware around it can fall.
 *
 * The code under test is compiled with the compiler's instrumentation of memory accesses, whose
 * callbacks (instrument.c) come here. Before an access that another process also makes, each
 * process that can take a step takes it in one run and not in another: a depth-first search that
 * runs everything anew for each decision (stateless model checking). Two orders that differ only in
 * steps that have nothing in common are the same, and only one of them is run (sleep sets; P.
 * Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996). The search
 * itself finds out which accesses are shared: when a process makes one that was thought to be
 * private, the search starts over.
 *
 * Memory is sequentially consistent here, and a step of the hardware is atomic: the effects of a
 * weaker order of stores are a matter for the conformance suite's bus. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "footprint.h"

enum { EXPLORE_PROCESSES_MAX = 12 };

/* Something that can happen at any moment while the code runs. */
struct explore_process {
  const char *name; /* what happens: "a frame comes in" */
  char letter;      /* its letter in a schedule */
  bool hardware;    /* its step is atomic; else it is code, whose accesses are steps as well */
  unsigned number;  /* for `enabled` and `run` */
  bool (*enabled)(unsigned number);
  bool (*run)(unsigned number); /* takes the step; false: it changed nothing */
};

struct explore_options {
  const struct explore_process *processes;
  unsigned count;
  void (*run)(void);    /* the code under test; ends by explore_done() or explore_fail() */
  bool (*is_due)(void); /* true: the code may not go on before a process has run */
  unsigned runs_max;    /* fail if there are more */
  bool whole;           /* also run the orders that are the same as others */
  const char *schedule; /* run only this one, and print all of it; NULL: run all */
};

struct explore_result {
  unsigned runs;      /* that came to an end */
  unsigned redundant; /* given up, since they were the same as another */
  unsigned shared;    /* words of memory that more than one process uses */
  unsigned longest;   /* decisions of the longest run */
  unsigned ends;      /* different states of all variables that runs have ended in */
  bool failed;        /* a run violated something; it has been printed */
};

/* Saves the program's variables, with which each run begins. Once, before explore(). */
void explore_save(void);

struct explore_result explore(const struct explore_options *options);

/* ---- for the code that it runs; before explore_save() nothing is explored ---- */

bool explore_is_running(void);

/* The processor is about to access memory; `where`: the code that does it. */
void explore_access(const volatile void *start, size_t size, enum footprint_kind kind,
                    const void *where);

/* The hardware accesses memory, within its step. */
void explore_touch(const volatile void *start, size_t size, enum footprint_kind kind);

/* The processor stops until a process has taken a step; false if none can. */
bool explore_wait(const void *where);

/* The hardware, not the processor, does what follows up to explore_end_hardware(), in one step. */
bool explore_begin_hardware(void);
void explore_end_hardware(bool was);
bool explore_in_hardware(void);

/* Between these two nothing counts as the processor's: for a look at what it has done. */
void explore_begin_look(void);
void explore_end_look(void);

/* Ends this run: all is well, or not. */
_Noreturn void explore_done(void);
_Noreturn void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
