/* Sends each frame through the stack by the fast path, by lwIP's own path, and with its answer made
 * in its own buffer, and compares the results. */
#include "two_paths.h"

#include <string.h>

#include "fast_path.h"
#include "host.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/nd6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "lwip/raw.h"
#include "lwip/stats.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"
#include "nic.h"
#include "reply.h"

enum {
  SENT_MAX = 4,
  HEARD_MAX = 4,
  REASSEMBLY_TICKS = 1 + (IP_REASS_MAXAGE > IPV6_REASS_MAXAGE ? IP_REASS_MAXAGE : IPV6_REASS_MAXAGE)
};

struct two_paths two_paths;

static struct udp_pcb *pcbs[4];
static struct tcp_pcb *listening;

/* What a frame has led to. */
static struct outcome {
  struct sent {
    size_t length;
    uint8_t bytes[TWO_PATHS_FRAME_MAX];
  } sent[SENT_MAX];
  unsigned sent_count;
  struct heard { /* by a receiver */
    const void *pcb;
    uint16_t length, port, header_length;
    uint8_t interface;
    ip_addr_t from, source, destination;
    struct netif *netif, *input;
    const void *header; /* its distance from the data */
    uint32_t sum;
  } heard[HEARD_MAX];
  unsigned heard_count;
  struct stats_ stats;
} outcomes[2], *outcome;

static bool may_answer_in_place; /* a receiver */

static void differs(bool same, const char *what) {
  if (!same && two_paths.difference == NULL)
    two_paths.difference = what;
}

/* ---- what comes out ---- */

static err_t transmit(struct netif *netif, struct pbuf *packet) {
  struct sent *sent = &outcome->sent[outcome->sent_count];

  (void)netif;
  if (outcome->sent_count == SENT_MAX)
    return ERR_BUF;
  outcome->sent_count++;
  sent->length = pbuf_copy_partial(packet, sent->bytes, sizeof sent->bytes, 0);
  return ERR_OK;
}

static void hear(const void *pcb, struct pbuf *data, const ip_addr_t *from, u16_t port) {
  struct heard *heard = &outcome->heard[outcome->heard_count];

  if (outcome->heard_count == HEARD_MAX)
    return;
  outcome->heard_count++;
  heard->pcb = pcb;
  heard->length = data->tot_len;
  heard->port = port;
  heard->interface = data->if_idx;
  heard->from = *from;
  heard->source = *ip_current_src_addr();
  heard->destination = *ip_current_dest_addr();
  heard->netif = ip_current_netif();
  heard->input = ip_current_input_netif();
  heard->header_length = ip_current_header_tot_len();
  heard->header = (const void *)((uintptr_t)data->payload - (uintptr_t)ip4_current_header());
  for (const struct pbuf *part = data; part != NULL; part = part->next)
    for (unsigned i = 0; i < part->len; i++)
      heard->sum = heard->sum * 31 + ((uint8_t *)part->payload)[i];
}

static void answer(struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from, u16_t port,
                   bool unchanged) {
  two_paths.in_place = may_answer_in_place && reply_to_datagram(pcb, data, unchanged);
  if (two_paths.in_place)
    return;
  (void)udp_sendto_if_src(pcb, data, from, port, ip_current_netif(), ip_current_dest_addr());
  pbuf_free(data);
}

static void echo_received(void *argument, struct udp_pcb *pcb, struct pbuf *data,
                          const ip_addr_t *from, u16_t port) {
  (void)argument;
  hear(pcb, data, from, port);
  answer(pcb, data, from, port, true);
}

/* Half as many bytes or as many, and different ones; or half as many that are the same. */
static void change_received(void *argument, struct udp_pcb *pcb, struct pbuf *data,
                            const ip_addr_t *from, u16_t port) {
  const unsigned kind = data->tot_len % 3;

  (void)argument;
  hear(pcb, data, from, port);
  if (data->next == NULL) {
    if (kind != 1)
      data->len = data->tot_len = data->len / 2;
    for (unsigned i = 0; kind != 2 && i < data->len; i++)
      ((uint8_t *)data->payload)[i] = (uint8_t)(i * 7);
  }
  answer(pcb, data, from, port, kind == 2);
}

static void discard_received(void *argument, struct udp_pcb *pcb, struct pbuf *data,
                             const ip_addr_t *from, u16_t port) {
  (void)argument;
  hear(pcb, data, from, port);
  pbuf_free(data);
}

static u8_t raw_received(void *argument, struct raw_pcb *pcb, struct pbuf *packet,
                         const ip_addr_t *from) {
  (void)argument;
  hear(pcb, packet, from, 0);
  if (two_paths.raw_eats)
    pbuf_free(packet);
  return two_paths.raw_eats;
}

/* ---- a wire with neighbors ---- */

static struct pbuf *packet_with(const uint8_t *bytes, size_t length) {
  static uint8_t elsewhere[TWO_PATHS_FRAME_MAX];
  struct pbuf *packet =
      pbuf_alloc(PBUF_RAW, TWO_PATHS_FRAME_MAX, two_paths.by_reference ? PBUF_REF : PBUF_RAM);

  if (two_paths.by_reference)
    packet->payload = elsewhere;
  memset(packet->payload, 0xa5, packet->len);
  memcpy(packet->payload, bytes, length);
  packet->len = packet->tot_len = (uint16_t)length;
  return packet;
}

static void neighbor_is(uint8_t last, uint8_t mac_last) {
  uint8_t bytes[SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR] = {0};
  struct eth_hdr *header = (void *)bytes;
  struct etharp_hdr *reply = (void *)(header + 1);
  const uint8_t mac[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, mac_last}, from[4] = {10, 2, 0, last};

  header->type = PP_HTONS(ETHTYPE_ARP);
  reply->hwtype = PP_HTONS(1);
  reply->proto = PP_HTONS(ETHTYPE_IP);
  reply->hwlen = ETH_HWADDR_LEN;
  reply->protolen = sizeof from;
  reply->opcode = PP_HTONS(ARP_REPLY);
  memcpy(&reply->shwaddr, mac, sizeof mac);
  memcpy(&reply->sipaddr, from, sizeof from);
  memcpy(&reply->dipaddr, netif_ip4_addr(&two_paths.netif), 4);
  (void)ethernet_input(packet_with(bytes, sizeof bytes), &two_paths.netif);
}

/* The address fe80:: with that last byte. */
static ip6_addr_t address6(uint8_t last) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0xfe800000), 0, 0, lwip_htonl(last));
  ip6_addr_assign_zone(&address, IP6_UNICAST, &two_paths.netif);
  return address;
}

static size_t headers6(uint8_t *bytes, uint8_t protocol, size_t size) {
  struct eth_hdr *eth = (void *)bytes;
  struct ip6_hdr *ip = (void *)(eth + 1);
  const ip6_addr_t from = address6(2), to = address6(1);

  memset(bytes, 0, SIZEOF_ETH_HDR + IP6_HLEN);
  memcpy(&eth->dest, two_paths.netif.hwaddr, ETH_HWADDR_LEN);
  memcpy(&eth->src, "\2\0\0\0\0\2", ETH_HWADDR_LEN);
  eth->type = PP_HTONS(ETHTYPE_IPV6);
  IP6H_VTCFL_SET(ip, 6, 0, 0);
  IP6H_PLEN_SET(ip, (uint16_t)size);
  IP6H_NEXTH_SET(ip, protocol);
  IP6H_HOPLIM_SET(ip, ND6_HOPLIM);
  ip6_addr_copy_to_packed(ip->src, from);
  ip6_addr_copy_to_packed(ip->dest, to);
  return SIZEOF_ETH_HDR + IP6_HLEN + size;
}

/* Solicits the netif, which thereby learns its address. */
static void neighbor6_is(uint8_t mac_last) {
  struct message { /* RFC 4861, 4.3 */
    uint8_t type, code;
    uint16_t checksum;
    uint32_t reserved;
    ip6_addr_p_t target;
    uint8_t option, option_eights, mac[ETH_HWADDR_LEN];
  } message = {.type = ICMP6_TYPE_NS,
               .option = ND6_OPTION_TYPE_SOURCE_LLADDR,
               .option_eights = 1,
               .mac = {2, 0, 0, 0, 0, mac_last}};
  uint8_t bytes[SIZEOF_ETH_HDR + IP6_HLEN + sizeof message];
  const ip6_addr_t from = address6(2), own = address6(1);
  size_t length = headers6(bytes, IP6_NEXTH_ICMP6, sizeof message);
  struct pbuf *packet;

  ip6_addr_copy_to_packed(message.target, own);
  memcpy(bytes + SIZEOF_ETH_HDR + IP6_HLEN, &message, sizeof message);
  packet = packet_with(bytes + SIZEOF_ETH_HDR + IP6_HLEN, sizeof message);
  message.checksum = ip6_chksum_pseudo(packet, IP6_NEXTH_ICMP6, packet->tot_len, &from, &own);
  pbuf_free(packet);
  memcpy(bytes + SIZEOF_ETH_HDR + IP6_HLEN, &message, sizeof message);
  (void)ethernet_input(packet_with(bytes, length), &two_paths.netif);
}

static err_t start(struct netif *netif) {
  static struct nic nic; /* counts unknown ethertypes */

  netif->state = &nic;
  netif->output = etharp_output;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = transmit;
  netif->mtu = 1500;
  netif->hwaddr_len = ETH_HWADDR_LEN;
  memcpy(netif->hwaddr, "\2\0\0\0\0\1", ETH_HWADDR_LEN);
  netif->flags =
      NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static struct udp_pcb *pcb_on(const ip_addr_t *address, uint16_t port, udp_recv_fn received) {
  struct udp_pcb *pcb = udp_new_ip_type(IP_GET_TYPE(address));

  (void)udp_bind(pcb, address, port);
  udp_recv(pcb, received, NULL);
  return pcb;
}

void two_paths_setup(void) {
  ip4_addr_t own, mask, gateway;
  ip_addr_t own_ip;
  ip6_addr_t own6;

  memset(&two_paths, 0, sizeof two_paths);
  outcome = &outcomes[0];
  IP4_ADDR(&own, 10, 2, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 2, 0, 254);
  ip_addr_copy_from_ip4(own_ip, own);
  netif_add(&two_paths.netif, &own, &mask, &gateway, NULL, start, fast_path_input);
  own6 = address6(1);
  netif_ip6_addr_set(&two_paths.netif, 0, &own6);
  netif_ip6_addr_set_state(&two_paths.netif, 0, IP6_ADDR_PREFERRED);
  netif_set_up(&two_paths.netif);
  pcbs[0] = pcb_on(IP_ANY_TYPE, TWO_PATHS_ECHO_PORT, echo_received);
  pcbs[1] = pcb_on(IP_ANY_TYPE, TWO_PATHS_CHANGE_PORT, change_received);
  pcbs[2] = pcb_on(IP4_ADDR_ANY, TWO_PATHS_DISCARD_PORT, discard_received);
  pcbs[3] = pcb_on(&own_ip, TWO_PATHS_BOUND_PORT, discard_received);
  listening = tcp_new();
  (void)tcp_bind(listening, IP_ANY_TYPE, TWO_PATHS_LISTEN_PORT);
  listening = tcp_listen(listening);
}

void two_paths_teardown(void) {
  for (unsigned i = 0; i < sizeof pcbs / sizeof *pcbs; i++)
    udp_remove(pcbs[i]);
  (void)tcp_close(listening);
  netif_remove(&two_paths.netif);
}

/* ---- all ways ---- */

/* Restores everything to what it was before the last frame. */
static void forget(void) {
  static struct outcome ignored;

  outcome = &ignored;
  ignored.sent_count = 0;
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  for (unsigned i = 0; i < REASSEMBLY_TICKS; i++) {
    ip_reass_tmr();
    ip6_reass_tmr();
  }
  etharp_cleanup_netif(&two_paths.netif);
  neighbor_is(2, 2);
  neighbor_is(3, 3);
  nd6_cleanup_netif(&two_paths.netif);
  neighbor6_is(2);
}

static void take(const uint8_t *frame, size_t length, netif_input_fn input, struct outcome *into) {
  struct stats_ before;
  const uint32_t *old = (const void *)&before, *new = (const void *)&lwip_stats;
  struct raw_pcb *raw = NULL;

  forget();
  memset(into, 0, sizeof *into);
  outcome = into;
  if (two_paths.raw_protocol != 0) {
    raw = raw_new(two_paths.raw_protocol);
    raw_recv(raw, raw_received, NULL);
  }
  before = lwip_stats;
  two_paths.general = 0;
  two_paths.in_place = false;
  (void)input(packet_with(frame, length), &two_paths.netif);
  if (input == fast_path_input)
    two_paths.fast = two_paths.general == 0;
  for (size_t i = 0; i < sizeof before / sizeof *new; i++)
    ((uint32_t *)&into->stats)[i] = new[i] - old[i];
  memset(&into->stats.mem, 0, sizeof into->stats.mem); /* an answer in place needs less of it */
  if (raw != NULL)
    raw_remove(raw);
  differs(ip_data.current_netif == NULL && ip_data.current_ip4_header == NULL,
          "what is current afterwards");
}

/* Removes what answers may differ in: the identification, and whether it means anything. */
static void normalize(struct sent *sent) {
  struct ip_hdr *ip = (void *)(sent->bytes + SIZEOF_ETH_HDR);
  const struct ip6_hdr *ip6 = (const void *)ip;
  struct ip6_frag_hdr *fragment = (void *)(sent->bytes + SIZEOF_ETH_HDR + IP6_HLEN);

  if (sent->length >= SIZEOF_ETH_HDR + IP6_HLEN + IP6_FRAG_HLEN &&
      ((struct eth_hdr *)(void *)sent->bytes)->type == PP_HTONS(ETHTYPE_IPV6) &&
      IP6H_NEXTH(ip6) == IP6_NEXTH_FRAGMENT)
    fragment->_identification = 0;
  if (sent->length < SIZEOF_ETH_HDR + IP_HLEN ||
      ((struct eth_hdr *)(void *)sent->bytes)->type != PP_HTONS(ETHTYPE_IP))
    return;
  differs((two_paths.netif.chksum_flags & NETIF_CHECKSUM_GEN_IP) == 0
              ? ip->_chksum == 0
              : inet_chksum(ip, IP_HLEN) == 0,
          "an IP checksum");
  if (ip->_proto != IP_PROTO_ICMP || ip->_offset == 0) /* a ping's is kept */
    ip->_id = 0;
  ip->_offset &= PP_HTONS((uint16_t)~IP_DF);
  ip->_chksum = 0;
}

/* Whether `other` did what lwIP does. */
static void compare(struct outcome *other, const struct outcome *of_lwip) {
  differs(other->sent_count == of_lwip->sent_count, "how many frames are sent");
  for (unsigned i = 0; i < other->sent_count; i++) {
    normalize(&other->sent[i]);
    differs(memcmp(&other->sent[i], &of_lwip->sent[i], sizeof other->sent[i]) == 0,
            "a frame that is sent");
  }
  differs(other->heard_count == of_lwip->heard_count &&
              memcmp(other->heard, of_lwip->heard, sizeof other->heard) == 0,
          "what a receiver is told");
  other->stats.etharp.cachehit = of_lwip->stats.etharp.cachehit;
  other->stats.udp.cachehit = of_lwip->stats.udp.cachehit;
  other->stats.nd6.cachehit = of_lwip->stats.nd6.cachehit;
  differs(memcmp(&other->stats, &of_lwip->stats, sizeof other->stats) == 0, "a counter of lwIP's");
}

bool two_paths_agree(const uint8_t *frame, size_t length) {
  struct outcome *of_lwip = &outcomes[0], *other = &outcomes[1];

  bool in_place;

  two_paths.difference = NULL;
  may_answer_in_place = false;
  host_run_for_us(1000000); /* errors may be sent again, as many each way */
  take(frame, length, ethernet_input, of_lwip);
  for (unsigned i = 0; i < of_lwip->sent_count; i++)
    normalize(&of_lwip->sent[i]);
  may_answer_in_place = true;
  take(frame, length, ethernet_input, other);
  in_place = two_paths.in_place;
  compare(other, of_lwip);
  take(frame, length, fast_path_input, other);
  two_paths.in_place = in_place;
  two_paths.sent_length = other->sent_count != 0 ? other->sent[0].length : 0;
  memcpy(two_paths.sent, other->sent[0].bytes, sizeof two_paths.sent);
  compare(other, of_lwip);
  return two_paths.difference == NULL;
}

/* ---- frames ---- */

struct plain {
  struct eth_hdr eth;
  struct ip_hdr ip;
  union {
    struct icmp_echo_hdr icmp;
    struct udp_hdr udp;
  };
};

static size_t plain(struct plain *plain, uint8_t protocol, size_t size) {
  const uint8_t from[4] = {10, 2, 0, 2}, to[4] = {10, 2, 0, 1};

  memset(plain, 0, sizeof *plain);
  memcpy(&plain->eth.dest, two_paths.netif.hwaddr, ETH_HWADDR_LEN);
  memcpy(&plain->eth.src, "\2\0\0\0\0\2", ETH_HWADDR_LEN);
  plain->eth.type = PP_HTONS(ETHTYPE_IP);
  plain->ip._v_hl = 0x45;
  plain->ip._len = lwip_htons((uint16_t)(sizeof *plain - sizeof plain->eth + size));
  plain->ip._id = PP_HTONS(0x1234);
  plain->ip._ttl = 64;
  plain->ip._proto = protocol;
  memcpy(&plain->ip.src, from, sizeof from);
  memcpy(&plain->ip.dest, to, sizeof to);
  for (size_t i = 0; i < size; i++)
    ((uint8_t *)(plain + 1))[i] = (uint8_t)(i * 5 + 1);
  return sizeof *plain + size;
}

/* What is summed is the datagram, which may be shorter than its packet. */
static void cut_to_datagram(struct pbuf *packet, const struct udp_hdr *udp) {
  const uint16_t length = lwip_ntohs(udp->len);

  if (length >= UDP_HLEN && length < packet->tot_len)
    pbuf_realloc(packet, length);
}

static void sum6(uint8_t *frame, size_t length) {
  const struct ip6_hdr *ip = (const void *)(frame + SIZEOF_ETH_HDR);
  struct udp_hdr *udp = (void *)(frame + SIZEOF_ETH_HDR + IP6_HLEN);
  ip6_addr_t from, to;
  struct pbuf *packet;

  if (IP6H_NEXTH(ip) != IP6_NEXTH_UDP || udp->chksum == 0 || IP6H_PLEN(ip) < UDP_HLEN ||
      IP6H_PLEN(ip) > length - SIZEOF_ETH_HDR - IP6_HLEN)
    return;
  ip6_addr_copy_from_packed(from, ip->src);
  ip6_addr_copy_from_packed(to, ip->dest);
  udp->chksum = 0;
  packet = packet_with((uint8_t *)udp, IP6H_PLEN(ip));
  cut_to_datagram(packet, udp);
  udp->chksum = ip6_chksum_pseudo(packet, IP6_NEXTH_UDP, packet->tot_len, &from, &to);
  if (udp->chksum == 0)
    udp->chksum = 0xffff;
  pbuf_free(packet);
}

void two_paths_sum(uint8_t *frame, size_t length) {
  struct plain *header = (void *)frame;
  ip4_addr_t from, to;
  struct pbuf *packet;
  size_t of_ip;

  if (length >= SIZEOF_ETH_HDR + IP6_HLEN + UDP_HLEN &&
      header->eth.type == PP_HTONS(ETHTYPE_IPV6)) {
    sum6(frame, length);
    return;
  }
  if (length < sizeof *header)
    return;
  header->ip._chksum = 0;
  header->ip._chksum = inet_chksum(&header->ip, IP_HLEN);
  of_ip = lwip_ntohs(header->ip._len);
  if (of_ip < sizeof *header - sizeof header->eth || of_ip > length - sizeof header->eth)
    return;
  packet = packet_with((uint8_t *)&header->udp, of_ip - IP_HLEN);
  if (header->ip._proto == IP_PROTO_ICMP) {
    ((struct icmp_echo_hdr *)packet->payload)->chksum = 0;
    header->icmp.chksum = inet_chksum_pbuf(packet);
  } else if (header->ip._proto == IP_PROTO_TCP && packet->len >= TCP_HLEN) {
    ip4_addr_copy(from, header->ip.src);
    ip4_addr_copy(to, header->ip.dest);
    ((struct tcp_hdr *)packet->payload)->chksum = 0;
    ((struct tcp_hdr *)(void *)&header->udp)->chksum =
        inet_chksum_pseudo(packet, IP_PROTO_TCP, packet->tot_len, &from, &to);
  } else if (header->ip._proto == IP_PROTO_UDP && header->udp.chksum != 0) {
    ip4_addr_copy(from, header->ip.src);
    ip4_addr_copy(to, header->ip.dest);
    ((struct udp_hdr *)packet->payload)->chksum = 0;
    cut_to_datagram(packet, &header->udp);
    header->udp.chksum = inet_chksum_pseudo(packet, IP_PROTO_UDP, packet->tot_len, &from, &to);
    if (header->udp.chksum == 0)
      header->udp.chksum = 0xffff;
  }
  pbuf_free(packet);
}

size_t two_paths_ping(uint8_t *frame, size_t size) {
  struct plain *header = (void *)frame;
  size_t length = plain(header, IP_PROTO_ICMP, size);

  header->icmp.type = ICMP_ECHO;
  header->icmp.id = PP_HTONS(77);
  two_paths_sum(frame, length);
  return length;
}

size_t two_paths_datagram(uint8_t *frame, size_t size, uint16_t port) {
  struct plain *header = (void *)frame;
  size_t length = plain(header, IP_PROTO_UDP, size);

  header->udp.src = PP_HTONS(5000);
  header->udp.dest = lwip_htons(port);
  header->udp.len = lwip_htons((uint16_t)(size + UDP_HLEN));
  header->udp.chksum = 1; /* that there is one */
  two_paths_sum(frame, length);
  return length;
}

size_t two_paths_segment(uint8_t *frame, size_t size, uint16_t port, uint8_t flags) {
  struct plain *header = (void *)frame;
  struct tcp_hdr *tcp = (void *)&header->udp;
  size_t length = plain(header, IP_PROTO_TCP, size + TCP_HLEN - UDP_HLEN);

  *tcp = (struct tcp_hdr){
      .src = PP_HTONS(5000),
      .dest = lwip_htons(port),
      .seqno = PP_HTONL(0x12345678),
      .ackno = PP_HTONL(0x9abcdef0),
      .wnd = PP_HTONS(8000),
  };
  TCPH_HDRLEN_FLAGS_SET(tcp, TCP_HLEN / 4, flags);
  two_paths_sum(frame, length);
  return length;
}

size_t two_paths_datagram6(uint8_t *frame, size_t size, uint16_t port) {
  size_t length = headers6(frame, IP6_NEXTH_UDP, UDP_HLEN + size);
  struct udp_hdr *udp = (void *)(frame + SIZEOF_ETH_HDR + IP6_HLEN);

  *udp = (struct udp_hdr){
      .src = PP_HTONS(5000),
      .dest = lwip_htons(port),
      .len = lwip_htons((uint16_t)(size + UDP_HLEN)),
      .chksum = 1, /* that there is one */
  };
  for (size_t i = 0; i < size; i++)
    ((uint8_t *)(udp + 1))[i] = (uint8_t)(i * 5 + 1);
  two_paths_sum(frame, length);
  return length;
}
