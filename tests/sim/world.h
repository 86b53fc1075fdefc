/* What a node of the simulation sees of the world around it: a cable, a verdict, and flows.
 *
 * The world is one program with one thread. Its nodes are copies of one object (node.h) with
 * globals of their own; these functions are all that they share, besides libc. Times are the
 * world's, in microseconds since its start. */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

enum {
  WORLD_NODES = 2,
  WORLD_TESTER = 2, /* the third port: a hand-written host (tester.h) */
  WORLD_PORTS = 3,
  WORLD_FRAME_MAX = 1600, /* longest frame on the wire, in bytes */
  WORLD_FLOWS = 64,
  WORLD_PATTERN_BYTES = 1 << 16,
};

/* Puts a frame on the cable of port `from` at `now_us`. */
void world_send(unsigned from, const uint8_t *frame, uint32_t length, uint64_t now_us);

/* Ends the run with this text, because an invariant is broken. */
_Noreturn void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a line in a replay; does nothing otherwise. */
void world_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool world_is_replayed(void);

/* The bytes that all streams are cut from: position p of flow f in a direction is sent as
 * world_pattern[world_pattern_at(f, direction, p)]. The pattern's first bytes are repeated after
 * its end, so that each segment is in one piece. */
extern const uint8_t *world_pattern;

static inline uint32_t world_pattern_at(uint32_t flow, unsigned direction, uint32_t position) {
  return (flow * 40503u + direction * 17389u + position) % WORLD_PATTERN_BYTES;
}

/* A flow is one TCP connection, opened by `client`. Direction 0 is what the client sends. */
struct world_flow {
  uint32_t id;       /* never used again in a run; 0: the slot is free */
  unsigned client;   /* a node */
  uint32_t total[2]; /* bytes to be sent in each direction */
  uint32_t sent[2];  /* bytes given to TCP */
  uint32_t got[2];   /* bytes that have come out of TCP, each checked */
  bool open[2];      /* the client's end exists, the server's end exists */
  bool whole[2];     /* that end has sent everything, and got everything with the other's FIN */
  bool excused;      /* something happened that a connection may die of */
  bool left;         /* an end has gone with data unread: lwIP may take 20 s to report it */
  uint32_t progress; /* increases with each acknowledgement, piece of data and end */
};

extern struct world_flow world_flows[WORLD_FLOWS];

/* A datagram came with other data than was sent: a failure, unless the wire changes bits that no
 * checksum covers. */
void world_wrong_datagram(unsigned node);

/* True if bits of frames have been changed. */
bool world_has_changed_bits(void);

/* Something happened that any connection may die of. */
void world_excuse_flows(void);

/* A new flow that node `client` opens, or NULL if there are too many. */
struct world_flow *world_flow_open(unsigned client);

/* Flow number `id`, or NULL if it is forgotten. */
struct world_flow *world_flow(uint32_t id);

#endif
