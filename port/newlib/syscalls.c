/* newlib's system calls: the standard streams are the serial console, and there is no heap. */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lwip/opt.h"
#include "port.h"

#if MEM_LIBC_MALLOC
#error "lwipopts.h: MEM_LIBC_MALLOC has to be 0: there is no heap but lwIP's own"
#endif

int _write(int file, char *data, int length);
int _read(int file, char *data, int length);
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int whence);
void *_sbrk(ptrdiff_t increment);
int _getpid(void);
int _kill(int process, int signal);
_Noreturn void _exit(int status);

int _write(int file, char *data, int length) {
  (void)file;
  port_console_write(data, (size_t)length);
  return length;
}

/* Never waits: 0 bytes if nothing was typed. */
int _read(int file, char *data, int length) {
  int count = 0;
  int byte;

  (void)file;
  while (count < length && (byte = port_console_read()) >= 0)
    data[count++] = (char)byte;
  return count;
}

int _close(int file) {
  (void)file;
  return -1;
}

int _fstat(int file, struct stat *status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}

int _isatty(int file) {
  (void)file;
  return 1;
}

off_t _lseek(int file, off_t offset, int whence) {
  (void)file;
  (void)offset;
  (void)whence;
  return 0;
}

/* All memory is given out by the linker: malloc fails. */
void *_sbrk(ptrdiff_t increment) {
  (void)increment;
  errno = ENOMEM;
  return (void *)-1;
}

int _getpid(void) { return 1; }

int _kill(int process, int signal) {
  (void)process;
  (void)signal;
  errno = EINVAL;
  return -1;
}

/* abort() ends here, too: newlib calls it when it finds no memory, for example. */
void _exit(int status) {
  static const char text[] = "\r\n*** the C library ended the run\r\n";

  port_console_write(text, sizeof text - 1);
  port_exit(status);
}
