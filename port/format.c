/* Formatted text in a third of the flash that newlib's takes, with a small stack and no heap. */
#include "format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct output {
  char *text;
  size_t size;   /* of the text, with its 0 */
  size_t length; /* of all that was put, also behind the text's end */
};

/* A directive between its % and its conversion. */
struct directive {
  bool left, zeros, alternate, is_long;
  int width;
  int precision; /* -1: none */
};

static void put(struct output *output, char character) {
  if (output->length + 1 < output->size)
    output->text[output->length] = character;
  output->length++;
}

static void fill(struct output *output, char character, int count) {
  for (int i = 0; i < count; i++)
    put(output, character);
}

static void put_padded(struct output *output, const struct directive *directive, const char *text,
                       size_t length) {
  int padding = directive->width - (int)length;

  if (!directive->left)
    fill(output, ' ', padding);
  for (size_t i = 0; i < length; i++)
    put(output, text[i]);
  if (directive->left)
    fill(output, ' ', padding);
}

static void put_string(struct output *output, const struct directive *directive, const char *text) {
  size_t most = directive->precision < 0 ? SIZE_MAX : (size_t)directive->precision;
  size_t length = 0;

  while (length < most && text[length] != '\0')
    length++;
  put_padded(output, directive, text, length);
}

static void put_number(struct output *output, const struct directive *directive, bool negative,
                       unsigned long number, unsigned base) {
  const char *prefix = base == 16 && directive->alternate && number != 0 ? "0x" : "";
  char digits[sizeof number * CHAR_BIT / 3 + 2]; /* of base 8, and a sign */
  char *first = digits + sizeof digits;

  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  if (directive->zeros && !directive->left) {
    int length = (int)(digits + sizeof digits - first) + negative + (int)strlen(prefix);

    if (negative)
      put(output, '-');
    for (; *prefix != '\0'; prefix++)
      put(output, *prefix);
    fill(output, '0', directive->width - length);
    put_padded(output, &(struct directive){.width = 0}, first,
               (size_t)(digits + sizeof digits - first));
    return;
  }
  if (*prefix != '\0') {
    *--first = prefix[1];
    *--first = prefix[0];
  }
  if (negative)
    *--first = '-';
  put_padded(output, directive, first, (size_t)(digits + sizeof digits - first));
}

/* A width or a precision: a number, or * for an argument. */
static int number_in(const char **format, va_list *arguments) {
  int number = 0;

  if (**format == '*') {
    (*format)++;
    return va_arg(*arguments, int);
  }
  while (**format >= '0' && **format <= '9')
    number = 10 * number + *(*format)++ - '0';
  return number;
}

static void read_directive(struct directive *directive, const char **format, va_list *arguments) {
  *directive = (struct directive){.precision = -1};
  for (; **format == '-' || **format == '0' || **format == '#'; (*format)++) {
    directive->left |= **format == '-';
    directive->zeros |= **format == '0';
    directive->alternate |= **format == '#';
  }
  directive->width = number_in(format, arguments);
  if (directive->width < 0) { /* as the C standard says of an argument */
    directive->left = true;
    directive->width = -directive->width;
  }
  if (**format == '.') {
    (*format)++;
    directive->precision = number_in(format, arguments);
  }
  for (; **format == 'l' || **format == 'h' || **format == 'z'; (*format)++)
    directive->is_long |= **format != 'h';
}

/* Puts what the conversion at `format` makes of the next argument; false where it is unknown. */
static bool convert(struct output *output, const struct directive *directive, char conversion,
                    va_list *arguments) {
  char character;
  unsigned long number;
  long value;

  switch (conversion) {
  case 'd':
  case 'i':
    value = directive->is_long ? va_arg(*arguments, long) : va_arg(*arguments, int);
    number = value < 0 ? -(unsigned long)value : (unsigned long)value;
    put_number(output, directive, value < 0, number, 10);
    return true;
  case 'u':
  case 'x':
    number = directive->is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
    put_number(output, directive, false, number, conversion == 'x' ? 16 : 10);
    return true;
  case 'p':
    put_number(
        output,
        &(struct directive){.left = directive->left, .alternate = true, .width = directive->width},
        false, (unsigned long)(uintptr_t)va_arg(*arguments, void *), 16);
    return true;
  case 'c':
    character = (char)va_arg(*arguments, int);
    put_padded(output, directive, &character, 1);
    return true;
  case 's':
    put_string(output, directive, va_arg(*arguments, const char *));
    return true;
  case '%':
    put(output, '%');
    return true;
  default:
    return false;
  }
}

int format_text(char *text, size_t size, const char *format, va_list arguments) {
  struct output output = {.text = text, .size = size};
  va_list copy;

  va_copy(copy, arguments);
  while (*format != '\0') {
    const char *start = format;
    struct directive directive;

    if (*format++ != '%') {
      put(&output, *start);
      continue;
    }
    read_directive(&directive, &format, &copy);
    if (*format != '\0' && convert(&output, &directive, *format, &copy)) {
      format++;
      continue;
    }
    while (start < format)
      put(&output, *start++);
  }
  va_end(copy);
  if (size != 0)
    text[output.length < size ? output.length : size - 1] = '\0';
  return (int)output.length;
}
