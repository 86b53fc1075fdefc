/* A driver under the kit, between a wire and a stack that check each frame: number, bytes, order.
 */
#ifndef RIG_H
#define RIG_H

#include "fake_mac.h"
#include "unit.h"

enum {
  RIG_PACKETS = 96, /* more than the ring of any MAC, so that some rest */
  RIG_BUFFER = 1536,
  RIG_DEPTH = 32,
  RIG_FRAME_MIN = 60,
  RIG_FRAME_MAX = 1514,
  RIG_FRAGMENTS_MAX = 12,
  RIG_PACKET_ALIGNMENT = 64, /* at least, of a received frame's buffer */
  RIG_IN_FLIGHT_MAX = 150,   /* frames that a test may have under way */
  RIG_TRIES_MAX = 500,       /* frames that fill any MAC */
  RIG_MOMENTS_MAX = 2000,    /* that a driver's turn may have */
};

/* A device under a cache and a bus: what differs from board to board. */
struct rig_bus {
  const char *name;
  unsigned line;   /* bytes of a cache line */
  bool last_first; /* order of stores that have none; see host_dma_options */
  bool eager;      /* the device looks at its rings at each moment; else when it is told to */
};

/* What has been seen so far. */
struct rig {
  const struct fake_mac *mac;
  struct nic *nic;
  const struct rig_bus *bus;
  unsigned fragments_max;   /* of a frame, that the MAC gathers and the rig makes */
  unsigned wired;           /* frames that the MAC has received */
  unsigned lost;            /* frames that found no room in it */
  unsigned delivered;       /* frames that the stack got */
  unsigned checked;         /* of these, whose checksums the MAC vouched for */
  const uint8_t *payload;   /* of the last one */
  unsigned accepted;        /* frames that datapath_transmit() took */
  unsigned refused;         /* frames that it did not take */
  unsigned sent;            /* frames on the wire */
  bool hoard;               /* the stack keeps what it gets */
  bool echo;                /* the stack sends back what it gets, in its own buffer */
  bool ragged;              /* fragments are of any length, down to none, and start anywhere */
  uint32_t with_empty_part; /* frames that were given a part without bytes */
  bool foreign;             /* frames go out that the rig has not made: they are counted */
  bool confused;            /* an error may hide what became of frames before it: such as were sent
                               may count as stopped as well */
  bool gone; /* the device was not there for a while: frames that it had are lost with it, and its
                interrupt may have gone on */
  unsigned hoarded;       /* frames that it keeps */
  void (*on_input)(void); /* what the stack does as it gets a frame */
  unsigned backlog;       /* frames that come in at the next moments of an eager device */
};

extern struct rig rig;

/* Builds the driver over its fake, in NIC_INIT; and what a test leaves behind is checked: the kit's
 * memory is all back. */
void rig_build(const struct fake_mac *mac, const struct rig_bus *bus);
void rig_end(void);

/* The processor starts anew while nothing is under way, in NIC_INIT, and the device goes on as it
 * was left. */
void rig_boot_again(void);

/* In NIC_INIT: other sizes than the rig's own from the next nic_start() on, none of them 0. */
struct rig_sizes {
  uint16_t packets;     /* up to RIG_PACKETS */
  uint16_t buffer_size; /* a multiple of 64, up to RIG_BUFFER; the MTU follows */
  uint16_t held_max;
  uint16_t queue_depth; /* a power of two, up to RIG_DEPTH */
  uint16_t batch;       /* up to queue_depth */
  uint16_t budget;
};
void rig_resize(const struct rig_sizes *sizes);

/* From NIC_INIT to NIC_ENABLED, with a link. */
void rig_enable(void);

/* The main loop, until nothing is left to do. */
void rig_run(void);

/* The next frame comes in from the wire, of `length` bytes to this station; or, addressed
 * otherwise, to `destination`. */
enum fake_verdict rig_wire(uint32_t length);
enum fake_verdict rig_wire_to(const uint8_t destination[ETH_ADDRESS_BYTES], uint32_t length);

/* The same of a frame to this station, in an action of rig_at(). */
enum fake_verdict rig_come_in(uint32_t length);

/* A frame of any length comes in that the stack must not get; and the same, where the MAC has to be
 * ready. */
enum fake_verdict rig_wire_bad(uint32_t length);
void rig_must_wire_bad(uint32_t length);

/* What the device does by itself: see struct fake_mac. A link that is fixed stays up: returns
 * whether there is a carrier. */
void rig_hold_tx(bool hold);
void rig_send(unsigned frames);
bool rig_set_link(bool up);

/* The device or its PHY goes; returns what is to be put to `absence->where` for it to come back. */
uint32_t rig_take_away(const struct fake_absence *absence);

/* False where there is nothing now that the error could happen to. */
bool rig_inject(const struct fake_error *error);

/* On a bus with an eager device, `action` happens after `moments` more of the device's moments: the
 * steps of the driver's work that hardware can see. */
void rig_at(unsigned moments, void (*action)(void));

/* One of these moments. */
void rig_look(void *context);

/* What has not happened by now does not any more: false if it had happened. */
bool rig_at_cancel(void);

/* Brings `count` frames in, running the main loop where the MAC has no room; none may be lost. */
void rig_wire_all(unsigned count, uint32_t length);

/* Sends a frame of `length` bytes, of `fragments` buffers whose starts are `alignment` bytes apart
 * from multiples of it by none (1: each start is odd). Returns what datapath_transmit() does. */
int rig_transmit(uint32_t length, unsigned fragments, unsigned alignment);

/* The same, where it must be taken. */
void rig_must_transmit(uint32_t length, unsigned fragments, unsigned alignment);

/* The stack gives back up to `count` of the frames that it keeps. */
void rig_give_back(unsigned count);

/* Nothing is lost: each packet of the pool is somewhere, each frame was delivered, sent, is on its
 * way or was counted, once. */
void rig_check(void);

/* Fails, with both numbers, where they differ. */
void rig_check_equal(const char *what, unsigned is, unsigned should_be);

/* And nothing is on its way any more. */
void rig_check_idle(void);

/* Frames go in both directions. */
void rig_check_traffic(void);

#endif
