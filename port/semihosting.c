/* Semihosting: a debugger or emulator, if one listens, ends the run and keeps files. */
#include "semihosting.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "fault.h"
#include "port.h"
#include "semihosting_trap.h"

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE = 0x05,
  OPEN_WRITE_BINARY = 5, /* fopen's "wb" */
  SYS_ERRNO = 0x13,
  SYS_EXIT_EXTENDED = 0x20,
  ADP_STOPPED_APPLICATION_EXIT = 0x20026,
};

static bool present;

void semihosting_start(void) {
  /* The fault handler that returns leaves -1, which is no host's error number. */
  fault_probing = 1;
  present = semihosting_trap(SYS_ERRNO, NULL) != -1;
  fault_probing = 0;
}

void semihosting_exit(int status) {
  const struct {
    uint32_t reason;
    uint32_t status;
  } block = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status};

  if (present)
    (void)semihosting_trap(SYS_EXIT_EXTENDED, &block);
}

int port_file_create(const char *name) {
  const struct {
    const char *name;
    uint32_t mode, length;
  } block = {name, OPEN_WRITE_BINARY, (uint32_t)strlen(name)};

  return present ? semihosting_trap(SYS_OPEN, &block) : -1;
}

void port_file_write(int file, const void *data, size_t length) {
  const struct {
    uint32_t file;
    const void *data;
    uint32_t length;
  } block = {(uint32_t)file, data, (uint32_t)length};

  (void)semihosting_trap(SYS_WRITE, &block);
}

void port_file_close(int file) {
  const uint32_t block = (uint32_t)file;

  (void)semihosting_trap(SYS_CLOSE, &block);
}
