/* A fuzzer for the fast path: any frame must have the same effects as with lwIP's path only. */
#include <stdlib.h>
#include <stdio.h>

#include "lwip/init.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "netif/ethernet.h"
#include "two_paths.h"

enum kind { DATAGRAM, SEGMENT, PING, DATAGRAM6 }; /* the flags' upper two bits */
enum { HEADERS_MAX = SIZEOF_ETH_HDR + IP6_HLEN + UDP_HLEN };
enum { FLAG_SUM = 1, FLAG_RAW = 2, FLAG_RAW_EATS = 4, FLAG_SHORT_MTU = 8, FLAG_OFFLOADED = 16 };

/* The linker uses this in place of lwIP's. */
err_t __real_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif) {
  two_paths.general++;
  return __real_ethernet_input(packet, netif);
}

/* A plain frame, with that many bytes of data; returns its length. */
static size_t make(uint8_t *frame, enum kind kind, size_t size) {
  switch (kind) {
  case DATAGRAM:
    return two_paths_datagram(frame, size, TWO_PATHS_ECHO_PORT);
  case SEGMENT:
    return two_paths_segment(frame, size, TWO_PATHS_LISTEN_PORT, TCP_SYN);
  case PING:
    return two_paths_ping(frame, size);
  default:
    return two_paths_datagram6(frame, size, TWO_PATHS_ECHO_PORT);
  }
}

/* The first byte says how the interface is set up, which frame arrives, and whether checksums are
 * made right; the bytes that follow change the frame, one by one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  static uint8_t frame[TWO_PATHS_FRAME_MAX];
  static const uint8_t protocols[] = {IP_PROTO_UDP, IP_PROTO_TCP, IP_PROTO_ICMP, IP_PROTO_UDP};
  size_t length;
  uint8_t flags;

  if (!ready) {
    ready = true;
    lwip_init();
    two_paths_setup();
  }
  if (size == 0 || size > sizeof frame - HEADERS_MAX)
    return -1;
  flags = *data++;
  size--;
  length = make(frame, flags >> 6, size);
  for (size_t i = 0; i < size; i++)
    frame[i] ^= data[i];
  if ((flags & FLAG_SUM) != 0)
    two_paths_sum(frame, length);
  two_paths.raw_protocol = (flags & FLAG_RAW) == 0 ? 0 : protocols[flags >> 6];
  two_paths.raw_eats = (flags & FLAG_RAW_EATS) != 0;
  two_paths.netif.mtu = (flags & FLAG_SHORT_MTU) != 0 ? 68 : 1500;
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif,
                          (flags & FLAG_OFFLOADED) != 0
                              ? NETIF_CHECKSUM_CHECK_ICMP | NETIF_CHECKSUM_GEN_ICMP
                              : NETIF_CHECKSUM_ENABLE_ALL);
  if (!two_paths_agree(frame, length)) {
    fprintf(stderr, "the fast path differs from lwIP in %s\n", two_paths.difference);
    abort();
  }
  return 0;
}
