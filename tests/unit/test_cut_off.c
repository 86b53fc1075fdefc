/* Packets that end within a header are not read behind their end, and nor is what is not there. */
#include "unit.h"

#include "ip6_wire.h"
#include "lwip/init.h"
#include "lwip/prot/icmp6.h"
#include "lwip/stats.h"
#include "tcp_segment.h"

enum { PORT = 80, PEER_PORT = 40000, ASKING = 0x9e /* for an error (RFC 8200, 4.2) */ };

static unsigned sent;

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  (void)from;
  (void)frame;
  sent++;
  return ERR_OK;
}

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *to) {
  (void)to;
  return linkoutput(from, packet);
}

/* A packet whose memory ends where it ends, so that ASan sees who reads on. */
static void comes(struct netif *netif, const void *bytes, size_t length) {
  void *exact = malloc(length);
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_REF);

  assert_non_null(exact);
  assert_non_null(packet);
  memcpy(exact, bytes, length);
  packet->payload = exact;
  assert_int_equal(netif->input(packet, netif), ERR_OK);
  free(exact);
}

/* ---- IPv6 ---- */

struct packet6 {
  struct eth_hdr eth;
  struct ip6_hdr ip;
  uint8_t header[16];
};

static void packet6_comes(uint8_t next_header, const uint8_t *header, size_t length) {
  struct packet6 packet = {.eth = {.type = PP_HTONS(ETHTYPE_IPV6)}};
  ip6_addr_t from = ip6_wire_address(2), to;

  ip6_addr_set_allnodes_linklocal(&to);
  IP6H_VTCFL_SET(&packet.ip, 6, 0, 0);
  IP6H_PLEN_SET(&packet.ip, (u16_t)length);
  IP6H_NEXTH_SET(&packet.ip, next_header);
  IP6H_HOPLIM_SET(&packet.ip, 255);
  ip6_addr_copy_to_packed(packet.ip.src, from);
  ip6_addr_copy_to_packed(packet.ip.dest, to);
  memcpy(packet.header, header, length);
  comes(&ip6_wire_netif, &packet, offsetof(struct packet6, header) + length);
}

static int set_up6(void **state) {
  (void)state;
  ip6_wire_setup(linkoutput);
  sent = 0;
  return 0;
}

static int tear_down6(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static void an_ip6_header_may_be_cut_off(void **state) {
  const struct packet6 packet = {.eth = {.type = PP_HTONS(ETHTYPE_IPV6)},
                                 .ip = {._v_tc_fl = PP_HTONL(0x60000000)}};
  const uint32_t before = lwip_stats.ip6.lenerr;

  (void)state;
  for (unsigned length = 1; length < IP6_HLEN; length++)
    comes(&ip6_wire_netif, &packet, SIZEOF_ETH_HDR + length);
  assert_int_equal(lwip_stats.ip6.lenerr - before, IP6_HLEN - 1);
}

static void so_may_the_headers_behind_it(void **state) {
  static const uint8_t kinds[] = {IP6_NEXTH_HOPBYHOP, IP6_NEXTH_DESTOPTS, IP6_NEXTH_ROUTING};
  const uint8_t header[8] = {IP6_NEXTH_NONE};
  const uint32_t before = lwip_stats.ip6.lenerr;

  (void)state;
  for (unsigned kind = 0; kind < sizeof kinds; kind++)
    for (unsigned length = 0; length < sizeof header; length++)
      packet6_comes(kinds[kind], header, length);
  assert_int_equal(lwip_stats.ip6.lenerr - before, sizeof kinds * sizeof header);
}

static void so_may_an_option(void **state) {
  const uint8_t header[8] = {IP6_NEXTH_NONE, 0, IP6_PADN_OPTION, 3, [7] = IP6_PADN_OPTION};

  (void)state;
  packet6_comes(IP6_NEXTH_HOPBYHOP, header, sizeof header);
  packet6_comes(IP6_NEXTH_DESTOPTS, header, sizeof header);
  assert_int_equal(sent, 0);
}

/* UBSan sees who looks into what is not there. */
static void nobody_is_told_from_no_address(void **state) {
  const uint8_t header[8] = {IP6_NEXTH_NONE, 0, ASKING, 4};

  (void)state;
  netif_ip6_addr_set_state(&ip6_wire_netif, 0, IP6_ADDR_INVALID);
  packet6_comes(IP6_NEXTH_DESTOPTS, header, sizeof header);
  assert_int_equal(sent, 0);
}

/* ---- TCP ---- */

static void an_option_of_tcp_may_be_cut_off(void **state) {
  struct {
    struct ip_hdr ip;
    struct tcp_hdr tcp;
    uint8_t options[4];
  } syn = {.ip = {._v_hl = 0x45, ._len = PP_HTONS(sizeof syn), ._ttl = 64, ._proto = IP_PROTO_TCP},
           .tcp = {.src = PP_HTONS(PEER_PORT), .dest = PP_HTONS(PORT), .wnd = PP_HTONS(1460)},
           .options = {1, 1, 1, 2}}; /* the kind of an MSS, without its length */
  struct netif netif;
  struct tcp_pcb *listener = tcp_new();

  (void)state;
  wire_add(&netif, output);
  assert_int_equal(tcp_bind(listener, IP_ANY_TYPE, PORT), ERR_OK);
  listener = tcp_listen(listener);
  syn.ip.src.addr = PP_HTONL(0x0a000002);
  syn.ip.dest.addr = netif_ip4_addr(&netif)->addr;
  TCPH_HDRLEN_FLAGS_SET(&syn.tcp, TCP_HLEN / 4 + 1, TCP_SYN);
  sent = 0;
  comes(&netif, &syn, sizeof syn);
  assert_int_equal(sent, 1); /* it is answered */
  assert_int_equal(tcp_close(listener), ERR_OK);
  netif_remove(&netif);
}

#define IP6_TEST(name) cmocka_unit_test_setup_teardown(name, set_up6, tear_down6)

int main(void) {
  const struct CMUnitTest tests[] = {
      IP6_TEST(an_ip6_header_may_be_cut_off),
      IP6_TEST(so_may_the_headers_behind_it),
      IP6_TEST(so_may_an_option),
      IP6_TEST(nobody_is_told_from_no_address),
      cmocka_unit_test(an_option_of_tcp_may_be_cut_off),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("cut_off", tests, NULL, NULL);
}
