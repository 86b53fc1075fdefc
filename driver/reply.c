/* Answers that go out in the buffer that the question came in. */
#include "reply.h"

#include <assert.h>

#include "internet_checksum.h"
#include "lwip/ip.h"
#include "lwip/prot/udp.h"
#include "lwip/stats.h"

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

void reply_send(struct pbuf *packet, struct netif *netif, size_t length) {
  struct ip_hdr *ip = packet->payload;
  const ip4_addr_t to = {ip->src.addr};

  ip->src = ip->dest;
  ip->dest.addr = to.addr;
  ip->_chksum = 0;
  if ((netif->chksum_flags & NETIF_CHECKSUM_GEN_IP) != 0)
    ip->_chksum = (uint16_t)~internet_checksum_ip4_header(ip, sizeof *ip);
  packet->len = packet->tot_len = (uint16_t)length;
  IP_STATS_INC(ip.xmit);
  (void)netif->output(netif, packet, &to); /* the interface counts what it does not send */
}

/* The ports are exchanged, as the addresses will be: the sum of what was verified, and is as long,
 * stays right. */
static void set_checksum(struct datagram *datagram, const struct netif *netif, size_t length,
                         bool unchanged) {
  const unsigned verified = NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_CHECK_UDP;
  uint16_t sum;

  if (unchanged && datagram->udp.chksum != 0 && (netif->chksum_flags & verified) == verified)
    return;
  datagram->udp.chksum = 0;
  if ((netif->chksum_flags & NETIF_CHECKSUM_GEN_UDP) == 0)
    return;
  sum = (uint16_t)~reply_datagram_sum(&datagram->ip, length);
  datagram->udp.chksum = sum != 0 ? sum : 0xffff;
}

bool reply_to_datagram(const struct udp_pcb *pcb, struct pbuf *data, bool unchanged) {
  struct datagram *datagram = (struct datagram *)data->payload - 1;
  struct netif *netif = ip_data.current_input_netif;
  const size_t length = data->len + sizeof *datagram;
  const uint16_t udp_length = lwip_htons((uint16_t)(data->len + UDP_HLEN));
  uint16_t port;

  if (&datagram->ip != ip_data.current_ip4_header || data->next != NULL ||
      (data->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) == 0 ||
      datagram->ip.dest.addr != netif_ip4_addr(netif)->addr || length > netif->mtu ||
      (pcb->flags & (UDP_FLAGS_NOCHKSUM | UDP_FLAGS_UDPLITE)) != 0)
    return false;
  port = datagram->udp.src;
  datagram->udp.src = datagram->udp.dest;
  datagram->udp.dest = port;
  if (datagram->udp.len != udp_length) { /* lwIP has not looked */
    datagram->udp.len = udp_length;
    unchanged = false;
  }
  set_checksum(datagram, netif, data->len + UDP_HLEN, unchanged);
  datagram->ip._tos = pcb->tos;
  datagram->ip._len = lwip_htons((uint16_t)length);
  datagram->ip._offset = PP_HTONS(IP_DF);
  datagram->ip._ttl = pcb->ttl;
  UDP_STATS_INC(udp.xmit);
  data->payload = datagram;
  reply_send(data, netif, length);
  return true;
}
