/* Sends each frame through the stack by the fast path, by lwIP's own path, and with its answer made
 * in its own buffer, and compares the results. */
#ifndef TWO_PATHS_H
#define TWO_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/netif.h"

enum {
  TWO_PATHS_ECHO_PORT = 7,    /* answers with the data it got */
  TWO_PATHS_CHANGE_PORT = 8,  /* answers with fewer bytes, or different ones, or both */
  TWO_PATHS_DISCARD_PORT = 9, /* answers nothing */
  TWO_PATHS_BOUND_PORT = 10,  /* bound to the netif's address */
  TWO_PATHS_LISTEN_PORT = 11, /* TCP's */
  TWO_PATHS_FRAME_MAX = 1518,
};

struct two_paths {
  struct netif netif;     /* 10.2.0.1/24, fe80::1 */
  const char *difference; /* what differed, or NULL */
  unsigned general;       /* calls of ethernet_input(), counted by the user of this */
  bool fast;              /* the fast path took the last frame */
  uint8_t raw_protocol;   /* a raw PCB sees packets of this protocol; 0: there is none */
  bool raw_eats;          /* and takes them */
  bool by_reference;      /* frames arrive in pbufs whose bytes are elsewhere */
  bool in_place;          /* the last frame was answered in its own buffer, without the fast path */
  uint8_t sent[TWO_PATHS_FRAME_MAX]; /* the fast path's last answer */
  size_t sent_length;
};
extern struct two_paths two_paths;

/* The station 10.2.0.2, also fe80::2, is a neighbor; so is 10.2.0.3, with the address of a station
 * that does not exist. */
void two_paths_setup(void);
void two_paths_teardown(void);

/* Gives the frame to lwIP, first with receivers that answer by udp_sendto(), then with ones that
 * answer in its own buffer; then to the fast path. False if the results differ. */
bool two_paths_agree(const uint8_t *frame, size_t length);

/* Writes a ping or a datagram of `size` bytes of data, from 10.2.0.2 to the netif; returns the
 * frame's length. */
size_t two_paths_ping(uint8_t *frame, size_t size);
size_t two_paths_datagram(uint8_t *frame, size_t size, uint16_t port);

/* The same for a TCP segment with these flags in its header. */
size_t two_paths_segment(uint8_t *frame, size_t size, uint16_t port, uint8_t flags);

/* A datagram over IPv6, from fe80::2. */
size_t two_paths_datagram6(uint8_t *frame, size_t size, uint16_t port);

/* Makes the checksums of a frame right, if it is long enough to have any. */
void two_paths_sum(uint8_t *frame, size_t length);

#endif
