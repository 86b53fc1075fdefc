/* The wire of the fuzzer of the whole stack: frames in and out, and neighbors that answer. */
#include <stdlib.h>
#include <string.h>

#include "fast_path.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/inet_chksum.h"
#include "lwip/prot/dns.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/nd6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "netif/ethernet.h"
#include "nic.h"
#include "stack_build.h"
#include "stack_parts.h"

enum { KEPT_MAX = 8, ANSWERS_MAX = 8, ROUNDS_MAX = 64, SHORTEST = 60, SENT_MAX = 20000 };

struct wire wire;
const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};
struct dns_query dns_queries[QUERIES];

static struct pbuf *kept[KEPT_MAX];
static unsigned kept_count;

static struct answer {
  size_t length;
  uint8_t bytes[SIZEOF_ETH_HDR + IP6_HLEN + 32];
} answers[ANSWERS_MAX];
static unsigned answer_count;

/* ---- what the stack receives ---- */

static void frame_freed(struct pbuf *frame) {
  wire.received--;
  free(frame);
}

/* Ends where the frame ends, so that ASan sees who reads beyond; but lwIP looks at the first bytes
 * of a header before it looks whether they are there, and no MAC's buffer is so short. */
void wire_comes(const void *frame, size_t length) {
  struct pbuf_custom *custom;
  struct pbuf *packet;

  if (!wire.there || !netif_is_link_up(&wire.netif))
    return;
  custom = malloc(sizeof *custom + LWIP_MAX(length, (size_t)SHORTEST));
  if (custom == NULL)
    abort();
  custom->custom_free_function = frame_freed;
  packet =
      pbuf_alloced_custom(PBUF_RAW, (u16_t)length, PBUF_POOL, custom, custom + 1, (u16_t)length);
  memcpy(packet->payload, frame, length);
  wire.received++;
  if (wire.netif.input(packet, &wire.netif) != ERR_OK)
    pbuf_free(packet);
}

/* ---- neighbors ---- */

static struct answer *next_answer(const uint8_t *mac) {
  struct answer *answer;

  if (answer_count == ANSWERS_MAX)
    return NULL;
  answer = &answers[answer_count++];
  memset(answer, 0, sizeof *answer);
  memcpy(answer->bytes, own_mac, sizeof own_mac);
  memcpy(answer->bytes + 6, mac, 6);
  return answer;
}

static void answer_arp(const uint8_t *frame) {
  const struct etharp_hdr *request = (const void *)(frame + SIZEOF_ETH_HDR);
  const uint8_t *wanted = (const void *)&request->dipaddr;
  const uint8_t mac[] = {2, 0, 0, 0, 0, wanted[3]};
  struct answer *answer;
  struct etharp_hdr *reply;

  if (request->opcode != PP_HTONS(ARP_REQUEST) ||
      memcmp(&request->dipaddr, netif_ip4_addr(&wire.netif), 4) == 0)
    return;
  answer = next_answer(mac);
  if (answer == NULL)
    return;
  answer->bytes[12] = 8;
  answer->bytes[13] = 6;
  reply = (void *)(answer->bytes + SIZEOF_ETH_HDR);
  *reply = *request;
  reply->opcode = PP_HTONS(ARP_REPLY);
  memcpy(&reply->shwaddr, mac, sizeof mac);
  memcpy(&reply->sipaddr, &request->dipaddr, 4);
  memcpy(&reply->dhwaddr, own_mac, sizeof own_mac);
  memcpy(&reply->dipaddr, &request->sipaddr, 4);
  answer->length = SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR;
}

static void answer_solicitation(const uint8_t *frame) {
  const uint8_t *ip = frame + SIZEOF_ETH_HDR, *target = ip + IP6_HLEN + 8;
  const uint8_t mac[] = {2, 0, 0, 0, 0, target[15]};
  static const uint8_t none[16];
  struct answer *answer;
  uint8_t *to, *message;
  uint16_t sum;

  if (memcmp(ip + 8, none, sizeof none) == 0) /* it looks for duplicates */
    return;
  answer = next_answer(mac);
  if (answer == NULL)
    return;
  answer->bytes[12] = 0x86;
  answer->bytes[13] = 0xdd;
  to = answer->bytes + SIZEOF_ETH_HDR;
  to[0] = 0x60;
  to[5] = 32;
  to[6] = IP6_NEXTH_ICMP6;
  to[7] = 255;
  memcpy(to + 8, target, 16);
  memcpy(to + 24, ip + 8, 16);
  message = to + IP6_HLEN;
  message[0] = ICMP6_TYPE_NA;
  message[4] = ND6_FLAG_SOLICITED | ND6_FLAG_OVERRIDE;
  memcpy(message + 8, target, 16);
  message[24] = ND6_OPTION_TYPE_TARGET_LLADDR;
  message[25] = 1;
  memcpy(message + 26, mac, sizeof mac);
  sum = sum6(to, 32, IP6_NEXTH_ICMP6);
  memcpy(message + 2, &sum, sizeof sum);
  answer->length = sizeof answer->bytes;
}

void wire_settles(void) {
  for (unsigned round = 0; answer_count != 0; round++) {
    struct answer now[ANSWERS_MAX];
    const unsigned count = answer_count;

    if (round == ROUNDS_MAX)
      stack_fails("what a neighbor answers is asked again and again");
    memcpy(now, answers, sizeof now);
    answer_count = 0;
    for (unsigned i = 0; i < count; i++)
      wire_comes(now[i].bytes, now[i].length);
  }
  app_run_events();
}

/* ---- what it sends ---- */

static void look_at_segment(const uint8_t *tcp, size_t length) {
  const struct tcp_hdr *header = (const void *)tcp;

  if (header->dest != PP_HTONS(CHECK_PORT))
    return;
  if ((TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
    wire.syn_acks++;
    wire.syn_ack_sequence = lwip_ntohl(header->seqno);
  } else if (length > TCPH_HDRLEN_BYTES(header)) {
    wire.echoed++;
  }
}

static void look_at_datagram(const uint8_t *udp, size_t length, bool ip6, const void *to) {
  const struct udp_hdr *header = (const void *)udp;
  struct dns_query *query = &dns_queries[0];

  if (header->dest != PP_HTONS(DNS_SERVER_PORT) || length < UDP_HLEN)
    return;
  dns_queries[1] = dns_queries[0];
  memset(query, 0, sizeof *query);
  query->is_ip6 = ip6;
  query->port = lwip_ntohs(header->src);
  query->bytes = (uint16_t)LWIP_MIN(length - UDP_HLEN, sizeof query->message);
  memcpy(query->message, udp + UDP_HLEN, query->bytes);
  IP_SET_TYPE(&query->server, ip6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
  if (ip6)
    memcpy(ip_2_ip6(&query->server)->addr, to, 16);
  else
    memcpy(ip_2_ip4(&query->server), to, 4);
}

static void look(const uint8_t *frame, size_t length) {
  const uint8_t *ip = frame + SIZEOF_ETH_HDR;
  const unsigned type = (unsigned)(frame[12] << 8 | frame[13]);

  if (type == ETHTYPE_ARP && wire.neighbors_answer) {
    answer_arp(frame);
  } else if (type == ETHTYPE_IP && length >= SIZEOF_ETH_HDR + IP_HLEN + 8) {
    const size_t header = (size_t)(ip[0] & 15) * 4;
    const uint8_t *inner = ip + header;

    if (ip[9] == IP_PROTO_ICMP && inner[0] == ICMP_ER && inner[4] == CHECK_ID >> 8 &&
        inner[5] == (CHECK_ID & 0xff))
      wire.echo_replies++;
    else if (ip[9] == IP_PROTO_TCP)
      look_at_segment(inner, length - SIZEOF_ETH_HDR - header);
    else if (ip[9] == IP_PROTO_UDP)
      look_at_datagram(inner, length - SIZEOF_ETH_HDR - header, false, ip + 16);
  } else if (type == ETHTYPE_IPV6 && length >= SIZEOF_ETH_HDR + IP6_HLEN + 8) {
    const uint8_t *inner = ip + IP6_HLEN;

    if (ip[6] == IP6_NEXTH_UDP)
      look_at_datagram(inner, length - SIZEOF_ETH_HDR - IP6_HLEN, true, ip + 24);
    else if (ip[6] == IP6_NEXTH_ICMP6 && inner[0] == ICMP6_TYPE_EREP && inner[4] == CHECK_ID >> 8)
      wire.echo6_replies++;
    else if (ip[6] == IP6_NEXTH_ICMP6 && inner[0] == ICMP6_TYPE_NS && wire.neighbors_answer)
      answer_solicitation(frame);
  }
}

static err_t transmit(struct netif *netif, struct pbuf *packet) {
  size_t length = 0;

  (void)netif;
  if (wire.refuses != 0) {
    wire.refuses--;
    return ERR_BUF;
  }
  if (++wire.sent > SENT_MAX)
    stack_fails("frames are sent without end");
  for (const struct pbuf *part = packet;; part = part->next) {
    if (length + part->len > SIZEOF_ETH_HDR + WIRE_MTU)
      stack_fails("a frame of %u bytes is sent", packet->tot_len);
    memcpy(wire.last + length, part->payload, part->len);
    length += part->len;
    if (part->len == part->tot_len)
      break;
    if (part->next == NULL)
      stack_fails("a packet ends before its length");
  }
  if (length != packet->tot_len)
    stack_fails("a packet is longer than its length");
  wire.last_bytes = length;
  look(wire.last, length);
  if (wire.keeps && kept_count < KEPT_MAX) {
    pbuf_ref(packet);
    kept[kept_count++] = packet;
  }
  return ERR_OK;
}

void wire_frees_kept(void) {
  while (kept_count != 0)
    pbuf_free(kept[--kept_count]);
}

/* ---- interface ---- */

static err_t start(struct netif *netif) {
  static const struct nic_ops ops = {
      .name = "paper", .caps = {.tx_fragments_max = 4, .tx_alignment = 1, .mtu_max = WIRE_MTU}};
  static struct nic nic = {.ops = &ops};

  netif->state = &nic;
  netif->name[0] = 'e';
  netif->name[1] = 'n';
  netif->output = etharp_output;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = transmit;
  netif->mtu = WIRE_MTU;
  netif->hwaddr_len = ETH_HWADDR_LEN;
  memcpy(netif->hwaddr, own_mac, sizeof own_mac);
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP |
                 NETIF_FLAG_MLD6;
  return ERR_OK;
}

void wire_add(void) {
  ip4_addr_t own, mask, gateway;

  IP4_ADDR(&own, 10, 0, 0, 15);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 0, 0, 2);
  if (netif_add(&wire.netif, &own, &mask, &gateway, NULL, start,
                wire.fast ? fast_path_input : ethernet_input) == NULL)
    stack_fails("no interface");
  wire.there = true;
  netif_set_hostname(&wire.netif, "ringif");
  netif_create_ip6_linklocal_address(&wire.netif, 1);
  netif_set_ip6_autoconfig_enabled(&wire.netif, 1);
  netif_set_default(&wire.netif);
  netif_set_link_up(&wire.netif);
  netif_set_up(&wire.netif);
}

void wire_remove(void) {
  answer_count = 0;
  netif_remove(&wire.netif);
  wire.there = false;
}
