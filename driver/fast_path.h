/* The fast path: pings are answered, and datagrams delivered, past lwIP's general way.
 *
 *   netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, fast_path_input);
 *
 * An interface has it by the input function that it is given, instead of ethernet_input(): nothing
 * else is different. It takes what nearly all requests to a device are, whole IPv4 packets without
 * options from a neighbor to an address of the interface; whatever else comes, and whatever has a
 * checksum that is wrong, goes on to ethernet_input() untouched. Its answers are byte for byte
 * those of lwIP, but for the identification of IPv4: they say "don't fragment", so that it means
 * nothing (RFC 6864, 4.1). They leave by the interface's output function, which is ARP's, and
 * lwIP's counters count them.
 *
 * While there is a raw PCB, which sees all packets, nothing is fast; nor ever with LWIP_RAW where
 * MEMP_STATS, which tells of raw PCBs, is 0. */
#ifndef FAST_PATH_H
#define FAST_PATH_H

#include <stdbool.h>

#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/udp.h"

/* A netif's input function. Takes the Ethernet frame `packet`, in one pbuf or in several, and
 * always returns ERR_OK. Main loop. */
err_t fast_path_input(struct pbuf *packet, struct netif *netif);

/* Answers a datagram in the buffer that it came in; for the receive function of a UDP PCB, while it
 * is called. `data` is what it was called with; data->len and data->tot_len are what it has been
 * set to since, up to the room behind the payload. `unchanged`: all bytes are those of the request.
 * False, with nothing changed, where the datagram has not come by the fast path, or the answer
 * cannot go by it: then udp_sendto() is to send it. True where it is on its way, or lost where lwIP
 * would have lost it as well, which the interface has counted: as after udp_sendto(), `data` is
 * still the caller's to free, but its payload begins with the headers. Main loop. */
bool fast_path_reply(const struct udp_pcb *pcb, struct pbuf *data, bool unchanged);

#endif
