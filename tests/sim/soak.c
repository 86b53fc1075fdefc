/* Runs the simulation over many seeds, each in a process of its own, and prints a summary. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

enum {
  JOBS_MAX = 64,
  FAILURE_BYTES = 400,
  CPU_LIMIT_S = 600, /* of a run: one that takes longer never ends */
};

static const char *const defect_names[] = {
#define NODE_DEFECT_NAME(name, text) text,
    NODE_DEFECTS(NODE_DEFECT_NAME)
#undef NODE_DEFECT_NAME
};

static struct {
  uint64_t first_seed;
  uint64_t seeds;   /* 0: no limit */
  uint64_t seconds; /* of the host's; 0: no limit */
  unsigned jobs;
  enum node_defect defect;
  const char *pcap, *kept;
  bool replay;
} options = {.jobs = 1, .first_seed = 1};

/* What a child reports to its parent, in memory that they share. */
struct slot {
  pid_t pid; /* 0: no child */
  uint64_t seed;
  bool done;
  char failure[FAILURE_BYTES];
  struct scenario_report report;
};

static struct slot *slots;
static volatile sig_atomic_t told_to_end; /* running children finish, and no others start */

static void tell_to_end(int signal_number) {
  (void)signal_number;
  told_to_end = 1;
}

static struct {
  uint64_t seeds, failed, frames, received, virtual_us, flows, whole, bytes, storms, turns, ping_us;
  uint64_t interrupts, recoveries, installs, no_memory, struck[SIM_FAULT_COUNT];
  uint64_t lost, twice, corrupt;
} total;

static void add_up(const struct scenario_report *report) {
  total.frames += report->wire.sent;
  total.lost += report->wire.lost + report->wire.overflowed;
  total.twice += report->wire.twice;
  total.corrupt += report->wire.corrupt;
  total.virtual_us += report->virtual_us;
  total.flows += report->flows;
  total.whole += report->whole;
  total.storms += report->storms;
  if (report->ping_us > total.ping_us)
    total.ping_us = report->ping_us;
  for (unsigned i = 0; i < WORLD_NODES; i++) {
    const struct node_report *node = &report->nodes[i];

    total.received += node->received;
    total.bytes += node->bytes;
    total.turns += node->turns;
    total.interrupts += node->interrupts;
    total.recoveries += node->recoveries;
    total.installs += node->installs;
    total.no_memory += node->no_memory;
    for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
      total.struck[fault] += node->struck[fault];
  }
}

static void child(struct slot *slot, const struct scenario_options *scenario) {
  const struct rlimit limit = {CPU_LIMIT_S, CPU_LIMIT_S};

  (void)signal(SIGTERM, SIG_IGN);
  (void)signal(SIGINT, SIG_IGN);
  (void)setrlimit(RLIMIT_CPU, &limit);
  world_fail_into(slot->failure, sizeof slot->failure);
  scenario_run(scenario, &slot->report);
  slot->done = true;
  _Exit(0);
}

static void start(struct slot *slot, uint64_t seed, enum node_defect defect) {
  const struct scenario_options scenario = {.seed = seed, .defect = defect};
  pid_t pid;

  memset(slot, 0, sizeof *slot);
  slot->seed = seed;
  (void)fflush(stdout);
  pid = fork();
  if (pid == 0)
    child(slot, &scenario);
  if (pid < 0) {
    perror("fork");
    exit(2);
  }
  slot->pid = pid; /* the child has this memory, too */
}

/* Waits for any child; returns its slot. */
static struct slot *wait_for_one(void) {
  int status;
  pid_t pid;

  do
    pid = wait(&status);
  while (pid < 0 && errno == EINTR);

  for (unsigned i = 0; i < JOBS_MAX; i++) {
    struct slot *slot = &slots[i];

    if (pid <= 0 || slot->pid != pid)
      continue;
    slot->pid = 0;
    if (!slot->done && slot->failure[0] == '\0')
      (void)snprintf(slot->failure, sizeof slot->failure, "%s",
                     WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended without a word");
    return slot;
  }
  perror("wait");
  exit(2);
}

static double seconds_since(const struct timespec *start) {
  struct timespec now;

  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void finish(struct slot *slot) {
  total.seeds++;
  if (slot->done) {
    add_up(&slot->report);
    return;
  }
  total.failed++;
  printf("seed %" PRIu64 ": %s\n  make replay SEED=%" PRIu64 "\n", slot->seed, slot->failure,
         slot->seed);
  (void)fflush(stdout);
}

/* Runs `seeds` seeds from `first` on, or as many as fit in the time; `list` names them instead. */
static void run_seeds(const uint64_t *list, uint64_t first, uint64_t seeds) {
  struct timespec begin;
  uint64_t next = 0;
  unsigned running = 0;

  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  for (;;) {
    bool more =
        !told_to_end && (seeds == 0 || next < seeds) &&
        (options.seconds == 0 || list != NULL || seconds_since(&begin) < (double)options.seconds);

    for (unsigned i = 0; more && i < options.jobs; i++) {
      if (slots[i].pid != 0)
        continue;
      start(&slots[i], list != NULL ? list[next] : first + next, options.defect);
      next++;
      running++;
      more = seeds == 0 || next < seeds;
    }
    if (running == 0)
      return;
    finish(wait_for_one());
    running--;
  }
}

/* ---- the summary ---- */

static void print_total(double seconds) {
  printf("seeds        %" PRIu64 ", %" PRIu64 " with a broken invariant\n", total.seeds,
         total.failed);
  printf("packets      %" PRIu64 " sent (%" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64
         " corrupted by the wire), %" PRIu64 " received\n",
         total.frames, total.lost, total.twice, total.corrupt, total.received);
  printf("virtual time %.1f h\n", (double)total.virtual_us / 3.6e9);
  printf("TCP          %" PRIu64 " connections, %" PRIu64 " to their end, %" PRIu64
         " bytes checked\n",
         total.flows, total.whole, total.bytes);
  printf("nodes        %" PRIu64 " turns, %" PRIu64 " interrupts, %" PRIu64 " installs, %" PRIu64
         " recoveries, %" PRIu64 " allocations denied\n",
         total.turns, total.interrupts, total.installs, total.recoveries, total.no_memory);
  printf("storms       %" PRIu64 "; a ping was answered %.0f ms after one at the latest\n",
         total.storms, (double)total.ping_us / 1e3);
  printf("faults      ");
  for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
    printf(" %s %" PRIu64, sim_fault_name((enum sim_fault)fault), total.struck[fault]);
  printf("\nhost time    %.0f s, %.1f million packets a minute\n", seconds,
         (double)total.frames / 1e6 / (seconds / 60));
}

static int run_kept(void) {
  uint64_t seeds[1000];
  unsigned count = 0;
  char line[400];
  FILE *file = fopen(options.kept, "r");

  if (file == NULL) {
    perror(options.kept);
    return 2;
  }
  while (fgets(line, sizeof line, file) != NULL && count < 1000) {
    char *end;
    uint64_t seed = strtoull(line, &end, 10);

    if (line[0] != '#' && end != line)
      seeds[count++] = seed;
  }
  (void)fclose(file);
  if (count != 0)
    run_seeds(seeds, 0, count);
  printf("kept seeds   %u of %s, %" PRIu64 " with a broken invariant\n", count, options.kept,
         total.failed);
  return total.failed != 0;
}

static int replay(void) {
  struct scenario_options scenario = {
      .seed = options.first_seed, .defect = options.defect, .pcap = options.pcap, .replayed = true};
  static struct scenario_report report;

  scenario_run(&scenario, &report);
  total.seeds = 1;
  add_up(&report);
  print_total(1);
  printf("digest       %016" PRIx64 "\n", report.wire.digest);
  return 0;
}

/* ---- the command line ---- */

static _Noreturn void usage(void) {
  (void)fprintf(stderr,
                "usage: soak [--seed N] [--seeds N] [--seconds N] [--jobs N] [--defect NAME]\n"
                "            [--kept FILE | --replay [--pcap FILE]]\n");
  exit(2);
}

static uint64_t number(const char *option, const char *text, uint64_t least, uint64_t most) {
  uint64_t value;

  if (text == NULL)
    usage();
  errno = 0;
  value = strtoull(text, NULL, 10);
  if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0 || value < least ||
      value > most) {
    (void)fprintf(stderr, "soak: %s %s: valid: a whole number, %" PRIu64 " to %" PRIu64 "\n",
                  option, text, least, most);
    exit(2);
  }
  return value;
}

static enum node_defect defect_named(const char *name) {
  for (unsigned i = 0; name != NULL && i < NODE_DEFECT_COUNT; i++) {
    if (strcmp(defect_names[i], name) == 0)
      return (enum node_defect)i;
  }
  usage();
}

static void parse(char **arguments) {
  while (*arguments != NULL) {
    const char *option = *arguments++;

    if (strcmp(option, "--replay") == 0)
      options.replay = true;
    else if (strcmp(option, "--seed") == 0)
      options.first_seed = number(option, *arguments++, 0, UINT64_MAX);
    else if (strcmp(option, "--seeds") == 0)
      options.seeds = number(option, *arguments++, 0, UINT64_MAX);
    else if (strcmp(option, "--seconds") == 0)
      options.seconds = number(option, *arguments++, 0, UINT64_MAX);
    else if (strcmp(option, "--jobs") == 0)
      options.jobs = (unsigned)number(option, *arguments++, 1, JOBS_MAX);
    else if (strcmp(option, "--defect") == 0)
      options.defect = defect_named(*arguments++);
    else if (strcmp(option, "--pcap") == 0)
      options.pcap = *arguments++;
    else if (strcmp(option, "--kept") == 0)
      options.kept = *arguments++;
    else
      usage();
  }
}

int main(int count, char **arguments) {
  struct timespec begin;

  (void)count;
  parse(arguments + 1);
  if (options.replay)
    return replay();
  slots = mmap(NULL, JOBS_MAX * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
               -1, 0);
  if (slots == MAP_FAILED) {
    perror("mmap");
    return 2;
  }
  if (options.kept != NULL)
    return run_kept();
  (void)signal(SIGTERM, tell_to_end);
  (void)signal(SIGINT, tell_to_end);
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  run_seeds(NULL, options.first_seed, options.seeds);
  printf("seeds from   %" PRIu64 " to %" PRIu64 "\n", options.first_seed,
         options.first_seed + total.seeds - 1);
  print_total(seconds_since(&begin));
  return total.failed != 0;
}
