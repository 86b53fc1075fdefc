/* A node of the simulation: driver kit, simulated NIC and lwIP, with an application, as one object.
 *
 * All of it is linked into one relocatable object whose only global symbol is its `struct
 * node_ops`. The world is linked with copies of that object, so that each node has globals of its
 * own. A node does something only in the functions below; they run its interrupts and its main loop
 * up to the time they are told. */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_fault.h"

enum {
  NODE_DEVICES = 2, /* simulated NICs on its one cable: one is an interface, the other may still
                       wait for packets that the application holds */
  NODE_PACKETS_MAX = 32,  /* of a NIC's pool */
  NODE_QUEUE_MAX = 32,    /* depth of a NIC's queues */
  NODE_BUFFER_MAX = 1536, /* bytes of a packet */
};

/* Deliberate defects, by which the invariants are put to the test: name, and what is wrong. */
#define NODE_DEFECTS(X)                                                                            \
  X(NONE, "none")                                                                                  \
  X(LEAK_RX, "leak-rx")             /* a received buffer is forgotten */                           \
  X(LEAK_TX, "leak-tx")             /* a sent frame is forgotten */                                \
  X(TWICE, "twice")                 /* a received buffer is posted again, too */                   \
  X(EARLY_FREE, "early-free")       /* a frame is freed before it is sent */                       \
  X(NO_UNMASK, "no-unmask")         /* interrupts stay masked */                                   \
  X(NO_DOORBELL, "no-doorbell")     /* the device is not told of a frame */                        \
  X(UNCOUNTED, "uncounted")         /* a received frame vanishes without a cause */                \
  X(COUNTED_TWICE, "counted-twice") /* a received frame counts as dropped, too */                  \
  X(WRONG_BYTES, "wrong-bytes")     /* data is changed behind the checksum's back */               \
  X(DEAF, "deaf")                   /* turned on again, it posts no buffer */                      \
  X(MUTE, "mute")                   /* after a link flap it posts no frame */                      \
  X(NO_LINK, "no-link")             /* after a link flap the link stays down */                    \
  X(PBUF_LEAK, "pbuf-leak")         /* the application forgets a pbuf */                           \
  X(LOST_BYTES, "lost-bytes")       /* the application loses a byte of a stream */

enum node_defect {
#define NODE_DEFECT_ENUM(name, text) NODE_DEFECT_##name,
  NODE_DEFECTS(NODE_DEFECT_ENUM)
#undef NODE_DEFECT_ENUM
      NODE_DEFECT_COUNT
};

/* How a node is made, for its whole life. */
struct node_config {
  unsigned id;       /* its port; its addresses end in id + 1 */
  uint64_t seed;     /* of its dice */
  uint64_t clock_us; /* what its clock shows at the start */
  uint16_t packets;  /* as struct nic_config */
  uint16_t held_max;
  uint16_t buffer_size;
  uint16_t queue_depth;
  uint16_t batch;
  uint16_t budget;
  bool low_keeps_buffers;
  bool fast; /* pings and datagrams go by the fast path; it sends no pings itself */
  bool ip6;  /* both nodes have buffers that are long enough for IPv6 */
  enum node_defect defect;
};

/* What changes with the weather. */
struct node_weather {
  uint16_t device[SIM_FAULT_COUNT]; /* faults of the NIC, in thousandths */
  uint32_t no_memory;               /* allocations of lwIP that fail, per million */
  uint32_t bad_start;     /* times that the NIC does not start, or does not enable, per million */
  uint32_t turn_us;       /* longest time that a turn of the main loop takes */
  uint32_t step_us;       /* longest time from hook to hook of the port within one */
  uint32_t timer_late_us; /* most by which the hardware timer is late */
  uint16_t hoard;         /* packets that the application keeps at the most */
  bool slow_reader;       /* TCP data waits for an act of the application */
  bool obeys;             /* some datagrams are commands that switch the interface */
};

/* What an application or an operator does. */
enum node_act {
  NODE_TCP,        /* opens a flow to the other node, by IPv4 or IPv6 */
  NODE_UDP,        /* a datagram to a node or the tester, perhaps in fragments */
  NODE_PING,       /* an echo request */
  NODE_MULTICAST,  /* a datagram to a group */
  NODE_MEMBERSHIP, /* joins or leaves a group */
  NODE_READ,       /* the application takes what it has kept */
  NODE_ABORT,      /* it resets a connection */
  NODE_ENABLE,     /* the interface is disabled, or enabled again */
  NODE_POWER,      /* low power, or back */
  NODE_INSTALL,    /* it is uninstalled, or installed again */
  NODE_CARRIER,    /* the cable is pulled, or plugged in */
  NODE_SETTINGS,   /* promiscuous, all groups, MTU */
  NODE_TAP,        /* a capture starts or ends */
  NODE_ACT_COUNT
};

struct node_report {
  uint64_t received, sent; /* frames, over all NICs */
  uint64_t turns, interrupts;
  uint64_t recoveries, no_memory, installs;
  uint64_t struck[SIM_FAULT_COUNT];
  uint64_t bytes; /* of TCP that were checked */
};

struct node_ops {
  void (*boot)(const struct node_config *config);

  /* When it has something to do. */
  uint64_t (*next_us)(void);

  /* Interrupts and one turn of the main loop at `now_us`, or later where it was busy. */
  void (*run)(uint64_t now_us);

  /* A frame is at the node's end of the cable at `at_us`. */
  void (*arrive)(const uint8_t *frame, uint32_t length, uint64_t at_us);

  void (*weather)(const struct node_weather *weather);

  void (*act)(enum node_act act, uint64_t now_us);

  /* The interface is installed, on and plugged in; nothing is hoarded. False where lwIP still holds
   * packets of an interface that has gone: try again later. */
  bool (*heal)(uint64_t now_us);

  /* Microseconds until TCP tries again at the latest, for what it has not had acknowledged; each
   * flow that this is about is in the set. */
  uint64_t (*tcp_deadline)(uint64_t *flows);

  /* Pings the other node; `pinged` is true when one of these was answered. */
  void (*ping_other)(bool ip6, uint64_t now_us);
  bool (*pinged)(bool ip6);

  /* True if TCP has no connection, not even one that waits for its time to be over. */
  bool (*is_quiet)(void);

  /* Uninstalls the interface; some time later check_end() looks that nothing is left. */
  void (*close)(uint64_t now_us);
  void (*check_end)(uint64_t now_us);

  void (*report)(struct node_report *report);
};

#endif
