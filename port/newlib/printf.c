/* newlib's formatting into memory, by a smaller formatter: newlib's own brings in a heap and
 * streams. */
#include <stdarg.h>
#include <stdio.h>

#include "format.h"

int vsnprintf(char *text, size_t size, const char *format, va_list arguments) {
  return format_text(text, size, format, arguments);
}

int snprintf(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = format_text(text, size, format, arguments);
  va_end(arguments);
  return length;
}
