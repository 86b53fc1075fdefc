/* What happened in a run, for a reader: each step and the line of code before which it fell. */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void trace_begin(struct trace *trace) { trace->count = 0; }

static void add(struct trace *trace, struct trace_entry entry) {
  if (trace->count < TRACE_ENTRIES_MAX)
    trace->entries[trace->count++] = entry;
}

void trace_step(struct trace *trace, uint32_t step, char letter, const char *what,
                const void *where) {
  add(trace, (struct trace_entry){where, what, step, letter});
}

void trace_access(struct trace *trace, uint32_t step, const void *where) {
  add(trace, (struct trace_entry){where, NULL, step, '\0'});
}

/* Function, file and line of a call's return address, by binutils. */
static void name_place(const void *where, char *name, size_t size) {
  char command[160], *line;
  FILE *output;

  snprintf(name, size, "%p", where);
  snprintf(command, sizeof command, "addr2line -f -e /proc/%d/exe %#lx 2>/dev/null", (int)getpid(),
           (unsigned long)where - 1);
  output = popen(command, "r");
  if (output == NULL)
    return;
  if (fgets(name, (int)size, output) != NULL) {
    size_t used = strcspn(name, "\n");

    used += (size_t)snprintf(name + used, size - used, ", ");
    if (used < size && fgets(name + used, (int)(size - used), output) != NULL) {
      name[strcspn(name, "\n")] = '\0';
      if ((line = strstr(name + used, "/driver/")) != NULL ||
          (line = strstr(name + used, "/app/")) != NULL ||
          (line = strstr(name + used, "/port/")) != NULL ||
          (line = strstr(name + used, "/tests/")) != NULL)
        memmove(name + used, line + 1, strlen(line));
      if ((line = strstr(name, " (discriminator")) != NULL)
        *line = '\0';
    }
  }
  pclose(output);
}

void trace_print(const struct trace *trace, bool all) {
  char place[256], last[256] = "";

  for (unsigned i = 0; i < trace->count; i++) {
    const struct trace_entry *entry = &trace->entries[i];

    if (entry->what == NULL && !all)
      continue;
    name_place(entry->where, place, sizeof place);
    if (entry->what != NULL)
      printf("  %6u  %-32s before %s\n", entry->step, entry->what, place);
    else if (strcmp(place, last) != 0)
      printf("  %6u  %s\n", entry->step, place);
    strcpy(last, entry->what != NULL ? "" : place);
  }
  printf("schedule: ");
  for (unsigned i = 0, shown = 0; i < trace->count; i++) {
    if (trace->entries[i].what != NULL)
      printf("%s%u%c", shown++ != 0 ? "," : "", trace->entries[i].step, trace->entries[i].letter);
  }
  printf("\n");
}
