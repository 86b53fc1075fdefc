/* The hooks that ringif puts into lwIP (LWIP_HOOK_FILENAME names this file). */
#ifndef LWIP_HOOKS_H
#define LWIP_HOOKS_H

#include "lwip/arch.h"
#include "lwip/err.h"
#include "lwip/ip_addr.h"
#include "lwip/prot/tcp.h"

struct netif;
struct pbuf;

/* Initial sequence numbers by RFC 6528, from lwIP's own tcp_isn addon: they cannot be guessed. */
u32_t lwip_hook_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
                        u16_t remote_port);

/* A frame of an unknown ethertype is counted on its interface and freed; not on that of another
 * driver, which lwIP does. */
err_t ringif_unknown_protocol(struct pbuf *p, struct netif *netif);
#define LWIP_HOOK_UNKNOWN_ETH_PROTOCOL(p, netif) ringif_unknown_protocol(p, netif)

/* When lwIP 2.2.1 splits a segment because the window is too small for it, the flags PSH and FIN
 * are to move to the second part. But they stay on the first part, too, since TCPH_SET_FLAG() only
 * adds: the other side sees the end of the stream too early and loses its last bytes. Here each use
 * of TCPH_SET_FLAG() has a macro of its own, by the flags that it names. */
#undef TCPH_SET_FLAG
#define TCPH_SET_FLAG(header, flags)   RINGIF_SET_##flags(header)
#define RINGIF_SET_TCP_ACK(header)     RINGIF_ADD_FLAG(header, TCP_ACK)
#define RINGIF_SET_TCP_FIN(header)     RINGIF_ADD_FLAG(header, TCP_FIN)
#define RINGIF_SET_TCP_PSH(header)     RINGIF_ADD_FLAG(header, TCP_PSH)
#define RINGIF_SET_split_flags(header) TCPH_FLAGS_SET(header, split_flags)
#define RINGIF_ADD_FLAG(header, flag)                                                              \
  ((header)->_hdrlen_rsvd_flags = (u16_t)((header)->_hdrlen_rsvd_flags | lwip_htons(flag)))

/* A datagram that is about to be fragmented gets the checksum that the MAC makes only for whole
 * ones; one in so many pbufs that lwIP's pool does not suffice is copied; and one that lwIP's
 * ip6_frag() has used up, although TCP may send it again, is restored. These replace calls within
 * lwIP, which has no hook there. */
void checksum_complete(struct pbuf *packet, const struct netif *netif);
#if IP_FRAG
err_t ringif_ip4_frag(struct pbuf *packet, struct netif *netif, const ip4_addr_t *destination);
#define ip4_frag(packet, netif, destination) ringif_ip4_frag(packet, netif, destination)
#endif
#if LWIP_IPV6 && LWIP_IPV6_FRAG
err_t ringif_ip6_frag(struct pbuf *packet, struct netif *netif, const ip6_addr_t *destination);
#define ip6_frag(packet, netif, destination) ringif_ip6_frag(packet, netif, destination)
#endif

#endif
