/* The cases of an Internet checksum, compared with a sum made byte by byte. */
#include "checksum_cases.h"

#include <stdbool.h>
#include <string.h>

#include "internet_checksum.h"

enum pattern { RANDOM, ZEROES, ONES };
static const char *const pattern_names[CASE_PATTERNS] = {"random", "zeroes", "ones"};

static _Alignas(CASE_OFFSETS) uint8_t memory[CASE_OFFSETS + CASE_LENGTH_MAX + CASE_OFFSETS];
static uint32_t random_state;

/* xorshift32, from a fixed seed: each run has the same bytes. */
static uint8_t random_byte(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return (uint8_t)random_state;
}

static uint8_t byte_of(enum pattern pattern) {
  if (pattern == RANDOM)
    return random_byte();
  return pattern == ZEROES ? 0x00 : 0xff;
}

/* What lies beside the data must not be in its sum, so it differs from it. */
static void fill_surroundings(enum pattern pattern) {
  for (size_t i = 0; i < sizeof memory; i++)
    memory[i] = pattern == RANDOM ? random_byte() : (uint8_t)~byte_of(pattern);
}

static uint16_t folded(uint32_t sum) {
  while (sum > UINT16_MAX)
    sum = (sum & UINT16_MAX) + (sum >> 16);
  return (uint16_t)sum;
}

/* The data grows by a byte per case, and so does its sum: an even byte is the lower one of its
 * little-endian halfword, an odd one the upper. */
static unsigned lengths(checksum_function *checksum, struct checksum_case *current,
                        enum pattern pattern) {
  uint8_t *data = &memory[current->offset];
  uint32_t sum = 0;

  for (current->length = 0; current->length <= CASE_LENGTH_MAX; current->length++) {
    if (current->length > 0) {
      size_t last = current->length - 1;

      data[last] = byte_of(pattern);
      sum += last % 2 == 0 ? data[last] : (uint32_t)data[last] << 8;
    }
    current->right_sum = folded(sum);
    current->sum = checksum(data, current->length);
    if (current->sum != current->right_sum)
      return (unsigned)current->length;
  }
  return CASE_LENGTH_MAX + 1;
}

unsigned checksum_cases(checksum_function *checksum, struct checksum_case *wrong) {
  unsigned right = 0;

  random_state = 1;
  for (enum pattern pattern = RANDOM; pattern <= ONES; pattern++)
    for (unsigned offset = 0; offset < CASE_OFFSETS; offset++) {
      unsigned passed;

      fill_surroundings(pattern);
      *wrong = (struct checksum_case){.pattern = pattern_names[pattern], .offset = offset};
      passed = lengths(checksum, wrong, pattern);
      right += passed;
      if (passed <= CASE_LENGTH_MAX)
        return right;
    }
  return right;
}

static uint16_t alone(const void *data, size_t length) { return internet_checksum(data, length); }

/* Adds to a sum that is three times zero, 0xffff. */
static uint16_t onto_a_sum(const void *data, size_t length) {
  uint16_t sum = internet_checksum_add(0x2fffd, data, length);

  return sum == UINT16_MAX && internet_checksum(data, length) == 0 ? 0 : sum;
}

static uint16_t copied_to(size_t offset, const void *data, size_t length) {
  static _Alignas(4) uint8_t copy[4 + CASE_LENGTH_MAX + 1];
  uint16_t sum;
  bool right;

  memset(copy, 0xa5, sizeof copy);
  sum = internet_checksum_copy(copy + offset, data, length);
  right = memcmp(copy + offset, data, length) == 0 && copy[offset + length] == 0xa5;
  for (size_t i = 0; i < offset; i++)
    right = right && copy[i] == 0xa5;
  return right ? sum : (uint16_t)~sum;
}

static uint16_t copied(const void *data, size_t length) { return copied_to(0, data, length); }

static uint16_t copied_to_halfword(const void *data, size_t length) {
  return copied_to(2, data, length);
}

static uint16_t copied_aside(const void *data, size_t length) { return copied_to(3, data, length); }

/* An IP header is at an even address. */
static uint16_t header(const void *data, size_t length) {
  return (uintptr_t)data % 2 == 0 ? internet_checksum_ip4_header(data, length)
                                  : internet_checksum(data, length);
}

const struct checksum_variant checksum_variants[CHECKSUM_VARIANTS] = {
    {"internet_checksum", alone},
    {"internet_checksum_add", onto_a_sum},
    {"internet_checksum_copy", copied},
    {"internet_checksum_copy to a halfword's address", copied_to_halfword},
    {"internet_checksum_copy to an odd address", copied_aside},
    {"internet_checksum_ip4_header", header},
};
