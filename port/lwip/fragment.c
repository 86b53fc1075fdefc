/* Fragments a packet without changing it, however many pbufs it is in. */
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/opt.h"

#include "lwip_hooks.h"

#if IP_FRAG || (LWIP_IPV6 && LWIP_IPV6_FRAG)

enum {
  PARTS_MAX = 16,                    /* more than TCP_SND_QUEUELEN, in which TCP counts them */
  FEW_PARTS = MEMP_NUM_FRAG_PBUF / 2 /* each takes a pbuf of lwIP's pool, in each fragment */
};

/* A copy in one pbuf of a packet in too many for lwIP's pool; NULL if it is not, or there is no
 * memory. */
static struct pbuf *in_one_part(const struct pbuf *packet) {
  struct pbuf *copy;

  if (pbuf_clen(packet) <= FEW_PARTS)
    return NULL;
  copy = pbuf_alloc(PBUF_RAW, packet->tot_len, PBUF_RAM);
  if (copy != NULL)
    (void)pbuf_copy_partial(packet, copy->payload, packet->tot_len, 0);
  return copy;
}

#if IP_FRAG

err_t ringif_ip4_frag(struct pbuf *packet, struct netif *netif, const ip4_addr_t *destination) {
  struct pbuf *copy;
  err_t error;

  checksum_complete(packet, netif);
  copy = in_one_part(packet);
  error = (ip4_frag)(copy != NULL ? copy : packet, netif, destination);
  if (copy != NULL)
    pbuf_free(copy);
  return error;
}

#endif

#if LWIP_IPV6 && LWIP_IPV6_FRAG

static err_t cut_and_restore(struct pbuf *packet, struct netif *netif,
                             const ip6_addr_t *destination) {
  struct {
    void *payload;
    u16_t len, tot_len;
  } parts[PARTS_MAX];
  unsigned count = 0, i = 0;
  err_t error;

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

err_t ringif_ip6_frag(struct pbuf *packet, struct netif *netif, const ip6_addr_t *destination) {
  struct pbuf *copy;
  err_t error;

  checksum_complete(packet, netif);
  copy = in_one_part(packet);
  if (copy == NULL)
    return cut_and_restore(packet, netif, destination);
  error = (ip6_frag)(copy, netif, destination);
  pbuf_free(copy);
  return error;
}

#endif

#endif
