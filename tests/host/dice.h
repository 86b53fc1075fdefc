/* Dice: numbers that a seed determines, with a stream for each part so that none affects
 * another. */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
  uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood, 2014). */
static inline uint64_t dice_next(struct dice *dice) {
  uint64_t z = (dice->state += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Stream number `stream` of a seed. */
static inline struct dice dice_of(uint64_t seed, unsigned stream) {
  struct dice dice = {seed * UINT64_C(0xd1342543de82ef95) + stream};

  dice.state = dice_next(&dice);
  return dice;
}

/* A number below `limit`, which is not 0. */
static inline uint32_t dice_below(struct dice *dice, uint32_t limit) {
  return (uint32_t)((dice_next(dice) >> 32) * limit >> 32);
}

/* A number from `least` to `most`. */
static inline uint32_t dice_from(struct dice *dice, uint32_t least, uint32_t most) {
  return least + dice_below(dice, most - least + 1);
}

/* From `least` to `most`, each order of magnitude equally likely. */
static inline uint64_t dice_scale(struct dice *dice, uint64_t least, uint64_t most) {
  unsigned doublings = 0;

  while (least << (doublings + 1) <= most)
    doublings++;
  least <<= dice_below(dice, doublings + 1);
  least += (uint64_t)dice_below(dice, 1u << 16) * least >> 16;
  return least < most ? least : most;
}

/* True once in a million times `per_million`. */
static inline bool dice_chance(struct dice *dice, uint32_t per_million) {
  return per_million != 0 && dice_below(dice, 1000000) < per_million;
}

#endif
