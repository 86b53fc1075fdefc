/* Tortures every driver of the table. Arguments: a driver or "all", the first seed, the number of
 * runs, and "tell" to have each event printed. */
#include "torture.h"

#include <stdio.h>

#include "log.h"
#include "lwip/init.h"
#include "whole_number.h"

#define FAKE_MAC_ENTRY(name) &fake_mac_##name,
static const struct fake_mac *const table[] = {FAKE_MACS(FAKE_MAC_ENTRY)};
#define FAKE_MAC_NAME(name) #name,
static const char *const names[] = {FAKE_MACS(FAKE_MAC_NAME)};
enum { MACS = sizeof table / sizeof *table };

int main(int argc, char **argv) {
  const char *driver = argc > 1 ? argv[1] : "all";
  uint64_t first_seed = argc > 2 ? whole_number("torture", "SEED", argv[2]) : 1;
  unsigned runs = argc > 3 ? (unsigned)whole_number("torture", "RUNS", argv[3]) : 20;
  unsigned tortured = 0;
  int failed = 0;

  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  for (unsigned i = 0; i < MACS; i++) {
    if (strcmp(driver, "all") != 0 && strcmp(driver, names[i]) != 0)
      continue;
    failed += torture_run_all(table[i], first_seed, runs, argc > 4);
    tortured++;
  }
  if (tortured == 0) {
    fprintf(stderr, "nothing to torture: driver %s; drivers: all", driver);
    for (unsigned i = 0; i < MACS; i++)
      fprintf(stderr, " %s", names[i]);
    fprintf(stderr, "\n");
  }
  return failed != 0 || tortured == 0;
}
