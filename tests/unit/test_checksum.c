/* The checksums made in software for a MAC that makes only some. */
#include "unit.h"

#include "checksum.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"

enum { UDP_CHECKSUM = 6, TCP_CHECKSUM = 16, DATA_BYTES = 101 };

static struct netif netif;

static int setup(void **state) {
  (void)state;
  memset(&netif, 0, sizeof netif);
  NETIF_SET_CHECKSUM_CTRL(&netif, (u16_t) ~(NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP));
  return 0;
}

/* A packet of `protocol`, with data that counts up from `first` and no checksum, in a chain of two
 * pbufs, cut `cut` bytes after the IP header. */
static struct pbuf *packet_of(unsigned version, uint8_t protocol, uint8_t first, uint16_t cut) {
  uint8_t bytes[IP6_HLEN + DATA_BYTES] = {0};
  uint16_t header = version == 6 ? IP6_HLEN : IP_HLEN;
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, (uint16_t)(header + cut), PBUF_RAM);
  struct pbuf *rest = pbuf_alloc(PBUF_RAW, (uint16_t)(DATA_BYTES - cut), PBUF_RAM);
  unsigned offset = protocol == IP_PROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;

  assert_non_null(packet);
  assert_non_null(rest);
  pbuf_cat(packet, rest);
  bytes[0] = version == 6 ? 0x60 : 0x45;
  bytes[version == 6 ? 6 : 9] = protocol;
  for (unsigned i = version == 6 ? 8 : 12; i < header; i++)
    bytes[i] = (uint8_t)(17 * i); /* addresses */
  for (unsigned i = 0; i < DATA_BYTES; i++)
    bytes[header + i] = (uint8_t)(first + i);
  bytes[header + offset] = bytes[header + offset + 1] = 0;
  assert_int_equal(pbuf_take(packet, bytes, (uint16_t)(header + DATA_BYTES)), ERR_OK);
  return packet;
}

static uint16_t checksum_at(const struct pbuf *packet, unsigned offset) {
  uint16_t sum;

  assert_int_equal(pbuf_copy_partial(packet, &sum, sizeof sum, (uint16_t)offset), sizeof sum);
  return sum;
}

/* The sum over a packet with a right checksum is 0. */
static uint16_t sum_of(struct pbuf *packet, unsigned version, uint8_t protocol) {
  uint16_t header = version == 6 ? IP6_HLEN : IP_HLEN;
  ip_addr_t source, destination;
  uint16_t sum;

  if (version == 6) {
    ip_addr_copy_from_ip6_packed(source, ((struct ip6_hdr *)packet->payload)->src);
    ip_addr_copy_from_ip6_packed(destination, ((struct ip6_hdr *)packet->payload)->dest);
  } else {
    ip_addr_copy_from_ip4(source, ((struct ip_hdr *)packet->payload)->src);
    ip_addr_copy_from_ip4(destination, ((struct ip_hdr *)packet->payload)->dest);
  }
  pbuf_remove_header(packet, header);
  sum = ip_chksum_pseudo(packet, protocol, packet->tot_len, &source, &destination);
  pbuf_add_header(packet, header);
  return sum;
}

static void udp_and_tcp_over_both_versions_are_completed(void **state) {
  static const uint8_t protocols[] = {IP_PROTO_UDP, IP_PROTO_TCP};

  (void)state;
  for (unsigned version = 4; version <= 6; version += 2) {
    for (unsigned p = 0; p < 2; p++) {
      for (uint16_t cut = 20; cut < 50; cut++) { /* also at odd places */
        struct pbuf *packet = packet_of(version, protocols[p], (uint8_t)cut, cut);
        uint16_t length = packet->tot_len;

        checksum_complete(packet, &netif);
        assert_int_equal(packet->tot_len, length);
        assert_int_equal(sum_of(packet, version, protocols[p]), 0);
        pbuf_free(packet);
      }
    }
  }
}

/* In UDP 0 stands for no checksum: a sum of 0 is sent as its other form. */
static void a_sum_of_0_is_sent_as_ones(void **state) {
  struct pbuf *packet = packet_of(4, IP_PROTO_UDP, 1, 20);
  uint32_t total;
  uint16_t word;

  (void)state;
  checksum_complete(packet, &netif);
  word = checksum_at(packet, IP_HLEN + UDP_CHECKSUM);
  assert_int_not_equal(word, 0);
  /* With the checksum added to a word of the data, the total sum becomes 0. */
  total = (uint32_t)checksum_at(packet, IP_HLEN + 8) + word;
  word = (uint16_t)((total & 0xffff) + (total >> 16));
  assert_int_equal(pbuf_take_at(packet, &word, sizeof word, IP_HLEN + 8), ERR_OK);
  checksum_complete(packet, &netif);
  assert_int_equal(checksum_at(packet, IP_HLEN + UDP_CHECKSUM), 0xffff);
  pbuf_free(packet);
}

static void what_lwip_makes_or_nobody_is_left_alone(void **state) {
  struct pbuf *packet = packet_of(4, IP_PROTO_ICMP, 0, 30);

  (void)state;
  checksum_complete(packet, &netif);
  assert_int_equal(checksum_at(packet, IP_HLEN + UDP_CHECKSUM), 0);
  pbuf_free(packet);
  NETIF_SET_CHECKSUM_CTRL(&netif, NETIF_CHECKSUM_ENABLE_ALL);
  packet = packet_of(6, IP_PROTO_TCP, 0, 30);
  checksum_complete(packet, &netif);
  assert_int_equal(checksum_at(packet, IP6_HLEN + TCP_CHECKSUM), 0);
  pbuf_free(packet);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(udp_and_tcp_over_both_versions_are_completed, setup),
      cmocka_unit_test_setup(a_sum_of_0_is_sent_as_ones, setup),
      cmocka_unit_test_setup(what_lwip_makes_or_nobody_is_left_alone, setup),
  };

  lwip_init();
  return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
