/* The memory that a step uses. */
#include "footprint.h"

#include <stdlib.h>

bool footprint_range_of(const volatile void *start, size_t size, enum footprint_kind kind,
                        struct footprint_range *range) {
  uintptr_t first = (uintptr_t)start;

  if (size == 0 || first + size > UINT32_MAX)
    return false;
  *range = (struct footprint_range){(uint32_t)first, (uint32_t)(first + size), kind, 0};
  if (size > 256)
    range->mask = UINT64_MAX;
  else
    for (uint32_t word = range->start / 4; word <= (range->end - 1) / 4; word++)
      range->mask |= UINT64_C(1) << (word * 2654435761u >> 26);
  return true;
}

void footprint_clear(struct footprint *footprint) {
  footprint->count = 0;
  footprint->mask = 0;
}

void footprint_add(struct footprint *footprint, const struct footprint_range *range) {
  footprint->mask |= range->mask;
  for (unsigned i = 0; i < footprint->count; i++) {
    struct footprint_range *known = &footprint->ranges[i];

    if (known->start <= range->start && range->end <= known->end &&
        (known->kind == range->kind || known->kind == FOOTPRINT_WRITE))
      return;
    if (known->start == range->start && range->end == known->end) {
      known->kind = FOOTPRINT_WRITE;
      return;
    }
  }
  if (footprint->count == FOOTPRINT_RANGES_MAX) {
    footprint->count = 1;
    footprint->ranges[0] = (struct footprint_range){0, UINT32_MAX, FOOTPRINT_WRITE, UINT64_MAX};
    footprint->mask = UINT64_MAX;
  } else {
    footprint->ranges[footprint->count++] = *range;
  }
}

bool footprint_conflicts(const struct footprint *footprint, const struct footprint_range *range) {
  if ((footprint->mask & range->mask) == 0)
    return false;
  for (unsigned i = 0; i < footprint->count; i++) {
    const struct footprint_range *other = &footprint->ranges[i];

    if (other->start < range->end && range->start < other->end &&
        (other->kind != range->kind || range->kind == FOOTPRINT_WRITE))
      return true;
  }
  return false;
}

/* ---- sets ---- */

/* The place where word `word` is, or where it belongs. */
static unsigned place_of(const struct footprint_set *set, uint32_t word) {
  unsigned i = word * 2654435761u >> 18;

  while (set->words[i] != 0 && set->words[i] != word)
    i = (i + 1) % FOOTPRINT_SET_WORDS;
  return i;
}

void footprint_set_add(struct footprint_set *set, const struct footprint_range *range) {
  for (uint32_t word = range->start / 4; word <= (range->end - 1) / 4; word++) {
    unsigned place = place_of(set, word);

    if (set->words[place] != 0)
      continue;
    set->words[place] = word;
    if (++set->count == FOOTPRINT_SET_WORDS - 1)
      abort();
  }
}

bool footprint_set_has(const struct footprint_set *set, const struct footprint_range *range) {
  for (uint32_t word = range->start / 4; word <= (range->end - 1) / 4; word++) {
    if (set->words[place_of(set, word)] != 0)
      return true;
  }
  return false;
}
