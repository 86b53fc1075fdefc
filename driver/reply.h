/* Answers that go out in the buffer that the request came in.
 *
 * A received datagram has nearly all of its answer's headers in front of the data already: they are
 * turned round, which takes a third of the instructions of udp_sendto(). An answer is byte for byte
 * lwIP's, but for IPv4's identification, which means nothing in a packet that must not be
 * fragmented, as these say (RFC 6864, 4.1). It leaves by the interface's output function, ARP's or
 * IPv6's neighbour discovery's, and lwIP's counters count it. It needs LWIP_IPV4 and LWIP_UDP. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lwip_options.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/udp.h"

struct udp_pcb;

/* Answers a datagram; to be called within the receive function of a UDP PCB. `pcb` and `data` are
 * what that was called with; data->len and data->tot_len may be set to the answer's length before,
 * up to the room behind the payload. `unchanged`: the answer's bytes are those of the request.
 * Returns false, with nothing changed, if request or answer is not of the common kind: behind an IP
 * header without options or extensions, in one piece, from one station to another. Then the caller
 * sends it by udp_sendto(), and frees it. Returns true if it is on its way, or lost as lwIP would
 * have lost it, which the interface has counted: then `data` is no longer the caller's. Main
 * loop. */
bool reply_to_datagram(const struct udp_pcb *pcb, struct pbuf *data, bool unchanged);

/* Sends an IPv4 packet without options, `length` bytes from the payload of `packet` on, back to its
 * sender, and takes `packet` over. Sets the addresses and the header's checksum; all else is in
 * place already. Main loop. */
void reply_send(struct pbuf *packet, struct netif *netif, size_t length);

/* The checksum's sum over a datagram, `length` bytes from the UDP header behind `ip` on, and its
 * pseudo header (RFC 768). Main loop. */
uint16_t reply_datagram_sum(const struct ip_hdr *ip, size_t length);

#endif
