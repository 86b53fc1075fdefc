/* The memory that a step uses. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOOTPRINT_RANGES_MAX = 160, FOOTPRINT_SET_WORDS = 1 << 14 };

/* How memory is accessed. */
enum footprint_kind {
  FOOTPRINT_READ,
  FOOTPRINT_SET, /* bits are set, by an atomic whose result is not used */
  FOOTPRINT_WRITE,
};

/* The bytes from `start` up to `end`, of the program's variables, which lie below 4 GiB. */
struct footprint_range {
  uint32_t start, end;
  enum footprint_kind kind;
  uint64_t mask; /* as in a footprint */
};

/* What a step has accessed; if that is too much, everything. */
struct footprint {
  uint64_t mask; /* a bit for each word's hash */
  unsigned count;
  struct footprint_range ranges[FOOTPRINT_RANGES_MAX];
};

/* Words of memory. */
struct footprint_set {
  unsigned count;
  uint32_t words[FOOTPRINT_SET_WORDS]; /* placed by a hash of the address; 0: none */
};

/* False if it is not a variable's memory: a stack is private. */
bool footprint_range_of(const volatile void *start, size_t size, enum footprint_kind kind,
                        struct footprint_range *range);

void footprint_clear(struct footprint *footprint);
void footprint_add(struct footprint *footprint, const struct footprint_range *range);

/* True if the order of the two makes a difference: one of them changes what the other uses, and
 * they do not both just set bits. */
bool footprint_conflicts(const struct footprint *footprint, const struct footprint_range *range);

void footprint_set_add(struct footprint_set *set, const struct footprint_range *range);
bool footprint_set_has(const struct footprint_set *set, const struct footprint_range *range);

#endif
