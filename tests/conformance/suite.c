/* The conformance suite: each test of each table, over one driver, on each bus. */
#include "suite.h"

#include <stdio.h>

enum { TESTS_MAX = 96 };

/* The buses differ in what hardware may differ in, and each finds what another hides: a device that
 * looks at its rings all the time sees a half-filled descriptor, one that looks only when it is
 * told to misses a doorbell; and of two unordered stores either arrives first on one bus. */
const struct rig_bus suite_buses[SUITE_BUSES] = {
    {"lines of 32 bytes, an eager device, stores from below", 32, false, true},
    {"lines of 64 bytes, an eager device, stores from above", 64, true, true},
    {"lines of 32 bytes, a lazy device, stores from above", 32, true, false},
};

struct suite_case {
  const struct fake_mac *mac;
  const struct suite_test *test;
  const struct rig_bus *bus; /* that it runs on now; NULL: none */
};

static void run_case(void **state) {
  struct suite_case *running = *state;

  for (unsigned i = 0; i < SUITE_BUSES; i++) {
    running->bus = &suite_buses[i];
    rig_build(running->mac, running->bus);
    if (!running->test->bare)
      rig_enable();
    running->test->run();
    rig_end();
  }
  running->bus = NULL;
}

static int name_bus(void **state) {
  struct suite_case *running = *state;

  if (running->bus != NULL)
    print_error("on the bus with %s\n", running->bus->name);
  return 0;
}

int suite_run_all(const struct fake_mac *mac, const char *only, unsigned *ran) {
  const struct suite_test *const tables[] = {lifecycle_tests, rx_tests, tx_tests, mac->tests};
  static struct CMUnitTest tests[TESTS_MAX];
  static struct suite_case cases[TESTS_MAX];
  unsigned count = 0;

  for (unsigned i = 0; i < sizeof tables / sizeof *tables; i++) {
    for (const struct suite_test *test = tables[i]; test != NULL && test->name != NULL; test++) {
      if (only != NULL && strstr(test->name, only) == NULL)
        continue;
      assert_true(count < TESTS_MAX);
      cases[count] = (struct suite_case){mac, test, NULL};
      tests[count] = (struct CMUnitTest){test->name, run_case, NULL, name_bus, &cases[count]};
      count++;
    }
  }
  *ran += count;
  printf("== %s\n", mac->ops->name);
  fflush(stdout);
  return _cmocka_run_group_tests(mac->ops->name, tests, count, NULL, NULL);
}
