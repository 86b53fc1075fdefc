/* What the parts of a node share. */
#ifndef NODE_PARTS_H
#define NODE_PARTS_H

#include "dice.h"
#include "lwip/ip_addr.h"
#include "node.h"
#include "registry.h"
#include "sim.h"
#include "world.h"

enum { NODE_HEADROOM = 32, NODE_ALIGNMENT = 32 };

/* Frames that passed between cable, device, driver and stack since the NIC was started. The
 * counters of kit and device have to agree with it (node_check.c). */
struct node_tally {
  uint32_t taken;      /* off the cable by the device */
  uint32_t not_fit;    /* longer than the buffer */
  uint32_t turned_off; /* held by the device when it was turned on again */
  uint32_t lost;       /* by the fault "drop", in reception */
  uint32_t completed;  /* written to a buffer */
  uint32_t doubled;    /* of these, written twice */
  uint32_t stuck;      /* of these, not given back */
  uint32_t unheard;    /* the device had no descriptor when the frame arrived */
  uint32_t reaped;     /* reclaimed by the driver */
  uint32_t inputs;     /* handed to the stack */
  uint32_t outputs;    /* that the stack wanted to send */
  uint32_t posted;     /* posted to the device */
  uint32_t released;   /* sent and reclaimed */
};

struct node_nic {
  struct sim sim;
  struct sim_device device;
  struct nic_config config;
  struct node_tally tally;
  uint64_t tx_digest[SIM_TX_DESCRIPTORS]; /* of the frame in each slot, when it was posted */
  struct pbuf *tx_early[SIM_TX_DESCRIPTORS];
  uint64_t excused_until_us; /* until then lost interrupts or descriptors make it late */
  enum sim_fault last_fault; /* the fault whose dice were thrown last */
  bool last_struck;
  bool sending; /* the device is at work on its tx ring */
  _Alignas(NODE_ALIGNMENT) uint8_t memory[NIC_MEMORY_BYTES(
      NODE_PACKETS_MAX, NODE_BUFFER_MAX, NODE_HEADROOM, NODE_ALIGNMENT, NODE_QUEUE_MAX)];
};

struct node {
  struct node_config config;
  struct node_weather weather;
  struct dice time_dice; /* for how long things take */
  struct dice lack_dice; /* for allocations that fail */
  uint64_t now_us;       /* the world's time, as far as this node has got */
  uint64_t slept_us;     /* when it last slept */
  struct node_report report;
  struct dispatch_queue dispatch;
  struct registry_entry *entry; /* the installed one, or NULL */
  bool may_lack;                /* allocations may fail now */
  bool lifecycle_faulty;        /* starts may fail now */
  bool tcp_in_fragments;        /* a fragment of a TCP segment has arrived */
};

extern struct node node;
extern struct node_nic node_nics[NODE_DEVICES];

/* ---- node_port.c ---- */

void node_port_start(void);
uint64_t node_port_next_us(void);
void node_port_interrupts(void);
bool node_port_pending(void);
void node_port_connect(unsigned line, struct nic *nic);
/* While it is held, nothing that the world does to a node takes up its time or interrupts it: else
 * an incoming flood would be handled outside of any turn of its own, and leave it ahead of the
 * world. */
void node_port_hold(bool held);

/* ---- node_cable.c ---- */

/* The NIC that has this device, or these faults. */
struct node_nic *node_nic_of_peer(const struct sim_peer *peer);
struct node_nic *node_nic_of(const struct nic *nic);
void node_cable_arrive(const uint8_t *frame, uint32_t length, uint64_t at_us);
bool node_device_is_on(const struct node_nic *nic);

/* ---- node_tap.c ---- */

/* The driver that the registry knows: "sim", with its calls counted and its defects added. */
extern struct nic_ops node_ops_of_sim;
void node_tap_start(void);
/* Counts what passes between an installed interface and the stack. */
void node_tap_netif(struct netif *netif);
uint64_t node_digest(const uint8_t *bytes, uint32_t length);
/* Checks that the frame that the device takes from its tx ring is still what was posted. */
void node_tap_check_sent(struct node_nic *nic, const uint8_t *frame, uint32_t length);

/* ---- node_memory.c ---- */

/* True if some of lwIP's heap is left after `length` bytes. All send buffers together are larger
 * than the heap, and ARP and ICMP answer from what they leave: an application that is to be
 * reachable asks before it sends. */
bool node_heap_has_room(uint32_t length);

/* ---- node_tcp.c ---- */

void node_tcp_start(void);
void node_tcp_open(void);
void node_tcp_abort_one(void);
void node_tcp_read(void);
bool node_tcp_idle(void);
uint64_t node_tcp_deadline(uint64_t *flows);

/* ---- node_datagrams.c ---- */

void node_datagrams_start(void);
void node_udp_send(void);
void node_ping(void);
void node_multicast_send(void);
void node_membership(void);
void node_leave_groups(void);
void node_hoard_release(void);
void node_echo_request(bool ip6);
bool node_echoed(bool ip6);
/* The address of port `port`; false if there is none. */
bool node_address_of(unsigned port, bool ip6, ip_addr_t *address);

/* ---- node_lifecycle.c ---- */

void node_lifecycle_start(void);
void node_lifecycle_act(enum node_act act);
bool node_lifecycle_heal(void);
void node_lifecycle_close(void);
void node_pcap_stop(void);

/* ---- node_check.c ---- */

void node_check(void);
void node_check_baseline(void);
void node_check_end(void);

#endif
