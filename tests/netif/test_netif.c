/* Runs the netif suite over every driver of the table. The first argument limits it to one driver
 * ("all": no limit), the second one to tests whose names contain it ("all"); the next two are the
 * first seed, and how many. */
#include <string.h>

#include "log.h"
#include "lwip/init.h"
#include "netif_suite.h"
#include "whole_number.h"

#define NETIF_DRIVER_ENTRY(name) {#name, &netif_driver_##name},
static const struct {
  const char *name;
  const struct netif_driver *driver;
} table[] = {NETIF_DRIVERS(NETIF_DRIVER_ENTRY)};
enum { DRIVERS = sizeof table / sizeof *table };

static bool is_all(const char *word) { return strcmp(word, "all") == 0; }

static void copy_out(FILE *from) {
  int c;

  rewind(from);
  while ((c = getc(from)) != EOF)
    putchar(c);
}

static enum netif_result run(const struct netif_driver *driver, const struct netif_test *test) {
  static const char *const words[] = {"       OK ", "  FAILED  ", "  SKIPPED "};
  FILE *output = tmpfile();
  enum netif_result result;

  if (output == NULL)
    abort();
  result = netif_suite_run(driver, test, output);
  printf("[%s] %s: %s%s", words[result], driver->name, test->name,
         result == NETIF_SKIPPED ? ": " : "\n");
  if (result != NETIF_PASSED)
    copy_out(output);
  (void)fclose(output);
  return result;
}

int main(int argc, char **argv) {
  const char *driver = argc > 1 ? argv[1] : "all", *word = argc > 2 ? argv[2] : "all";
  unsigned ran = 0, failed = 0, skipped = 0;

  if (argc > 4) {
    netif_seeds.first = (uint32_t)whole_number("test_netif", "SEED", argv[3]);
    netif_seeds.count = (uint32_t)whole_number("test_netif", "RUNS", argv[4]);
    if (netif_seeds.count == 0) {
      fprintf(stderr, "test_netif: RUNS=%s: valid: at least 1\n", argv[4]);
      return 2;
    }
  }
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  for (unsigned i = 0; i < DRIVERS; i++) {
    if (!is_all(driver) && strcmp(driver, table[i].name) != 0)
      continue;
    for (const struct netif_test *test = netif_tests; test->name != NULL; test++) {
      enum netif_result result;

      if (!is_all(word) && strstr(test->name, word) == NULL)
        continue;
      result = run(table[i].driver, test);
      ran += result != NETIF_SKIPPED;
      skipped += result == NETIF_SKIPPED;
      failed += result == NETIF_FAILED;
    }
  }
  if (ran == 0) {
    fprintf(stderr, "nothing to run: driver %s, tests \"%s\"; drivers: all", driver, word);
    for (unsigned i = 0; i < DRIVERS; i++)
      fprintf(stderr, " %s", table[i].name);
    fprintf(stderr, "\n");
  }
  printf("%u tests ran, %u failed, %u skipped\n", ran, failed, skipped);
  return failed != 0 || ran == 0;
}
