/* The Internet checksum (RFC 1071), which lwIP takes as its LWIP_CHKSUM. */
#ifndef INTERNET_CHECKSUM_H
#define INTERNET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { IP4_HEADER_BYTES = 20 }; /* of IPv4 without options (RFC 791, 3.1) */

/* The one's complement sum, not inverted, of `sum`, which is less than 2^31, and `length` bytes, at
 * most 64 KiB, from any address on. Stored as it is, it is in network byte order. Main loop: on a
 * Cortex-A it uses registers that interrupts do not save. */
uint16_t internet_checksum_add(uint32_t sum, const void *data, size_t length);

/* Copies `length` bytes, at most 64 KiB, and returns their sum. Any addresses: fastest from one
 * multiple of 4 to another, still fast between even addresses. Main loop, as above. */
uint16_t internet_checksum_copy(void *to, const void *from, size_t length);

/* The sum of the bytes alone. */
static inline uint16_t internet_checksum(const void *data, size_t length) {
  return internet_checksum_add(0, data, length);
}

/* The sum of both halves: if it carries, the sum in the lower half has carried into the upper one,
 * too. */
static inline uint16_t internet_checksum_fold(uint32_t sum) {
  return (uint16_t)((sum + (sum << 16 | sum >> 16)) >> 16);
}

/* The sum of an IPv4 header of `length` bytes, 20 or more, from an even address on. */
static inline uint16_t internet_checksum_ip4_header(const void *header, size_t length) {
#ifdef __arm__
  struct words {
    uint32_t word[IP4_HEADER_BYTES / 4];
  } __attribute__((packed, may_alias));
  const struct words *words = header;

  if (__builtin_expect(length == IP4_HEADER_BYTES, 1)) {
    uint32_t sum = words->word[0];

    __asm("adds %[sum], %[sum], %[word1]\n\t"
          "adcs %[sum], %[sum], %[word2]\n\t"
          "adcs %[sum], %[sum], %[word3]\n\t"
          "adcs %[sum], %[sum], %[word4]\n\t"
          "adc %[sum], %[sum], #0"
          : [sum] "+r"(sum)
          : [word1] "r"(words->word[1]), [word2] "r"(words->word[2]), [word3] "r"(words->word[3]),
            [word4] "r"(words->word[4])
          : "cc");
    return internet_checksum_fold(sum);
  }
#endif
  return internet_checksum(header, length);
}

#endif
