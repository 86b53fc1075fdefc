/* A fuzzer for the fast path: whatever frame comes, what comes of it is what comes of it by lwIP
 * alone. */
#include <stdlib.h>
#include <stdio.h>

#include "lwip/init.h"
#include "netif/ethernet.h"
#include "two_paths.h"

enum { FLAG_SUM = 1, FLAG_RAW = 2, FLAG_RAW_EATS = 4, FLAG_SHORT_MTU = 8, FLAG_OFFLOADED = 16 };

/* The linker puts this in the place of lwIP's. */
err_t __real_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif) {
  two_paths.general++;
  return __real_ethernet_input(packet, netif);
}

/* The first byte says how the interface is, and whether checksums are put right; what follows
 * changes a frame that is plain, byte by byte, and goes on behind it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  static uint8_t frame[TWO_PATHS_FRAME_MAX];
  size_t length;
  uint8_t flags;

  if (!ready) {
    ready = true;
    lwip_init();
    two_paths_setup();
  }
  if (size == 0 || size > sizeof frame)
    return -1;
  flags = *data++;
  size--;
  length = flags >= 0x80 ? two_paths_ping(frame, size)
                         : two_paths_datagram(frame, size, TWO_PATHS_ECHO_PORT);
  if (length > sizeof frame)
    return -1;
  for (size_t i = 0; i < size; i++)
    frame[i] ^= data[i];
  if ((flags & FLAG_SUM) != 0)
    two_paths_sum(frame, length);
  two_paths.raw_protocol = (flags & FLAG_RAW) == 0 ? 0 : flags >= 0x80 ? 1 : 17;
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
