/* The serial log: lines of time, level, module and text, filtered at build time and at run time. */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "port.h"

enum {
  MODULES_MAX = 8,
  LINE_MAX_BYTES = 160,
};

static const char level_names[][8] = {"error", "warning", "info", "debug"};

static enum log_level default_level = LOG_INFO;
static struct {
  char name[12];
  enum log_level level;
} modules[MODULES_MAX];
static unsigned module_count;

static void (*output)(const char *line, size_t length) = port_console_write;

void log_set_output(void (*write)(const char *line, size_t length)) { output = write; }

/* ---- the tail ---- */

static char tail[LOG_TAIL_BYTES]; /* a ring: the byte of position p is at p % LOG_TAIL_BYTES */
static uint32_t tail_end;
static uint32_t tail_kept; /* bytes of it that have been written */

static void tail_add(const char *line, size_t length) {
  for (size_t i = 0; i < length; i++)
    tail[tail_end++ % LOG_TAIL_BYTES] = line[i];
  tail_kept = tail_kept + length < LOG_TAIL_BYTES ? tail_kept + (uint32_t)length : LOG_TAIL_BYTES;
}

uint32_t log_tail_end(void) { return tail_end; }

uint32_t log_tail_start(void) {
  uint32_t start = tail_end - tail_kept;

  if (tail_kept < LOG_TAIL_BYTES)
    return start;
  while (start != tail_end && tail[start++ % LOG_TAIL_BYTES] != '\n') {
  }
  return start;
}

size_t log_tail_read(uint32_t *position, char *text, size_t size) {
  size_t length = 0;

  if (tail_end - *position > tail_kept)
    *position = log_tail_start();
  while (length < size && *position != tail_end)
    text[length++] = tail[(*position)++ % LOG_TAIL_BYTES];
  return length;
}

/* ---- levels ---- */

bool log_set_level(const char *module, enum log_level level) {
  if (module == NULL) {
    default_level = level;
    module_count = 0;
    return true;
  }
  for (unsigned i = 0; i < module_count; i++) {
    if (strcmp(modules[i].name, module) == 0) {
      modules[i].level = level;
      return true;
    }
  }
  if (module_count == MODULES_MAX || strlen(module) >= sizeof modules[0].name)
    return false;
  strcpy(modules[module_count].name, module);
  modules[module_count++].level = level;
  return true;
}

enum log_level log_level_of(const char *module) {
  for (unsigned i = 0; module != NULL && i < module_count; i++) {
    if (strcmp(modules[i].name, module) == 0)
      return modules[i].level;
  }
  return default_level;
}

bool log_level_parse(const char *name, enum log_level *level) {
  for (unsigned i = 0; i <= LOG_DEBUG; i++) {
    if (strcmp(name, level_names[i]) == 0) {
      *level = (enum log_level)i;
      return true;
    }
  }
  return false;
}

const char *log_level_name(enum log_level level) { return level_names[level]; }

bool log_enabled(enum log_level level, const char *module) { return level <= log_level_of(module); }

/* The time in seconds and, in `*ms`, milliseconds, for longer than the 49 days that 32 bits of
 * milliseconds last. Divides bit by bit: the compiler's 64-bit division is longer than this
 * file. */
static uint32_t seconds_now(uint32_t *ms) {
  enum { US_A_SECOND = 1000000, BITS = 64 };
  uint64_t quotient = port_clock_us();
  uint32_t rest = 0;

  for (unsigned bit = 0; bit < BITS; bit++) {
    rest = rest << 1 | (uint32_t)(quotient >> (BITS - 1));
    quotient <<= 1;
    if (rest >= US_A_SECOND) {
      rest -= US_A_SECOND;
      quotient |= 1;
    }
  }
  *ms = rest / 1000;
  return (uint32_t)quotient;
}

void log_write(enum log_level level, const char *module, const char *format, ...) {
  char line[LINE_MAX_BYTES + 2];
  uint32_t ms, seconds = seconds_now(&ms);
  va_list arguments;
  int used;

  used = snprintf(line, LINE_MAX_BYTES, "[%5" PRIu32 ".%03" PRIu32 "] %c %s: ", seconds, ms,
                  "EWID"[level], module);
  va_start(arguments, format);
  used += vsnprintf(line + used, (size_t)(LINE_MAX_BYTES - used), format, arguments);
  va_end(arguments);
  if (used >= LINE_MAX_BYTES) {
    memcpy(line + LINE_MAX_BYTES - 4, "...", 3);
    used = LINE_MAX_BYTES - 1;
  }
  line[used] = '\r';
  line[used + 1] = '\n';
  tail_add(line, (size_t)used + 2);
  output(line, (size_t)used + 2);
}
