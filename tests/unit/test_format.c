/* Formatted text: everything that the firmware formats is as the host's own C library formats
 * it. */
#include "unit.h"

#include <limits.h>
#include <stdio.h>

#include "format.h"

enum { TEXT_BYTES = 96 };

static char slots_of_nothing[1]; /* an address */

static int ours(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int ours(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = format_text(text, size, format, arguments);
  va_end(arguments);
  return length;
}

/* The same text and length, cut at any size, and nothing written after it. */
#define assert_as_libc(...)                                                                        \
  for (size_t size = 0; size <= TEXT_BYTES; size++) {                                              \
    char expected[TEXT_BYTES + 1], text[TEXT_BYTES + 1];                                           \
    memset(expected, '~', sizeof expected);                                                        \
    memset(text, '~', sizeof text);                                                                \
    assert_int_equal(ours(text, size, __VA_ARGS__), snprintf(expected, size, __VA_ARGS__));        \
    assert_memory_equal(text, expected, size == 0 ? 1 : strlen(expected) + 1);                     \
    assert_int_equal(text[size], '~');                                                             \
  }

static void numbers_of_any_width(void **state) {
  static const long values[] = {0, 1, -1, 9, 10, 255, -4096, INT_MAX, INT_MIN};

  (void)state;
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    int value = (int)values[i];

    assert_as_libc("%d|%i|%u|%x", value, value, (unsigned)value, (unsigned)value);
    assert_as_libc("[%5d][%-5d][%05d]", value, value, value);
    assert_as_libc("[%12u][%-12u][%012u]", (unsigned)value, (unsigned)value, (unsigned)value);
    assert_as_libc("[%08x][%02x][%2u]", (unsigned)value, (unsigned)value, (unsigned)value);
    assert_as_libc("%*d|%-*d|%*u", 7, value, 7, value, -7, (unsigned)value);
    assert_as_libc("%hu", (unsigned short)value);
  }
  assert_as_libc("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
  assert_as_libc("%08lx %5lu.%03lu", 0xabcdeUL, 1UL, 2UL);
}

static void strings_and_characters(void **state) {
  char unended[3] = {'a', 'b', 'c'};

  (void)state;
  assert_as_libc("nothing to format, 100 %%");
  assert_as_libc("%s%s", "", "text");
  assert_as_libc("[%6s][%-6s][%2s]", "text", "text", "text");
  assert_as_libc("%.*s|%.2s|%.0s|%.9s", 3, unended, "text", "text", "text");
  assert_as_libc("%*s|%-8.3s", 5, "", "text");
  assert_as_libc("%c%c%3c", 'a', 'b', 'c');
}

static void what_is_unknown_stays_as_it_is(void **state) {
  const char *volatile unknown = "%-3q %s %"; /* hidden from the compiler's check */
  char text[TEXT_BYTES];

  (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  assert_int_equal(ours(text, sizeof text, unknown, "after it"), 15);
#pragma GCC diagnostic pop
  assert_string_equal(text, "%-3q after it %");
}

static void addresses_and_sizes(void **state) {
  (void)state;
  assert_as_libc("%p|%20p|%-20p", (void *)slots_of_nothing, (void *)slots_of_nothing,
                 (void *)slots_of_nothing);
  assert_as_libc("%#x|%#lx|%#010x|%#10x|%#-10x|%#x", 0xbeefU, 0x40041000UL, 0xbeefU, 0xbeefU,
                 0xbeefU, 0U);
  assert_as_libc("%zu|%zx", sizeof(long), (size_t)-1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_of_any_width),
      cmocka_unit_test(addresses_and_sizes),
      cmocka_unit_test(strings_and_characters),
      cmocka_unit_test(what_is_unknown_stays_as_it_is),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
