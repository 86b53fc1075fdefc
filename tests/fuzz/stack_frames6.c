/* Neighbor discovery, groups, fragments and raw frames for the fuzzer of the whole stack. */
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/prot/igmp.h"
#include "lwip/prot/nd6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "stack_build.h"
#include "stack_parts.h"

/* ---- neighbor discovery ---- */

static void add_lladdr(uint8_t type, unsigned peer) {
  const uint8_t option[] = {type, 1, 2, 0, 0, 0, 0, (uint8_t)(2 + peer)};

  add(option, sizeof option);
}

static uint32_t some_lifetime(void) {
  const unsigned which = take8();

  return which < 200 ? which * 16 : which < 220 ? 0 : which < 240 ? UINT32_MAX : take32();
}

static void add_prefix(unsigned which) {
  add8(ND6_OPTION_TYPE_PREFIX_INFO);
  add8(4);
  add8(64);
  add8(which << 6 & 0xc0);
  add32(some_lifetime());
  add32(some_lifetime());
  add32(0);
  add32(0x20010db8);
  add32(which >> 4 & 3);
  add32(0);
  add32(0);
}

static void add_mtu(void) {
  add8(ND6_OPTION_TYPE_MTU);
  add8(1);
  add16(0);
  add32(1200u + take8() * 2u);
}

static void add_options(void) {
  const unsigned which = take8();

  if ((which & 1) != 0)
    add_prefix(take8());
  if ((which & 2) != 0)
    add_mtu();
  if ((which & 4) != 0)
    add_lladdr(ND6_OPTION_TYPE_SOURCE_LLADDR, which >> 6);
  if ((which & 8) != 0)
    add_lladdr(ND6_OPTION_TYPE_TARGET_LLADDR, which >> 6);
  if ((which & 0x10) != 0) /* for redirects: what was sent */
    add_zeroes(8);
  if ((which & 0x20) != 0) {
    add8(take8());
    add8(take8());
    add_input(take8() % 64);
  }
  if ((which & 0x80) != 0)
    add_prefix(take8());
}

void frame_nd(void) {
  static const uint8_t types[] = {ICMP6_TYPE_RA, ICMP6_TYPE_NS, ICMP6_TYPE_NA, ICMP6_TYPE_RD};
  const unsigned which = take8(), where = take8();
  const uint8_t type = types[which % LWIP_ARRAYSIZE(types)];
  ip_addr_t from = peer_address(true, which >> 2 & 3), target = peer_address(true, where & 3);
  const ip_addr_t to = own_address(true, which >> 4), own = own_address(true, where >> 2);

  if (type == ICMP6_TYPE_NS && (where & 0x80) != 0)
    memset(ip_2_ip6(&from)->addr, 0, 16);
  headers(&from, &to, IP6_NEXTH_ICMP6);
  add8(type);
  add8(0);
  add16(0);
  if (type == ICMP6_TYPE_RA) {
    add8(64);
    add8(which & 0xc0);
    add16(some_lifetime() & 0xffff);
    add32(take8() * 500u);
    add32(take8() * 10u);
  } else {
    add32(type == ICMP6_TYPE_NA ? (uint32_t)take8() << 24 : 0);
    add((where & 0x40) != 0 ? &own : &target, 16);
    if (type == ICMP6_TYPE_RD)
      add(peer_address(true, where >> 4).u_addr.ip6.addr, 16);
  }
  add_options();
  comes();
}

/* ---- groups ---- */

void frame_group_query(void) {
  const unsigned which = take8();
  const bool ip6 = which >= 128;
  const ip_addr_t peer = peer_address(ip6, 0), to = own_address(ip6, ip6 ? 6 : 7);

  headers(&peer, &to, ip6 ? (uint8_t)IP6_NEXTH_HOPBYHOP : (uint8_t)IP_PROTO_IGMP);
  if (ip6) {
    static const uint8_t alert[] = {IP6_NEXTH_ICMP6, 0, 5, 2, 0, 0, 1, 0};

    datagram[ETH + 7] = 1;
    add(alert, sizeof alert);
    add8((which & 1) != 0 ? (unsigned)ICMP6_TYPE_MLR : ICMP6_TYPE_MLQ);
    add8(0);
    add16(0);
    add16(take16());
    add16(0);
    if ((which & 2) != 0) {
      const ip_addr_t group = own_address(true, 7);

      add(&group, 16);
    } else {
      add_zeroes(16);
    }
  } else {
    add8((which & 1) != 0 ? IGMP_V2_MEMB_REPORT : IGMP_MEMB_QUERY);
    add8(take8());
    add16(0);
    add32((which & 2) != 0 ? 0xe0000005 : 0);
  }
  comes();
}

/* ---- fragments ---- */

static void fragment4(size_t from, size_t length, bool more, unsigned id) {
  uint8_t whole[sizeof datagram];
  const size_t end = used;

  memcpy(whole, datagram, used);
  used = ETH + IP_HLEN;
  put16(ETH + 4, id);
  put16(ETH + 6, (unsigned)(from / 8) | (more ? IP_MF : 0));
  add(whole + ETH + IP_HLEN + from, length);
  comes();
  memcpy(datagram, whole, end);
  used = end;
}

static void fragment6(size_t from, size_t length, bool more, unsigned id) {
  uint8_t whole[sizeof datagram];
  const size_t end = used;

  memcpy(whole, datagram, used);
  used = ETH + IP6_HLEN;
  datagram[ETH + 6] = IP6_NEXTH_FRAGMENT;
  add8(whole[ETH + 6]);
  add8(0);
  add16((unsigned)from | more);
  add32(id);
  add(whole + ETH + IP6_HLEN + from, length);
  comes();
  memcpy(datagram, whole, end);
  used = end;
}

/* Parts of a datagram, in any order, some more than once or not at all. */
void frame_fragment(void) {
  const unsigned which = take8(), id = take8() % 4, parts = 1 + take8() % 6;
  const bool ip6 = which >= 128;
  const ip_addr_t peer = peer_address(ip6, which >> 2), own = own_address(ip6, which >> 4 & 7);
  const size_t header = ETH + (ip6 ? (size_t)IP6_HLEN : IP_HLEN), size = 8u * (2 + take8());
  const uint8_t protocol = (which & 1) == 0 ? (uint8_t)IP_PROTO_UDP
                           : ip6            ? (uint8_t)IP6_NEXTH_ICMP6
                                            : (uint8_t)IP_PROTO_ICMP;

  headers(&peer, &own, protocol);
  if (protocol == IP_PROTO_UDP) {
    add16(PEER_PORT);
    add16(7);
    add16((unsigned)(UDP_HLEN + size));
    add16(0);
  } else {
    add8(ip6 ? (unsigned)ICMP6_TYPE_EREQ : ICMP_ECHO);
    add8(0);
    add16(0);
    add32(1);
  }
  add_pattern(size);
  set_lengths();
  sum_all();
  for (unsigned i = 0; i < parts; i++) {
    const unsigned at = take8();
    const size_t whole = used - header,
                 from = at >= 240 ? 8u * take8() : whole / 3 / 8 * 8 * (at % 3);
    size_t length = at % 3 == 2 ? whole - LWIP_MIN(from, whole) : whole / 3 / 8 * 8;

    if ((at & 0x20) != 0)
      length = 8u * (take8() % 64);
    length = LWIP_MIN(length, whole - LWIP_MIN(from, whole));
    if (ip6)
      fragment6(from, length, at % 3 != 2 || (at & 0x40) != 0, id);
    else
      fragment4(from, length, at % 3 != 2 || (at & 0x40) != 0, id);
  }
}

void frame_raw(void) {
  const unsigned which = take8();
  const ip_addr_t peer = peer_address(which >= 128, which), own = own_address(which >= 128, 0);

  if ((which & 0x40) != 0)
    headers(&peer, &own, take8());
  else
    ethernet(own_mac, 0, take16());
  add_input(take8());
  comes();
}
