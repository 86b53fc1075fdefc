/* Where an IPv4 packet is delivered: interfaces, groups, broadcasts and UDP's PCBs; holds even
 * without the patches of port/lwip/patches. */
#include "unit.h"

#include "lwip/igmp.h"
#include "lwip/init.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/udp.h"
#include "lwip/udp.h"

enum {
  PORT = 7000,
  SENDER_PORT = 40000,
  OWN = 0x0a010001, /* 10.1.0.1/24 */
  OWN_BROADCAST = 0x0a0100ff,
  OTHER = 0x0a020001, /* 10.2.0.1/24 */
  OTHER_BROADCAST = 0x0a0200ff,
  STRANGER = 0x0a010002,
  SENDER = 0x0a010063,
};
static const uint32_t GROUP = 0xe1010203, BROADCAST = 0xffffffff;

static struct netif netif, other;
static struct udp_pcb *pcb;
static unsigned received, unreachable;

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *to) {
  struct {
    struct ip_hdr ip;
    struct icmp_hdr icmp;
  } sent;

  (void)from;
  (void)to;
  assert_int_equal(pbuf_copy_partial(packet, &sent, sizeof sent, 0), sizeof sent);
  if (sent.ip._proto == IP_PROTO_ICMP && sent.icmp.type == ICMP_DUR)
    unreachable++;
  return ERR_OK;
}

static err_t output_ip6(struct netif *from, struct pbuf *packet, const ip6_addr_t *to) {
  (void)from;
  (void)packet;
  (void)to;
  return ERR_OK;
}

static err_t init(struct netif *made) {
  made->output = output;
  made->output_ip6 = output_ip6;
  made->mtu = 1500;
  made->hwaddr_len = 6;
  made->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_IGMP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static void take(void *context, struct udp_pcb *by, struct pbuf *data, const ip_addr_t *from,
                 u16_t port) {
  (void)context;
  (void)by;
  (void)from;
  (void)port;
  received++;
  pbuf_free(data);
}

static ip4_addr_t address_of(uint32_t number) { return (ip4_addr_t){lwip_htonl(number)}; }

static void add(struct netif *added, uint32_t number) {
  const ip4_addr_t address = address_of(number), mask = address_of(0xffffff00);

  assert_non_null(netif_add(added, &address, &mask, NULL, NULL, init, ip_input));
  NETIF_SET_CHECKSUM_CTRL(added, NETIF_CHECKSUM_DISABLE_ALL);
  netif_set_up(added);
}

static int set_up(void **state) {
  (void)state;
  add(&netif, OWN);
  add(&other, OTHER);
  netif_set_default(&netif);
  pcb = udp_new();
  assert_non_null(pcb);
  udp_recv(pcb, take, NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  udp_remove(pcb);
  netif_remove(&other);
  netif_remove(&netif);
  return 0;
}

static void bind_to(uint32_t number) {
  const ip_addr_t address = IPADDR4_INIT(lwip_htonl(number));

  assert_int_equal(udp_bind(pcb, &address, PORT), ERR_OK);
}

static void datagram_comes(uint32_t to, uint16_t port) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP_HLEN + UDP_HLEN + 8, PBUF_RAM);
  struct ip_hdr *ip = packet->payload;
  struct udp_hdr *udp = (void *)(ip + 1);

  memset(packet->payload, 0, packet->len);
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons(packet->tot_len));
  IPH_TTL_SET(ip, 64);
  IPH_PROTO_SET(ip, IP_PROTO_UDP);
  ip->src.addr = lwip_htonl(SENDER);
  ip->dest.addr = lwip_htonl(to);
  udp->src = lwip_htons(SENDER_PORT);
  udp->dest = lwip_htons(port);
  udp->len = lwip_htons(UDP_HLEN + 8);
  assert_int_equal(netif.input(packet, &netif), ERR_OK);
}

/* True if a datagram to that address is delivered. */
static bool is_taken(uint32_t to) {
  unsigned before = received;

  datagram_comes(to, PORT);
  assert_true(received - before <= 1);
  return received != before;
}

/* ---- tests ---- */

static void a_packet_to_an_interface_is_taken_by_any(void **state) {
  (void)state;
  bind_to(0);
  assert_true(is_taken(OWN));
  assert_true(is_taken(OTHER));
  assert_false(is_taken(STRANGER));
  netif_set_down(&other);
  assert_false(is_taken(OTHER));
  netif_set_down(&netif);
  assert_false(is_taken(OWN));
}

static void no_packet_is_to_an_interface_without_an_address(void **state) {
  const ip4_addr_t none = {0};

  (void)state;
  bind_to(0);
  netif_set_down(&other); /* zeros are a broadcast to one that has an address */
  netif_set_ipaddr(&netif, &none);
  assert_false(is_taken(0));
  assert_false(is_taken(OWN));
}

static void a_group_is_taken_where_it_was_joined(void **state) {
  const ip4_addr_t group = address_of(GROUP);

  (void)state;
  bind_to(0);
  assert_false(is_taken(GROUP));
  assert_int_equal(igmp_joingroup_netif(&netif, &group), ERR_OK);
  assert_true(is_taken(GROUP));
  assert_int_equal(igmp_leavegroup_netif(&netif, &group), ERR_OK);
}

static void who_takes_all_addresses_takes_broadcasts(void **state) {
  (void)state;
  bind_to(0);
  assert_true(is_taken(BROADCAST));
  assert_true(is_taken(OWN_BROADCAST));
}

static void who_takes_one_address_takes_the_broadcasts_that_it_is_among(void **state) {
  (void)state;
  bind_to(OWN);
  assert_true(is_taken(OWN));
  assert_true(is_taken(BROADCAST));
  assert_true(is_taken(OWN_BROADCAST));
  assert_false(is_taken(OTHER));
  bind_to(STRANGER);
  assert_false(is_taken(OWN));
  assert_true(is_taken(OWN_BROADCAST));
  bind_to(OTHER);
  assert_false(is_taken(OWN));
  assert_false(is_taken(OWN_BROADCAST));
}

/* RFC 1122, 3.2.2: no error for a packet that went to many. */
static void who_sends_to_nobody_is_told_unless_it_was_to_many(void **state) {
  const ip4_addr_t group = address_of(GROUP);

  (void)state;
  bind_to(0);
  assert_int_equal(igmp_joingroup_netif(&netif, &group), ERR_OK);
  unreachable = 0;
  datagram_comes(OWN, PORT + 1);
  assert_int_equal(unreachable, 1);
  datagram_comes(BROADCAST, PORT + 1);
  datagram_comes(OWN_BROADCAST, PORT + 1);
  datagram_comes(GROUP, PORT + 1);
  assert_int_equal(unreachable, 1);
  assert_int_equal(igmp_leavegroup_netif(&netif, &group), ERR_OK);
}

static void take_for_other(void *context, struct udp_pcb *by, struct pbuf *data,
                           const ip_addr_t *from, u16_t port) {
  (void)by;
  (void)from;
  (void)port;
  ++*(unsigned *)context;
  pbuf_free(data);
}

/* Even if the other was bound last, and so comes first. */
static void a_broadcast_is_for_who_has_the_address_of_its_interface(void **state) {
  const ip_addr_t address = IPADDR4_INIT(lwip_htonl(OTHER));
  struct udp_pcb *last = udp_new();
  unsigned taken = 0;

  (void)state;
  bind_to(OWN);
  assert_non_null(last);
  udp_recv(last, take_for_other, &taken);
  assert_int_equal(udp_bind(last, &address, PORT), ERR_OK);
  assert_true(is_taken(BROADCAST));
  assert_int_equal(taken, 0);
  udp_remove(last);
}

enum { PORTS = 3 };

/* In any order: the PCB that the last datagram was for is looked for first. */
static void what_comes_to_a_port_is_for_who_has_it(void **state) {
  struct udp_pcb *owners[PORTS];
  unsigned taken[PORTS] = {0}, expected[PORTS] = {0};

  (void)state;
  bind_to(0);
  srand(3);
  for (unsigned i = 0; i < PORTS; i++) {
    owners[i] = udp_new_ip_type(i % 2 == 0 ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
    assert_non_null(owners[i]);
    udp_recv(owners[i], take_for_other, &taken[i]);
    assert_int_equal(
        udp_bind(owners[i], i % 2 == 0 ? IP4_ADDR_ANY : IP_ANY_TYPE, (uint16_t)(PORT + 1 + i)),
        ERR_OK);
  }
  for (unsigned i = 0; i < 1000; i++) {
    unsigned which = (unsigned)rand() % PORTS;

    datagram_comes(OWN, (uint16_t)(PORT + 1 + which));
    expected[which]++;
    assert_memory_equal(taken, expected, sizeof taken);
    if (i % 10 == 0)
      assert_true(is_taken(OWN));
  }
  for (unsigned i = 0; i < PORTS; i++)
    udp_remove(owners[i]);
  assert_true(is_taken(OWN));
}

static void who_is_connected_takes_what_comes_from_there(void **state) {
  const ip_addr_t sender = IPADDR4_INIT(lwip_htonl(SENDER));
  const ip_addr_t stranger = IPADDR4_INIT(lwip_htonl(STRANGER));

  (void)state;
  bind_to(0);
  assert_true(is_taken(OWN));
  assert_int_equal(udp_connect(pcb, &stranger, SENDER_PORT), ERR_OK);
  assert_false(is_taken(OWN));
  assert_int_equal(udp_connect(pcb, &sender, SENDER_PORT + 1), ERR_OK);
  assert_false(is_taken(OWN));
  assert_int_equal(udp_connect(pcb, &sender, SENDER_PORT), ERR_OK);
  assert_true(is_taken(OWN));
  udp_disconnect(pcb);
  assert_true(is_taken(OWN));
}

static void who_is_bound_to_an_interface_takes_what_comes_by_it(void **state) {
  (void)state;
  bind_to(0);
  udp_bind_netif(pcb, &other);
  assert_false(is_taken(OWN));
  udp_bind_netif(pcb, &netif);
  assert_true(is_taken(OWN));
}

/* The one that speaks IPv6 comes first. */
static void a_port_can_be_two_that_speak_one_protocol_each(void **state) {
  struct udp_pcb *by_ip6 = udp_new_ip_type(IPADDR_TYPE_V6);
  unsigned taken = 0;

  (void)state;
  bind_to(0);
  assert_non_null(by_ip6);
  udp_recv(by_ip6, take_for_other, &taken);
  assert_int_equal(udp_bind(by_ip6, IP6_ADDR_ANY, PORT), ERR_OK);
  assert_true(is_taken(OWN));
  assert_true(is_taken(OWN));
  assert_int_equal(taken, 0);
  udp_remove(by_ip6);
}

static void keep_address(void *context, struct udp_pcb *by, struct pbuf *data,
                         const ip_addr_t *from, u16_t port) {
  (void)by;
  (void)port;
  *(ip_addr_t *)context = *from;
  pbuf_free(data);
}

static void packet_of_ip6_comes(const ip_addr_t *from) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP6_HLEN, PBUF_RAM);
  struct ip6_hdr *ip = packet->payload;

  memset(packet->payload, 0, packet->len);
  IP6H_VTCFL_SET(ip, 6, 0, 0);
  IP6H_NEXTH_SET(ip, IP6_NEXTH_NONE);
  memcpy(&ip->src, ip_2_ip6(from)->addr, sizeof ip->src);
  memset(&ip->dest, 0xfe, sizeof ip->dest);
  assert_int_equal(netif.input(packet, &netif), ERR_OK);
}

static void assert_is_ip4(const ip_addr_t *address, uint32_t number) {
  const uint32_t words[4] = {lwip_htonl(number)};

  assert_true(IP_IS_V4(address));
  assert_memory_equal(address->u_addr.ip6.addr, words, sizeof words);
  assert_int_equal(address->u_addr.ip6.zone, 0);
}

/* lwIP's current IPv6 addresses, of a packet accepted or refused, are cleared after it. */
static void an_address_of_ip4_has_nothing_of_ip6_in_it(void **state) {
  const ip_addr_t link_local = IPADDR6_INIT_HOST(0xfe800000, 1, 2, 3);
  const ip_addr_t mapped = IPADDR6_INIT_HOST(0, 0, 0xffff, 0x0a010063);
  ip_addr_t from;

  (void)state;
  bind_to(0);
  udp_recv(pcb, keep_address, &from);
  packet_of_ip6_comes(&link_local);
  datagram_comes(OWN, PORT);
  assert_is_ip4(&from, SENDER);
  packet_of_ip6_comes(&mapped);
  datagram_comes(OWN, PORT);
  assert_is_ip4(&from, SENDER);
}

#define IP4_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      IP4_TEST(a_packet_to_an_interface_is_taken_by_any),
      IP4_TEST(no_packet_is_to_an_interface_without_an_address),
      IP4_TEST(a_group_is_taken_where_it_was_joined),
      IP4_TEST(who_takes_all_addresses_takes_broadcasts),
      IP4_TEST(who_takes_one_address_takes_the_broadcasts_that_it_is_among),
      IP4_TEST(who_sends_to_nobody_is_told_unless_it_was_to_many),
      IP4_TEST(a_broadcast_is_for_who_has_the_address_of_its_interface),
      IP4_TEST(what_comes_to_a_port_is_for_who_has_it),
      IP4_TEST(who_is_connected_takes_what_comes_from_there),
      IP4_TEST(who_is_bound_to_an_interface_takes_what_comes_by_it),
      IP4_TEST(a_port_can_be_two_that_speak_one_protocol_each),
      IP4_TEST(an_address_of_ip4_has_nothing_of_ip6_in_it),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("ip4_input", tests, NULL, NULL);
}
