/* cmocka's assertions, as the fakes and the rig use them: one that fails is a violation.
 *
 * This header takes the place of cmocka's own, whose assertions call functions that differ between
 * its versions. */
#ifndef INTERLEAVE_CMOCKA_H
#define INTERLEAVE_CMOCKA_H

#include <string.h>

#include "explore.h"

static inline void assertion_compare(bool equal, unsigned long long a, unsigned long long b,
                                     const char *file, int line) {
  if ((a == b) != equal)
    explore_fail("%s:%d: %#llx, should %sbe %#llx", file, line, a, equal ? "" : "not ", b);
}

#define assert_true(condition)                                                                     \
  ((condition) ? (void)0 : explore_fail("%s:%d: %s", __FILE__, __LINE__, #condition))
#define assert_false(condition)  assert_true(!(condition))
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_ptr_equal(a, b)   assert_true((a) == (b))
#define assert_in_range(value, minimum, maximum)                                                   \
  assert_true((value) >= (minimum) && (value) <= (maximum))
#define assert_memory_equal(a, b, size) assert_true(memcmp(a, b, size) == 0)
#define assert_int_equal(a, b)                                                                     \
  assertion_compare(true, (unsigned long long)(a), (unsigned long long)(b), __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
  assertion_compare(false, (unsigned long long)(a), (unsigned long long)(b), __FILE__, __LINE__)
#define fail_msg(...) explore_fail(__VA_ARGS__)

#endif
