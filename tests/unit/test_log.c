/* The log's tail: whole lines, the newest, also for a reader that is overtaken. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

static char written[400000];
static size_t written_length;

static void keep(const char *line, size_t length) {
  assert_true(written_length + length < sizeof written);
  memcpy(written + written_length, line, length);
  written_length += length;
}

static int setup(void **state) {
  (void)state;
  log_set_output(keep);
  return 0;
}

/* All of the tail from `position` on, read in pieces of `piece` bytes. */
static size_t read_all(uint32_t position, char *text, size_t piece) {
  size_t length = 0, part;

  while ((part = log_tail_read(&position, text + length, piece)) > 0)
    length += part;
  assert_int_equal(position, log_tail_end());
  return length;
}

/* The tail is what was written last, from the start of a line. */
static void assert_tail_is_the_end(size_t piece) {
  char tail[LOG_TAIL_BYTES + 100];
  size_t length = read_all(log_tail_start(), tail, piece);

  assert_true(length <= LOG_TAIL_BYTES && length <= written_length);
  assert_memory_equal(tail, written + written_length - length, length);
  if (length < written_length) {
    assert_true(length > LOG_TAIL_BYTES - 200);
    assert_int_equal(written[written_length - length - 1], '\n');
  }
}

static void the_tail_is_the_newest_whole_lines(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2000; i++) {
    log_info("test", "line %u %.*s", i, (int)(i % 100),
             "..........................................."
             "...........................................");
    if (i % 7 == 0)
      assert_tail_is_the_end(1 + i % 90);
  }
}

static void a_reader_that_is_overtaken_goes_on_with_what_is_kept(void **state) {
  uint32_t position = log_tail_start();
  char text[LOG_TAIL_BYTES];
  size_t length;

  (void)state;
  assert_int_equal(log_tail_read(&position, text, 10), 10);
  for (unsigned i = 0; i < 100; i++)
    log_info("test", "another line %u", i);
  length = read_all(position, text, sizeof text);
  assert_true(length > LOG_TAIL_BYTES - 100);
  assert_memory_equal(text, written + written_length - length, length);
  assert_int_equal(text[0], '[');
}

static void what_is_filtered_is_not_kept(void **state) {
  uint32_t end = log_tail_end();

  (void)state;
  log_debug("test", "not on");
  assert_int_equal(log_tail_end(), end);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_tail_is_the_newest_whole_lines, setup),
      cmocka_unit_test_setup(a_reader_that_is_overtaken_goes_on_with_what_is_kept, setup),
      cmocka_unit_test_setup(what_is_filtered_is_not_kept, setup),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
