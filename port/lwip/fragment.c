/* IPv6 fragments of a packet that stays as it was. */
#include "lwip/ip6_frag.h"

#include "lwip_hooks.h"

#if LWIP_IPV6 && LWIP_IPV6_FRAG

enum { PARTS_MAX = 16 }; /* more than TCP_SND_QUEUELEN, in which TCP counts a segment's parts */

err_t ringif_ip6_frag(struct pbuf *packet, struct netif *netif, const ip6_addr_t *destination) {
  struct {
    void *payload;
    u16_t len, tot_len;
  } parts[PARTS_MAX];
  unsigned count = 0, i = 0;
  err_t error;

  checksum_complete(packet, netif);
  for (const struct pbuf *part = packet; part != NULL && count < PARTS_MAX; part = part->next) {
    parts[count].payload = part->payload;
    parts[count].len = part->len;
    parts[count++].tot_len = part->tot_len;
  }
  error = (ip6_frag)(packet, netif, destination);
  for (struct pbuf *part = packet; part != NULL && i < count; part = part->next, i++) {
    part->payload = parts[i].payload;
    part->len = parts[i].len;
    part->tot_len = parts[i].tot_len;
  }
  return error;
}

#endif
