/* A frame on both of its ways through the stack, by the fast path and by lwIP's, and with its
 * answer in its own buffer: what comes of it is compared. */
#ifndef TWO_PATHS_H
#define TWO_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/netif.h"

enum {
  TWO_PATHS_ECHO_PORT = 7,    /* answers with what it got */
  TWO_PATHS_CHANGE_PORT = 8,  /* answers with half as many bytes, and others */
  TWO_PATHS_DISCARD_PORT = 9, /* answers nothing */
  TWO_PATHS_BOUND_PORT = 10,  /* is for the netif's address alone */
  TWO_PATHS_LISTEN_PORT = 11, /* TCP's */
  TWO_PATHS_FRAME_MAX = 1518,
};

struct two_paths {
  struct netif netif;     /* 10.2.0.1/24, fe80::1 */
  const char *difference; /* what was not the same, or NULL */
  unsigned general;       /* calls of ethernet_input(), which whoever uses this counts */
  bool fast;              /* the last frame was the fast path's */
  uint8_t raw_protocol;   /* a raw PCB looks at packets of this protocol; 0: there is none */
  bool raw_eats;          /* and keeps them */
  bool by_reference;      /* frames come in pbufs that are not in one piece with their bytes */
  bool in_place;          /* the last frame was answered in its own buffer, without the fast path */
  uint8_t sent[TWO_PATHS_FRAME_MAX]; /* the last answer by the fast path */
  size_t sent_length;
};
extern struct two_paths two_paths;

/* The station 10.2.0.2, and fe80::2, is a neighbor; so is 10.2.0.3 with the address of a station
 * that is not. */
void two_paths_setup(void);
void two_paths_teardown(void);

/* Gives the frame to lwIP, whose receivers answer by udp_sendto(), and then in its own buffer; then
 * to the fast path. False where they differ. */
bool two_paths_agree(const uint8_t *frame, size_t length);

/* Writes a ping or a datagram of `size` bytes of data, from 10.2.0.2 to the netif; returns the
 * frame's length. */
size_t two_paths_ping(uint8_t *frame, size_t size);
size_t two_paths_datagram(uint8_t *frame, size_t size, uint16_t port);

/* The same of a TCP segment, with these flags of its header. */
size_t two_paths_segment(uint8_t *frame, size_t size, uint16_t port, uint8_t flags);

/* A datagram over IPv6, from fe80::2. */
size_t two_paths_datagram6(uint8_t *frame, size_t size, uint16_t port);

/* Makes the checksums of a frame right, where it is long enough to have some. */
void two_paths_sum(uint8_t *frame, size_t length);

#endif
