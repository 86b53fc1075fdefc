/* The fast path: common packets to the interface go to ICMP, UDP and TCP past lwIP's general
 * way. */
#include "fast_path.h"

#include <assert.h>

#include "internet_checksum.h"
#include "lwip/icmp.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/snmp.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"
#include "reply.h"
#ifdef LWIP_HOOK_FILENAME
#include LWIP_HOOK_FILENAME
#endif

#if LWIP_IPV4 && LWIP_UDP

struct frame { /* RFC 894, 791, and 792 or 768 */
  struct eth_hdr eth;
  struct ip_hdr ip;
  union {
    struct icmp_echo_hdr icmp;
    struct udp_hdr udp;
  };
};
enum { IP_BYTES = sizeof(struct ip_hdr) + sizeof(struct udp_hdr), RIGHT = 0xffff };
static_assert(sizeof(struct frame) == sizeof(struct eth_hdr) + IP_BYTES, "as on the wire");
static_assert(_Alignof(struct frame) == 1, "wherever it may lie");

/* A hook of the product's, such as a packet filter, sees all packets before lwIP does. */
#ifdef LWIP_HOOK_IP4_INPUT
enum { HAS_INPUT_HOOK = 1 };
#else
enum { HAS_INPUT_HOOK = 0 };
#endif

/* Raw PCBs see all packets. lwIP keeps the list of them to itself, but counts them with
 * MEMP_STATS. */
static bool has_raw_pcbs(void) {
#if LWIP_RAW && MEMP_STATS
  return lwip_stats.memp[MEMP_RAW_PCB]->used != 0;
#else
  return LWIP_RAW != 0;
#endif
}

/* A whole IPv4 packet without options, from one station to the interface. */
static bool is_plain(const struct pbuf *packet, const struct netif *netif) {
  const struct frame *frame = packet->payload;
  const uint32_t own = netif_ip4_addr(netif)->addr, mask = netif_ip4_netmask(netif)->addr;
  const uint32_t from = frame->ip.src.addr;
  const unsigned flags = NETIF_FLAG_UP | NETIF_FLAG_ETHARP;

  return frame->eth.type == PP_HTONS(ETHTYPE_IP) && frame->ip._v_hl == 0x45 &&
         (frame->ip._offset & PP_HTONS(IP_MF | IP_OFFMASK)) == 0 && packet->next == NULL &&
         frame->ip.dest.addr == own && own != 0 && from != 0 &&
         !ip4_addr_ismulticast(&frame->ip.src) && (from | mask) != IPADDR_BROADCAST &&
         (frame->eth.dest.addr[0] & 1) == 0 && (netif->flags & flags) == flags && !has_raw_pcbs();
}

/* The bytes of the IP packet, or 0 if some are missing or its header is wrong. */
static size_t ip_length(const struct pbuf *packet, const struct netif *netif) {
  const struct frame *frame = packet->payload;
  size_t length = lwip_ntohs(frame->ip._len);

  if (length < IP_BYTES || length + sizeof frame->eth > packet->len ||
      ((netif->chksum_flags & NETIF_CHECKSUM_CHECK_IP) != 0 &&
       internet_checksum_ip4_header(&frame->ip, sizeof frame->ip) != RIGHT))
    return 0;
  return length;
}

static bool is_echo_request(const struct frame *frame, const struct netif *netif, size_t length) {
  return frame->icmp.type == ICMP_ECHO && ((netif->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP) == 0 ||
                                           internet_checksum(&frame->icmp, length) == RIGHT);
}

static bool is_datagram(const struct frame *frame, const struct netif *netif, size_t length) {
  return lwip_ntohs(frame->udp.len) == length &&
         (frame->udp.chksum == 0 || (netif->chksum_flags & NETIF_CHECKSUM_CHECK_UDP) == 0 ||
          reply_datagram_sum(&frame->ip, length) == RIGHT);
}

/* The only PCB of the port, where it takes datagrams of all peers to all addresses, or NULL. */
static struct udp_pcb *receiver_of(const struct frame *frame) {
  const uint16_t port = lwip_ntohs(frame->udp.dest);
  struct udp_pcb *receiver = NULL;

  for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
    if (pcb->local_port != port)
      continue;
    if (receiver != NULL || pcb->recv == NULL || pcb->netif_idx != NETIF_NO_INDEX ||
        (pcb->flags & UDP_FLAGS_CONNECTED) != 0 || IP_IS_V6_VAL(pcb->local_ip) ||
        !ip_addr_isany_val(pcb->local_ip))
      return NULL;
    receiver = pcb;
  }
  return receiver;
}

/* Takes off the headers, leaving `size` bytes, and sets lwIP's current packet for the receiver, as
 * ip4_input() does. Inlined, since nearly all of it is constant. */
static inline __attribute__((always_inline)) void enter(struct pbuf *packet, struct netif *netif,
                                                        size_t headers, size_t size) {
  const struct frame *frame = packet->payload;

  IP_STATS_INC(ip.recv);
  MIB2_STATS_INC(mib2.ipinreceives);
  MIB2_STATS_INC(mib2.ipindelivers);
  packet->if_idx = netif_get_index(netif);
  packet->payload = (uint8_t *)packet->payload + headers;
  packet->len = packet->tot_len = (uint16_t)size;
  ip_data.current_netif = netif;
  ip_data.current_input_netif = netif;
  ip_data.current_ip4_header = &frame->ip;
  ip_data.current_ip_header_tot_len = sizeof frame->ip;
  ip4_addr_copy(*ip_2_ip4(&ip_data.current_iphdr_dest), frame->ip.dest);
  ip4_addr_copy(*ip_2_ip4(&ip_data.current_iphdr_src), frame->ip.src);
  IP_SET_TYPE_VAL(ip_data.current_iphdr_dest, IPADDR_TYPE_V4);
  IP_SET_TYPE_VAL(ip_data.current_iphdr_src, IPADDR_TYPE_V4);
}

static void leave(void) {
  ip_data.current_netif = NULL;
  ip_data.current_input_netif = NULL;
  ip_data.current_ip4_header = NULL;
}

/* ---- receiving a packet with `length` bytes behind the IP header ---- */

static err_t datagram_input(struct pbuf *packet, struct netif *netif, size_t length) {
  const struct frame *frame = packet->payload;
  struct udp_pcb *receiver = is_datagram(frame, netif, length) ? receiver_of(frame) : NULL;

  if (receiver == NULL)
    return ethernet_input(packet, netif);
  UDP_STATS_INC(udp.recv);
  MIB2_STATS_INC(mib2.udpindatagrams);
  enter(packet, netif, sizeof *frame, length - UDP_HLEN);
  receiver->recv(receiver->recv_arg, receiver, packet, ip_current_src_addr(),
                 lwip_ntohs(frame->udp.src));
  leave();
  return ERR_OK;
}

#if LWIP_TCP
static err_t segment_input(struct pbuf *packet, struct netif *netif, size_t length) {
  enter(packet, netif, offsetof(struct frame, udp), length);
  tcp_input(packet, netif);
  leave();
  return ERR_OK;
}
#endif

/* Answers a ping in place. The checksum changes by as much as the type does, as in lwIP. */
static err_t ping_input(struct pbuf *packet, struct netif *netif, size_t length) {
  struct frame *frame = packet->payload;
  const uint16_t change = PP_HTONS(ICMP_ECHO << 8), sum = frame->icmp.chksum;
  const unsigned carry = sum > PP_HTONS(0xffff - (ICMP_ECHO << 8));

  if (length + sizeof frame->ip > netif->mtu || !is_echo_request(frame, netif, length))
    return ethernet_input(packet, netif);
  IP_STATS_INC(ip.recv);
  ICMP_STATS_INC(icmp.recv);
  ICMP_STATS_INC(icmp.xmit);
  MIB2_STATS_INC(mib2.ipinreceives);
  MIB2_STATS_INC(mib2.ipindelivers);
  MIB2_STATS_INC(mib2.icmpinmsgs);
  MIB2_STATS_INC(mib2.icmpinechos);
  MIB2_STATS_INC(mib2.icmpoutmsgs);
  MIB2_STATS_INC(mib2.icmpoutechoreps);
  frame->icmp.type = ICMP_ER;
  frame->icmp.chksum = 0;
  if ((netif->chksum_flags & NETIF_CHECKSUM_GEN_ICMP) != 0)
    frame->icmp.chksum = (uint16_t)(sum + change + carry);
  frame->ip._ttl = ICMP_TTL;
  packet->payload = &frame->ip;
  reply_send(packet, netif, length + sizeof frame->ip);
  return ERR_OK;
}

err_t fast_path_input(struct pbuf *packet, struct netif *netif) {
  const struct frame *frame = packet->payload;
  size_t length = !HAS_INPUT_HOOK && packet->len >= sizeof *frame && is_plain(packet, netif)
                      ? ip_length(packet, netif)
                      : 0;

  if (length == 0)
    return ethernet_input(packet, netif);
  length -= sizeof frame->ip;
  if (frame->ip._proto == IP_PROTO_UDP)
    return datagram_input(packet, netif, length);
#if LWIP_TCP
  if (frame->ip._proto == IP_PROTO_TCP)
    return segment_input(packet, netif, length);
#endif
  if (LWIP_ICMP && frame->ip._proto == IP_PROTO_ICMP)
    return ping_input(packet, netif, length);
  return ethernet_input(packet, netif);
}

#endif
