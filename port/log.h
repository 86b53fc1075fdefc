/* The serial log: lines of time, level, module and text, filtered at build time and at run time. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
  LOG_ERROR,
  LOG_WARNING,
  LOG_INFO,
  LOG_DEBUG,
};

/* Levels above this one are not compiled in: -DLOG_BUILD_LEVEL=LOG_INFO leaves debug lines out. */
#ifndef LOG_BUILD_LEVEL
#define LOG_BUILD_LEVEL LOG_DEBUG
#endif

/* Writes one line, such as "[    1.002] I netif: en0 up", if its level is on. Main loop only; a
 * line longer than 160 bytes is cut and ends in "...". */
#define log_error(module, ...)   LOG_IF(LOG_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) LOG_IF(LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)    LOG_IF(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...)   LOG_IF(LOG_DEBUG, module, __VA_ARGS__)

#define LOG_IF(level, module, ...)                                                                 \
  do {                                                                                             \
    if ((level) <= LOG_BUILD_LEVEL && log_enabled(level, module))                                  \
      log_write(level, module, __VA_ARGS__);                                                       \
  } while (0)

/* Sets the level of one module, or of all if `module` is NULL. Returns false if the table of
 * modules with a level of their own (8) is full. Main loop. */
bool log_set_level(const char *module, enum log_level level);

/* The level of one module; if `module` is NULL, that of modules without one of their own. Main
 * loop. */
enum log_level log_level_of(const char *module);

/* Sets `*level` to the level called `name` ("error", "warning", "info", "debug"); false if there is
 * none. */
bool log_level_parse(const char *name, enum log_level *level);

/* The name of a level. */
const char *log_level_name(enum log_level level);

/* From now on lines go to `write` instead of port_console_write(). Main loop. */
void log_set_output(void (*write)(const char *line, size_t length));

/* The log's tail: its last LOG_TAIL_BYTES, for those who missed them. A position counts bytes since
 * start-up, modulo 2^32. */
enum { LOG_TAIL_BYTES = 1024 };

/* The position behind the last line. Main loop. */
uint32_t log_tail_end(void);

/* The position of the first whole line that is kept. Main loop. */
uint32_t log_tail_start(void);

/* Copies at most `size` bytes from `*position` on, or from log_tail_start() if that is no longer
 * kept, and moves `*position` behind them. Returns how many. Main loop. */
size_t log_tail_read(uint32_t *position, char *text, size_t size);

bool log_enabled(enum log_level level, const char *module);
void log_write(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
