/* What an Internet checksum has to get right: every length, and every start within a word or two.
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
  const char *pattern; /* the data: random, zeros or ones */
  unsigned offset;     /* of its start from a multiple of 8 */
  size_t length;
  uint16_t sum, right_sum;
};

typedef uint16_t checksum_function(const void *data, size_t length);

/* How many of the cases `checksum` gets right before the first wrong one, which goes into `*wrong`.
 */
unsigned checksum_cases(checksum_function *checksum, struct checksum_case *wrong);

/* The functions of internet_checksum.h, each as one that only sums data. One that copies gives a
 * wrong sum if the copy is wrong, or if bytes beside it have changed. */
enum { CHECKSUM_VARIANTS = 6 };
extern const struct checksum_variant {
  const char *name;
  checksum_function *checksum;
} checksum_variants[CHECKSUM_VARIANTS];

#endif
