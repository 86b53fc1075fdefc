/* Packets for others, which lwIP forwards from one interface to the other. This program has lwIP's
 * IP with forwarding, in place of that without. */
#define IP_FORWARD        1
#define LWIP_IPV6_FORWARD 1
#include "unit.h"

#include "lwip/../../core/ipv4/icmp.c"
#include "lwip/../../core/ipv4/ip4.c"
#include "lwip/../../core/ipv6/ip6.c"

#include "lwip/init.h"
#include "nic.h"

enum {
  OWN = 0x0a010001,   /* 10.1.0.1/24 */
  OTHER = 0x0a020001, /* 10.2.0.1/24 */
  SENDER = 0x0a010063,
  RECEIVER = 0x0a020063,
  DATA_BYTES = 600,
  NARROW_MTU = 576,
  ID = 0x1234,
};

_Static_assert(!NIC_OFFLOADS_ARE_USED, "a packet's checksums are its sender's");

static mem_size_t heap_at_rest; /* bytes: TCP's room for an acknowledgement */
static struct netif netif, other;
static uint8_t sent[IP6_HLEN + DATA_BYTES + 8]; /* the last packet */
static unsigned forwarded, answered;

static void note(const struct netif *by, struct pbuf *packet) {
  *(by == &other ? &forwarded : &answered) += 1;
  memset(sent, 0, sizeof sent);
  assert_int_equal(pbuf_copy_partial(packet, sent, sizeof sent, 0), packet->tot_len);
}

static err_t output(struct netif *by, struct pbuf *packet, const ip4_addr_t *to) {
  assert_int_equal(lwip_ntohl(to->addr), by == &other ? RECEIVER : SENDER);
  note(by, packet);
  assert_int_equal(inet_chksum(sent, IP_HLEN), 0);
  return ERR_OK;
}

static err_t output_ip6(struct netif *by, struct pbuf *packet, const ip6_addr_t *to) {
  (void)to;
  note(by, packet);
  return ERR_OK;
}

static err_t init(struct netif *made) {
  made->output = output;
  made->output_ip6 = output_ip6;
  made->mtu = made->mtu6 = 1500;
  made->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static void add(struct netif *added, uint32_t number) {
  const ip4_addr_t address = {lwip_htonl(number)}, mask = {PP_HTONL(0xffffff00)};

  assert_non_null(netif_add(added, &address, &mask, NULL, NULL, init, ip_input));
  netif_set_up(added);
}

static int set_up(void **state) {
  (void)state;
  add(&netif, OWN);
  add(&other, OTHER);
  forwarded = answered = 0;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  netif_remove(&other);
  netif_remove(&netif);
  assert_int_equal(lwip_stats.mem.used, heap_at_rest);
  return 0;
}

/* A packet for the receiver comes in, with data that counts up. */
static void packet_comes(uint8_t protocol, uint8_t ttl, uint16_t offset) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP_HLEN + DATA_BYTES, PBUF_RAM);
  struct ip_hdr *ip = packet->payload;
  uint8_t *data = (uint8_t *)(ip + 1);

  memset(ip, 0, sizeof *ip);
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons(packet->tot_len));
  IPH_ID_SET(ip, PP_HTONS(ID));
  IPH_OFFSET_SET(ip, lwip_htons(offset));
  IPH_TTL_SET(ip, ttl);
  IPH_PROTO_SET(ip, protocol);
  ip->src.addr = PP_HTONL(SENDER);
  ip->dest.addr = PP_HTONL(RECEIVER);
  IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
  for (unsigned i = 0; i < DATA_BYTES; i++)
    data[i] = (uint8_t)(i + 1);
  assert_int_equal(ip4_input(packet, &netif), ERR_OK);
}

/* ---- tests ---- */

/* The checksums among the data are those of whoever made them, if it is no later fragment's data.
 */
static void a_packet_is_sent_on_as_it_came_but_for_its_ttl(void **state) {
  static const uint8_t protocols[] = {IP_PROTO_UDP, IP_PROTO_TCP, IP_PROTO_ICMP, IP_PROTO_UDPLITE,
                                      99};

  (void)state;
  for (unsigned p = 0; p < sizeof protocols; p++) {
    for (unsigned ttl = 2; ttl < 256;
         ttl++) { /* the header's checksum has both its carries among these */
      const struct ip_hdr *ip = (const void *)sent;

      packet_comes(protocols[p], (uint8_t)ttl, ttl & 1 ? IP_MF | 100 : 0);
      assert_int_equal(IPH_TTL(ip), ttl - 1);
      for (unsigned i = 0; i < DATA_BYTES; i++)
        assert_int_equal(sent[IP_HLEN + i], (uint8_t)(i + 1));
    }
  }
  assert_int_equal(forwarded, sizeof protocols * 254);
  assert_int_equal(answered, 0);
}

/* RFC 1812, 5.3.1 and 4.3.2.7. */
static void one_that_may_go_no_further_does_not(void **state) {
  const struct icmp_hdr *icmp = (const void *)(sent + IP_HLEN);

  (void)state;
  for (uint8_t ttl = 0; ttl < 2; ttl++) {
    packet_comes(IP_PROTO_UDP, ttl, 0);
    assert_int_equal(answered, ttl + 1);
    assert_int_equal(icmp->type, ICMP_TE);
    assert_int_equal(icmp->code, ICMP_TE_TTL);
  }
  packet_comes(IP_PROTO_UDP, 1, 100);
  assert_int_equal(answered, 2);
  assert_int_equal(forwarded, 0);
}

/* RFC 1191, 4. */
static void the_sender_of_one_that_is_too_long_is_told_the_mtu(void **state) {
  const struct icmp_hdr *icmp = (const void *)(sent + IP_HLEN);

  (void)state;
  other.mtu = NARROW_MTU;
  packet_comes(IP_PROTO_TCP, 64, IP_DF);
  assert_int_equal(answered, 1);
  assert_int_equal(icmp->type, ICMP_DUR);
  assert_int_equal(icmp->code, ICMP_DUR_FRAG);
  assert_int_equal(lwip_ntohl(icmp->data), NARROW_MTU);
  packet_comes(IP_PROTO_TCP, 64, IP_DF | 100);
  assert_int_equal(answered, 1);
  assert_int_equal(forwarded, 0);
}

static void one_that_is_too_long_goes_in_fragments(void **state) {
  (void)state;
  other.mtu = NARROW_MTU;
  packet_comes(IP_PROTO_UDP, 64, 0);
  packet_comes(IP_PROTO_UDP, 64, 100);
  assert_int_equal(forwarded, 4);
  assert_int_equal(answered, 0);
}

/* RFC 8200, 3. */
static void an_ip6_packet_goes_as_far_as_it_may(void **state) {
  ip6_addr_t network;

  (void)state;
  IP6_ADDR_PART(&network, 0, 0x20, 0x01, 0x0d, 0xb8);
  network.addr[1] = PP_HTONL(2);
  network.addr[2] = 0;
  network.addr[3] = PP_HTONL(1);
  ip6_addr_clear_zone(&network);
  netif_ip6_addr_set(&other, 1, &network);
  netif_ip6_addr_set_state(&other, 1, IP6_ADDR_PREFERRED);
  for (unsigned limit = 0; limit < 4; limit++) {
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP6_HLEN + 8, PBUF_RAM);
    struct ip6_hdr *ip = packet->payload;

    memset(ip, 0, packet->len);
    IP6H_VTCFL_SET(ip, 6, 0, 0);
    IP6H_PLEN_SET(ip, 8);
    IP6H_NEXTH_SET(ip, IP6_NEXTH_ICMP6); /* to which there are no errors */
    IP6H_HOPLIM_SET(ip, limit);
    memcpy(&ip->dest, &network, sizeof ip->dest);
    memcpy(&ip->src, &network, sizeof ip->src);
    ip->src.addr[1] = PP_HTONL(1);
    ip->dest.addr[3] = PP_HTONL(2);
    assert_int_equal(ip6_input(packet, &netif), ERR_OK);
    assert_int_equal(forwarded, limit > 1 ? limit - 1 : 0);
    if (limit > 1)
      assert_int_equal(((const struct ip6_hdr *)(const void *)sent)->_hoplim, limit - 1);
  }
  assert_int_equal(answered, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
      TEST(a_packet_is_sent_on_as_it_came_but_for_its_ttl),
      TEST(one_that_may_go_no_further_does_not),
      TEST(the_sender_of_one_that_is_too_long_is_told_the_mtu),
      TEST(one_that_is_too_long_goes_in_fragments),
      TEST(an_ip6_packet_goes_as_far_as_it_may),
  };

  lwip_init();
  heap_at_rest = lwip_stats.mem.used;
  return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
