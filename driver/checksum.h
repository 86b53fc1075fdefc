/* The checksums that a MAC leaves to software, although it makes those of other packets.
 *
 * lwIP either makes the UDP and TCP checksums of an interface or none. A MAC with
 * NIC_OFFLOAD_TX_TCP_UDP makes them for IPv4 packets that go out whole; what is left is made here.
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* Fills in the UDP or TCP checksum of `packet`, an IPv4 or IPv6 packet of lwIP's own from its IP
 * header on, where the flags of `netif` have lwIP leave it out. Only its checksum field changes.
 * Main loop. */
void checksum_complete(struct pbuf *packet, const struct netif *netif);

#endif
