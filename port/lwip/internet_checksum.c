/* The Internet checksum (RFC 1071) by words and carry, 128 bytes a turn. */
#include "internet_checksum.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The sum of `length` bytes from a word's address onto `sum`, as 32 bits whose halves are still to
 * be added. At first `sum` is less than 2^32 - 1. */
#ifdef __arm__

/* The carry lives in the flags from the first addition to the last: TEQ, TST of a small constant,
 * loads and branches leave it alone (ARM DDI 0403E, A7.7; DDI 0406C, A8.8). The last carry has
 * room, because a sum that has carried is less than 2^32 - 1. */
/* clang-format off */
#define ADD_TO_SUM(word) "adcs %[sum], %[sum], " word "\n\t"
#define ADD_4_WORDS                                                                                \
  "ldmia %[at]!, {r3, r4, r5, r6}\n\t"                                                             \
  ADD_TO_SUM("r3") ADD_TO_SUM("r4") ADD_TO_SUM("r5") ADD_TO_SUM("r6")
#define ADD_8_WORDS                                                                                \
  "ldmia %[at]!, {r3, r4, r5, r6, r8, r9, r10, r12}\n\t"                                           \
  ADD_TO_SUM("r3") ADD_TO_SUM("r4") ADD_TO_SUM("r5") ADD_TO_SUM("r6")                              \
  ADD_TO_SUM("r8") ADD_TO_SUM("r9") ADD_TO_SUM("r10") ADD_TO_SUM("r12")
#define IF_NOT(bit, label) "tst %[length], #" bit "\n\tbeq " label "\n\t"
#define IF(bit, label) "tst %[length], #" bit "\n\tbne " label "\n\t"

static inline uint32_t add_bytes(uint32_t sum, const uint8_t *at, size_t length) {
  const uint8_t *blocks_end = at + (length & ~(size_t)31);

  /* Four blocks of 32 bytes a turn: the first turn starts where it leaves a multiple of them. */
  __asm volatile(
      "adds %[sum], %[sum], #0\n\t" /* no carry yet */
      "teq %[at], %[blocks_end]\n\t"
      "beq 5f\n\t"
      IF_NOT("32", "6f")
      IF("64", "2f")
      "b 4f\n"
      "6:\n\t"
      IF("64", "3f")
      "1:\n\t"
      ADD_8_WORDS
      "2:\n\t"
      ADD_8_WORDS
      "3:\n\t"
      ADD_8_WORDS
      "4:\n\t"
      ADD_8_WORDS
      "teq %[at], %[blocks_end]\n\t"
      "bne 1b\n"
      "5:\n\t"
      IF_NOT("16", "7f")
      ADD_4_WORDS
      "7:\n\t"
      IF_NOT("8", "8f")
      "ldmia %[at]!, {r3, r4}\n\t"
      ADD_TO_SUM("r3") ADD_TO_SUM("r4")
      "8:\n\t"
      IF_NOT("4", "9f")
      "ldr r3, [%[at]], #4\n\t"
      ADD_TO_SUM("r3")
      "9:\n\t"
      IF_NOT("2", "10f")
      "ldrh r3, [%[at]], #2\n\t"
      ADD_TO_SUM("r3")
      "10:\n\t"
      IF_NOT("1", "11f")
      "ldrb r3, [%[at]]\n\t"
      ADD_TO_SUM("r3")
      "11:\n\t"
      "adc %[sum], %[sum], #0"
      : [sum] "+&r"(sum), [at] "+&r"(at)
      : [length] "r"(length), [blocks_end] "r"(blocks_end)
      : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "cc", "memory");
  return sum;
}
/* clang-format on */

#else

static inline uint32_t add_bytes(uint32_t sum, const uint8_t *at, size_t length) {
  uint64_t wide = sum;
  uint32_t word;
  uint16_t half;

  for (; length >= sizeof word; at += sizeof word, length -= sizeof word) {
    memcpy(&word, at, sizeof word);
    wide += word;
  }
  if (length >= sizeof half) {
    memcpy(&half, at, sizeof half);
    wide += half;
    at += sizeof half;
  }
  if (length % 2 != 0)
    wide += *at;
  wide = (wide & UINT32_MAX) + (wide >> 32);
  return (uint32_t)wide + (uint32_t)(wide >> 32);
}

#endif

/* The sum of both halves: where it carries, the sum in the lower half has carried into the upper
 * one, too. */
static inline uint16_t fold(uint32_t sum) {
  return (uint16_t)((sum + (sum << 16 | sum >> 16)) >> 16);
}

/* A first byte that lies in the upper half of its halfword makes all others lie in the wrong half,
 * which swapping the sum's bytes puts right (RFC 1071, 2 (B)). */
uint16_t internet_checksum(const void *data, size_t length) {
  const uint8_t *at = data;
  const bool odd = (uintptr_t)at % 2 != 0;
  size_t left = length;
  uint32_t sum = 0;
  uint16_t half, folded;

  if (__builtin_expect(odd, false) && left != 0) {
    sum = (uint32_t)*at++ << 8;
    left--;
  }
  if ((uintptr_t)at % 4 != 0 && left >= sizeof half) {
    memcpy(&half, at, sizeof half);
    sum += half;
    at += sizeof half;
    left -= sizeof half;
  }
  folded = fold(add_bytes(sum, at, left));
  return odd ? __builtin_bswap16(folded) : folded;
}
