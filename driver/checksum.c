/* The checksums that a MAC leaves to software although it makes those of other packets. */
#include "checksum.h"

#include "lwip/inet_chksum.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"

enum {
  UDP_CHECKSUM_OFFSET = 6, /* RFC 768 */
  TCP_CHECKSUM_OFFSET = 16 /* RFC 9293, 3.1 */
};

struct checksum_view {
  ip_addr_t source, destination;
  uint16_t header_bytes; /* of IP */
  uint8_t protocol;
};

/* The parts of the IP header that are in the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1). */
static struct checksum_view view_of(const struct pbuf *packet) {
  struct checksum_view view = {.protocol = 0};

#if LWIP_IPV6
  if (IP_HDR_GET_VERSION(packet->payload) == 6) {
    const struct ip6_hdr *header = packet->payload;

    ip_addr_copy_from_ip6_packed(view.source, header->src);
    ip_addr_copy_from_ip6_packed(view.destination, header->dest);
    view.header_bytes = IP6_HLEN;
    view.protocol = IP6H_NEXTH(header);
    return view;
  }
#endif
#if LWIP_IPV4
  const struct ip_hdr *header = packet->payload;

  ip_addr_copy_from_ip4(view.source, header->src);
  ip_addr_copy_from_ip4(view.destination, header->dest);
  view.header_bytes = IPH_HL_BYTES(header);
  view.protocol = IPH_PROTO(header);
#endif
  return view;
}

void checksum_complete(struct pbuf *packet, const struct netif *netif) {
  struct checksum_view view = view_of(packet);
  uint16_t sum = 0;
  uint16_t offset;

  if (view.protocol == IP_PROTO_UDP && (netif->chksum_flags & NETIF_CHECKSUM_GEN_UDP) == 0)
    offset = UDP_CHECKSUM_OFFSET;
  else if (view.protocol == IP_PROTO_TCP && (netif->chksum_flags & NETIF_CHECKSUM_GEN_TCP) == 0)
    offset = TCP_CHECKSUM_OFFSET;
  else
    return;
  pbuf_remove_header(packet, view.header_bytes);
  pbuf_take_at(packet, &sum, sizeof sum, offset);
  sum = ip_chksum_pseudo(packet, view.protocol, packet->tot_len, &view.source, &view.destination);
  if (sum == 0 && view.protocol == IP_PROTO_UDP)
    sum = 0xffff; /* 0 would mean that there is none */
  pbuf_take_at(packet, &sum, sizeof sum, offset);
  pbuf_add_header(packet, view.header_bytes);
}
