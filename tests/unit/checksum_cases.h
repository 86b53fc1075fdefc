/* What an Internet checksum has to be right about: every length and every start in a word or two.
 */
#ifndef CHECKSUM_CASES_H
#define CHECKSUM_CASES_H

#include <stddef.h>
#include <stdint.h>

enum {
  CASE_PATTERNS = 3,
  CASE_OFFSETS = 8,
  CASE_LENGTH_MAX = 2048,
  CHECKSUM_CASES = CASE_PATTERNS * CASE_OFFSETS * (CASE_LENGTH_MAX + 1)
};

struct checksum_case {
  const char *pattern; /* of the data: random, zeroes or ones */
  unsigned offset;     /* of its start from a multiple of 8 */
  size_t length;
  uint16_t sum, right_sum;
};

typedef uint16_t checksum_function(const void *data, size_t length);

/* How many of the cases `checksum` gets right before its first wrong one, which is then in
 * `*wrong`.
 */
unsigned checksum_cases(checksum_function *checksum, struct checksum_case *wrong);

/* The functions of internet_checksum.h, each as one that has the sum of the data alone. One that
 * copies gives a wrong sum where the copy is wrong, or bytes beside it have changed. */
enum { CHECKSUM_VARIANTS = 6 };
extern const struct checksum_variant {
  const char *name;
  checksum_function *checksum;
} checksum_variants[CHECKSUM_VARIANTS];

#endif
