#include "ip6_wire.h"

#include "unit.h"

#include "lwip/ethip6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"

struct netif ip6_wire_netif;
uint8_t ip6_wire_hop_limit;
static mem_size_t heap_before;

ip6_addr_t ip6_wire_address(unsigned number) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0xfe800000), 0, 0, lwip_htonl(number));
  ip6_addr_assign_zone(&address, IP6_UNICAST, &ip6_wire_netif);
  return address;
}

ip6_addr_t ip6_wire_solicited_node(unsigned number) {
  ip6_addr_t group;

  ip6_addr_set_solicitednode(&group, lwip_htonl(number));
  ip6_addr_assign_zone(&group, IP6_MULTICAST, &ip6_wire_netif);
  return group;
}

void ip6_wire_packet_comes(const ip6_addr_t *from, const ip6_addr_t *to, uint8_t next_header,
                           const void *payload, size_t bytes) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)(IP6_WIRE_HEADERS + bytes), PBUF_RAM);
  struct eth_hdr *eth;
  struct ip6_hdr *ip;

  assert_non_null(frame);
  eth = frame->payload;
  ip = (void *)(eth + 1);
  memset(eth, 0, sizeof *eth);
  eth->type = PP_HTONS(ETHTYPE_IPV6);
  IP6H_VTCFL_SET(ip, 6, 0, 0);
  IP6H_PLEN_SET(ip, (u16_t)bytes);
  IP6H_NEXTH_SET(ip, next_header);
  IP6H_HOPLIM_SET(ip, ip6_wire_hop_limit);
  ip6_addr_copy_to_packed(ip->src, *from);
  ip6_addr_copy_to_packed(ip->dest, *to);
  memcpy(ip + 1, payload, bytes);
  assert_int_equal(ip6_wire_netif.input(frame, &ip6_wire_netif), ERR_OK);
}

void ip6_wire_comes(const ip6_addr_t *from, const void *message, size_t bytes) {
  const ip6_addr_t own = ip6_wire_address(IP6_WIRE_OWN);

  ip6_wire_packet_comes(from, &own, IP6_NEXTH_ICMP6, message, bytes);
}

void ip6_wire_send(const ip6_addr_t *to) {
  const ip6_addr_t own = ip6_wire_address(IP6_WIRE_OWN);
  struct pbuf *packet = pbuf_alloc(PBUF_IP, 8, PBUF_RAM);

  assert_non_null(packet);
  memset(packet->payload, 0, packet->len);
  (void)ip6_output_if(packet, &own, to, 64, 0, IP6_NEXTH_UDP, &ip6_wire_netif); /* or is lost */
  pbuf_free(packet);
}

static err_t start(struct netif *netif) {
  static const uint8_t mac[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, 1};

  memcpy(netif->hwaddr, mac, sizeof mac);
  netif->hwaddr_len = sizeof mac;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  netif->output_ip6 = ethip6_output;
  NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_DISABLE_ALL);
  return ERR_OK;
}

void ip6_wire_setup(netif_linkoutput_fn linkoutput) {
  ip6_addr_t own;

  ip6_wire_hop_limit = ND6_HOPLIM;
  heap_before = lwip_stats.mem.used;
  netif_add_noaddr(&ip6_wire_netif, NULL, start, ethernet_input);
  ip6_wire_netif.linkoutput = linkoutput;
  netif_set_up(&ip6_wire_netif);
  netif_set_link_up(&ip6_wire_netif);
  own = ip6_wire_address(IP6_WIRE_OWN);
  netif_ip6_addr_set(&ip6_wire_netif, 0, &own);
  netif_ip6_addr_set_state(&ip6_wire_netif, 0, IP6_ADDR_PREFERRED);
}

void ip6_wire_teardown(void) {
  netif_remove(&ip6_wire_netif);
  assert_int_equal(lwip_stats.mem.used, heap_before);
}
