/* Formatted text, as far as a firmware without floating point needs it. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* vsnprintf() of the conversions d, i, u, x, c, s and %, with the flags - and 0, a width, for
 * strings a precision (each a number or *), and the lengths h and l; of others the text of the
 * directive comes out. Returns how long the whole text is; of it at most `size` - 1 characters and
 * a 0 are in `text`. Any context. */
int format_text(char *text, size_t size, const char *format, va_list arguments);

#endif
