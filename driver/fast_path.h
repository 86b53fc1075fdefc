/* The fast path: common packets to the interface go to ICMP, UDP and TCP past lwIP's general way.
 *
 *   netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, fast_path_input);
 *
 * An interface has it if fast_path_input() is its input function instead of ethernet_input():
 * nothing else is different. It takes what nearly all frames to a device are, whole IPv4 packets
 * without options from one station to the interface's address. It answers a ping in place
 * (reply.h), delivers a datagram, which its receiver may answer likewise, and hands a segment to
 * lwIP's TCP. Anything else, and any of these with an error, goes on to ethernet_input() untouched.
 * lwIP's counters count what is fast, too.
 *
 * It needs LWIP_IPV4 and LWIP_UDP. While there is a raw PCB, which is to see all packets, nothing
 * is fast; with LWIP_RAW but without MEMP_STATS, which counts the raw PCBs, nothing ever is, nor
 * with a LWIP_HOOK_IP4_INPUT. */
#ifndef FAST_PATH_H
#define FAST_PATH_H

#include "lwip_options.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* A netif's input function. Takes the Ethernet frame `packet`, in one pbuf or in several, and
 * always returns ERR_OK. Main loop. */
err_t fast_path_input(struct pbuf *packet, struct netif *netif);

#endif
