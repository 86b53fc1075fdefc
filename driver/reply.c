/* Answers that go out in the buffer that the request came in. */
#include "reply.h"

#include <assert.h>
#include <string.h>

#include "internet_checksum.h"
#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/prot/udp.h"
#include "lwip/snmp.h"
#include "lwip/stats.h"

#if LWIP_IPV4 && LWIP_UDP

struct datagram { /* RFC 791 without options, 768 */
  struct ip_hdr ip;
  struct udp_hdr udp;
};
static_assert(sizeof(struct datagram) == IP4_HEADER_BYTES + UDP_HLEN, "as on the wire");
static_assert(_Alignof(struct datagram) == 1, "wherever it may lie");

uint16_t reply_datagram_sum(const struct ip_hdr *ip, size_t length) {
  const struct udp_hdr *udp = (const struct udp_hdr *)(ip + 1);
  const uint32_t from = ip->src.addr, to = ip->dest.addr;
  const uint32_t pseudo = (from & 0xffff) + (from >> 16) + (to & 0xffff) + (to >> 16) +
                          PP_HTONS(IP_PROTO_UDP) + udp->len;

  return internet_checksum_add(pseudo, udp, length);
}

/* Drops our reference: a packet that is under way is the interface's to free. */
static inline void release(struct pbuf *packet) {
  if (packet->ref > 1)
    packet->ref--;
  else
    pbuf_free(packet);
}

/* Inlined, with the answer's length and interface at hand: 12 instructions less. */
static inline __attribute__((always_inline)) void send_back(struct pbuf *packet,
                                                            struct netif *netif, size_t length) {
  struct ip_hdr *ip = packet->payload;
  const ip4_addr_t to = {ip->src.addr};

  ip->src = ip->dest;
  ip->dest.addr = to.addr;
  ip->_chksum = 0;
  if ((netif->chksum_flags & NETIF_CHECKSUM_GEN_IP) != 0)
    ip->_chksum = (uint16_t)~internet_checksum_ip4_header(ip, sizeof *ip);
  packet->len = packet->tot_len = (uint16_t)length;
  IP_STATS_INC(ip.xmit);
  MIB2_STATS_INC(mib2.ipoutrequests);
  (void)netif->output(netif, packet, &to); /* the interface counts what it does not send */
  release(packet);
}

void reply_send(struct pbuf *packet, struct netif *netif, size_t length) {
  send_back(packet, netif, length);
}

/* Swaps the ports, as the addresses will be, and sets the length for `size` bytes of data. True if
 * the checksum stays right: it was verified, and nothing else changes, not even the length, to
 * which the answer may have been cut. Else sets the checksum to 0. */
static bool turn_round(struct udp_hdr *udp, const struct netif *netif, size_t size,
                       bool unchanged) {
  const unsigned verified = NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_CHECK_UDP;
  const uint16_t length = lwip_htons((uint16_t)(size + UDP_HLEN));
  uint32_t ports; /* the first four bytes, as a word */

  memcpy(&ports, udp, sizeof ports);
  ports = ports << 16 | ports >> 16;
  memcpy(udp, &ports, sizeof ports);
  if (unchanged && udp->len == length && udp->chksum != 0 &&
      (netif->chksum_flags & verified) == verified)
    return true;
  udp->len = length;
  udp->chksum = 0;
  return false;
}

static bool makes_checksum(const struct netif *netif) {
  return (netif->chksum_flags & NETIF_CHECKSUM_GEN_UDP) != 0;
}

/* A checksum of 0 would mean that there is none. */
static uint16_t checksum_of(uint16_t sum) { return sum != 0xffff ? (uint16_t)~sum : sum; }

static bool reply_by_ip4(const struct udp_pcb *pcb, struct pbuf *data, struct netif *netif,
                         bool unchanged) {
  struct datagram *datagram = (struct datagram *)data->payload - 1;
  const size_t length = data->len + sizeof *datagram;

  if (datagram->ip.dest.addr != netif_ip4_addr(netif)->addr || length > netif->mtu)
    return false;
  if (!turn_round(&datagram->udp, netif, data->len, unchanged) && makes_checksum(netif))
    datagram->udp.chksum = checksum_of(reply_datagram_sum(&datagram->ip, data->len + UDP_HLEN));
  datagram->ip._tos = pcb->tos;
  datagram->ip._len = lwip_htons((uint16_t)length);
  datagram->ip._offset = PP_HTONS(IP_DF);
  datagram->ip._ttl = pcb->ttl;
  UDP_STATS_INC(udp.xmit);
  MIB2_STATS_INC(mib2.udpoutdatagrams);
  data->payload = datagram;
  send_back(data, netif, length);
  return true;
}

#if LWIP_IPV6
struct datagram6 { /* RFC 8200 without extension headers, 768 */
  struct ip6_hdr ip;
  struct udp_hdr udp;
};
static_assert(sizeof(struct datagram6) == IP6_HLEN + UDP_HLEN, "as on the wire");
static_assert(_Alignof(struct datagram6) == 1, "wherever it may lie");

/* RFC 8200, 8.1: the checksum's sum includes a pseudo header. */
static uint16_t sum_by_ip6(const struct datagram6 *datagram, size_t length) {
  const uint32_t addresses = internet_checksum(&datagram->ip.src, 2 * sizeof datagram->ip.src);

  return internet_checksum_add(addresses + PP_HTONS(IP_PROTO_UDP) + datagram->udp.len,
                               &datagram->udp, length);
}

static bool reply_by_ip6(const struct udp_pcb *pcb, struct pbuf *data, struct netif *netif,
                         bool unchanged) {
  struct datagram6 *datagram = (struct datagram6 *)data->payload - 1;
  const ip6_addr_t *to = ip6_current_src_addr();
  const size_t length = data->len + sizeof *datagram;
  const ip6_addr_p_t from = datagram->ip.dest;

  if (netif_get_ip6_addr_match(netif, ip6_current_dest_addr()) < 0 ||
      length > nd6_get_destination_mtu(to, netif))
    return false;
  if (!turn_round(&datagram->udp, netif, data->len, unchanged) && makes_checksum(netif))
    datagram->udp.chksum = checksum_of(sum_by_ip6(datagram, data->len + UDP_HLEN));
  datagram->ip.dest = datagram->ip.src;
  datagram->ip.src = from;
  IP6H_VTCFL_SET(&datagram->ip, 6, pcb->tos, 0);
  IP6H_PLEN_SET(&datagram->ip, (uint16_t)(data->len + UDP_HLEN));
  IP6H_HOPLIM_SET(&datagram->ip, pcb->ttl);
  UDP_STATS_INC(udp.xmit);
  MIB2_STATS_INC(mib2.udpoutdatagrams);
  IP6_STATS_INC(ip6.xmit);
  data->payload = datagram;
  data->len = data->tot_len = (uint16_t)length;
  (void)netif->output_ip6(netif, data, to); /* the interface counts what it does not send */
  release(data);
  return true;
}
#endif

bool reply_to_datagram(const struct udp_pcb *pcb, struct pbuf *data, bool unchanged) {
  struct netif *netif = ip_data.current_input_netif;
  const uint8_t *udp = (const uint8_t *)data->payload - UDP_HLEN;

  if (data->next != NULL || (data->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) == 0 ||
      (pcb->flags & (UDP_FLAGS_NOCHKSUM | UDP_FLAGS_UDPLITE)) != 0)
    return false;
  if (udp - IP4_HEADER_BYTES == (const void *)ip4_current_header())
    return reply_by_ip4(pcb, data, netif, unchanged);
#if LWIP_IPV6
  if (udp - IP6_HLEN == (const void *)ip6_current_header())
    return reply_by_ip6(pcb, data, netif, unchanged);
#endif
  return false;
}

#endif
