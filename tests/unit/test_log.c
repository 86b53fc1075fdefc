/* The log: its levels by module, its lines, and its tail, which has the newest whole lines even for
 * a reader that is overtaken. */
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

/* The whole tail from `position` on, read in pieces of `piece` bytes. */
static size_t read_all(uint32_t position, char *text, size_t piece) {
  size_t length = 0, part;

  while ((part = log_tail_read(&position, text + length, piece)) > 0)
    length += part;
  assert_int_equal(position, log_tail_end());
  return length;
}

/* The tail has what was written last, from the start of a line. */
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

/* ---- levels ---- */

static int setup_levels(void **state) {
  setup(state);
  assert_true(log_set_level(NULL, LOG_INFO));
  return 0;
}

static void a_module_may_have_a_level_of_its_own(void **state) {
  uint32_t end = log_tail_end();

  (void)state;
  assert_true(log_set_level("loud", LOG_DEBUG));
  assert_true(log_set_level("still", LOG_ERROR));
  assert_int_equal(log_level_of("loud"), LOG_DEBUG);
  assert_int_equal(log_level_of("still"), LOG_ERROR);
  assert_int_equal(log_level_of("other"), LOG_INFO);
  assert_int_equal(log_level_of(NULL), LOG_INFO);
  log_warning("still", "not on");
  log_debug("other", "not on");
  assert_int_equal(log_tail_end(), end);
  log_debug("loud", "on");
  assert_memory_equal(written + written_length - 10, "loud: on\r\n", 10);
  assert_true(log_set_level("loud", LOG_WARNING)); /* in its place */
  assert_int_equal(log_level_of("loud"), LOG_WARNING);
}

static void a_level_for_all_is_for_all(void **state) {
  (void)state;
  assert_true(log_set_level("loud", LOG_DEBUG));
  assert_true(log_set_level(NULL, LOG_WARNING));
  assert_int_equal(log_level_of("loud"), LOG_WARNING);
  assert_int_equal(log_level_of("other"), LOG_WARNING);
}

static void a_full_table_and_a_long_name_are_refused(void **state) {
  char name[] = "module0";

  (void)state;
  assert_false(log_set_level("twelve-bytes", LOG_DEBUG)); /* and a zero: no room */
  assert_int_equal(log_level_of("twelve-bytes"), LOG_INFO);
  assert_true(log_set_level("eleven-byte", LOG_DEBUG));
  for (unsigned i = 1; i < 8; i++) {
    name[6] = (char)('0' + i);
    assert_true(log_set_level(name, LOG_DEBUG));
  }
  assert_false(log_set_level("ninth", LOG_DEBUG));
  assert_int_equal(log_level_of("ninth"), LOG_INFO);
  assert_true(log_set_level("module7", LOG_ERROR)); /* one that has a level is set */
  assert_int_equal(log_level_of("module7"), LOG_ERROR);
  assert_int_equal(log_level_of("eleven-byte"), LOG_DEBUG);
}

static void levels_have_names(void **state) {
  enum log_level level;

  (void)state;
  for (unsigned i = LOG_ERROR; i <= LOG_DEBUG; i++) {
    assert_true(log_level_parse(log_level_name((enum log_level)i), &level));
    assert_int_equal(level, i);
  }
  assert_string_equal(log_level_name(LOG_WARNING), "warning");
  assert_false(log_level_parse("loud", &level));
}

/* ---- lines ---- */

static void a_long_line_is_cut_and_says_so(void **state) {
  char text[200];

  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  for (unsigned length = 100; length < sizeof text; length++) {
    size_t before = written_length, line;

    log_info("test", "%.*s", (int)length, text);
    line = written_length - before;
    assert_true(line <= 161);
    assert_memory_equal(written + written_length - 2, "\r\n", 2);
    if (line - 2 < 159)
      assert_int_equal(written[written_length - 3], 'x');
    else if (line - 2 < strlen("[    0.000] I test: ") + length)
      assert_memory_equal(written + written_length - 6, "x...", 4);
  }
}

/* Even when more microseconds or milliseconds have passed than 32 bits hold. */
static void a_line_has_its_time(void **state) {
  static const struct {
    uint64_t us;
    const char *line;
  } times[] = {
      {0, "[    0.000] I test: now\r\n"},
      {999, "[    0.000] I test: now\r\n"},
      {1000, "[    0.001] I test: now\r\n"},
      {UINT64_C(999999), "[    0.999] I test: now\r\n"},
      {UINT64_C(1000000), "[    1.000] I test: now\r\n"},
      {UINT64_C(4294967295), "[ 4294.967] I test: now\r\n"},
      {UINT64_C(99999999999), "[99999.999] I test: now\r\n"},
      {UINT64_C(4294967295999), "[4294967.295] I test: now\r\n"},
      {UINT64_C(4294967296000), "[4294967.296] I test: now\r\n"},
      {UINT64_C(4294967295999999), "[4294967295.999] I test: now\r\n"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    size_t before = written_length;

    host_start_clock_at_us(times[i].us);
    log_info("test", "now");
    assert_int_equal(written_length - before, strlen(times[i].line));
    assert_memory_equal(written + before, times[i].line, strlen(times[i].line));
  }
  host_reset();
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_tail_is_the_newest_whole_lines, setup),
      cmocka_unit_test_setup(a_reader_that_is_overtaken_goes_on_with_what_is_kept, setup),
      cmocka_unit_test_setup(what_is_filtered_is_not_kept, setup),
      cmocka_unit_test_setup(a_module_may_have_a_level_of_its_own, setup_levels),
      cmocka_unit_test_setup(a_level_for_all_is_for_all, setup_levels),
      cmocka_unit_test_setup(a_full_table_and_a_long_name_are_refused, setup_levels),
      cmocka_unit_test_setup(levels_have_names, setup),
      cmocka_unit_test_setup(a_long_line_is_cut_and_says_so, setup_levels),
      cmocka_unit_test_setup(a_line_has_its_time, setup_levels),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
