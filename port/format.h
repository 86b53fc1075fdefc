/* Formatted text, as far as a firmware without floating point needs it. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* vsnprintf() with the conversions d, i, u, x, p, c, s and %, the flags -, 0 and #, a width, for
 * strings a precision (each a number or *), and the lengths h, l and z; any other directive comes
 * out as it stands. Returns the length of the whole text, of which `text` gets at most `size` - 1
 * characters, and a 0. Any context. */
int format_text(char *text, size_t size, const char *format, va_list arguments);

#endif
