/* The checksums that a MAC leaves to software although it makes those of other packets.
 *
 * lwIP makes either all of an interface's UDP and TCP checksums or none. A MAC with
 * NIC_OFFLOAD_TX_TCP_UDP makes those of IPv4 packets that go out whole; the rest are made here. */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include "lwip_options.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* Fills in the UDP or TCP checksum of `packet`, an IPv4 or IPv6 packet that lwIP has made, from its
 * IP header on, if the flags of `netif` made lwIP leave it out. Only the checksum field changes.
 * Main loop. */
void checksum_complete(struct pbuf *packet, const struct netif *netif);

#endif
