/* A node of the simulation: driver kit, simulated NIC and lwIP, with an application.
 *
 * Each node is linked into one relocatable object whose only global symbol is its `struct
 * node_ops`. The world is linked with copies of that object, so that each node has globals of its
 * own. A node does something only in the functions below; they run its interrupts and its main loop
 * up to the given time. */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_fault.h"

enum {
  NODE_DEVICES = 2, /* simulated NICs on its one cable: one is an interface, the other may still
                       wait for packets that the application holds */
  NODE_PACKETS_MAX = 32,  /* in a NIC's pool */
  NODE_QUEUE_MAX = 32,    /* depth of a NIC's queues */
  NODE_BUFFER_MAX = 1536, /* bytes of a packet */
};

/* Deliberate defects, which put the invariants to the test: name, and what is wrong. */
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
  uint64_t seed;     /* its dice's */
  uint64_t clock_us; /* what its clock shows at the start */
  uint16_t packets;  /* from here on as in struct nic_config */
  uint16_t held_max;
  uint16_t buffer_size;
  uint16_t queue_depth;
  uint16_t batch;
  uint16_t budget;
  bool low_keeps_buffers;
  bool fast; /* pings and datagrams take the fast path; it sends no pings itself */
  bool ip6;  /* both nodes have buffers that are long enough for IPv6 */
  enum node_defect defect;
};

/* What changes with the weather. */
struct node_weather {
  uint16_t device[SIM_FAULT_COUNT]; /* faults of the NIC, in thousandths */
  uint32_t no_memory;               /* allocations that fail in lwIP, per million */
  uint32_t bad_start;               /* failures of the NIC to start or to be enabled, per million */
  uint32_t turn_us;                 /* the longest duration of a turn of the main loop */
  uint32_t step_us;       /* the longest time between two hooks of the port within a turn */
  uint32_t timer_late_us; /* the most by which the hardware timer is late */
  uint16_t hoard;         /* the most packets that the application keeps */
  bool slow_reader;       /* TCP data waits until the application acts */
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
  NODE_ABORT,      /* resets a connection */
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

  /* When it next has something to do. */
  uint64_t (*next_us)(void);

  /* Runs interrupts and one turn of the main loop at `now_us`, or later if it was busy. */
  void (*run)(uint64_t now_us);

  /* A frame reaches the node's end of the cable at `at_us`. */
  void (*arrive)(const uint8_t *frame, uint32_t length, uint64_t at_us);

  void (*weather)(const struct node_weather *weather);

  void (*act)(enum node_act act, uint64_t now_us);

  /* Installs, enables and plugs in the interface; nothing is hoarded. False if lwIP still holds
   * packets of an interface that has gone: try again later. */
  bool (*heal)(uint64_t now_us);

  /* Microseconds until TCP, at the latest, retransmits what is not acknowledged; `*flows` is the
   * set of the flows that this is about. */
  uint64_t (*tcp_deadline)(uint64_t *flows);

  /* Pings the other node; `pinged` becomes true when one of these pings is answered. */
  void (*ping_other)(bool ip6, uint64_t now_us);
  bool (*pinged)(bool ip6);

  /* True if TCP has no connection, not even in TIME_WAIT. */
  bool (*is_quiet)(void);

  /* Uninstalls the interface; some time later check_end() checks that nothing is left. */
  void (*close)(uint64_t now_us);
  void (*check_end)(uint64_t now_us);

  void (*report)(struct node_report *report);
};

#endif
