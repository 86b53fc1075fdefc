/* Runs a test of the netif suite in a process of its own. */
#include "netif_suite.h"

#include <sys/wait.h>
#include <unistd.h>

#include "netif_rig.h"
#include "unit.h"

struct netif_seeds netif_seeds = {1, 20};

static const struct netif_driver *driver_now;
static const struct netif_test *test_now;

static void run(void **state) {
  (void)state;
  netrig_begin(driver_now);
  test_now->run();
  netrig_end();
}

/* What it has printed is all that it leaves: nothing runs at its exit. */
static _Noreturn void run_here(int output) {
  const struct CMUnitTest tests[] = {{.name = test_now->name, .test_func = run}};
  int failed;

  (void)dup2(output, STDOUT_FILENO);
  (void)dup2(output, STDERR_FILENO);
  failed = cmocka_run_group_tests_name(driver_now->name, tests, NULL, NULL);
  (void)fflush(NULL);
  _exit(failed != 0);
}

bool netif_suite_passes(const struct netif_driver *driver, const struct netif_test *test,
                        FILE *output) {
  int status = -1;
  pid_t child;

  driver_now = driver;
  test_now = test;
  (void)fflush(NULL); /* or the child writes it, too */
  child = fork();
  if (child == 0)
    run_here(fileno(output));
  if (child < 0 || waitpid(child, &status, 0) != child)
    fail_msg("the test cannot be run in a process of its own");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
