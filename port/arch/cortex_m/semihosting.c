/* Semihosting: a debugger or emulator, where one listens, ends the run and passes the command line.
 */
#include "semihosting.h"

enum {
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
  SYS_ERRNO = 0x13,
  ADP_STOPPED_APPLICATION_EXIT = 0x20026,
};

volatile uint32_t semihosting_probing;

static enum { UNKNOWN, PRESENT, ABSENT } host;

static int call(uint32_t operation, const void *block) {
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = block;

  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory", "cc");
  return (int)r0;
}

bool semihosting_present(void) {
  if (host == UNKNOWN) {
    /* The handler that steps over leaves -1, which is no host's error number. */
    semihosting_probing = 1;
    host = call(SYS_ERRNO, NULL) == -1 ? ABSENT : PRESENT;
    semihosting_probing = 0;
  }
  return host == PRESENT;
}

void semihosting_exit(int status) {
  const struct {
    uint32_t reason;
    uint32_t status;
  } block = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status};

  if (host == PRESENT)
    (void)call(SYS_EXIT_EXTENDED, &block);
}

bool semihosting_command_line(char *text, size_t size) {
  struct {
    char *buffer;
    uint32_t size;
  } block = {text, (uint32_t)size};

  return semihosting_present() && call(SYS_GET_CMDLINE, &block) == 0;
}
