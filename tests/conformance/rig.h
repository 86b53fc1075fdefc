/* A driver under the kit, between a wire and a stack that check each frame: number, bytes, order.
 */
#ifndef RIG_H
#define RIG_H

#include "fake_mac.h"
#include "unit.h"

enum {
  RIG_PACKETS = 96, /* more than any MAC's ring, so that some are at rest */
  RIG_BUFFER = 1536,
  RIG_DEPTH = 32,
  RIG_FRAME_MIN = 60,
  RIG_FRAME_MAX = 1514,
  RIG_FRAGMENTS_MAX = 12,
  RIG_PACKET_ALIGNMENT = 64, /* at least, of a received frame's payload */
  RIG_IN_FLIGHT_MAX = 150,   /* frames that a test may have in flight */
  RIG_TRIES_MAX = 500,       /* frames that fill any MAC */
  RIG_MOMENTS_MAX = 2000,    /* that a driver's turn may take */
};

/* A device behind a cache and a bus: what differs from board to board. */
struct rig_bus {
  const char *name;
  unsigned line;   /* of a cache line, in bytes */
  bool last_first; /* the order in which unordered stores arrive; see host_dma_options */
  bool eager;      /* the device looks at its rings at every moment; else only at a doorbell */
};

/* What has happened so far. */
struct rig {
  const struct fake_mac *mac;
  struct nic *nic;
  const struct rig_bus *bus;
  unsigned fragments_max;   /* of a frame, that the MAC gathers and the rig makes */
  unsigned wired;           /* frames that the MAC has received */
  unsigned lost;            /* frames that it had no room for */
  unsigned delivered;       /* frames that the stack got */
  unsigned checked;         /* those of them whose checksums the MAC vouched for */
  const uint8_t *payload;   /* the last one's */
  unsigned accepted;        /* frames that datapath_transmit() accepted */
  unsigned refused;         /* frames that it refused */
  unsigned sent;            /* frames on the wire */
  bool hoard;               /* the stack keeps what it gets */
  bool echo;                /* the stack sends back what it gets, in its own buffer */
  bool ragged;              /* fragments have any length, even 0, and start anywhere */
  uint32_t with_empty_part; /* frames with an empty fragment */
  bool foreign;             /* frames that the rig has not made go out: they are only counted */
  bool confused; /* an error may hide what became of frames before it: sent ones may be counted as
                    stopped, too */
  bool gone;     /* the device was absent for a while: the frames that it had are lost, and its
                    interrupt may have kept on */
  unsigned hoarded;       /* frames that the stack keeps */
  void (*on_input)(void); /* what the stack does when it gets a frame */
  void (*on_free)(void);  /* what the application does when a frame of its own is freed, */
  void (*on_link)(void);  /* and when the link changes */
  unsigned backlog;       /* frames that arrive at the next moments of an eager device */
  bool idles;             /* even an eager device sends nothing more before a doorbell */
};

extern struct rig rig;

/* Sets the driver up over its fake, in NIC_INIT; and checks what a test leaves behind: all of the
 * kit's memory is back. */
void rig_build(const struct fake_mac *mac, const struct rig_bus *bus);
void rig_end(void);

/* Restarts the processor while nothing is in flight, into NIC_INIT; the device goes on as it was
 * left. */
void rig_boot_again(void);

/* In NIC_INIT: from the next nic_start() on, other sizes than the rig's own, none of them 0. */
struct rig_sizes {
  uint16_t packets;     /* up to RIG_PACKETS */
  uint16_t buffer_size; /* a multiple of 64, up to RIG_BUFFER; the MTU follows */
  uint16_t held_max;
  uint16_t queue_depth; /* a power of two, up to RIG_DEPTH */
  uint16_t batch;       /* up to queue_depth */
  uint16_t budget;
};
void rig_resize(const struct rig_sizes *sizes);

/* In NIC_INIT: from now on the driver is not to offload anything. */
void rig_offload_nothing(void);

/* From NIC_INIT to NIC_ENABLED, with a link. */
void rig_enable(void);

/* Runs the main loop until nothing is left to do. */
void rig_run(void);

/* The next frame arrives from the wire, of `length` bytes: to this station, or to `destination`. */
enum fake_verdict rig_wire(uint32_t length);
enum fake_verdict rig_wire_to(const uint8_t destination[ETH_ADDRESS_BYTES], uint32_t length);

/* The same for a frame to this station, within an action of rig_at(). */
enum fake_verdict rig_come_in(uint32_t length);

/* A frame of any length arrives that the stack must not get; and the same when the MAC has to be
 * ready. */
enum fake_verdict rig_wire_bad(uint32_t length);
void rig_must_wire_bad(uint32_t length);

/* What the device does by itself: see struct fake_mac. A fixed link stays up: returns whether there
 * is a carrier. */
void rig_hold_tx(bool hold);
void rig_send(unsigned frames);
void rig_send_part(void);
bool rig_set_link(bool up);

/* The device or its PHY disappears; returns the value that brings it back when written to
 * `absence->where`. */
uint32_t rig_take_away(const struct fake_absence *absence);

/* False if there is nothing for the error to strike now. */
bool rig_inject(const struct fake_error *error);

/* An action for rig_at(): the device sends all that it finds, and then waits for a doorbell. */
void rig_run_out(void);

/* On a bus with an eager device, does `action` after `moments` more of the device's moments: the
 * steps of the driver's work that hardware can see. */
void rig_at(unsigned moments, void (*action)(void));

/* One such moment. */
void rig_look(void *context);

/* Cancels the action of rig_at(); false if it has been done. */
bool rig_at_cancel(void);

/* Receives `count` frames, running the main loop when the MAC has no room; none may be lost. */
void rig_wire_all(unsigned count, uint32_t length);

/* Sends a frame of `length` bytes in `fragments` buffers, which start at odd addresses if
 * `alignment` is 1, else at multiples of it. Returns what datapath_transmit() does. */
int rig_transmit(uint32_t length, unsigned fragments, unsigned alignment);

/* The same, and it must be accepted. */
void rig_must_transmit(uint32_t length, unsigned fragments, unsigned alignment);

/* The stack gives back up to `count` of the frames that it keeps. */
void rig_give_back(unsigned count);

/* Checks that nothing is lost: every packet of the pool is accounted for, and every frame was
 * delivered, was sent, is in flight or was counted, just once. */
void rig_check(void);

/* Fails, with both numbers, if they differ. */
void rig_check_equal(const char *what, unsigned is, unsigned should_be);

/* The same, and that nothing is in flight any more. */
void rig_check_idle(void);

/* Checks that frames pass in both directions. */
void rig_check_traffic(void);

#endif
