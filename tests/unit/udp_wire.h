/* A station with IPv4, without an address yet, whose wire is the test: it sees the datagrams that
 * the station sends, and others arrive from it. */
#ifndef UDP_WIRE_H
#define UDP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "lwip/netif.h"

enum { UDP_WIRE_MAX = 600 };

struct udp_wire_datagram {
  uint32_t from, to; /* addresses, as in the packet */
  uint16_t source, destination, bytes;
  uint8_t data[UDP_WIRE_MAX];
};

extern struct netif udp_wire_netif;

void udp_wire_setup(void (*sent)(const struct udp_wire_datagram *datagram));
void udp_wire_teardown(void);
void udp_wire_comes(const struct udp_wire_datagram *datagram);

/* The same as one reassembled from fragments: the first so many bytes of its data are in one pbuf,
 * the next eight in another. */
void udp_wire_comes_in_parts(const struct udp_wire_datagram *datagram, uint16_t bytes);

#endif
