/* IPv6 beyond the link: a router that was replaced by another station is found again, and nothing
 * waits for one that is gone. */
#include "unit.h"

#include <unistd.h>

#include "lwip/icmp6.h"
#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/nd6.h"
#include "lwip/stats.h"
#include "ip6_wire.h"

enum {
  ROUTER = 10, /* fe80::a */
  OTHER_ROUTER,
  HOST, /* on the link, and no router */
  OTHER_HOSTS,
  NUMBERS = OTHER_HOSTS + LWIP_ND6_NUM_NEIGHBORS,

  LIFETIME_S = 1800,
  FAR = 1, /* 2001:db8:ffff::1, beyond the link */
  UNREACHABLE_S = LWIP_ND6_DELAY_FIRST_PROBE_TIME / 1000 + 2 * LWIP_ND6_MAX_MULTICAST_SOLICIT,
};

/* Which station, by the last byte of its MAC, has the address of that number; 0: none. */
static uint8_t stations[NUMBERS];
static unsigned reached_at; /* the station that the last datagram went to */
static bool told;           /* the last probe's NS went to all */
static bool far_is_here;    /* far_address(FAR) is an address of HOST's station */

static ip6_addr_t far_address(unsigned number) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0x20010db8), PP_HTONL(0xffff0000), 0, lwip_htonl(number));
  return address;
}

struct lladdr { /* RFC 4861, 4.6.1 */
  uint8_t type, eights, mac[ETH_HWADDR_LEN];
};

static struct lladdr lladdr_of(uint8_t type, uint8_t station) {
  return (struct lladdr){.type = type, .eights = 1, .mac = {2, 0, 0, 0, 0, station}};
}

static void answers_for(ip6_addr_t from, uint8_t station) {
  struct {
    struct na_header na;
    struct lladdr lladdr;
  } message = {
      .na = {.type = ICMP6_TYPE_NA, .flags = ND6_FLAG_SOLICITED | ND6_FLAG_OVERRIDE},
      .lladdr = lladdr_of(ND6_OPTION_TYPE_TARGET_LLADDR, station),
  };

  ip6_addr_copy_to_packed(message.na.target_address, from);
  ip6_wire_comes(&from, &message, sizeof message);
}

static void answers(unsigned number) { answers_for(ip6_wire_address(number), stations[number]); }

static void advertises(unsigned number, bool with_lladdr) {
  const ip6_addr_t from = ip6_wire_address(number);
  struct {
    struct ra_header ra;
    struct lladdr lladdr;
  } message = {
      .ra = {.type = ICMP6_TYPE_RA, .router_lifetime = PP_HTONS(LIFETIME_S)},
      .lladdr = lladdr_of(ND6_OPTION_TYPE_SOURCE_LLADDR, stations[number]),
  };

  ip6_wire_comes(&from, &message, with_lladdr ? sizeof message : sizeof message.ra);
}

static void solicits_us(unsigned number, struct lladdr option) {
  const ip6_addr_t from = ip6_wire_address(number), own = ip6_wire_address(IP6_WIRE_OWN);
  struct {
    struct ns_header ns;
    struct lladdr lladdr;
  } message = {.ns = {.type = ICMP6_TYPE_NS}, .lladdr = option};

  ip6_addr_copy_to_packed(message.ns.target_address, own);
  ip6_wire_comes(&from, &message, sizeof message);
}

/* The router redirects far_address(FAR) to a better first hop; station 0: without that one's
 * link-layer address. */
static void redirects_to(unsigned number, ip6_addr_t next_hop, uint8_t station) {
  const ip6_addr_t from = ip6_wire_address(number), to = far_address(FAR);
  struct {
    struct redirect_header redirect;
    struct lladdr lladdr;
  } message = {
      .redirect = {.type = ICMP6_TYPE_RD},
      .lladdr = lladdr_of(ND6_OPTION_TYPE_TARGET_LLADDR, station),
  };

  ip6_addr_copy_to_packed(message.redirect.target_address, next_hop);
  ip6_addr_copy_to_packed(message.redirect.destination_address, to);
  ip6_wire_comes(&from, &message, station != 0 ? sizeof message : sizeof message.redirect);
}

/* It advertises that far_address() is on its link, too, but not for hosts' own addresses. */
static void advertises_prefix(unsigned number) {
  const ip6_addr_t from = ip6_wire_address(number), prefix = far_address(0);
  struct {
    struct ra_header ra;
    struct prefix_option option;
  } message = {
      .ra = {.type = ICMP6_TYPE_RA, .router_lifetime = PP_HTONS(LIFETIME_S)},
      .option = {.type = ND6_OPTION_TYPE_PREFIX_INFO,
                 .length = sizeof(struct prefix_option) / 8,
                 .prefix_length = 64,
                 .flags = ND6_PREFIX_FLAG_ON_LINK,
                 .valid_lifetime = PP_HTONL(LIFETIME_S)},
  };

  ip6_addr_copy_to_packed(message.option.prefix, prefix);
  ip6_wire_comes(&from, &message, sizeof message);
}

static void redirects(unsigned number, unsigned target) {
  redirects_to(number, ip6_wire_address(target), stations[target]);
}

/* Any station that is asked for answers, if the frame reaches it. */
static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  uint8_t bytes[IP6_WIRE_HEADERS + sizeof(struct ns_header)] = {0};
  const struct ns_header *ns = (const void *)(bytes + IP6_WIRE_HEADERS);
  unsigned number;

  (void)from;
  (void)pbuf_copy_partial(frame, bytes, sizeof bytes, 0);
  if (bytes[SIZEOF_ETH_HDR + 6] == IP6_NEXTH_UDP) {
    reached_at = bytes[5];
  } else if (ns->type == ICMP6_TYPE_NS && ns->target_address.addr[0] != PP_HTONL(0xfe800000)) {
    if (far_is_here)
      answers_for(far_address(FAR), HOST);
  } else if (ns->type == ICMP6_TYPE_NS) {
    number = lwip_ntohl(ns->target_address.addr[3]);
    assert_true(number < NUMBERS);
    told = bytes[0] == 0x33;
    if (stations[number] != 0 && (told || bytes[5] == stations[number]))
      answers(number);
  }
  return ERR_OK;
}

/* The station that a datagram to there goes to; 0: none. */
static unsigned reached(ip6_addr_t to) {
  reached_at = 0;
  ip6_wire_send(&to);
  return reached_at;
}

static void seconds_pass(unsigned seconds) {
  while (seconds-- != 0)
    nd6_tmr();
}

/* The router of that number is resolved, and used. */
static void router_is_known(unsigned number) {
  stations[number] = (uint8_t)number;
  advertises(number, true);
}

static const struct nd6_neighbor_cache_entry *entry_of(unsigned number) {
  const ip6_addr_t address = ip6_wire_address(number);

  for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
    if (ip6_addr_eq(&address, &neighbor_cache[i].next_hop_address))
      return &neighbor_cache[i];
  }
  return NULL;
}

static int set_up(void **state) {
  (void)state;
  memset(stations, 0, sizeof stations);
  far_is_here = false;
  ip6_wire_setup(linkoutput);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  assert_int_equal(lwip_stats.memp[MEMP_ND6_QUEUE]->used, 0);
  return 0;
}

/* It advertises nothing, and is found since the old one does not answer. */
static void a_silent_successor_is_asked_for(void **state) {
  (void)state;
  router_is_known(ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  stations[ROUTER] = 99;
  seconds_pass(LWIP_ND6_REACHABLE_TIME / 1000);
  (void)reached(far_address(FAR));
  seconds_pass(UNREACHABLE_S);
  assert_int_equal(reached(far_address(FAR)), 99);
  assert_int_equal(entry_of(ROUTER)->state, ND6_REACHABLE);
}

static void an_advertisement_tells_of_a_successor(void **state) {
  (void)state;
  router_is_known(ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  stations[ROUTER] = 99;
  advertises(ROUTER, false);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  advertises(ROUTER, true);
  assert_int_equal(entry_of(ROUTER)->state, ND6_STALE);
  assert_int_equal(reached(far_address(FAR)), 99);
  assert_int_equal(entry_of(ROUTER)->state, ND6_DELAY);
}

static void one_that_is_known_stays_reachable(void **state) {
  (void)state;
  router_is_known(ROUTER);
  assert_int_equal(entry_of(ROUTER)->state, ND6_REACHABLE);
  advertises(ROUTER, true);
  solicits_us(ROUTER, lladdr_of(ND6_OPTION_TYPE_SOURCE_LLADDR, ROUTER));
  assert_int_equal(entry_of(ROUTER)->state, ND6_REACHABLE);
}

static void a_solicitation_tells_of_a_successor(void **state) {
  (void)state;
  stations[HOST] = HOST;
  assert_int_equal(reached(ip6_wire_address(HOST)), HOST);
  assert_int_equal(entry_of(HOST)->state, ND6_REACHABLE);
  solicits_us(HOST, lladdr_of(ND6_OPTION_TYPE_SOURCE_LLADDR, 99));
  assert_int_equal(reached(ip6_wire_address(HOST)), 99);
  assert_int_equal(entry_of(HOST)->state, ND6_DELAY);
}

/* Nor does an option of length 0. */
static void another_option_tells_of_none(void **state) {
  struct lladdr without_length = lladdr_of(ND6_OPTION_TYPE_SOURCE_LLADDR, 99);

  (void)state;
  without_length.eights = 0;
  solicits_us(HOST, lladdr_of(ND6_OPTION_TYPE_TARGET_LLADDR, 99));
  assert_true(entry_of(HOST) == NULL || entry_of(HOST)->state == ND6_INCOMPLETE);
  stations[HOST] = HOST;
  seconds_pass(1);
  assert_int_equal(reached(ip6_wire_address(HOST)), HOST);
  solicits_us(HOST, lladdr_of(ND6_OPTION_TYPE_TARGET_LLADDR, 99));
  assert_int_equal(reached(ip6_wire_address(HOST)), HOST);
  solicits_us(HOST, without_length);
  assert_int_equal(reached(ip6_wire_address(HOST)), HOST);
}

static void a_redirect_tells_of_a_successor(void **state) {
  (void)state;
  router_is_known(ROUTER);
  stations[OTHER_ROUTER] = OTHER_ROUTER;
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects(ROUTER, OTHER_ROUTER);
  assert_int_equal(reached(far_address(FAR)), OTHER_ROUTER);
  stations[OTHER_ROUTER] = 99;
  redirects(OTHER_ROUTER, OTHER_ROUTER);
  assert_int_equal(reached(far_address(FAR)), 99);
}

/* Only the first hop may redirect, and only to a router or the destination: not, for instance, to
 * the unspecified address, where packets would wait for ever. */
static void a_redirect_may_be_wrong(void **state) {
  ip6_addr_t nobody, group;

  (void)state;
  router_is_known(ROUTER);
  stations[HOST] = HOST;
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  ip6_addr_set_any(&nobody);
  redirects_to(ROUTER, nobody, 0);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects(HOST, HOST);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  ip6_addr_set_allnodes_linklocal(&group);
  redirects_to(ROUTER, group, 0);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects_to(ROUTER, far_address(FAR + 1), HOST);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects_to(ROUTER, far_address(FAR), HOST);
  assert_int_equal(reached(far_address(FAR)), HOST);
}

/* Without an address of ours in that prefix. */
static void a_neighbor_of_another_prefix_is_found(void **state) {
  (void)state;
  far_is_here = true;
  router_is_known(ROUTER);
  advertises_prefix(ROUTER);
  assert_int_equal(reached(far_address(FAR)), HOST);
}

/* Its router redirects to it, but without its link-layer address. */
static void so_is_one_that_a_redirect_tells_of(void **state) {
  (void)state;
  far_is_here = true;
  router_is_known(ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects_to(ROUTER, far_address(FAR), 0);
  assert_int_equal(reached(far_address(FAR)), HOST);
}

/* What waits for one neighbor has to wait for another, which gets the first one's entry: all others
 * have just been used. */
static void what_waits_may_have_to_wait_elsewhere(void **state) {
  enum { NOT_THERE = OTHER_HOSTS };

  (void)state;
  router_is_known(ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects_to(ROUTER, ip6_wire_address(HOST), 0);
  assert_int_equal(reached(far_address(FAR)), 0);
  for (unsigned number = NOT_THERE + 1; number < NOT_THERE + LWIP_ND6_NUM_NEIGHBORS - 1; number++) {
    stations[number] = (uint8_t)number;
    assert_int_equal(reached(ip6_wire_address(number)), number);
  }
  redirects_to(HOST, ip6_wire_address(NOT_THERE), 0);
  stations[HOST] = HOST;
  (void)alarm(10); /* else it never ends */
  answers(HOST);
  (void)alarm(0);
  assert_null(entry_of(HOST));
  assert_int_equal(lwip_stats.memp[MEMP_ND6_QUEUE]->used, 1);
  stations[NOT_THERE] = NOT_THERE;
  seconds_pass(1);
  assert_int_equal(reached_at, NOT_THERE);
}

static void what_waits_is_sent_to_a_router_that_tells_its_address(void **state) {
  (void)state;
  advertises(ROUTER, false);
  assert_int_equal(reached(far_address(FAR)), 0);
  stations[ROUTER] = ROUTER;
  advertises(ROUTER, true);
  assert_int_equal(reached_at, ROUTER);
}

static void where_one_is_gone_the_other_is_used(void **state) {
  (void)state;
  router_is_known(ROUTER);
  router_is_known(OTHER_ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  stations[ROUTER] = 0;
  seconds_pass(LWIP_ND6_REACHABLE_TIME / 1000);
  (void)reached(far_address(FAR));
  seconds_pass(UNREACHABLE_S);
  assert_int_equal(reached(far_address(FAR)), OTHER_ROUTER);
}

static void where_a_better_hop_is_gone_the_router_is_used(void **state) {
  (void)state;
  router_is_known(ROUTER);
  stations[HOST] = HOST;
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  redirects(ROUTER, HOST);
  assert_int_equal(reached(far_address(FAR)), HOST);
  stations[HOST] = 0;
  seconds_pass(UNREACHABLE_S);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
}

/* It is the only one, and looked for until its lifetime is over; what is sent meanwhile is soon
 * dropped. */
static void a_router_that_is_gone_is_asked_for_and_not_waited_for(void **state) {
  (void)state;
  router_is_known(ROUTER);
  assert_int_equal(reached(far_address(FAR)), ROUTER);
  stations[ROUTER] = 0;
  seconds_pass(LWIP_ND6_REACHABLE_TIME / 1000);
  (void)reached(far_address(FAR));
  seconds_pass(UNREACHABLE_S);
  for (unsigned i = 0; i < 100; i++) {
    assert_int_equal(reached(far_address(FAR)), 0);
    assert_int_equal(lwip_stats.memp[MEMP_ND6_QUEUE]->used, 1);
    told = false;
    seconds_pass(1);
    assert_true(told);
    assert_int_equal(lwip_stats.memp[MEMP_ND6_QUEUE]->used, 0);
  }
  seconds_pass(LIFETIME_S);
  assert_null(entry_of(ROUTER));
}

#define ROUTERS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      ROUTERS_TEST(a_silent_successor_is_asked_for),
      ROUTERS_TEST(an_advertisement_tells_of_a_successor),
      ROUTERS_TEST(one_that_is_known_stays_reachable),
      ROUTERS_TEST(a_solicitation_tells_of_a_successor),
      ROUTERS_TEST(another_option_tells_of_none),
      ROUTERS_TEST(a_redirect_tells_of_a_successor),
      ROUTERS_TEST(a_redirect_may_be_wrong),
      ROUTERS_TEST(a_neighbor_of_another_prefix_is_found),
      ROUTERS_TEST(so_is_one_that_a_redirect_tells_of),
      ROUTERS_TEST(what_waits_may_have_to_wait_elsewhere),
      ROUTERS_TEST(what_waits_is_sent_to_a_router_that_tells_its_address),
      ROUTERS_TEST(where_one_is_gone_the_other_is_used),
      ROUTERS_TEST(where_a_better_hop_is_gone_the_router_is_used),
      ROUTERS_TEST(a_router_that_is_gone_is_asked_for_and_not_waited_for),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("nd6_routers", tests, NULL, NULL);
}
