#include "udp_wire.h"

#include "unit.h"

#include "lwip/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/udp.h"

struct packet {
  struct ip_hdr ip;
  struct udp_hdr udp;
};

struct netif udp_wire_netif;

static void (*tell)(const struct udp_wire_datagram *datagram);

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  struct udp_wire_datagram datagram;
  struct packet header;

  (void)netif;
  (void)to;
  assert_int_equal(pbuf_copy_partial(packet, &header, sizeof header, 0), sizeof header);
  if (IPH_PROTO(&header.ip) != IP_PROTO_UDP)
    return ERR_OK;
  datagram.from = header.ip.src.addr;
  datagram.to = header.ip.dest.addr;
  datagram.source = lwip_ntohs(header.udp.src);
  datagram.destination = lwip_ntohs(header.udp.dest);
  datagram.bytes = (uint16_t)(packet->tot_len - sizeof header);
  assert_true(datagram.bytes <= UDP_WIRE_MAX);
  (void)pbuf_copy_partial(packet, datagram.data, datagram.bytes, sizeof header);
  tell(&datagram);
  return ERR_OK;
}

static err_t start(struct netif *netif) {
  static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};

  memcpy(netif->hwaddr, mac, sizeof mac);
  netif->hwaddr_len = sizeof mac;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST;
  netif->output = output;
  NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_DISABLE_ALL);
  return ERR_OK;
}

void udp_wire_setup(void (*sent)(const struct udp_wire_datagram *datagram)) {
  tell = sent;
  netif_add_noaddr(&udp_wire_netif, NULL, start, ip_input);
  netif_set_up(&udp_wire_netif);
  netif_set_link_up(&udp_wire_netif);
}

void udp_wire_teardown(void) { netif_remove(&udp_wire_netif); }

static struct pbuf *packet_of(const struct udp_wire_datagram *datagram) {
  uint16_t bytes = (uint16_t)(sizeof(struct packet) + datagram->bytes);
  struct pbuf *p = pbuf_alloc(PBUF_RAW, bytes, PBUF_RAM);
  struct packet *packet;

  assert_non_null(p);
  packet = p->payload;
  memset(packet, 0, sizeof *packet);
  IPH_VHL_SET(&packet->ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(&packet->ip, lwip_htons(bytes));
  IPH_TTL_SET(&packet->ip, 64);
  IPH_PROTO_SET(&packet->ip, IP_PROTO_UDP);
  packet->ip.src.addr = datagram->from;
  packet->ip.dest.addr = datagram->to;
  packet->udp.src = lwip_htons(datagram->source);
  packet->udp.dest = lwip_htons(datagram->destination);
  packet->udp.len = lwip_htons((uint16_t)(UDP_HLEN + datagram->bytes));
  memcpy(packet + 1, datagram->data, datagram->bytes);
  return p;
}

void udp_wire_comes(const struct udp_wire_datagram *datagram) {
  assert_int_equal(udp_wire_netif.input(packet_of(datagram), &udp_wire_netif), ERR_OK);
}

void udp_wire_comes_in_parts(const struct udp_wire_datagram *datagram, uint16_t bytes) {
  struct pbuf *whole = packet_of(datagram), *parts = NULL;
  const uint16_t first = (uint16_t)(sizeof(struct packet) + bytes),
                 ends[] = {first, first + 8, whole->tot_len};
  uint16_t at = 0;

  for (unsigned i = 0; i < sizeof ends / sizeof *ends; at = ends[i++]) {
    struct pbuf *part = pbuf_alloc(PBUF_RAW, (uint16_t)(ends[i] - at), PBUF_RAM);

    assert_non_null(part);
    (void)pbuf_copy_partial(whole, part->payload, part->len, at);
    if (parts == NULL)
      parts = part;
    else
      pbuf_cat(parts, part);
  }
  pbuf_free(whole);
  assert_int_equal(udp_wire_netif.input(parts, &udp_wire_netif), ERR_OK);
}
