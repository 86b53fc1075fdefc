/* A netif driver between a wire and a stack that check each frame: number, bytes, order. */
#ifndef NETIF_RIG_H
#define NETIF_RIG_H

#include "netif_driver.h"

enum {
  NETRIG_FRAME_MIN = 60,
  NETRIG_FRAME_MAX = 1514,
  NETRIG_LONGEST = 2000, /* that may come from the wire */
  NETRIG_SHORTEST = 18,  /* of a frame to be sent, which has a number */
  NETRIG_PARTS_MAX = 8,
  NETRIG_FRAMES_MAX = 512, /* that a driver may accept without sending any */
  NETRIG_KEPT_MAX = 256,
};

/* What the stack does with a frame that it is given. */
enum netrig_receiver {
  NETRIG_FREES,   /* it overwrites and frees it */
  NETRIG_KEEPS,   /* it keeps it until netrig_free_kept() */
  NETRIG_REFUSES, /* `input` returns an error: it is still the driver's */
  NETRIG_ANSWERS, /* it sends an answer in the same pbuf, and frees it */
  NETRIG_SENDS,   /* it sends a frame of its own */
};

/* What the stack does with a frame that it has sent. */
enum netrig_sender {
  NETRIG_GIVES,   /* it frees it at once, as UDP does */
  NETRIG_RESENDS, /* it keeps it, to send it again, as TCP does: it must come back unchanged */
  NETRIG_REUSES,  /* PBUF_REF: its memory is used for something else at once */
  NETRIG_STREAMS, /* its free function sends another, while netrig.stream is not 0 */
};

struct netif_rig {
  const struct netif_driver *driver;
  struct netif netif;
  enum netrig_receiver receiver;
  bool lossy;   /* memory is short or the link was down: frames that were accepted may be dropped */
  bool removed; /* nothing may come or go */
  bool unordered;      /* frames are sent within others' linkoutput: either may be first */
  unsigned stream;     /* frames that NETRIG_STREAMS has still to send */
  unsigned delivered;  /* frames that the stack was given */
  unsigned sent;       /* frames on the wire that the rig has made */
  unsigned kept_count; /* frames that the stack keeps */
};
extern struct netif_rig netrig;

/* A driver that has not come back after this many seconds waits for ever: the process is ended, by
 * SIGALRM. */
extern unsigned netrig_patience_s;

/* Powers the device on and adds the netif, with a link. */
void netrig_begin(const struct netif_driver *driver);

/* Checks that frames pass and all memory is back, once the transmitter does not pause. */
void netrig_end(void);

/* Runs the product until the netif's link is as the carrier, which has just changed. */
void netrig_await_link(bool up);

/* Adds the netif to lwIP, on a device that was removed from it. */
void netrig_add(void);
void netrig_remove(void);

/* Runs the product for some milliseconds. */
void netrig_run(unsigned ms);

/* A frame comes from the wire, to this station or to `destination`: see struct netif_driver. */
bool netrig_receive(uint32_t length);
bool netrig_receive_to(const uint8_t *destination, uint32_t length);

/* The same for a frame that must not get to the stack. */
void netrig_receive_stray(const uint8_t *destination, uint32_t length);

/* The same for frames that the device has to take, if need be after a millisecond or a hundred;
 * then runs it, and checks that the stack was given all of them. */
void netrig_must_receive(unsigned frames, uint32_t length);

/* The longest frame that lwIP sends by this netif: as its mtu says. */
uint32_t netrig_longest(void);

/* Sends a frame of `length` bytes in `parts` pbufs, at odd addresses if `odd`. Returns what
 * `linkoutput` does. */
err_t netrig_send(uint32_t length, unsigned parts, bool odd, enum netrig_sender sender);

/* The same, and it must be accepted. */
void netrig_must_send(uint32_t length, unsigned parts, bool odd, enum netrig_sender sender);

/* The stack frees the frames that it keeps, whose bytes must still be as they came. */
void netrig_free_kept(void);

/* Takes all memory from which a pbuf can be made, and gives it back. */
void netrig_take_memory(void);
void netrig_give_memory_back(void);

/* Checks that as much of lwIP's memory is in use as before the test. */
void netrig_check_memory(void);

/* The frames of NETRIG_STREAMS that are free are sent again, as long as netrig.stream is not 0. */
void netrig_stream(void);

/* Checks that all that was accepted was sent, once, and is free. */
void netrig_check_sent(void);

/* Checks that frames pass in both directions. */
void netrig_check_traffic(void);

#endif
