/* The wire between the ports: a hub or a switch that delays, loses, duplicates, reorders and
 * corrupts frames. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

struct wire_weather {
  uint32_t latency_us; /* from port to port */
  uint32_t jitter_us;  /* at most that much more; frames overtake each other */
  uint32_t loss;       /* frames that are lost, per million; the rest likewise */
  uint32_t burst;      /* starts of a while in which all are lost */
  uint32_t burst_us;   /* the longest such while */
  uint32_t twice;      /* frames that arrive twice */
  uint32_t corrupt;    /* frames with a wrong bit after the IP header, which checksums cover */
};

struct wire_report {
  uint64_t sent; /* frames, from all ports */
  uint64_t lost, twice, corrupt, overflowed;
  uint64_t digest; /* of everything that was sent, and when */
};

/* A wire without faults; `hub`: each frame goes to all ports, else only to its destinations. */
void wire_start(uint64_t seed, bool hub);
void wire_weather(const struct wire_weather *weather);

/* From now on writes all frames to a capture file; ends the program if it cannot. */
void wire_capture(const char *file);

const struct wire_report *wire_report(void);

#endif
