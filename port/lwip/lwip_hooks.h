/* The hooks that ringif puts into lwIP (named by LWIP_HOOK_FILENAME). */
#ifndef LWIP_HOOKS_H
#define LWIP_HOOKS_H

#include "lwip/arch.h"
#include "lwip/err.h"
#include "lwip/ip_addr.h"

struct netif;
struct pbuf;

/* Initial sequence numbers by RFC 6528, from lwIP's own tcp_isn addon: they cannot be guessed. */
u32_t lwip_hook_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
                        u16_t remote_port);

/* A frame of an unknown ethertype is counted on its interface and freed. */
err_t ringif_unknown_protocol(struct pbuf *p, struct netif *netif);
#define LWIP_HOOK_UNKNOWN_ETH_PROTOCOL(p, netif) ringif_unknown_protocol(p, netif)

/* A datagram that is about to be cut up gets the checksum that the MAC makes for whole ones. These
 * stand in for the calls in lwIP, where no hook is. */
void checksum_complete(struct pbuf *packet, const struct netif *netif);
#define ip4_frag(packet, netif, destination)                                                       \
  (checksum_complete(packet, netif), ip4_frag(packet, netif, destination))
#define ip6_frag(packet, netif, destination)                                                       \
  (checksum_complete(packet, netif), ip6_frag(packet, netif, destination))

#endif
