/* A number that is given to a test program as an option. */
#ifndef WHOLE_NUMBER_H
#define WHOLE_NUMBER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Text that is no number would else run another seed, or none: it ends the program. */
static inline uint64_t whole_number(const char *program, const char *option, const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 0);

  if (*text == '\0' || *end != '\0') {
    fprintf(stderr, "%s: %s=%s: valid: a whole number\n", program, option, text);
    exit(2);
  }
  return value;
}

#endif
