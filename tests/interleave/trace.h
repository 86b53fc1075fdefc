/* What happened in a run, for a reader: each step and the line of code before which it fell. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum { TRACE_ENTRIES_MAX = 4096 };

struct trace {
  unsigned count; /* entries; those beyond the maximum are not kept */
  struct trace_entry {
    const void *where;
    const char *what; /* the step; NULL: an access of the processor */
    uint32_t step;
    char letter;
  } entries[TRACE_ENTRIES_MAX];
};

void trace_begin(struct trace *trace);
void trace_step(struct trace *trace, uint32_t step, char letter, const char *what,
                const void *where);
void trace_access(struct trace *trace, uint32_t step, const void *where);

/* Prints the steps and the schedule that repeats them; `all`: the code's lines, too. */
void trace_print(const struct trace *trace, bool all);

#endif
