/* All interleavings of main loop, interrupts and devices, up to a bound.
 *
 * usage: interleave [--depth N] [--runs N] [--only WORD]... [--schedule STEPS] [--whole 1]
 *
 * Explores each scenario over each driver, or only those whose "driver scenario" contains every
 * WORD, and prints how many schedules there are, and in how many different states of all variables
 * they end; exit status 1 if one of them is wrong. A wrong one is printed with its steps; given to
 * --schedule with the same words, it runs again, and prints each line of code that uses shared
 * memory. --whole also runs the schedules that count as the same as others, and fails if they end
 * differently. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "textbook.h"

enum { WORDS_MAX = 4 };

static const char *words[WORDS_MAX];
static unsigned word_count;

static bool is_wanted(const char *name) {
  for (unsigned i = 0; i < word_count; i++) {
    if (strstr(name, words[i]) == NULL)
      return false;
  }
  return true;
}

/* Each explored schedule is one of the whole set: if the numbers of ends are equal, so are the
 * ends. */
static bool ends_as(const char *name, const struct subject *subject,
                    const struct scenario *scenario, unsigned depth, unsigned runs_max,
                    unsigned ends) {
  struct explore_result result = scenario_explore(subject, scenario, depth, runs_max, NULL, true);

  printf("%-30s %7u schedules without reduction, %u ends\n", name, result.runs, result.ends);
  return !result.failed && result.ends == ends;
}

int main(int count, char *arguments[]) {
  unsigned depth = 1, runs_max = 100000000, total = 0, bad = 0;
  const char *schedule = NULL;
  bool whole = false;

  for (int i = 1; i < count; i++) {
    const char *value = i + 1 < count ? arguments[i + 1] : "";

    if (strcmp(arguments[i], "--depth") == 0)
      depth = (unsigned)atoi(value);
    else if (strcmp(arguments[i], "--runs") == 0)
      runs_max = (unsigned)atoi(value);
    else if (strcmp(arguments[i], "--whole") == 0)
      whole = atoi(value) != 0;
    else if (strcmp(arguments[i], "--defect") == 0)
      textbook_defect = (enum textbook_defect)atoi(value);
    else if (strcmp(arguments[i], "--schedule") == 0)
      schedule = value;
    else if (strcmp(arguments[i], "--only") == 0 && word_count < WORDS_MAX)
      words[word_count++] = value;
    i++;
  }
  for (const struct subject *subject = subjects; subject->name != NULL; subject++) {
    for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
      struct explore_result result;
      char name[64];

      snprintf(name, sizeof name, "%s %s", subject->name, scenario->name);
      if (depth == 0 || !is_wanted(name) || !scenario_suits(subject, scenario) ||
          (word_count == 0 && scenario_is_long(subject, scenario)))
        continue;
      result = scenario_explore(subject, scenario, depth, runs_max, schedule, false);
      printf("%-30s %7u schedules, up to %u decisions, %u ends%s\n", name, result.runs,
             result.longest, result.ends, result.failed ? ": WRONG" : "");
      if (whole)
        result.failed |= !ends_as(name, subject, scenario, depth, runs_max, result.ends);
      total += result.runs;
      bad += result.failed;
    }
  }
  if (total == 0 && bad == 0) { /* one that is wrong at once is no run */
    fprintf(stderr, "interleave: nothing explored; ONLY= has words of a line that make interleave "
                    "prints, DEPTH= is 1 or more\n");
    return 2;
  }
  printf("%u schedules, %u of them wrong\n", total, bad);
  return bad != 0;
}
