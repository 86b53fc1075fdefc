/* Runs the conformance suite over every driver of the table. The first argument limits it to one
 * driver ("all": no limit), the second one to tests whose names contain it. */
#include "suite.h"

#include <stdio.h>

#include "log.h"
#include "lwip/init.h"

#define FAKE_MAC_ENTRY(name) &fake_mac_##name,
static const struct fake_mac *const table[] = {FAKE_MACS(FAKE_MAC_ENTRY)};
#define FAKE_MAC_NAME(name) #name,
static const char *const names[] = {FAKE_MACS(FAKE_MAC_NAME)};
enum { MACS = sizeof table / sizeof *table };

/* DRIVERS, from the makefile, has the name of each file in driver/nic that defines a driver. */
static void every_driver_is_in_the_table(void **state) {
  char drivers[] = DRIVERS;

  (void)state;
  for (char *name = strtok(drivers, " "); name != NULL; name = strtok(NULL, " ")) {
    bool found = false;

    for (unsigned i = 0; i < MACS; i++)
      found = found || strcmp(names[i], name) == 0;
    if (!found)
      fail_msg("%s has no fake: FAKE_MACS in tests/conformance/fake_mac.h", name);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_driver_is_in_the_table)};
  const char *driver = argc > 1 ? argv[1] : "all", *test = argc > 2 ? argv[2] : NULL;
  unsigned ran = 0;
  int failed;

  log_set_level(NULL, LOG_WARNING);
  lwip_init();
  failed = cmocka_run_group_tests_name("the table", tests, NULL, NULL);
  for (unsigned i = 0; i < MACS; i++) {
    if (strcmp(driver, "all") == 0 || strcmp(driver, names[i]) == 0)
      failed += suite_run_all(table[i], test, &ran);
  }
  if (ran == 0)
    fprintf(stderr, "nothing to run: driver %s, tests \"%s\"; drivers: all " DRIVERS "\n", driver,
            test == NULL ? "" : test);
  return failed != 0 || ran == 0;
}
