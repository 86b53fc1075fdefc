/* The fast path: what is for the interface goes to ICMP, UDP and TCP past lwIP's general way.
 *
 *   netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, fast_path_input);
 *
 * An interface has it by the input function that it is given, instead of ethernet_input(): nothing
 * else is different. It takes what nearly all frames to a device are, whole IPv4 packets without
 * options from one station to the interface's address. A ping is answered in place (reply.h), a
 * datagram delivered, which its receiver may answer so, and a segment handed to lwIP's TCP.
 * Whatever else comes, and what of these is not right, goes on to ethernet_input() untouched.
 * lwIP's counters count what is fast, too.
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
