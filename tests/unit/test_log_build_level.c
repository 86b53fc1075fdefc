/* The log's level at build time: what is above it is not there, whatever the level at run time. */
#define LOG_BUILD_LEVEL LOG_INFO
#include "unit.h"

#include "host.h"
#include "log.h"

static unsigned asked;

static const char *argument(void) {
  asked++;
  return "x";
}

static void write_nothing(const char *line, size_t length) {
  (void)line;
  (void)length;
}

static void what_is_not_compiled_in_cannot_be_turned_on(void **state) {
  (void)state;
  log_set_output(write_nothing);
  assert_true(log_set_level(NULL, LOG_DEBUG));
  log_debug("test", "%s", argument());
  assert_int_equal(asked, 0);
  log_info("test", "%s", argument());
  assert_int_equal(asked, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_not_compiled_in_cannot_be_turned_on),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
