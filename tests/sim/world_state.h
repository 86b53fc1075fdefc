/* The state of the world, which the scenario writes. */
#ifndef WORLD_STATE_H
#define WORLD_STATE_H

#include <stdbool.h>
#include <stdint.h>

extern struct world_state {
  uint64_t now_us;
  bool replayed;
  bool storm;  /* what happens now may kill connections */
  bool silent; /* bits that no checksum covers have been changed */
  uint64_t flows, whole;
} world_state;

void world_start(void);

#endif
