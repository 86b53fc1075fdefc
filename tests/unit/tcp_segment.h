/* A wire and a segment that arrives by it, for tests of lwIP's TCP; checksums are off. */
#ifndef TCP_SEGMENT_H
#define TCP_SEGMENT_H

#include "unit.h"

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/tcp.h"

static inline err_t wire_init(struct netif *netif) {
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_LINK_UP;
  NETIF_SET_CHECKSUM_CTRL(netif, 0);
  return ERR_OK;
}

/* Adds an interface with the address 10.0.0.1 that is up: `output` gets what lwIP sends. */
static inline void wire_add(struct netif *netif, netif_output_fn output) {
  ip4_addr_t own, mask;

  IP4_ADDR(&own, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_add(netif, &own, &mask, IP4_ADDR_ANY4, NULL, wire_init, ip_input);
  netif->output = output;
  netif_set_up(netif);
}

/* A segment arrives from the other side of `pcb`, with `length` bytes of `data`, of which the first
 * `options` words are the header's. */
static inline void options_come(struct netif *netif, const struct tcp_pcb *pcb, uint8_t flags,
                                uint32_t sequence, uint32_t acknowledged, uint16_t window,
                                const void *data, uint16_t length, unsigned options) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)(IP_HLEN + TCP_HLEN + length), PBUF_RAM);
  struct ip_hdr *ip = packet->payload;
  struct tcp_hdr *tcp = (void *)(ip + 1);

  memset(packet->payload, 0, IP_HLEN + TCP_HLEN);
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons(packet->tot_len));
  IPH_TTL_SET(ip, 64);
  IPH_PROTO_SET(ip, IP_PROTO_TCP);
  ip->src.addr = ip_2_ip4(&pcb->remote_ip)->addr;
  ip->dest.addr = netif_ip4_addr(netif)->addr;
  tcp->src = lwip_htons(pcb->remote_port);
  tcp->dest = lwip_htons(pcb->local_port);
  tcp->seqno = lwip_htonl(sequence);
  tcp->ackno = lwip_htonl(acknowledged);
  tcp->wnd = lwip_htons(window);
  TCPH_HDRLEN_FLAGS_SET(tcp, TCP_HLEN / 4 + options, flags);
  if (length != 0)
    memcpy(tcp + 1, data, length);
  assert_int_equal(netif->input(packet, netif), ERR_OK);
}

/* The same without options. */
static inline void data_comes(struct netif *netif, const struct tcp_pcb *pcb, uint8_t flags,
                              uint32_t sequence, uint32_t acknowledged, uint16_t window,
                              const void *data, uint16_t length) {
  options_come(netif, pcb, flags, sequence, acknowledged, window, data, length, 0);
}

/* The same without data. */
static inline void segment_comes(struct netif *netif, const struct tcp_pcb *pcb, uint8_t flags,
                                 uint32_t sequence, uint32_t acknowledged, uint16_t window) {
  data_comes(netif, pcb, flags, sequence, acknowledged, window, NULL, 0);
}

#endif
