/* The saved values of the program's variables, with which each run begins.
 *
 * Most pages are never written to: they stay protected. A write to one faults once, and from then
 * on the page is restored after each run. */
#include "memory.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES_MAX = 4096 };

extern char __data_start[], _end[];

/* On the heap, since variables are restored. */
struct saved {
  size_t page; /* a page's size in bytes */
  char *first, *copy;
  unsigned pages, written_count;
  unsigned written[PAGES_MAX];
};

static struct saved *saved;

static void on_fault(int number, siginfo_t *info, void *context) {
  char *address = info->si_addr;
  unsigned page = (unsigned)((size_t)(address - saved->first) / saved->page);

  (void)context;
  if (address < saved->first || page >= saved->pages ||
      mprotect(saved->first + page * saved->page, saved->page, PROT_READ | PROT_WRITE) != 0) {
    signal(number, SIG_DFL); /* a crash of the code under test */
    return;
  }
  saved->written[saved->written_count++] = page;
}

void memory_save(void) {
  static const struct sigaction action = {.sa_sigaction = on_fault,
                                          .sa_flags = SA_SIGINFO | SA_NODEFER};
  size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes;
  char *first = (char *)((uintptr_t)__data_start / page * page);

  bytes = ((size_t)(_end - first) + page - 1) / page * page;
  saved =
      mmap(NULL, sizeof *saved + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (saved == MAP_FAILED || bytes / page > PAGES_MAX) {
    perror("the program's variables");
    exit(2);
  }
  *saved = (struct saved){.page = page, .first = first, .pages = (unsigned)(bytes / page)};
  saved->copy = (char *)(saved + 1);
  memcpy(saved->copy, first, bytes);
  if (sigaction(SIGSEGV, &action, NULL) != 0 || mprotect(first, bytes, PROT_READ) != 0) {
    perror("the program's variables");
    exit(2);
  }
}

void memory_restore(void) {
  for (unsigned i = 0; i < saved->written_count; i++) {
    size_t offset = saved->written[i] * saved->page;

    memcpy(saved->first + offset, saved->copy + offset, saved->page);
  }
}

/* Pages that are as they were saved do not count: so the hash is the same before and after others
 * have been written to. */
uint64_t memory_hash(void) {
  uint64_t sum = 0;

  for (unsigned i = 0; i < saved->written_count; i++) {
    size_t offset = saved->written[i] * saved->page;
    const uint64_t *now = (const uint64_t *)(const void *)(saved->first + offset);
    uint64_t hash = saved->written[i] + UINT64_C(1);

    if (memcmp(now, saved->copy + offset, saved->page) == 0)
      continue;
    for (size_t word = 0; word < saved->page / sizeof *now; word++)
      hash = (hash ^ now[word]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
    sum += hash;
  }
  return sum;
}
