/* The parts of the fuzzer of the whole stack: its input, memory, wire, frames and application. */
#ifndef STACK_PARTS_H
#define STACK_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/netif.h"
#include "lwip/tcp.h"

/* Prints the text and ends the run as a failure. */
_Noreturn void stack_fails(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the input: read from front to back by whoever decides something; zeroes behind its end ----
 */

void input_is(const uint8_t *data, size_t size);
bool input_is_left(void);
uint8_t take8(void);
uint16_t take16(void);
uint32_t take32(void);

/* What a record is about: the first byte, modulo their number. The application's have two numbers.
 */
enum record_kind {
  RECORD_TCP,
  RECORD_SYN = 3,
  RECORD_UDP,
  RECORD_DHCP,
  RECORD_DNS,
  RECORD_ARP,
  RECORD_ICMP,
  RECORD_ICMP6,
  RECORD_ND,
  RECORD_GROUP,
  RECORD_FRAGMENT,
  RECORD_RAW,
  RECORD_ACKNOWLEDGED,
  RECORD_TIME,
  RECORD_APPLICATION,
  RECORD_KINDS = 18
};

/* ---- memory: lwIP's pools and heap, each object on the host's heap, so that ASan sees its ends
 * ---- */

struct memory_use {
  unsigned pools, objects, heap_bytes;
};
struct memory_use memory_used(void);
void memory_print(void);

/* Of the next 32 requests, those fail whose bits are set; 0: none. */
void memory_is_scarce(uint32_t which_fail);

/* ---- wire ---- */

enum { FRAME_MAX = 2048, PEERS = 3, WIRE_MTU = 1500 };

struct wire {
  struct netif netif;
  bool there;            /* the interface is added */
  bool fast;             /* by the fast path */
  bool neighbors_answer; /* requests of ARP and solicitations */
  uint8_t refuses;       /* how many of the next frames are not taken */
  bool keeps;            /* what is sent stays with the interface for a while */
  unsigned received;     /* frames that the stack holds */
  unsigned sent;
  uint8_t last[FRAME_MAX]; /* that was sent, whole */
  size_t last_bytes;
  /* What the last run of the checks looks for. */
  unsigned echo_replies, echo6_replies;
  uint32_t syn_ack_sequence;
  unsigned syn_acks, echoed;
};
extern struct wire wire;

extern const uint8_t own_mac[6];

void wire_add(void);
void wire_remove(void);
void wire_comes(const void *frame, size_t length);
void wire_frees_kept(void);
/* Neighbors answer what they were asked, and the application's events run, until all is quiet. */
void wire_settles(void);

/* DNS queries that were sent, the last ones. */
struct dns_query {
  bool is_ip6;
  uint16_t port, bytes;
  ip_addr_t server;
  uint8_t message[128];
};
enum { QUERIES = 2 };
extern struct dns_query dns_queries[QUERIES];

/* ---- frames, each made from the input ---- */

enum {
  PEER_PORT = 40000,
  CHECK_PORT = 50000,
  CHECK_ID = 0x5a5a,
};

void frame_tcp(void);
void frame_syn(void);
void frame_udp(void);
void frame_dhcp(void);
void frame_dns(void);
void frame_arp(void);
void frame_icmp(void);
void frame_icmp6(void);
void frame_nd(void);
void frame_group_query(void);
void frame_fragment(void);
void frame_raw(void);
void peers_acknowledge(void);

void frame_ping(bool ip6);
void frame_check_segment(uint8_t flags, uint32_t sequence, uint32_t acknowledged, const char *text);

/* The address of a peer. */
ip_addr_t peer_address(bool ip6, unsigned peer);

/* ---- application ---- */

void app_start(void); /* once: what listens for ever */
void app_run_events(void);
void app_does_something(void);
void app_begins(void);
void app_ends(void); /* gives up all that it has */

/* Time passes; a timeout is on time, or all that are due come at once. */
void time_passes(uint32_t ms, bool at_once);

#endif
