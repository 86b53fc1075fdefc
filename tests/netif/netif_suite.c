/* Runs a test of the netif suite in a process of its own. */
#include "netif_suite.h"

#include <signal.h>
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

/* The exit status of a passed test: a driver that ends the program has not passed. */
enum { STATUS_FIRST = 100 };

/* What it has printed is all that it leaves: nothing runs at its exit. */
static _Noreturn void leave(enum netif_result result) {
  (void)fflush(NULL);
  _exit(STATUS_FIRST + (int)result);
}

static int to_be_printed_on;

void netif_suite_skip(const char *why) {
  (void)fflush(NULL); /* nothing but the reason is to be printed */
  assert_int_equal(ftruncate(to_be_printed_on, 0), 0);
  assert_int_equal(lseek(to_be_printed_on, 0, SEEK_SET), 0);
  printf("%s\n", why);
  leave(NETIF_SKIPPED);
}

static _Noreturn void run_here(int output) {
  const struct CMUnitTest tests[] = {{.name = test_now->name, .test_func = run}};
  int failed;

  to_be_printed_on = output;
  (void)dup2(output, STDOUT_FILENO);
  (void)dup2(output, STDERR_FILENO);
  (void)setvbuf(stdout, NULL, _IOLBF, 0); /* what was printed stays, in order, however it ends */
  (void)alarm(netrig_patience_s);
  failed = cmocka_run_group_tests_name(driver_now->name, tests, NULL, NULL);
  leave(failed != 0 ? NETIF_FAILED : NETIF_PASSED);
}

/* A driver that ends the process has said nothing of why. */
static enum netif_result result_of(int status, FILE *output) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) - STATUS_FIRST : NETIF_FAILED;

  if (WIFEXITED(status) && code >= NETIF_PASSED && code <= NETIF_SKIPPED)
    return (enum netif_result)code;
  (void)fseek(output, 0, SEEK_END);
  if (WIFEXITED(status))
    fprintf(output, "the test's process has ended with status %d\n", WEXITSTATUS(status));
  else if (WTERMSIG(status) == SIGALRM)
    fprintf(output, "the driver has not come back within %u seconds: it waits for ever\n",
            netrig_patience_s);
  else
    fprintf(output, "the test's process was ended by signal %d (%s)\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
  (void)fflush(output);
  return NETIF_FAILED;
}

enum netif_result netif_suite_run(const struct netif_driver *driver, const struct netif_test *test,
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
  return result_of(status, output);
}
