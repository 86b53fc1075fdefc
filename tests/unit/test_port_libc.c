/* What newlib and a semihosting host get from the port: system calls, formatting, files, the end of
 * a run. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "fault.h"
#include "port.h"
#include "semihosting.h"
#include "semihosting_trap.h"

static int setup(void **state) {
  (void)state;
  host_reset();
  return 0;
}

/* ---- newlib's system calls, whose names begin with an underscore there ---- */

int syscalls_write(int file, char *data, int length);
int syscalls_read(int file, char *data, int length);
int syscalls_close(int file);
int syscalls_fstat(int file, struct stat *status);
int syscalls_isatty(int file);
off_t syscalls_lseek(int file, off_t offset, int whence);
void *syscalls_sbrk(ptrdiff_t increment);
int syscalls_getpid(void);
int syscalls_kill(int process, int signal);
_Noreturn void syscalls_exit(int status);

static void the_standard_streams_are_the_console(void **state) {
  char text[] = "output", typed[4];
  struct stat status = {0};

  (void)state;
  assert_int_equal(syscalls_write(1, text, 6), 6);
  assert_string_equal(host_console(), "output");
  assert_int_equal(syscalls_read(0, typed, sizeof typed), 0); /* it does not wait */
  host_type("typed");
  assert_int_equal(syscalls_read(0, typed, sizeof typed), 4);
  assert_memory_equal(typed, "type", 4);
  assert_int_equal(syscalls_read(0, typed, sizeof typed), 1);
  assert_int_equal(typed[0], 'd');
  assert_int_equal(syscalls_fstat(1, &status), 0);
  assert_true(S_ISCHR(status.st_mode));
  assert_int_equal(syscalls_isatty(1), 1);
  assert_int_equal(syscalls_lseek(1, 100, 0), 0);
  assert_int_equal(syscalls_close(1), -1);
}

static void there_is_no_heap_and_no_other_process(void **state) {
  (void)state;
  errno = 0;
  assert_true(syscalls_sbrk(16) == (void *)-1);
  assert_int_equal(errno, ENOMEM);
  errno = 0;
  assert_int_equal(syscalls_kill(syscalls_getpid(), 6), -1);
  assert_int_equal(errno, EINVAL);
}

static int exit_status;

_Noreturn static void end_of_run(int status) {
  exit_status = status;
  host_end();
}

static void exit_3(void) { syscalls_exit(3); }

static void an_end_by_the_library_is_told(void **state) {
  (void)state;
  host_on_exit(end_of_run);
  assert_true(host_ends(exit_3));
  assert_int_equal(exit_status, 3);
  assert_non_null(strstr(host_console(), "*** the C library ended the run"));
}

int printf_snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int printf_vsnprintf(char *text, size_t size, const char *format, va_list arguments);

static int formatted(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = printf_vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return length;
}

static void text_is_formatted_within_its_size(void **state) {
  char text[8] = "zzzzzzz";

  (void)state;
  assert_int_equal(printf_snprintf(text, 6, "%s %u", "lines", 42U), 8);
  assert_string_equal(text, "lines");
  assert_int_equal(text[6], 'z');
  assert_int_equal(formatted(text, 4, "%x", 0xabcdU), 4);
  assert_string_equal(text, "abc");
}

/* ---- semihosting: the host is the test ---- */

volatile uint32_t fault_probing;

static int answer;
static uint32_t operation;
static uint32_t probing;
static unsigned traps;

/* What a block holds, in the caller's sizes. */
static struct {
  const char *name;
  uint32_t mode, length;
} opened;
static struct {
  uint32_t file;
  const void *data;
  uint32_t length;
} written;
static uint32_t words[2];

int semihosting_trap(uint32_t asked_operation, const void *block) {
  traps++;
  operation = asked_operation;
  probing = fault_probing;
  if (operation == 0x01)
    memcpy(&opened, block, sizeof opened);
  else if (operation == 0x05)
    memcpy(&written, block, sizeof written);
  else if (operation == 0x02)
    memcpy(words, block, 4);
  else if (operation == 0x20)
    memcpy(words, block, 8);
  return answer;
}

static void start(bool listens) {
  answer = listens ? 0 : -1; /* the value left by the fault handler that steps over it */
  semihosting_start();
  assert_int_equal(probing, 1);
  assert_int_equal(fault_probing, 0);
  traps = 0;
}

static void without_a_host_there_are_no_files_and_no_exit(void **state) {
  (void)state;
  start(false);
  assert_int_equal(port_file_create("x.pcap"), -1);
  semihosting_exit(1);
  assert_int_equal(traps, 0);
}

static void a_file_is_made_written_and_closed(void **state) {
  (void)state;
  start(true);
  answer = 7;
  assert_int_equal(port_file_create("x.pcap"), 7);
  assert_int_equal(operation, 0x01);
  assert_string_equal(opened.name, "x.pcap");
  assert_int_equal(opened.mode, 5); /* "wb" */
  assert_int_equal(opened.length, 6);
  port_file_write(7, "bytes", 5);
  assert_int_equal(operation, 0x05);
  assert_int_equal(written.file, 7);
  assert_memory_equal(written.data, "bytes", 5);
  assert_int_equal(written.length, 5);
  port_file_close(7);
  assert_int_equal(operation, 0x02);
  assert_int_equal(words[0], 7);
}

static void a_run_ends_with_its_status(void **state) {
  (void)state;
  start(true);
  semihosting_exit(42);
  assert_int_equal(operation, 0x20);
  assert_int_equal(words[0], 0x20026); /* ADP_Stopped_ApplicationExit */
  assert_int_equal(words[1], 42);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_standard_streams_are_the_console, setup),
      cmocka_unit_test_setup(there_is_no_heap_and_no_other_process, setup),
      cmocka_unit_test_setup(an_end_by_the_library_is_told, setup),
      cmocka_unit_test_setup(text_is_formatted_within_its_size, setup),
      cmocka_unit_test_setup(without_a_host_there_are_no_files_and_no_exit, setup),
      cmocka_unit_test_setup(a_file_is_made_written_and_closed, setup),
      cmocka_unit_test_setup(a_run_ends_with_its_status, setup),
  };

  return cmocka_run_group_tests_name("libc", tests, NULL, NULL);
}
