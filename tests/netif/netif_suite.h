/* The tests of the netif suite, each in a process of its own: after any failure, even a crash, the
 * next one begins afresh. */
#ifndef NETIF_SUITE_H
#define NETIF_SUITE_H

#include <stdio.h>

#include "netif_driver.h"

struct netif_test {
  const char *name;
  void (*run)(void); /* on a netif with a link; fails by cmocka's assertions */
};

#define NETIF_TEST(function)                                                                       \
  { #function, function }

extern const struct netif_test netif_tests[]; /* the last one has no name */

/* Seeds of the test in which anything happens in any order: `count` of them, from `first` on. */
struct netif_seeds {
  uint32_t first, count;
};
extern struct netif_seeds netif_seeds;

enum netif_result { NETIF_PASSED, NETIF_FAILED, NETIF_SKIPPED };

/* Runs a test. What it prints, as why it was skipped, goes to `output`. */
enum netif_result netif_suite_run(const struct netif_driver *driver, const struct netif_test *test,
                                  FILE *output);

/* Within a test: there is nothing to be tested, for this reason. */
_Noreturn void netif_suite_skip(const char *why);

#endif
