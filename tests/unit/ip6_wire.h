/* A station with IPv6, fe80::1, whose wire is the test: its frames go to `linkoutput`, and packets
 * arrive from the test. */
#ifndef IP6_WIRE_H
#define IP6_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip6.h"

enum { IP6_WIRE_OWN = 1, IP6_WIRE_HEADERS = SIZEOF_ETH_HDR + IP6_HLEN };

extern struct netif ip6_wire_netif;
extern uint8_t ip6_wire_hop_limit; /* of arriving packets: as neighbors set it, by default */

void ip6_wire_setup(netif_linkoutput_fn linkoutput);
void ip6_wire_teardown(void); /* checks that nothing is left on lwIP's heap */

/* fe80::number */
ip6_addr_t ip6_wire_address(unsigned number);

/* The solicited-node group of fe80::number, which the station joins: it does once NETIF_FLAG_MLD6
 * is set and a second has passed. */
ip6_addr_t ip6_wire_solicited_node(unsigned number);

/* A packet with that many bytes after its IPv6 header. */
void ip6_wire_packet_comes(const ip6_addr_t *from, const ip6_addr_t *to, uint8_t next_header,
                           const void *payload, size_t bytes);

/* An ICMPv6 message of that many bytes, to the station. */
void ip6_wire_comes(const ip6_addr_t *from, const void *message, size_t bytes);

/* Sends a datagram without data to that address. */
void ip6_wire_send(const ip6_addr_t *to);

#endif
