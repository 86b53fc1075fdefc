/* Frames over IPv4 and of TCP and UDP for the fuzzer of the whole stack: right for the state, then
 * changed. */
#include <string.h>

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/dhcp.h"
#include "lwip/prot/dns.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "stack_build.h"
#include "stack_parts.h"

/* ---- TCP ---- */

static struct tcp_pcb *some_pcb(unsigned which) {
  unsigned count = 0;

  for (unsigned list = 0; list < 2; list++)
    for (struct tcp_pcb *pcb = list == 0 ? tcp_active_pcbs : tcp_tw_pcbs; pcb != NULL;
         pcb = pcb->next)
      count++;
  if (count == 0)
    return NULL;
  which %= count;
  for (unsigned list = 0;; list++)
    for (struct tcp_pcb *pcb = list == 0 ? tcp_active_pcbs : tcp_tw_pcbs; pcb != NULL;
         pcb = pcb->next)
      if (which-- == 0)
        return pcb;
}

static void tcp_header(uint16_t from, uint16_t to, uint32_t sequence, uint32_t acknowledged,
                       unsigned flags, unsigned window, unsigned option_words) {
  add16(from);
  add16(to);
  add32(sequence);
  add32(acknowledged);
  add16((5 + option_words) << 12 | flags);
  add16(window);
  add32(0);
}

static uint32_t some_distance(void) {
  static const uint16_t distances[] = {1, 2, 8, 64, 128, 536, 1000, 1440, 1460, 2920, 4380, 5840};
  const unsigned which = take8();

  return which < 192   ? distances[which % LWIP_ARRAYSIZE(distances)]
         : which < 224 ? which
                       : take16();
}

static uint32_t near(uint32_t number, unsigned how) {
  switch (how % 4) {
  case 1:
    return number + some_distance();
  case 2:
    return number - some_distance();
  case 3:
    return how % 8 < 4 ? number - 1 : number + 1;
  default:
    return number;
  }
}

/* Data for the service that the connection is to. */
static void add_data(const struct tcp_pcb *pcb) {
  static const char *const requests[] = {
      "GET / HTTP/1.0\r\n\r\n",
      "GET /api/state HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /api/log HTTP/1.0\r\n\r\n",
      "POST /api/command HTTP/1.0\r\nHost: ringif\r\nContent-Length: 4\r\n\r\nhelp",
      "POST /api/command HTTP/1.0\r\nHost: ringif\r\nContent-Length: 40\r\n\r\nhelp",
      "POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\n",
      "GET /",
      " HTTP/1.0\r\n",
      "\r\n\r\n",
  };
  const unsigned which = take8();

  if (pcb->local_port != 80 || which >= 128) {
    add_pattern(some_length());
  } else {
    const char *request = requests[which % LWIP_ARRAYSIZE(requests)];

    add(request, strlen(request));
  }
}

static unsigned some_window(unsigned how) {
  static const uint16_t windows[] = {5840, 65535, 0, 1, 100, 1460, 1461, 4380};

  return windows[how % LWIP_ARRAYSIZE(windows)];
}

static void segment_of(const struct tcp_pcb *pcb, unsigned flags, uint32_t sequence,
                       uint32_t acknowledged, unsigned window, unsigned option_words) {
  headers(&pcb->remote_ip, &pcb->local_ip, IP_PROTO_TCP);
  tcp_header(pcb->remote_port, pcb->local_port, sequence, acknowledged, flags, window,
             option_words);
}

/* A segment of a connection. Its flags are most often ones that go on with it. */
void frame_tcp(void) {
  static const uint8_t usual[] = {TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_SYN | TCP_ACK};
  const struct tcp_pcb *pcb = some_pcb(take8());
  const unsigned flags = take8(), numbers = take8(), window = take8();
  uint32_t sequence, acknowledged;

  if (pcb == NULL)
    return;
  sequence = near(pcb->rcv_nxt, numbers);
  acknowledged = near((numbers & 8) == 0 ? pcb->snd_nxt : pcb->lastack, numbers >> 4);
  segment_of(pcb, flags < 192 ? usual[flags % 4] : flags & 63, sequence, acknowledged,
             some_window(window), window >> 6);
  add_input((size_t)(window >> 6) * 4);
  if ((numbers & 0x80) != 0)
    add_data(pcb);
  comes();
}

/* A connection is opened from outside. */
void frame_syn(void) {
  static const uint8_t ports[] = {7, 9, 19, 80, 81, 82};
  const unsigned which = take8(), from = take8(), options = take8() % 11;
  const bool ip6 = which >= 128;
  const ip_addr_t peer = peer_address(ip6, from >> 6), own = own_address(ip6, 0);

  headers(&peer, &own, IP_PROTO_TCP);
  tcp_header((uint16_t)(PEER_PORT + from % 16), ports[which % LWIP_ARRAYSIZE(ports)], take32(), 0,
             TCP_SYN, some_window(take8()), options == 0 ? 1 : options);
  if (options == 0)
    add32(0x020405b4);
  else
    add_input(options * 4);
  comes();
}

/* Whoever is connected acknowledges all that was sent, and has a large window. */
void peers_acknowledge(void) {
  const struct tcp_pcb *pcbs[MEMP_NUM_TCP_PCB];
  unsigned count = 0;

  for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next)
    pcbs[count++] = pcb;
  while (count-- != 0) {
    const struct tcp_pcb *still = tcp_active_pcbs;

    while (still != NULL && still != pcbs[count])
      still = still->next;
    if (still == NULL)
      continue;
    segment_of(still, still->state == SYN_SENT ? TCP_SYN | TCP_ACK : TCP_ACK,
               still->state == SYN_SENT ? 0x1000 : still->rcv_nxt, still->snd_nxt, 8000, 0);
    set_lengths();
    sum_all();
    wire_comes(datagram, used);
  }
}

void frame_check_segment(uint8_t flags, uint32_t sequence, uint32_t acknowledged,
                         const char *text) {
  const ip_addr_t peer = peer_address(false, 0), own = own_address(false, 0);

  headers(&peer, &own, IP_PROTO_TCP);
  tcp_header(CHECK_PORT, 7, sequence, acknowledged, flags, 5840, 0);
  add(text, strlen(text));
  set_lengths();
  sum_all();
  wire_comes(datagram, used);
}

/* ---- UDP ---- */

static void udp_header(uint16_t from, uint16_t to) {
  add16(from);
  add16(to);
  add32(0);
}

static void udp_comes(size_t header) {
  put16(header + 4, (unsigned)(used - header));
  comes();
}

void frame_udp(void) {
  static const uint16_t ports[] = {7, 68, 53, 1000, 546, 7};
  const unsigned which = take8(), from = take8();
  const bool ip6 = which >= 128;
  const ip_addr_t peer = peer_address(ip6, from), own = own_address(ip6, from >> 4);
  size_t header;

  headers(&peer, &own, IP_PROTO_UDP);
  header = used;
  udp_header((uint16_t)(PEER_PORT + from), ports[which % LWIP_ARRAYSIZE(ports)]);
  add_pattern(some_length());
  udp_comes(header);
}

/* The server's answer to what the client has asked. */
void frame_dhcp(void) {
  const struct dhcp *dhcp = netif_dhcp_data(&wire.netif);
  const unsigned which = take8();
  const ip_addr_t server = peer_address(false, 0),
                  to = own_address(false, (which & 1) != 0 ? 6 : 0);
  static const uint8_t types[] = {DHCP_NAK, DHCP_OFFER, DHCP_ACK, DHCP_DECLINE};
  unsigned type;
  uint32_t lease;
  size_t header;

  if (dhcp == NULL)
    return;
  type = which < 192 ? (dhcp->state == DHCP_STATE_SELECTING ? DHCP_OFFER : DHCP_ACK)
                     : types[which % LWIP_ARRAYSIZE(types)];
  headers(&server, &to, IP_PROTO_UDP);
  header = used;
  udp_header(67, 68);
  add8(DHCP_BOOTREPLY);
  add8(1);
  add8(ETH_HWADDR_LEN);
  add8(0);
  add32(dhcp->xid);
  add32(0);
  add32(0);
  add32(0x0a00000f + ((which >> 1) & 1)); /* 10.0.0.15 */
  add32(0x0a000002);
  add32(0);
  add(own_mac, 6);
  add_zeroes(10 + 64);
  if ((which & 0x20) != 0)
    add_input(8);
  else
    add_zeroes(8);
  add_zeroes(120);
  add32(DHCP_MAGIC_COOKIE);
  add8(DHCP_OPTION_MESSAGE_TYPE);
  add8(1);
  add8(type);
  add8(DHCP_OPTION_SERVER_ID);
  add8(4);
  add32(0x0a000002);
  lease = take8();
  add8(DHCP_OPTION_LEASE_TIME);
  add8(4);
  add32(lease < 128 ? lease * 5 : lease == 128 ? UINT32_MAX : take32());
  add8(DHCP_OPTION_SUBNET_MASK);
  add8(4);
  add32(0xffffff00);
  if ((which & 4) == 0) {
    add8(DHCP_OPTION_ROUTER);
    add8(4);
    add32(0x0a000002);
    add8(DHCP_OPTION_DNS_SERVER);
    add8(4);
    add32(0x0a000003);
  }
  if ((which & 8) != 0)
    add_input(take8());
  if ((which & 0x10) == 0)
    add8(DHCP_OPTION_END);
  udp_comes(header);
}

/* An answer to one of the last queries. */
void frame_dns(void) {
  const unsigned which = take8(), records = take8();
  const struct dns_query *query = &dns_queries[which % QUERIES];
  const ip_addr_t own = own_address(query->is_ip6, 0);
  size_t header;

  if (query->bytes < SIZEOF_DNS_HDR + 5)
    return;
  headers(&query->server, &own, IP_PROTO_UDP);
  header = used;
  udp_header(DNS_SERVER_PORT, query->port);
  add(query->message, 2);
  add8(DNS_FLAG1_RESPONSE | (which & 0x40 ? take8() : 0));
  add8(which & 0x80 ? take8() : 0);
  add16(1);
  add16(records % 4);
  add32(0);
  add(query->message + SIZEOF_DNS_HDR, (size_t)query->bytes - SIZEOF_DNS_HDR);
  for (unsigned i = 0; i < records % 4; i++) {
    const bool aaaa = query->message[query->bytes - 3] == 28;

    if ((records & 4) != 0)
      add_input(take8() % 16);
    add16(0xc00c);
    add16((records & 8) != 0 ? take8() : aaaa ? 28 : 1);
    add16(1);
    add32((records & 16) != 0 ? take32() : take8());
    add16((records & 32) != 0 ? take8() : aaaa ? 16 : 4);
    if (aaaa)
      add_zeroes(12);
    add32(0x0a000003);
  }
  udp_comes(header);
}

/* ---- ARP, ICMP ---- */

void frame_arp(void) {
  const unsigned which = take8();
  const uint8_t from[] = {10, 0, 0, (uint8_t)(2 + which % 16)};

  ethernet(own_mac, which, ETHTYPE_ARP);
  add16(1);
  add16(ETHTYPE_IP);
  add16(0x0604);
  add16((which & 0x80) != 0 ? ARP_REQUEST : ARP_REPLY);
  add(datagram + 6, 6);
  add(from, 4);
  add(own_mac, 6);
  if ((which & 0x40) != 0)
    add(from, 4);
  else
    add(netif_ip4_addr(&wire.netif), 4);
  comes();
}

/* What the stack sent last, as errors quote it. */
static void add_last_sent(size_t most) {
  if (wire.last_bytes > ETH)
    add(wire.last + ETH, LWIP_MIN(wire.last_bytes - ETH, most));
}

void frame_icmp(void) {
  const unsigned which = take8();
  const ip_addr_t peer = peer_address(false, which & 3), own = own_address(false, which >> 3);

  headers(&peer, &own, IP_PROTO_ICMP);
  if (which < 128) {
    add8(ICMP_ECHO);
    add8(0);
    add16(0);
    add32(take8());
    add_pattern(some_length());
  } else {
    add8(take8());
    add8(take8());
    add16(0);
    add16(0);
    add16(take16());
    add_last_sent(take8());
  }
  comes();
}

void frame_icmp6(void) {
  const unsigned which = take8();
  const ip_addr_t peer = peer_address(true, which & 3), own = own_address(true, which >> 3);

  headers(&peer, &own, IP6_NEXTH_ICMP6);
  if (which < 128) {
    add8(ICMP6_TYPE_EREQ);
    add8(0);
    add16(0);
    add32(take8());
    add_pattern(some_length());
  } else {
    add8(which < 192 ? (unsigned)ICMP6_TYPE_PTB : take8());
    add8(take8() % 8);
    add16(0);
    add16(0);
    add16(which < 192 ? 1280 + take8() : take16());
    add_last_sent(1232);
  }
  comes();
}

void frame_ping(bool ip6) {
  const ip_addr_t peer = peer_address(ip6, 0), own = own_address(ip6, 0);

  headers(&peer, &own, ip6 ? (uint8_t)IP6_NEXTH_ICMP6 : (uint8_t)IP_PROTO_ICMP);
  add8(ip6 ? (unsigned)ICMP6_TYPE_EREQ : ICMP_ECHO);
  add8(0);
  add16(0);
  add16(CHECK_ID);
  add16(1);
  set_lengths();
  sum_all();
  wire_comes(datagram, used);
}
