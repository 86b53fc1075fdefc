/* cmocka's assertions, as the fakes and the rig use them: one that does not hold is a violation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explore.h"

static char said[256];

void print_error(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(said, sizeof said, format, arguments);
  va_end(arguments);
  said[strcspn(said, "\n")] = '\0';
}

void _fail(const char *file, int line) {
  (void)file, (void)line;
  explore_fail("%s", strncmp(said, "ERROR: ", 7) == 0 ? said + 7 : said);
}

void _assert_true(LargestIntegralType result, const char *expression, const char *file, int line) {
  if (!result)
    explore_fail("%s:%d: %s", file, line, expression);
}

void _assert_int_equal(LargestIntegralType a, LargestIntegralType b, const char *file, int line) {
  if (a != b)
    explore_fail("%s:%d: %#llx, should be %#llx", file, line, (unsigned long long)a,
                 (unsigned long long)b);
}

void _assert_int_not_equal(LargestIntegralType a, LargestIntegralType b, const char *file,
                           int line) {
  if (a == b)
    explore_fail("%s:%d: is %#llx", file, line, (unsigned long long)a);
}

void _assert_in_range(LargestIntegralType value, LargestIntegralType minimum,
                      LargestIntegralType maximum, const char *file, int line) {
  if (value < minimum || value > maximum)
    explore_fail("%s:%d: %llu is out of range", file, line, (unsigned long long)value);
}

void _assert_memory_equal(const void *a, const void *b, size_t size, const char *file, int line) {
  if (memcmp(a, b, size) != 0)
    explore_fail("%s:%d: bytes differ", file, line);
}
