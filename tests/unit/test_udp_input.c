/* A datagram's own length, which need not be its packet's; and how many errors a flood of datagrams
 * for nobody gets. */
#include "unit.h"

#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/udp.h"
#include "lwip/stats.h"
#include "lwip/udp.h"
#include "tcp_segment.h"

enum { PORT = 7000, CLOSED_PORT, NOT_KNOWN = 253, PEER = 0x0a000002, DATA = 16 };

static struct netif wire;
static struct udp_pcb *pcb;
static unsigned errors; /* that were sent */
static struct {
  unsigned count;
  uint16_t length;
  uint8_t data[DATA];
} received;

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  (void)netif, (void)to;
  assert_int_equal(pbuf_get_at(packet, IP_HLEN), ICMP_DUR);
  errors++;
  return ERR_OK;
}

static void take(void *unused, struct udp_pcb *by, struct pbuf *data, const ip_addr_t *from,
                 u16_t port) {
  (void)unused, (void)by, (void)from, (void)port;
  received.count++;
  received.length = data->tot_len;
  (void)pbuf_copy_partial(data, received.data, DATA, 0);
  pbuf_free(data);
}

static int set_up(void **state) {
  (void)state;
  wire_add(&wire, output);
  NETIF_SET_CHECKSUM_CTRL(&wire, NETIF_CHECKSUM_CHECK_UDP);
  netif_set_default(&wire);
  pcb = udp_new();
  assert_int_equal(udp_bind(pcb, IP_ANY_TYPE, PORT), ERR_OK);
  udp_recv(pcb, take, NULL);
  memset(&received, 0, sizeof received);
  errors = 0;
  host_run_for_us(1000000); /* errors may be sent again */
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  udp_remove(pcb);
  netif_remove(&wire);
  return 0;
}

/* In a packet with DATA bytes behind the header, a datagram that says that it is `length` long.
 * With `first` bytes in a pbuf of their own, unless that is 0. */
static void comes(uint8_t protocol, uint16_t port, uint16_t length, uint16_t first) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP_HLEN + UDP_HLEN + DATA, PBUF_RAM);
  struct ip_hdr *ip = packet->payload;
  struct udp_hdr *udp = (void *)(ip + 1);
  const ip_addr_t from = IPADDR4_INIT(lwip_htonl(PEER)), to = *netif_ip_addr4(&wire);

  memset(packet->payload, 0, packet->len);
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons(packet->tot_len));
  IPH_TTL_SET(ip, 64);
  IPH_PROTO_SET(ip, protocol);
  ip->src.addr = ip_2_ip4(&from)->addr;
  ip->dest.addr = ip_2_ip4(&to)->addr;
  udp->src = udp->dest = lwip_htons(port);
  udp->len = lwip_htons(length);
  for (unsigned i = 0; i < DATA; i++)
    pbuf_put_at(packet, (u16_t)(IP_HLEN + UDP_HLEN + i), (uint8_t)(i + 1));
  if (length >= UDP_HLEN && length <= UDP_HLEN + DATA) { /* RFC 768: over the datagram alone */
    struct pbuf *alone = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);

    assert_int_equal(pbuf_take(alone, udp, length), ERR_OK);
    udp->chksum = ip_chksum_pseudo(alone, IP_PROTO_UDP, length, &from, &to);
    pbuf_free(alone);
  }
  if (first != 0) {
    struct pbuf *rest = pbuf_alloc(PBUF_RAW, (u16_t)(packet->len - first), PBUF_RAM);

    assert_int_equal(pbuf_take(rest, (uint8_t *)packet->payload + first, rest->len), ERR_OK);
    pbuf_realloc(packet, first);
    pbuf_cat(packet, rest);
  }
  assert_int_equal(wire.input(packet, &wire), ERR_OK);
}

/* Ethernet's padding is not part of the packet, but what a sender puts behind a datagram is. */
static void what_lies_behind_a_datagram_is_not_its_data(void **state) {
  const STAT_COUNTER dropped = lwip_stats.udp.drop;

  (void)state;
  for (uint16_t size = 0; size <= DATA; size++) {
    for (uint16_t first = 0; first <= IP_HLEN + UDP_HLEN + DATA - 1;
         first = first == 0 ? IP_HLEN + UDP_HLEN : (uint16_t)(first + 1)) {
      memset(&received, 0, sizeof received);
      comes(IP_PROTO_UDP, PORT, (uint16_t)(UDP_HLEN + size), first);
      assert_int_equal(received.count, 1);
      assert_int_equal(received.length, size);
      for (unsigned i = 0; i < DATA; i++)
        assert_int_equal(received.data[i], i < size ? i + 1 : 0);
    }
  }
  assert_int_equal(lwip_stats.udp.drop, dropped);
}

static void one_that_is_not_all_there_is_dropped(void **state) {
  static const uint16_t lengths[] = {0, 1, UDP_HLEN - 1, UDP_HLEN + DATA + 1, 0x8000, 0xffff};

  (void)state;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const STAT_COUNTER wrong = lwip_stats.udp.lenerr, dropped = lwip_stats.udp.drop;
    const uint32_t errors_before = lwip_stats.mib2.udpinerrors;

    comes(IP_PROTO_UDP, PORT, lengths[i], 0);
    comes(IP_PROTO_UDP, CLOSED_PORT, lengths[i], 0);
    assert_int_equal(lwip_stats.udp.lenerr, wrong + 2);
    assert_int_equal(lwip_stats.udp.drop, dropped + 2);
    assert_int_equal(lwip_stats.mib2.udpinerrors, errors_before + 2);
  }
  assert_int_equal(received.count, 0);
  assert_int_equal(errors, 0);
}

/* RFC 1812, 4.3.2.8: whoever sends in another's name does not have us flood that one. */
static void errors_have_a_rate(void **state) {
  const STAT_COUNTER dropped = lwip_stats.icmp.drop;

  (void)state;
  for (unsigned i = 0; i < 25; i++)
    comes(i % 2 == 0 ? IP_PROTO_UDP : NOT_KNOWN, CLOSED_PORT, UDP_HLEN + DATA, 0);
  assert_int_equal(errors, 10);
  assert_int_equal(lwip_stats.icmp.drop, dropped + 15);
  host_run_for_us(500000);
  for (unsigned i = 0; i < 25; i++)
    comes(IP_PROTO_UDP, CLOSED_PORT, UDP_HLEN + DATA, 0);
  assert_int_equal(errors, 15);
  host_run_for_us(1000000);
  while (icmp_error_allowed()) { /* IPv6's have the same one */
  }
  comes(IP_PROTO_UDP, CLOSED_PORT, UDP_HLEN + DATA, 0);
  assert_int_equal(errors, 15);
}

#define UDP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      UDP_TEST(what_lies_behind_a_datagram_is_not_its_data),
      UDP_TEST(one_that_is_not_all_there_is_dropped),
      UDP_TEST(errors_have_a_rate),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("udp_input", tests, NULL, NULL);
}
