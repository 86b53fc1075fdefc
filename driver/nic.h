/* The centre of the driver kit: what a NIC is, what its MAC driver provides, and its lifecycle.
 *
 *                 nic_init          nic_start           nic_set_interface_enable(true)
 *   NIC_ABSENT ------------> NIC_INIT -------> NIC_STARTED -----------------------> NIC_ENABLED
 *       ^                      |  ^               |    ^                                |   ^
 *       |       nic_free       |  |    nic_stop   |    |  set_interface_enable(false)   |   |
 *       +----------------------+  +---------------+    +--------------------------------+   |
 *                                 ^                                        set_power_state  |
 *                                 |                nic_stop                (low)  |   (on)  |
 *                                 +------ from NIC_LOW, NIC_ENABLED too --- NIC_LOW <-------+
 *
 * Any other order is refused with -EPERM and changes nothing. nic_stop() works from each state that
 * nic_start() leads to; in NIC_LOW the interface may be disabled, too, which leads to NIC_STARTED.
 *
 * All functions but nic_interrupt() are for the main loop. They may be called within the stack's
 * receive functions and a pbuf's free function, too: the turn that delivered or sent the frame
 * copes with what has changed. While a step gives frames back, their free functions find
 * NIC_STOPPING, from which no other step is taken. */
#ifndef NIC_H
#define NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip_options.h"
#include "dispatch.h"
#include "packet_pool.h"
#include "packet_queue.h"
#include "ring.h"

struct nic;

enum {
  ETH_ADDRESS_BYTES = 6,
  ETH_HEADER_BYTES = 14,
  ETH_TAG_BYTES = ETHARP_SUPPORT_VLAN ? 4 : 0, /* of a VLAN (IEEE 802.1Q), beside the MTU */
  ETH_FCS_BYTES = 4,
  ETH_MTU = 1500,
};

/* The counters of a NIC, in one table: name, and what it counts. Traffic has the names of the
 * interface MIB (RFC 2863). Every dropped frame counts once, under one of the causes from IN_RUNT
 * to OUT_STOPPED. */
#define NIC_COUNTERS(X)                                                                            \
  X(IN_OCTETS, "in_octets")                   /* bytes of good frames received, no FCS */          \
  X(IN_UCAST_PKTS, "in_ucast_pkts")           /* good frames to one station */                     \
  X(IN_MULTICAST_PKTS, "in_multicast_pkts")   /* good frames to a group */                         \
  X(IN_BROADCAST_PKTS, "in_broadcast_pkts")   /* good frames to all */                             \
  X(OUT_OCTETS, "out_octets")                 /* bytes given to the device, no FCS */              \
  X(OUT_UCAST_PKTS, "out_ucast_pkts")         /* frames given to the device, to one station */     \
  X(OUT_MULTICAST_PKTS, "out_multicast_pkts") /* to a group */                                     \
  X(OUT_BROADCAST_PKTS, "out_broadcast_pkts") /* to all */                                         \
  X(IN_RUNT, "in_runt")                       /* drop: shorter than an Ethernet header */          \
  X(IN_TOO_LONG, "in_too_long")               /* drop: longer than the MTU allows */               \
  X(IN_ERROR, "in_error")                     /* drop: the device flagged it as bad */             \
  X(IN_OVERFLOW, "in_overflow")               /* drop: no descriptor free (1 or more frames) */    \
  X(IN_NO_BUFFER, "in_no_buffer")             /* drop: stack holds too many, no room to copy */    \
  X(IN_FILTERED, "in_filtered")               /* drop: a group not joined, a router's neighbor */  \
  X(IN_UNKNOWN_PROTOS, "in_unknown_protos")   /* drop: ethertype that the stack does not speak */  \
  X(IN_REFUSED, "in_refused")                 /* drop: the stack refused it */                     \
  X(IN_STOPPED, "in_stopped")                 /* drop: received, not delivered before a stop */    \
  X(OUT_LINK_DOWN, "out_link_down")           /* drop: not enabled, or no link */                  \
  X(OUT_RUNT, "out_runt")                     /* drop: shorter than an Ethernet header */          \
  X(OUT_TOO_LONG, "out_too_long")             /* drop: longer than the MTU allows */               \
  X(OUT_QUEUE_FULL, "out_queue_full")         /* drop: ring and tx_submission are full */          \
  X(OUT_NO_BUFFER, "out_no_buffer")           /* drop: it had to be copied, no memory */           \
  X(OUT_ERROR, "out_error")                   /* drop: the device could not send it */             \
  X(OUT_STOPPED, "out_stopped")               /* drop: queued, not sent before a stop */           \
  X(COPY_OUTS, "copy_outs")                   /* received frames that were copied */               \
  X(OUT_COPIES, "out_copies")                 /* frames that were copied to be sent */             \
  X(RECLAIMS, "reclaims")                     /* times the stack freed what it had kept */         \
  X(INTERRUPTS, "interrupts")                 /* interrupts taken */                               \
  X(RX_RESTARTS, "rx_restarts")               /* times reception was started again */              \
  X(TX_TIMEOUTS, "tx_timeouts")               /* times nothing was sent for too long */            \
  X(IRQ_STORMS, "irq_storms")                 /* times its interrupt did not end */                \
  X(RECOVERIES, "recoveries")                 /* times the device was reset after a fault */

enum nic_counter {
#define NIC_COUNTER_ENUM(name, text) NIC_##name,
  NIC_COUNTERS(NIC_COUNTER_ENUM)
#undef NIC_COUNTER_ENUM
      NIC_COUNTER_COUNT
};

enum nic_state {
  NIC_ABSENT,   /* not described yet */
  NIC_STOPPING, /* within a step that gives frames back, to free functions that may take none */
  NIC_INIT,     /* described, no memory and no hardware touched */
  NIC_STARTED,  /* pool, queues and hardware are ready; no DMA */
  NIC_ENABLED,  /* frames flow */
  NIC_LOW,      /* low power: DMA quiet, interrupts masked, link reported inactive */
};

enum nic_power {
  NIC_POWER_LOW,
  NIC_POWER_ON,
};

enum nic_direction {
  NIC_RX = 1,
  NIC_TX = 2,
};

enum nic_link_status {
  NIC_LINK_INVALID,  /* unknown: the interface is not enabled */
  NIC_LINK_INACTIVE, /* no carrier, still negotiating, or in low power */
  NIC_LINK_ACTIVE,
};

struct nic_link {
  enum nic_link_status status;
  bool full_duplex;    /* else half */
  uint16_t speed_mbps; /* 10, 100, 1000; 0 without a link */
};

/* The media of a MAC and its PHY; a set of them is an OR of their bits. */
enum nic_media {
  NIC_MEDIA_AUTO = 1 << 0, /* the best that both sides can do */
  NIC_MEDIA_10_HALF = 1 << 1,
  NIC_MEDIA_10_FULL = 1 << 2,
  NIC_MEDIA_100_HALF = 1 << 3,
  NIC_MEDIA_100_FULL = 1 << 4,
  NIC_MEDIA_1000_FULL = 1 << 5,
};

enum nic_multicast {
  NIC_MULTICAST_NONE,    /* the MAC passes on every group: the kit filters */
  NIC_MULTICAST_HASH,    /* it passes on some that are not joined: the kit filters those */
  NIC_MULTICAST_PERFECT, /* it passes on the joined ones only */
};

/* Checksums that a MAC makes or verifies; an OR of their bits. In a frame to be sent a checksum
 * that the MAC is to make is 0. One that is not is right already, as in an answer that was made of
 * its request: the MAC may leave it or make it anew. Those of ICMP, of fragments and of IPv6 are
 * always there. */
enum nic_offload {
  NIC_OFFLOAD_TX_IP4 = 1 << 0,
  NIC_OFFLOAD_TX_TCP_UDP = 1 << 1, /* over IPv4, of packets that are not fragments */
  NIC_OFFLOAD_RX_IP4 = 1 << 2,
  NIC_OFFLOAD_RX_TCP_UDP = 1 << 3,
};

/* The offloads that are used: none if packets may go where no device makes or checks their
 * checksums, on to another interface, in a VLAN or back to us, or on a bridge, of which lwIP's
 * options do not tell: a product that has one sets RINGIF_BRIDGE. */
#ifndef RINGIF_BRIDGE
#define RINGIF_BRIDGE 0
#endif
#define NIC_OFFLOADS_ARE_USED                                                                      \
  (!(IP_FORWARD || LWIP_IPV6_FORWARD || ETHARP_SUPPORT_VLAN || LWIP_NETIF_LOOPBACK ||              \
     LWIP_HAVE_LOOPIF || RINGIF_BRIDGE))

/* What a MAC can do, as data. */
struct nic_caps {
  uint8_t tx_fragments_max;     /* buffers that it can gather into a frame, no more than
                                   fit on its ring; 1: it cannot gather */
  uint8_t tx_alignment;         /* of each tx fragment's start, in bytes: a power of two, up to
                                   MEM_ALIGNMENT; 1: any */
  uint16_t mtu_max;             /* longest payload of a frame, in bytes */
  uint8_t media;                /* set of enum nic_media; NIC_MEDIA_AUTO is always in it */
  uint8_t offloads;             /* set of enum nic_offload */
  enum nic_multicast multicast; /* how it filters groups */
  bool promiscuous;             /* it can pass on frames for others */
};

enum {
  NIC_GROUPS_MAX = 12, /* groups that a NIC can join before it lets all in */
  NIC_MTU_MIN = 68,    /* the least for IPv4 (RFC 791) */
};

/* What a NIC lets in besides its own address and broadcasts. */
struct nic_filter {
  bool promiscuous;                                  /* everything */
  bool all_multicast;                                /* every group */
  uint8_t group_count;                               /* groups in the list */
  uint8_t groups[NIC_GROUPS_MAX][ETH_ADDRESS_BYTES]; /* joined groups */
  uint8_t members[NIC_GROUPS_MAX];                   /* times each was joined */
  uint16_t unlisted; /* joins that found the list full: while this is not 0, every group passes */
};

/* A MAC driver: it sees pbufs, registers and its rings, never lwIP, a queue or the pool. All its
 * functions but `interrupt` are called by the main loop.
 *
 * The kit cleans and invalidates buffers. Descriptors must be in uncached memory, where the board
 * puts the driver's state or its rings: a cache line would hold several, of both owners, and
 * writing back one owner's would undo the other's. */
struct nic_ops {
  const char *name; /* of the driver: "msf2_emac" */
  struct nic_caps caps;

  /* Resets the hardware; no DMA, no interrupts. Clears in nic->offloads what this device cannot do,
   * may set nic->mac to the hardware's own address, and may lower nic->mtu_max, and nic->mtu with
   * it. If nic->offloads is 0 from the start, the device is to offload nothing. Returns 0, or
   * -ENODEV if the hardware is not there or does not answer. */
  int (*start)(struct nic *nic);

  /* Programs nic->mac, lays out empty rings from their base and turns DMA on; interrupts stay
   * masked until irq_unmask. Relies on nothing that `start` or `disable` wrote to the hardware,
   * which may have been reset since. Returns 0, or a negative errno with DMA off. May set
   * nic->rx_stalled, for a receiver that the first rx doorbell starts. */
  int (*enable)(struct nic *nic);

  /* Masks the interrupts and stops DMA: when it returns, the device touches no buffer and no
   * descriptor. The kit then calls tx_reap and rx_reap for what the device had completed, so the
   * descriptors must be left as they are, and takes back whatever else nic->rx_ring and
   * nic->tx_ring hold. The device may have been reset, or be gone: every wait has a bound, and none
   * of its figures is to be trusted. */
  void (*disable)(struct nic *nic);

  /* Gives the device one empty buffer of packet->len bytes at packet->payload, for which
   * nic->rx_ring has room. Returns false if the device does not take it: the caller keeps the
   * packet. */
  bool (*rx_post)(struct nic *nic, struct pbuf *packet);

  /* Takes back the oldest buffer that the device has filled, its length set; a frame with errors
   * comes back counted and with length 0. It has PACKET_FLAG_CHECKED if the device vouches for its
   * checksums (nic->offloads). Returns NULL if there is none. The kit invalidates the buffer next,
   * so a driver that fills it by itself cleans it first. */
  struct pbuf *(*rx_reap)(struct nic *nic);

  /* Gives the device one frame, of at most caps.tx_fragments_max pbufs, none of them empty. Returns
   * false if the ring has no room for it: the caller keeps the frame. */
  bool (*tx_post)(struct nic *nic, struct pbuf *frame);

  /* Takes back the oldest frame that the device is done with; NULL if there is none. */
  struct pbuf *(*tx_reap)(struct nic *nic);

  /* Tells the device of what was posted, once a batch, and starts what has stalled. It is called
   * without a new post, too: for tx while the ring is not empty, for rx while nic->rx_stalled,
   * which it clears once it has started reception. A driver whose device cannot start without a
   * buffer leaves it set until one is on the ring. */
  void (*doorbell)(struct nic *nic, enum nic_direction which);

  /* The turn that DATAPATH_TURN() makes of these nic_ops, for speed; or datapath_run(), for any. */
  void (*turn)(void *nic);

  /* Acknowledges and masks the device's interrupts, and sets nic->rx_stalled, nic->faulted and
   * nic->link_event. Called in the interrupt. The kit takes care of line config->irq, or of all up
   * to config->irq_last: it enables them after `enable`, and disables them before `disable`. */
  void (*interrupt)(struct nic *nic);

  /* Unmasks the interrupts that the state of the rings calls for, some of which may be unmasked
   * already. An event that came while they were masked must interrupt at once. */
  void (*irq_unmask)(struct nic *nic);

  /* Reads the link's state into `*link`, which is NIC_LINK_INACTIVE until then. Looks at a register
   * that only `enable` writes: if it no longer holds what was written, the device was reset or is
   * gone: sets nic->faulted, and leaves `*link` alone. The kit then enables it again in the next
   * turn, which nic_watch() asks for. */
  void (*read_link)(struct nic *nic, struct nic_link *link);

  /* Makes the hardware's address filter let in what nic->filter says, as far as it can; called
   * while enabled. NULL: there is none. */
  void (*set_filter)(struct nic *nic);

  /* Selects one of caps.media. Called while started. NULL if there is only NIC_MEDIA_AUTO. */
  void (*set_media)(struct nic *nic, enum nic_media media);
};

/* What the board says of a NIC. */
struct nic_config {
  const struct nic_ops *ops;
  uintptr_t base; /* of its registers */
  unsigned irq;   /* its interrupt line, the board's number; it shares it with no device, since the
                     kit disables it while the NIC is off */
  uint16_t irq_last; /* if it has several lines, they are `irq` to this one; else 0 */
  struct packet_pool_options pool;
  void *memory;           /* NIC_MEMORY_BYTES() that the device can reach, aligned as the buffers */
  size_t memory_size;     /* bytes of `memory` */
  uint16_t queue_depth;   /* of each of the four queues: a power of two, `batch` to 256 */
  uint16_t batch;         /* frames moved from queue to queue at a time; 1 to queue_depth */
  bool low_keeps_buffers; /* in low power the receive buffers wait on rx_submission, ready to be
                             posted again; else they go back to the pool */
  uint16_t budget;        /* frames received in a turn of the main loop, at most; at least 1 */
  uint8_t mac[ETH_ADDRESS_BYTES]; /* the station address it starts with */
};

/* Bytes of memory for a NIC: its four queues and its packets. */
#define NIC_MEMORY_BYTES(packets, buffer_size, headroom, alignment, queue_depth)                   \
  (PACKET_POOL_BYTES(packets, buffer_size, headroom, alignment) +                                  \
   4 * sizeof(struct pbuf *) * (queue_depth))

/* The packets on a device's ring, in order; the MAC driver pushes and pops them. */
struct nic_ring {
  struct ring ring;
  struct pbuf **slots; /* ring_size() pointers, the MAC driver's */
};

/* A NIC. It is the first member of a MAC driver's own state. */
struct nic {
  const struct nic_config *config;
  const struct nic_ops *ops;
  uintptr_t base; /* of its registers: config->base */
  enum nic_state state;
  volatile bool rx_stalled; /* reception has stopped: the rx doorbell starts it again */
  volatile bool faulted; /* an error that only a reset cures: the next turn resets. Code that sets
                            it outside the interrupt makes sure that a turn follows, as by
                            port_irq_pend() in irq_unmask */
  volatile bool link_event; /* the interrupt saw the link change */
  bool recovering;          /* a reset after a fault has failed: each watch tries again */
  volatile bool irq_is_off; /* disabled, as it did not end: the next watch has the device reset */
  volatile uint16_t irqs_in_vain; /* interrupts in a row whose predecessor's event still waited */
  uint32_t last_in_vain;          /* NIC_INTERRUPTS at the last one in vain */
  uint8_t offloads; /* those that are used: caps.offloads, less those that `start` found this
                       device to lack, or none (NIC_OFFLOADS_ARE_USED) */
  bool moving;      /* within tx_packet_available() */
  uint16_t mtu;     /* longest payload, in bytes */
  uint8_t mac[ETH_ADDRESS_BYTES];
  uint16_t mtu_max;         /* caps.mtu_max, or the less that `start` found this device to take */
  uint32_t watched_tx_tail; /* the tx ring's at the last watch; if empty, none that it can have */
  uint32_t watched_rx_tail;
  uint8_t stalled_watches;  /* watches in a row with frames in flight and the tx tail unmoved */
  uint8_t deaf_watches;     /* watches in a row that saw frames lost although it had buffers */
  uint16_t watched_losses;  /* NIC_IN_OVERFLOW at the last watch */
  struct nic_link link;     /* as last polled */
  struct nic_filter filter; /* kept over disable and stop */
  enum nic_media media;     /* as selected */

  struct packet_pool pool;
  struct packet_queue tx_submission; /* from the stack, for the device */
  struct packet_queue tx_completion; /* sent, for the stack to free */
  struct packet_queue rx_submission; /* empty buffers, for the device */
  struct packet_queue rx_completion; /* received, for the stack */
  struct nic_ring rx_ring;           /* buffers in the device's hands */
  struct nic_ring tx_ring;           /* frames in the device's hands */

  struct dispatch_queue *dispatch;
  struct dispatch_source interrupt_event; /* the device or the stack has work: the turn */
  struct dispatch_source tx_event;        /* tx_submission has a frame: tx_packet_available() */

  /* Set by the stack's glue before the interface is enabled. */
  void *stack;                                        /* the glue's own: the netif */
  void (*input)(struct nic *nic, struct pbuf *frame); /* takes over a received frame */
  void (*link_changed)(struct nic *nic);              /* nic->link has changed; may be NULL */
  void (*reclaim)(void); /* frees packets that the stack can do without; may be NULL */

  uint32_t counters[NIC_COUNTER_COUNT];
};

/* Describes a NIC: no memory and no hardware is touched. `config` must outlive it. Returns 0,
 * -EPERM out of order, -EINVAL if the configuration contradicts itself. */
int nic_init(struct nic *nic, const struct nic_config *config, struct dispatch_queue *dispatch);

/* Drives the NIC by `ops` from now on: those of a wrapper around its MAC driver, or its own
 * again. */
void nic_set_ops(struct nic *nic, const struct nic_ops *ops);

/* Makes the pool, the queues and the events, and resets the hardware. Returns 0, -EPERM out of
 * order, -EBUSY while the stack holds packets from before a stop, or the error of the step that
 * failed, with all steps before it undone. */
int nic_start(struct nic *nic);

/* Lets frames flow, or stops them: after false the device touches no memory, each buffer is back,
 * and every frame that was under way is counted. Returns 0 (also if nothing was to be changed),
 * -EPERM out of order, or the hardware's error. */
int nic_set_interface_enable(struct nic *nic, bool enable);

/* Goes to low power, in which the device touches no memory and the link is reported inactive, and
 * back. Returns 0 (also if nothing was to be changed), -EPERM out of order, or the hardware's
 * error. */
int nic_set_power_state(struct nic *nic, enum nic_power power);

/* Gives back all that nic_start() took. The stack may still hold packets; they come back to the
 * pool, and until then nic_free() returns -EBUSY. Returns 0 or -EPERM. */
int nic_stop(struct nic *nic);

/* Forgets the NIC. Returns 0, -EPERM out of order, -EBUSY while the stack holds any of its
 * packets. */
int nic_free(struct nic *nic);

/* Resets a device that is enabled and has faulted, keeping what waits in tx_submission. Returns 0,
 * -EPERM out of order, or the hardware's error: then the NIC is in NIC_STARTED, and each watch
 * tries to enable it again, until one succeeds or the NIC is disabled or stopped. */
int nic_recover(struct nic *nic);

/* Reads the link, and calls link_changed() if it has changed. In low power it is inactive, and on
 * an interface that is not enabled invalid. */
void nic_poll_link(struct nic *nic);

/* Looks after an interface; to be called every NIC_WATCH_MS. Polls the link, looks for frames whose
 * interrupt was lost, and has a device reset that has frames in flight and has sent none for
 * NIC_TX_TIMEOUT_MS, or has had the same buffers for NIC_RX_TIMEOUT_MS and lost frames all the
 * while, or does not end its interrupt. One that could not be reset is tried again.
 *
 * NIC_TX_TIMEOUT_MS is a second, in which a reset is to be over, less one watch. PAUSE frames (IEEE
 * 802.3, Annex 31B) hold a transmitter for 335 ms at 100 Mbit/s, or for as long as they are
 * repeated: one that is held beyond the timeout loses what is on its ring. */
enum { NIC_WATCH_MS = 250, NIC_TX_TIMEOUT_MS = 750, NIC_RX_TIMEOUT_MS = 500 };
void nic_watch(struct nic *nic);

/* Selects one medium of caps.media. Returns 0, -EINVAL for one that is not in it (or more than
 * one), -EPERM before nic_start(). */
int nic_set_media(struct nic *nic, enum nic_media media);

/* Sets the longest payload of a frame, NIC_MTU_MIN to nic_mtu_max() bytes. Returns 0 or -EINVAL. */
int nic_set_mtu(struct nic *nic, uint16_t mtu);

/* The longest payload that both the device and the pool's buffers can hold. What the device can is
 * known after nic_start(): it may be less than others of its kind. */
uint16_t nic_mtu_max(const struct nic *nic);

/* Sets the station address while the interface is not enabled. Returns 0, -EBUSY while it is,
 * -EINVAL for a group's address or all zeros. */
int nic_set_mac(struct nic *nic, const uint8_t mac[ETH_ADDRESS_BYTES]);

/* Lets in everything, or only what is for this station. Returns 0, -ENOTSUP if the MAC cannot. */
int nic_set_promiscuous(struct nic *nic, bool on);

/* Lets in every group, or only the joined ones. */
void nic_set_all_multicast(struct nic *nic, bool on);

/* Joins the group with Ethernet address `group`; each join needs a leave of its own. Returns 0,
 * -EINVAL for an address that is no group's. While more than NIC_GROUPS_MAX are joined, every group
 * is let in. */
int nic_join_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]);

/* Leaves it. Returns 0, or -ENOENT, with the filter unchanged, if it was not joined. While more
 * than NIC_GROUPS_MAX are joined, a group without a place is taken for one of the others. */
int nic_leave_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]);

/* True if the filter lets in frames to group `group`. */
bool nic_group_passes(const struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]);

/* The link's status by name: "invalid", "inactive", "active"; a medium's name: "100-full". */
const char *nic_link_name(enum nic_link_status status);
const char *nic_media_name(enum nic_media media);

static inline bool nic_link_is_active(const struct nic *nic) {
  return nic->link.status == NIC_LINK_ACTIVE;
}

/* The device's interrupt: the board's handler of each of its lines calls it. An interrupt that
 * comes NIC_IRQ_STORM times in a row without a turn in between would keep the main loop from ever
 * running: it is disabled until the next watch, which has the device reset. Interrupt only. */
enum { NIC_IRQ_STORM = 1000 }; /* more than any ring has frames */
void nic_interrupt(struct nic *nic);

/* Counts one. Main loop; an interrupt may count only what the main loop does not. */
static inline void nic_count(struct nic *nic, enum nic_counter counter) {
  nic->counters[counter]++;
}

/* The name of a counter: "in_octets". */
const char *nic_counter_name(enum nic_counter counter);

/* The number of frames dropped, for whatever cause. */
uint32_t nic_dropped(const struct nic *nic);

/* Puts a packet on a device's ring, which must not be full, and returns its slot. For MAC
 * drivers. */
static inline uint32_t nic_ring_push(struct nic_ring *ring, struct pbuf *packet) {
  uint32_t slot = ring_slot(&ring->ring, ring->ring.head++);

  ring->slots[slot] = packet;
  return slot;
}

/* Takes the oldest packet off a device's ring, which must not be empty. For MAC drivers. */
static inline struct pbuf *nic_ring_pop(struct nic_ring *ring) {
  return ring->slots[ring_slot(&ring->ring, ring->ring.tail++)];
}

/* Starts a device's ring from its base, empty, over `size` slots. For MAC drivers, in `enable`. */
static inline void nic_ring_init(struct nic_ring *ring, struct pbuf **slots, uint32_t size) {
  ring->ring = (struct ring){.mask = size - 1};
  ring->slots = slots;
}

#endif
