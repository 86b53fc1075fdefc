/* Answers that go out in the buffer that the question came in.
 *
 * Who answers a datagram has nearly all of the answer's headers in front of the data already: they
 * are turned round, which takes a third of the instructions of udp_sendto(). An answer is byte for
 * byte that of lwIP, but for the identification of IPv4: it says "don't fragment", so that it means
 * nothing (RFC 6864, 4.1). It leaves by the interface's output function, which is ARP's or that of
 * IPv6's neighbors, and lwIP's counters count it. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/udp.h"

/* Answers a datagram; for the receive function of a UDP PCB, while it is called. `pcb` and `data`
 * are what it was called with; data->len and data->tot_len are what it has been set to since, up to
 * the room behind the payload. `unchanged`: all bytes are those of the request.
 * False, with nothing changed, where the question or the answer is not of the common kind: behind
 * an IP header without options or extensions, in one piece, from one station to another. Then
 * udp_sendto() is to send it, after which it is the caller's to free. True where it is on its way,
 * or lost where lwIP would have lost it as well, which the interface has counted: it is taken over,
 * and the caller's no more. Main loop. */
bool reply_to_datagram(const struct udp_pcb *pcb, struct pbuf *data, bool unchanged);

/* Sends `packet`, an IPv4 packet of `length` bytes without options from its payload on, back to who
 * has sent it, and takes it over. Addresses and the header's checksum are set, all else is in
 * place. Main loop. */
void reply_send(struct pbuf *packet, struct netif *netif, size_t length);

/* The sum of a datagram, `length` bytes from the UDP header behind `ip` on, and of the header that
 * it is summed with (RFC 768). Main loop. */
uint16_t reply_datagram_sum(const struct ip_hdr *ip, size_t length);

#endif
