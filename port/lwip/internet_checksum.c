/* The Internet checksum (RFC 1071) by words and carry, or by NEON's halfwords, 128 bytes a turn. */
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
/* Words from a word's address: an LDM may not be unaligned (ARM DDI 0403E, A3.2.1). */
#define LOAD_2 "ldmia %[at]!, {r3, r4}\n\t"
#define LOAD_4 "ldmia %[at]!, {r3, r4, r5, r6}\n\t"
#define LOAD_8 "ldmia %[at]!, {r3, r4, r5, r6, r8, r9, r10, r12}\n\t"
#define SUM_2 ADD_TO_SUM("r3") ADD_TO_SUM("r4")
#define SUM_4 SUM_2 ADD_TO_SUM("r5") ADD_TO_SUM("r6")
#define SUM_8 SUM_4 ADD_TO_SUM("r8") ADD_TO_SUM("r9") ADD_TO_SUM("r10") ADD_TO_SUM("r12")
#define IF_NOT(bit, label) "tst %[length], #" bit "\n\tbeq " label "\n\t"
#define IF(bit, label) "tst %[length], #" bit "\n\tbne " label "\n\t"
/* All blocks of 32 bytes, four a turn, from no carry on: the first turn starts where it leaves a
 * multiple of four. */
#define FOUR_BLOCKS_A_TURN(block) \
  "adds %[sum], %[sum], #0\n\t" \
  "teq %[at], %[blocks_end]\n\t" \
  "beq 5f\n\t" \
  IF_NOT("32", "6f") \
  IF("64", "2f") \
  "b 4f\n" \
  "6:\n\t" \
  IF("64", "3f") \
  "1:\n\t" \
  block \
  "2:\n\t" \
  block \
  "3:\n\t" \
  block \
  "4:\n\t" \
  block \
  "teq %[at], %[blocks_end]\n\t" \
  "bne 1b\n" \
  "5:\n\t"

#define ONE_BLOCK_A_TURN(block) \
  "adds %[sum], %[sum], #0\n\t" \
  "teq %[at], %[blocks_end]\n\t" \
  "beq 5f\n" \
  "1:\n\t" \
  block \
  "teq %[at], %[blocks_end]\n\t" \
  "bne 1b\n" \
  "5:\n\t"

#if __ARM_ARCH_PROFILE == 'A'

enum { NEON_BLOCK_BYTES = 128 };

/* The sum of whole blocks, at least one, from a word's address on. 64 KiB are 32 Ki halfwords, whose
 * sum has room in any one of the words that each adds two halfwords to (VPADAL). */
static inline __attribute__((always_inline)) uint32_t blocks_sum(const uint8_t *at, const uint8_t *end) {
  uint32_t sum;

  __asm volatile(
      ".fpu neon\n\t"
      "vmov.i32 q8, #0\n\t"
      "vmov.i32 q9, #0\n"
      "1:\n\t"
      "vldmia %[at]!, {d0-d15}\n\t"
      "vpadal.u16 q8, q0\n\t"
      "vpadal.u16 q9, q1\n\t"
      "vpadal.u16 q8, q2\n\t"
      "vpadal.u16 q9, q3\n\t"
      "vpadal.u16 q8, q4\n\t"
      "vpadal.u16 q9, q5\n\t"
      "vpadal.u16 q8, q6\n\t"
      "vpadal.u16 q9, q7\n\t"
      "teq %[at], %[end]\n\t"
      "bne 1b\n\t"
      "vadd.i32 q8, q8, q9\n\t"
      "vadd.i32 d16, d16, d17\n\t"
      "vpadd.i32 d16, d16, d16\n\t"
      "vmov.32 %[sum], d16[0]"
      : [sum] "=r"(sum), [at] "+&r"(at)
      : [end] "r"(end)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "cc", "memory");
  return sum;
}

#endif

static inline __attribute__((always_inline)) uint32_t add_bytes(uint32_t sum, const uint8_t *at, size_t length) {
#if __ARM_ARCH_PROFILE == 'A'
  if (length >= NEON_BLOCK_BYTES) {
    const uint8_t *end = at + (length & ~(size_t)(NEON_BLOCK_BYTES - 1));

    sum += blocks_sum(at, end);
    at = end;
    length %= NEON_BLOCK_BYTES;
  }
#endif
  const uint8_t *blocks_end = at + (length & ~(size_t)31);

  __asm volatile(
      FOUR_BLOCKS_A_TURN(LOAD_8 SUM_8)
      IF_NOT("16", "7f")
      LOAD_4 SUM_4
      "7:\n\t"
      IF_NOT("8", "8f")
      LOAD_2 SUM_2
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

/* And from any. */
#define LOAD(to) "ldr " to ", [%[at]], #4\n\t"
#define LOAD_2_UNALIGNED LOAD("r3") LOAD("r4")
#define LOAD_4_UNALIGNED LOAD_2_UNALIGNED LOAD("r5") LOAD("r6")
#define LOAD_8_UNALIGNED LOAD_4_UNALIGNED LOAD("r8") LOAD("r9") LOAD("r10") LOAD("r12")

/* To a word's address. */
#define DEFINE_COPY(name, blocks, load_8, load_4, load_2) \
static inline __attribute__((always_inline)) uint32_t name(uint32_t sum, uint8_t *to, const uint8_t *at, \
                                                           size_t length) { \
  const uint8_t *blocks_end = at + (length & ~(size_t)31); \
\
  __asm volatile( \
      blocks( \
        load_8 SUM_8 \
        "stmia %[to]!, {r3, r4, r5, r6, r8, r9, r10, r12}\n\t") \
      IF_NOT("16", "7f") \
      load_4 SUM_4 \
      "stmia %[to]!, {r3, r4, r5, r6}\n" \
      "7:\n\t" \
      IF_NOT("8", "8f") \
      load_2 SUM_2 \
      "stmia %[to]!, {r3, r4}\n" \
      "8:\n\t" \
      IF_NOT("4", "9f") \
      "ldr r3, [%[at]], #4\n\t" \
      ADD_TO_SUM("r3") \
      "str r3, [%[to]], #4\n" \
      "9:\n\t" \
      IF_NOT("2", "10f") \
      "ldrh r3, [%[at]], #2\n\t" \
      ADD_TO_SUM("r3") \
      "strh r3, [%[to]], #2\n" \
      "10:\n\t" \
      IF_NOT("1", "11f") \
      "ldrb r3, [%[at]]\n\t" \
      ADD_TO_SUM("r3") \
      "strb r3, [%[to]]\n" \
      "11:\n\t" \
      "adc %[sum], %[sum], #0" \
      : [sum] "+&r"(sum), [at] "+&r"(at), [to] "+&r"(to) \
      : [length] "r"(length), [blocks_end] "r"(blocks_end) \
      : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "cc", "memory"); \
  return sum; \
}
DEFINE_COPY(copy_words, FOUR_BLOCKS_A_TURN, LOAD_8, LOAD_4, LOAD_2)
DEFINE_COPY(copy_unaligned, ONE_BLOCK_A_TURN, LOAD_8_UNALIGNED, LOAD_4_UNALIGNED, LOAD_2_UNALIGNED)
/* clang-format on */

#else

static inline __attribute__((always_inline)) uint32_t add_bytes(uint32_t sum, const uint8_t *at,
                                                                size_t length) {
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

/* A first byte that lies in the upper half of its halfword makes all others lie in the wrong half,
 * which swapping the sum's bytes puts right (RFC 1071, 2 (B)). */
static __attribute__((noinline)) uint16_t checksum_of_odd(uint32_t sum, const uint8_t *at,
                                                          size_t length) {
  uint16_t others = internet_checksum(at + 1, length - 1);

  return internet_checksum_fold(sum + *at + __builtin_bswap16(others));
}

uint16_t internet_checksum_add(uint32_t sum, const void *data, size_t length) {
  const uint8_t *at = data;
  uint16_t half;

  if (__builtin_expect((uintptr_t)at % 2 != 0, false))
    return length != 0 ? checksum_of_odd(sum, at, length) : internet_checksum_fold(sum);
  if ((uintptr_t)at % 4 != 0 && length >= sizeof half) {
    memcpy(&half, at, sizeof half);
    sum += half;
    at += sizeof half;
    length -= sizeof half;
  }
  return internet_checksum_fold(add_bytes(sum, at, length));
}

uint16_t internet_checksum_copy(void *to, const void *from, size_t length) {
#ifdef __arm__
  uint8_t *at = to;
  const uint8_t *source = from;
  uint16_t half = 0;

  if (((uintptr_t)at | (uintptr_t)source) % 2 == 0) {
    if ((uintptr_t)at % 4 != 0 && length >= sizeof half) {
      memcpy(&half, source, sizeof half);
      memcpy(at, &half, sizeof half);
      at += sizeof half;
      source += sizeof half;
      length -= sizeof half;
    }
    return internet_checksum_fold((uintptr_t)source % 4 == 0
                                      ? copy_words(half, at, source, length)
                                      : copy_unaligned(half, at, source, length));
  }
#endif
  memcpy(to, from, length);
  return internet_checksum(to, length);
}
