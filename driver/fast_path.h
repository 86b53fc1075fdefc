/* The fast path: pings are answered, and datagrams delivered, past lwIP's general way.
 *
 *   netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, fast_path_input);
 *
 * An interface has it by the input function that it is given, instead of ethernet_input(): nothing
 * else is different. It takes what nearly all requests to a device are, whole IPv4 packets without
 * options from a neighbor to an address of the interface; whatever else comes, and whatever has a
 * checksum that is wrong, goes on to ethernet_input() untouched. A ping is answered in place
 * (reply.h), as a datagram may be by its receiver. lwIP's counters count what is fast, too.
 *
 * While there is a raw PCB, which sees all packets, nothing is fast; nor ever with LWIP_RAW where
 * MEMP_STATS, which tells of raw PCBs, is 0. */
#ifndef FAST_PATH_H
#define FAST_PATH_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* A netif's input function. Takes the Ethernet frame `packet`, in one pbuf or in several, and
 * always returns ERR_OK. Main loop. */
err_t fast_path_input(struct pbuf *packet, struct netif *netif);

#endif
