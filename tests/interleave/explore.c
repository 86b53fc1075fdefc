/* The explorer: runs a piece of code once for each order in which the processor's accesses to
 * memory and the steps of the hardware around it can fall. */
#include "explore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "trace.h"

enum { DECISIONS_MAX = 4096, NESTED_MAX = 4, STEPS_MAX = 400000, ENDS_MAX = 1 << 20 };

/* A moment at which more than one thing could happen. */
struct decision {
  uint32_t step;                                  /* when it was */
  uint16_t options;                               /* processes that can go first */
  uint16_t done;                                  /* of these, the ones whose runs are done */
  bool may_go_on;                                 /* the code itself can go on */
  bool goes_on;                                   /* and now does */
  unsigned chosen;                                /* else: the process that goes first now */
  struct footprint prints[EXPLORE_PROCESSES_MAX]; /* of their steps */
};

/* Everything that survives a run: on the heap, since variables are restored. */
struct explorer {
  const struct explore_options *options;
  struct explore_result result;
  struct decision decisions[DECISIONS_MAX];
  unsigned known; /* decisions that are already made */
  struct footprint_set shared;
  uint64_t ends[ENDS_MAX]; /* a hash table; 0: none */

  /* For the current run. */
  jmp_buf end;
  unsigned made;     /* decisions that have come up */
  uint32_t step;     /* accesses and waits so far */
  uint16_t sleeping; /* processes whose next step has had its runs from here */
  uint16_t blocked;  /* processes whose next step changes nothing */
  bool in_hardware;
  bool runs; /* the code under test runs, not the explorer */
  const struct footprint *sleeps_on[EXPLORE_PROCESSES_MAX]; /* the accesses that wake it */
  const struct footprint *blocks_on[EXPLORE_PROCESSES_MAX];
  struct footprint *recording[NESTED_MAX]; /* of the steps being taken */
  unsigned nested;
  const char *schedule; /* what is left of it */
  struct trace trace;
};

static struct explorer *explorer;

/* ---- what was accessed ---- */

/* Takes the processes out of `*mask` to whose step this access makes a difference. */
static void wake(uint16_t *mask, const struct footprint *const prints[],
                 const struct footprint_range *range) {
  for (unsigned left = *mask; left != 0; left &= left - 1) {
    unsigned process = (unsigned)__builtin_ctz(left);

    if (footprint_conflicts(prints[process], range))
      *mask &= (uint16_t) ~(1u << process);
  }
}

static void note(const struct footprint_range *range) {
  struct explorer *e = explorer;

  wake(&e->sleeping, e->sleeps_on, range);
  wake(&e->blocked, e->blocks_on, range);
  for (unsigned i = 0; i < e->nested; i++)
    footprint_add(e->recording[i], range);
  if (e->nested != 0)
    footprint_set_add(&e->shared, range);
}

void explore_touch(const volatile void *start, size_t size, enum footprint_kind kind) {
  struct footprint_range range;

  if (explorer != NULL && explorer->runs && footprint_range_of(start, size, kind, &range)) {
    footprint_set_add(&explorer->shared, &range);
    note(&range);
  }
}

/* ---- decisions ---- */

static uint16_t enabled_processes(void) {
  uint16_t enabled = 0;

  for (unsigned i = 0; i < explorer->options->count; i++) {
    const struct explore_process *process = &explorer->options->processes[i];

    if (process->enabled(process->number))
      enabled |= (uint16_t)(1u << i);
  }
  return enabled;
}

static _Noreturn void end_run(int how) { longjmp(explorer->end, how); }

/* The decision that comes up now: known from the previous run, or a new one. NULL: there is
 * none. */
static struct decision *decide(uint16_t options, bool may_go_on) {
  struct explorer *e = explorer;
  struct decision *decision = &e->decisions[e->made];

  if (e->made < e->known) {
    if (decision->step > e->step)
      return NULL;
    if (decision->step < e->step)
      explore_fail("the explorer's fault: a run differs from the one before at step %u", e->step);
  } else {
    if (options == 0)
      return NULL;
    if (e->made == DECISIONS_MAX)
      explore_fail("the code comes to no end");
    decision->step = e->step;
    decision->options = options;
    decision->done = 0;
    decision->may_go_on = may_go_on;
    decision->goes_on = false;
    decision->chosen = (unsigned)__builtin_ctz(options);
    for (unsigned i = 0; i < EXPLORE_PROCESSES_MAX; i++)
      footprint_clear(&decision->prints[i]);
    e->known++;
  }
  e->made++;
  for (unsigned left = e->options->whole ? 0 : decision->done; left != 0; left &= left - 1) {
    unsigned process = (unsigned)__builtin_ctz(left);

    e->sleeping |= (uint16_t)(1u << process);
    e->sleeps_on[process] = &decision->prints[process];
  }
  return decision;
}

static bool take_step(unsigned number, struct footprint *print, const void *where) {
  struct explorer *e = explorer;
  const struct explore_process *process = &e->options->processes[number];
  bool was = e->in_hardware, changed;

  trace_step(&e->trace, e->step, process->letter, process->name, where);
  if (e->nested == NESTED_MAX)
    explore_fail("the explorer's fault: steps within steps");
  e->recording[e->nested++] = print;
  e->in_hardware = process->hardware;
  changed = process->run(process->number);
  e->in_hardware = was;
  e->nested--;
  e->step++; /* the next decision is another moment */
  return changed;
}

/* Does what can happen before the processor's next access; false if nothing did. */
static bool let_others_go(const void *where, bool may_go_on, uint16_t enabled) {
  struct explorer *e = explorer;
  struct decision *decision =
      decide(enabled & (uint16_t)~e->sleeping & (uint16_t)~e->blocked, may_go_on);

  if (decision == NULL && !may_go_on)
    end_run(2); /* what could happen has happened here in another run */
  if (decision == NULL || decision->goes_on)
    return false;
  if (!take_step(decision->chosen, &decision->prints[decision->chosen], where)) {
    e->blocked |= (uint16_t)(1u << decision->chosen);
    e->blocks_on[decision->chosen] = &decision->prints[decision->chosen];
    decision->options = decision->done | (uint16_t)(1u << decision->chosen);
    decision->may_go_on = false; /* for now the run just goes on */
  }
  return true;
}

/* The same with a given schedule. */
static bool follow_schedule(const void *where, bool may_go_on) {
  static struct footprint nobody;
  struct explorer *e = explorer;
  char *letter;

  if (*e->schedule == '\0') {
    if (may_go_on)
      return false;
    explore_done();
  }
  if (strtoul(e->schedule, &letter, 10) != e->step)
    return false;
  for (unsigned i = 0; i < e->options->count; i++) {
    if (e->options->processes[i].letter != *letter)
      continue;
    e->schedule = letter[1] == ',' ? letter + 2 : letter + 1;
    footprint_clear(&nobody);
    (void)take_step(i, &nobody, where);
    return true;
  }
  explore_fail("the schedule's step \"%.8s\" is none", e->schedule);
}

static bool others_go(const void *where, bool may_go_on, uint16_t enabled) {
  return explorer->options->schedule != NULL ? follow_schedule(where, may_go_on)
                                             : let_others_go(where, may_go_on, enabled);
}

void explore_access(const volatile void *start, size_t size, enum footprint_kind kind,
                    const void *where) {
  struct explorer *e = explorer;
  struct footprint_range range;
  bool shared;

  if (e == NULL || !e->runs || !footprint_range_of(start, size, kind, &range))
    return;
  if (e->in_hardware) {
    footprint_set_add(&e->shared, &range);
    note(&range);
    return;
  }
  if (++e->step == STEPS_MAX)
    explore_fail("the code comes to no end");
  shared = footprint_set_has(&e->shared, &range);
  if (shared || e->options->schedule != NULL || e->options->is_due()) {
    uint16_t enabled;

    while ((enabled = enabled_processes()) != 0 &&
           others_go(where, !e->options->is_due(), enabled)) {
    }
    trace_access(&e->trace, e->step, where);
  }
  if (shared || e->nested != 0)
    note(&range);
}

bool explore_wait(const void *where) {
  uint16_t enabled = enabled_processes();

  explorer->step++;
  if ((enabled & (uint16_t)~explorer->blocked) == 0)
    return false;
  return others_go(where, false, enabled);
}

bool explore_begin_hardware(void) {
  bool was = explorer != NULL && explorer->in_hardware;

  if (explorer != NULL)
    explorer->in_hardware = true;
  return was;
}

void explore_end_hardware(bool was) {
  if (explorer != NULL)
    explorer->in_hardware = was;
}

bool explore_in_hardware(void) { return explorer != NULL && explorer->in_hardware; }

void explore_begin_look(void) {
  if (explorer != NULL)
    explorer->runs = false;
}

void explore_end_look(void) {
  if (explorer != NULL)
    explorer->runs = true;
}

bool explore_is_running(void) { return explorer != NULL; }

/* ---- runs ---- */

void explore_done(void) { end_run(1); }

void explore_fail(const char *format, ...) {
  va_list arguments;

  printf("violation: ");
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  if (explorer == NULL)
    exit(1);
  explorer->result.failed = true;
  end_run(3);
}

/* The next branch of the last decision that has one; false if none has. */
static bool backtrack(void) {
  struct explorer *e = explorer;

  while (e->known != 0) {
    struct decision *last = &e->decisions[e->known - 1];

    if (!last->goes_on) {
      uint16_t left;

      last->done |= (uint16_t)(1u << last->chosen);
      left = last->options & (uint16_t)~last->done;
      if (left != 0) {
        last->chosen = (unsigned)__builtin_ctz(left);
        return true;
      }
      if (last->may_go_on) {
        last->goes_on = true;
        return true;
      }
    }
    e->known--;
  }
  return false;
}

static void note_end(void) {
  struct explorer *e = explorer;
  uint64_t hash = memory_hash() | 1;
  size_t i = hash >> 40;

  while (e->ends[i % ENDS_MAX] != 0 && e->ends[i % ENDS_MAX] != hash)
    i++;
  if (e->ends[i % ENDS_MAX] == hash)
    return;
  e->ends[i % ENDS_MAX] = hash;
  if (++e->result.ends == ENDS_MAX - 1)
    abort();
}

static void run_once(void) {
  struct explorer *e = explorer;
  volatile int how;

  memory_restore();
  e->made = e->nested = 0;
  e->step = 0;
  e->sleeping = e->blocked = 0;
  e->in_hardware = false;
  e->schedule = e->options->schedule;
  trace_begin(&e->trace);
  how = setjmp(e->end);
  if (how == 0) {
    e->runs = true;
    e->options->run();
  }
  explorer->runs = false;
  explorer->result.runs += how == 1;
  if (how == 1)
    note_end();
  explorer->result.redundant += how == 2;
  if (explorer->made > explorer->result.longest)
    explorer->result.longest = explorer->made;
}

void explore_save(void) {
  explorer = calloc(1, sizeof *explorer);
  if (explorer == NULL)
    abort();
  memory_save();
}

struct explore_result explore(const struct explore_options *options) {
  struct explorer *e = explorer;
  bool more;

  e->options = options;
  e->shared.count = 0;
  memset(e->shared.words, 0, sizeof e->shared.words);
  do {
    unsigned shared = e->shared.count;

    if (e->known == 0) {
      e->result = (struct explore_result){.runs = 0};
      memset(e->ends, 0, sizeof e->ends);
    }
    run_once();
    more = !e->result.failed && options->schedule == NULL && backtrack();
    if (e->shared.count != shared && !e->result.failed && options->schedule == NULL) {
      e->known = 0; /* there are more moments than were known */
      more = true;
    }
    if (more && e->result.runs + e->result.redundant >= options->runs_max) {
      printf("more than %u runs: not explored to the end\n", options->runs_max);
      e->result.failed = true;
      more = false;
    }
  } while (more);
  e->known = 0;
  e->result.shared = e->shared.count;
  if (options->schedule != NULL || e->result.failed)
    trace_print(&e->trace, options->schedule != NULL);
  return e->result;
}
