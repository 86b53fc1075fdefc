/* What routers report of the path's MTU: it gets smaller, but no smaller than a link may have. And
 * what they advertise for the link. */
#include "unit.h"

#include "lwip/icmp6.h"
#include "lwip/init.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/nd6.h"
#include "ip6_wire.h"

enum { PEER = 2, FRAMES_MAX = 8, PING_BYTES = 1400, MTU = 1500 };

static unsigned frames, longest;

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  (void)from;
  if ((*(const uint8_t *)frame->payload & 1) == 0) /* unicast */
    frames++;
  assert_true(frames < FRAMES_MAX); /* else they do not end */
  if (frame->tot_len > longest)
    longest = frame->tot_len;
  return ERR_OK;
}

/* A ping of that many bytes is answered, by frames that are counted. */
static void pings(unsigned bytes) {
  const ip6_addr_t peer = ip6_wire_address(PEER);
  uint8_t ping[MTU] = {ICMP6_TYPE_EREQ};

  frames = longest = 0;
  ip6_wire_comes(&peer, ping, bytes);
}

/* The peer's report about a packet that we have sent to that number. */
static void packet_to_is_too_big(unsigned number, uint32_t mtu) {
  const ip6_addr_t peer = ip6_wire_address(PEER), own = ip6_wire_address(IP6_WIRE_OWN),
                   to = ip6_wire_address(number);
  struct {
    struct icmp6_hdr icmp;
    struct ip6_hdr packet;
  } message = {.icmp = {.type = ICMP6_TYPE_PTB, .data = lwip_htonl(mtu)}};

  ip6_addr_copy_to_packed(message.packet.src, own);
  ip6_addr_copy_to_packed(message.packet.dest, to);
  ip6_wire_comes(&peer, &message, sizeof message);
}

static void packet_too_big(uint32_t mtu) { packet_to_is_too_big(PEER, mtu); }

static unsigned path_mtu_to(unsigned number) {
  const ip6_addr_t to = ip6_wire_address(number);

  return nd6_get_destination_mtu(&to, &ip6_wire_netif);
}

static unsigned path_mtu(void) { return path_mtu_to(PEER); }

static void send_to(unsigned number) {
  const ip6_addr_t to = ip6_wire_address(number);

  ip6_wire_send(&to);
}

static int set_up(void **state) {
  ip6_addr_t peer;

  (void)state;
  frames = 0;
  ip6_wire_setup(linkoutput);
  peer = ip6_wire_address(PEER);
  send_to(PEER); /* a destination from now on, */
  for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
    if (ip6_addr_eq(&peer, &neighbor_cache[i].next_hop_address))
      neighbor_cache[i].state = ND6_STALE; /* and resolved */
  }
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static void one_that_no_link_may_have_changes_nothing(void **state) {
  static const uint16_t mtus[] = {48, 0, 1, 40, 55, 56, 400, IP6_MIN_MTU_LENGTH - 1};

  (void)state;
  for (size_t i = 0; i < sizeof mtus / sizeof *mtus; i++) {
    packet_too_big(mtus[i]);
    pings(PING_BYTES);
    assert_int_equal(frames, 1);
    assert_int_equal(path_mtu(), MTU);
  }
}

static void it_gets_smaller(void **state) {
  (void)state;
  packet_too_big(1400);
  assert_int_equal(path_mtu(), 1400);
  packet_too_big(IP6_MIN_MTU_LENGTH);
  assert_int_equal(path_mtu(), IP6_MIN_MTU_LENGTH);
  pings(PING_BYTES);
  assert_int_equal(frames, 2);
  assert_true(longest <= IP6_MIN_MTU_LENGTH + SIZEOF_ETH_HDR);
}

/* A router or an operator may set it so. */
static void it_is_no_larger_than_the_links(void **state) {
  (void)state;
  pings(PING_BYTES);
  ip6_wire_netif.mtu6 = IP6_MIN_MTU_LENGTH;
  assert_int_equal(path_mtu(), IP6_MIN_MTU_LENGTH);
  pings(PING_BYTES);
  assert_int_equal(frames, 2);
  assert_true(longest <= IP6_MIN_MTU_LENGTH + SIZEOF_ETH_HDR);
  packet_too_big(1400);
  assert_int_equal(path_mtu(), IP6_MIN_MTU_LENGTH);
  ip6_wire_netif.mtu6 = MTU;
  assert_int_equal(path_mtu(), 1400);
}

static void router_says(uint32_t mtu) {
  const ip6_addr_t router = ip6_wire_address(PEER);
  struct {
    struct ra_header ra;
    struct mtu_option option;
  } message = {
      .ra = {.type = ICMP6_TYPE_RA, .router_lifetime = PP_HTONS(1800)},
      .option = {.type = ND6_OPTION_TYPE_MTU, .length = 1, .mtu = lwip_htonl(mtu)},
  };

  ip6_wire_comes(&router, &message, sizeof message);
}

static void the_links_is_what_the_router_says_last(void **state) {
  (void)state;
  router_says(IP6_MIN_MTU_LENGTH);
  assert_int_equal(path_mtu(), IP6_MIN_MTU_LENGTH);
  router_says(IP6_MIN_MTU_LENGTH - 1);
  assert_int_equal(path_mtu(), IP6_MIN_MTU_LENGTH);
  router_says(1400);
  assert_int_equal(path_mtu(), 1400);
  router_says(9000);
  assert_int_equal(path_mtu(), MTU);
}

/* Nor by one whose lower 16 bits, taken alone, are smaller. */
static void it_does_not_get_larger(void **state) {
  static const uint32_t mtus[] = {
      MTU, MTU + 1, UINT16_MAX, UINT16_MAX + 1, UINT16_MAX + 1 + 1300, UINT32_MAX};

  (void)state;
  for (unsigned mtu = MTU; mtu >= 1400; mtu -= 100) {
    for (size_t i = 0; i < sizeof mtus / sizeof *mtus; i++) {
      packet_too_big(mtus[i]);
      assert_int_equal(path_mtu(), mtu);
    }
    packet_too_big(mtu - 100);
  }
}

/* A netif that takes packets of any size may be on a path that does not. */
static void a_path_may_have_one_where_the_link_has_none(void **state) {
  (void)state;
  ip6_wire_netif.mtu6 = 0;
  nd6_clear_destination_cache();
  send_to(PEER);
  assert_int_equal(path_mtu(), 0);
  packet_too_big(UINT16_MAX + 1 + 1300);
  assert_int_equal(path_mtu(), 0);
  packet_too_big(1300);
  assert_int_equal(path_mtu(), 1300);
}

/* As by nd6_tmr(), which gives up those that do not answer. */
static void all_age(void) {
  for (unsigned i = 0; i < LWIP_ND6_NUM_DESTINATIONS; i++)
    destination_cache[i].age++;
}

/* What is known of the paths of destinations used since then is kept. */
static void the_destination_that_was_idle_for_longest_is_forgotten(void **state) {
  static const unsigned sent_to[] = {14, 12, 16, 13, 15, 11};
  enum { COUNT = sizeof sent_to / sizeof *sent_to };

  (void)state;
  assert_int_equal(COUNT, LWIP_ND6_NUM_DESTINATIONS);
  all_age(); /* the peer is the oldest */
  for (unsigned number = 11; number < 11 + COUNT; number++) {
    send_to(number);
    packet_to_is_too_big(number, 1300);
    assert_int_equal(path_mtu_to(number), 1300);
  }
  for (unsigned i = 0; i < COUNT; i++) {
    all_age();
    send_to(sent_to[i]);
  }
  for (unsigned i = 0; i < COUNT; i++) {
    all_age();
    send_to(100 + i);
    for (unsigned j = 0; j < COUNT; j++)
      assert_int_equal(path_mtu_to(sent_to[j]), j <= i ? MTU : 1300);
  }
}

#define PATH_MTU_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      PATH_MTU_TEST(one_that_no_link_may_have_changes_nothing),
      PATH_MTU_TEST(it_gets_smaller),
      PATH_MTU_TEST(it_is_no_larger_than_the_links),
      PATH_MTU_TEST(the_links_is_what_the_router_says_last),
      PATH_MTU_TEST(it_does_not_get_larger),
      PATH_MTU_TEST(a_path_may_have_one_where_the_link_has_none),
      PATH_MTU_TEST(the_destination_that_was_idle_for_longest_is_forgotten),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("path_mtu", tests, NULL, NULL);
}
