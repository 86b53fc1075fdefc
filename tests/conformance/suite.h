/* The tests of the conformance suite: each runs on a bare or an enabled NIC, over any fake. */
#ifndef SUITE_H
#define SUITE_H

#include "rig.h"

struct suite_test {
  const char *name;
  void (*run)(void); /* fails by cmocka's assertions */
  bool bare;         /* it begins in NIC_INIT; else in NIC_ENABLED, with a link */
};

#define SUITE_TEST(function)                                                                       \
  { #function, function, false }
#define SUITE_TEST_BARE(function)                                                                  \
  { #function, function, true }
#define SUITE_TESTS_END                                                                            \
  { NULL, NULL, false }

/* Each ends with SUITE_TESTS_END. */
extern const struct suite_test rx_tests[], tx_tests[], lifecycle_tests[];
extern const struct suite_test virtio_net_tests[]; /* only that driver's */

extern const struct rig_bus suite_buses[];
enum { SUITE_BUSES = 3 };

/* Runs all of them on each bus, as a cmocka group; with `only`, just the tests whose names contain
 * it (NULL: all). Adds their number to `*ran`; returns how many failed. */
int suite_run_all(const struct fake_mac *mac, const char *only, unsigned *ran);

#endif
