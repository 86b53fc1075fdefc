/* The wire between the ports: a hub or a switch that delays, loses, doubles, overtakes, corrupts.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

struct wire_weather {
  uint32_t latency_us; /* from port to port */
  uint32_t jitter_us;  /* more than that at the most; frames overtake each other */
  uint32_t loss;       /* frames that are lost, per million; each of the rest likewise */
  uint32_t burst;      /* times that all are lost for a while */
  uint32_t burst_us;   /* the longest such while */
  uint32_t twice;      /* frames that come twice */
  uint32_t corrupt;    /* frames with a wrong bit behind the IP header, which checksums cover */
};

struct wire_report {
  uint64_t sent; /* frames, from all ports */
  uint64_t lost, twice, corrupt, overflowed;
  uint64_t digest; /* of all that was sent, and when */
};

/* A wire without faults; `hub`: each frame goes to all ports, else to those it is for. */
void wire_start(uint64_t seed, bool hub);
void wire_weather(const struct wire_weather *weather);

/* Writes all frames to a capture file from now on; ends the program where it cannot. */
void wire_capture(const char *file);

const struct wire_report *wire_report(void);

#endif
