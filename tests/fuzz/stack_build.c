/* Puts the frames of the fuzzer of the whole stack together: bytes, headers, checksums. */
#include "stack_build.h"

#include <string.h>

#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "stack_parts.h"

/* How a frame is changed at last. */
enum { CHANGE_COUNT = 7, CHANGE_LENGTH = 0x20, CHANGE_SUMS = 0x40, CHANGE = 0x80 };

uint8_t datagram[HEADERS_MAX + DATA_MAX];
size_t used;

/* ---- bytes ---- */

void add(const void *bytes, size_t length) {
  if (length > sizeof datagram - used)
    length = sizeof datagram - used;
  memcpy(datagram + used, bytes, length);
  used += length;
}

void add8(unsigned value) { add(&(uint8_t){(uint8_t)value}, 1); }

void add16(unsigned value) {
  add8(value >> 8);
  add8(value & 0xff);
}

void add32(uint32_t value) {
  add16(value >> 16);
  add16(value & 0xffff);
}

void add_zeroes(size_t length) {
  while (length-- != 0)
    add8(0);
}

void add_pattern(size_t length) {
  while (length-- != 0)
    add8('a' + length % 26);
}

void add_input(size_t length) {
  while (length-- != 0)
    add8(take8());
}

void put16(size_t at, unsigned value) {
  datagram[at] = (uint8_t)(value >> 8);
  datagram[at + 1] = (uint8_t)value;
}

/* ---- checksums ---- */

static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
  return sum;
}

static uint16_t folded(uint32_t sum) {
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return lwip_htons((uint16_t)~sum);
}

uint16_t sum6(const uint8_t *ip6, size_t length, uint8_t protocol) {
  const uint32_t pseudo = sum_add((uint32_t)length + protocol, ip6 + 8, 32);

  return folded(sum_add(pseudo, ip6 + IP6_HLEN, length));
}

/* Where a protocol has its checksum in its header, or 0. */
static size_t place_of_sum(uint8_t protocol) {
  switch (protocol) {
  case IP_PROTO_TCP:
    return 16;
  case IP_PROTO_UDP:
    return 6;
  case IP_PROTO_ICMP:
  case IP_PROTO_IGMP:
  case IP6_NEXTH_ICMP6:
    return 2;
  default:
    return 0;
  }
}

void sum_all(void) {
  const bool ip6 = datagram[12] == 0x86;
  uint8_t *ip = datagram + ETH, protocol;
  size_t header, length, place;
  uint16_t sum;

  if (used < ETH + IP_HLEN || (!ip6 && (datagram[12] != 0x08 || datagram[13] != 0)))
    return;
  header = ip6 ? IP6_HLEN : (size_t)(ip[0] & 15) * 4;
  if (header < IP_HLEN || used < ETH + header)
    return;
  length = used - ETH - header;
  protocol = ip6 ? ip[6] : ip[9];
  if (!ip6) {
    ip[10] = ip[11] = 0;
    sum = folded(sum_add(0, ip, header));
    memcpy(ip + 10, &sum, 2);
  }
  if (protocol == IP6_NEXTH_HOPBYHOP && length > 8) { /* MLD's header of 8 bytes */
    place = header + 8 + 2;
    ip[place] = ip[place + 1] = 0;
    sum = folded(sum_add(sum_add((uint32_t)length - 8 + IP6_NEXTH_ICMP6, ip + 8, 32),
                         ip + header + 8, length - 8));
    if (place + 2 <= used - ETH)
      memcpy(ip + place, &sum, 2);
    return;
  }
  place = place_of_sum(protocol);
  if (place == 0 || length < place + 2)
    return;
  ip[header + place] = ip[header + place + 1] = 0;
  if (ip6)
    sum = sum6(ip, length, protocol);
  else if (protocol == IP_PROTO_TCP || protocol == IP_PROTO_UDP)
    sum = folded(sum_add(sum_add((uint32_t)length + protocol, ip + 12, 8), ip + header, length));
  else
    sum = folded(sum_add(0, ip + header, length));
  if (sum == 0 && protocol == IP_PROTO_UDP)
    sum = 0xffff;
  memcpy(ip + header + place, &sum, 2);
}

/* ---- headers ---- */

ip_addr_t peer_address(bool ip6, unsigned peer) {
  ip_addr_t address;

  memset(&address, 0, sizeof address);
  peer %= PEERS + 1;
  if (ip6) {
    IP_ADDR6(&address, peer == PEERS ? PP_HTONL(0x20010db8) : PP_HTONL(0xfe800000), 0, 0,
             lwip_htonl(2 + peer));
    ip6_addr_assign_zone(ip_2_ip6(&address), IP6_UNICAST, &wire.netif);
  } else if (peer == PEERS) {
    IP_ADDR4(&address, 192, 0, 2, 5); /* behind the router */
  } else {
    IP_ADDR4(&address, 10, 0, 0, (uint8_t)(2 + peer));
  }
  return address;
}

void ethernet(const uint8_t *to, unsigned peer, unsigned type) {
  const uint8_t mac[] = {2, 0, 0, 0, 0, (uint8_t)(2 + peer % PEERS)};

  used = 0;
  add(to, 6);
  add(mac, sizeof mac);
  add16(type);
}

static void ip4_header(const ip4_addr_t *from, const ip4_addr_t *to, uint8_t protocol) {
  static const uint8_t broadcast[] = {255, 255, 255, 255, 255, 255};
  uint8_t group[] = {1, 0, 0x5e, 0, 0, 1};
  const bool is_group = ip4_addr_ismulticast(to);

  ethernet(to->addr == IPADDR_BROADCAST ? broadcast : is_group ? group : own_mac, 0, ETHTYPE_IP);
  add16(0x4500);
  add16(0); /* length */
  add16(take8());
  add16(0);
  add8(is_group ? 1 : 64);
  add8(protocol);
  add16(0);
  add(from, 4);
  add(to, 4);
}

static void ip6_header(const ip6_addr_t *from, const ip6_addr_t *to, uint8_t protocol) {
  const uint8_t group[] = {0x33, 0x33, 0, 0, 0, ((const uint8_t *)to)[15]};

  ethernet(ip6_addr_ismulticast(to) ? group : own_mac, 0, ETHTYPE_IPV6);
  add32(0x60000000);
  add16(0); /* length */
  add8(protocol);
  add8(255);
  add(from->addr, 16);
  add(to->addr, 16);
}

void headers(const ip_addr_t *from, const ip_addr_t *to, uint8_t protocol) {
  if (IP_IS_V6(from))
    ip6_header(ip_2_ip6(from), ip_2_ip6(to), protocol);
  else
    ip4_header(ip_2_ip4(from), ip_2_ip4(to), protocol);
}

void set_lengths(void) {
  if (datagram[12] == 0x86)
    put16(ETH + 4, (unsigned)(used - ETH - IP6_HLEN));
  else if (datagram[13] == 0)
    put16(ETH + 2, (unsigned)(used - ETH));
}

static void change(uint8_t how) {
  for (unsigned i = 0; i <= (how & CHANGE_COUNT); i++) {
    const unsigned at = take8();

    datagram[12 + at % (used - 12)] ^= take8();
  }
  if ((how & CHANGE_LENGTH) != 0)
    used = LWIP_MIN(used, ETH + (size_t)take8());
}

/* Completes the frame, changes it if the input says so, and has it arrive. */
void comes(void) {
  const uint8_t how = take8();

  set_lengths();
  if ((how & CHANGE) != 0)
    change(how);
  if ((how & CHANGE_SUMS) == 0)
    sum_all();
  wire_comes(datagram, LWIP_MIN(used, (size_t)ETH + WIRE_MTU));
}

/* One of the interface's addresses, or of all. */
ip_addr_t own_address(bool ip6, unsigned which) {
  ip_addr_t address;

  memset(&address, 0, sizeof address);
  if (ip6) {
    IP_SET_TYPE(&address, IPADDR_TYPE_V6);
    if (which % 8 < LWIP_IPV6_NUM_ADDRESSES)
      *ip_2_ip6(&address) = *netif_ip6_addr(&wire.netif, which % 8);
    else if (which % 8 == 6)
      ip6_addr_set_allnodes_linklocal(ip_2_ip6(&address));
    else if (which % 8 == 7)
      ip6_addr_set_solicitednode(ip_2_ip6(&address), netif_ip6_addr(&wire.netif, 0)->addr[3]);
    else
      *ip_2_ip6(&address) = *netif_ip6_addr(&wire.netif, 0);
  } else {
    IP_SET_TYPE(&address, IPADDR_TYPE_V4);
    *ip_2_ip4(&address) = *netif_ip4_addr(&wire.netif);
    if (which % 8 == 6)
      ip_2_ip4(&address)->addr = IPADDR_BROADCAST;
    else if (which % 8 == 7)
      ip_2_ip4(&address)->addr = PP_HTONL(0xe0000001);
  }
  return address;
}

/* Lengths of data, with those at which something happens. */
size_t some_length(void) {
  static const uint16_t lengths[] = {0, 1, 2, 3, 8, 64, 535, 536, 1000, 1440, 1452, 1460};
  const unsigned which = take8();

  return which < 128 ? lengths[which % LWIP_ARRAYSIZE(lengths)] : which;
}
