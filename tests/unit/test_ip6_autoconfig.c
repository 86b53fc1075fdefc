/* The addresses that an interface derives from router advertisements (RFC 4862). */
#include "unit.h"

#include "lwip/icmp6.h"
#include "lwip/init.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/nd6.h"
#include "ip6_wire.h"

enum {
  ROUTER = 10, /* fe80::a */
  LIFETIME_S = 1800,
  PREFERRED_S = 60,
  ADDRESSES = LWIP_IPV6_NUM_ADDRESSES - 1, /* besides the link-local one */
};

/* 2001:db8:0:number::/64 */
static ip6_addr_t prefix(unsigned number) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0x20010db8), lwip_htonl(number), 0, 0);
  return address;
}

static void router_says(unsigned router, unsigned lifetime_s, unsigned number,
                        unsigned preferred_s) {
  const ip6_addr_t from = ip6_wire_address(router), said = prefix(number);
  struct {
    struct ra_header ra;
    struct prefix_option option;
  } message = {
      .ra = {.type = ICMP6_TYPE_RA, .router_lifetime = lwip_htons((uint16_t)lifetime_s)},
      .option = {.type = ND6_OPTION_TYPE_PREFIX_INFO,
                 .length = sizeof(struct prefix_option) / 8,
                 .prefix_length = 64,
                 .flags = ND6_PREFIX_FLAG_AUTONOMOUS,
                 .valid_lifetime = PP_HTONL(LIFETIME_S),
                 .preferred_lifetime = lwip_htonl(preferred_s)},
  };

  ip6_addr_copy_to_packed(message.option.prefix, said);
  ip6_wire_comes(&from, &message, sizeof message);
}

static bool has_address(unsigned number) {
  const ip6_addr_t said = prefix(number);

  for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
    if (!ip6_addr_isinvalid(netif_ip6_addr_state(&ip6_wire_netif, i)) &&
        ip6_addr_net_eq(&said, netif_ip6_addr(&ip6_wire_netif, i)))
      return true;
  }
  return false;
}

static unsigned routers(void) {
  unsigned count = 0;

  for (unsigned i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
    count += default_router_list[i].neighbor_entry != NULL;
  return count;
}

static void seconds_pass(unsigned seconds) {
  while (seconds-- != 0)
    nd6_tmr();
}

static err_t linkoutput(struct netif *netif, struct pbuf *frame) {
  (void)netif;
  (void)frame;
  return ERR_OK;
}

static int set_up(void **state) {
  (void)state;
  ip6_wire_setup(linkoutput);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static void the_prefix_of_any_router_counts(void **state) {
  (void)state;
  for (unsigned i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
    router_says(ROUTER + i, LIFETIME_S, 1, LIFETIME_S);
  assert_true(has_address(1));
  router_says(ROUTER + LWIP_ND6_NUM_ROUTERS, LIFETIME_S, 2, LIFETIME_S);
  assert_int_equal(routers(), LWIP_ND6_NUM_ROUTERS);
  assert_true(has_address(2));
}

/* It advertises a prefix, and routes nowhere. */
static void one_may_be_no_default_router(void **state) {
  (void)state;
  router_says(ROUTER, 0, 1, LIFETIME_S);
  assert_int_equal(routers(), 0);
  assert_true(has_address(1));
  router_says(ROUTER, LIFETIME_S, 1, LIFETIME_S);
  assert_int_equal(routers(), 1);
  router_says(ROUTER, 0, 1, LIFETIME_S);
  seconds_pass(1);
  assert_int_equal(routers(), 0);
}

/* There are prefixes for all addresses that it may have, and then another. */
static void all_but_one_have_gone(unsigned preferred_s) {
  for (unsigned number = 1; number <= ADDRESSES; number++)
    router_says(ROUTER, LIFETIME_S, number, PREFERRED_S);
  seconds_pass(PREFERRED_S + 5);                           /* after which they are deprecated, */
  router_says(ROUTER, LIFETIME_S, ADDRESSES, PREFERRED_S); /* except for this one */
  router_says(ROUTER, LIFETIME_S, ADDRESSES + 1, preferred_s);
}

static void a_deprecated_address_makes_room(void **state) {
  (void)state;
  all_but_one_have_gone(PREFERRED_S);
  assert_true(has_address(ADDRESSES + 1));
  assert_true(has_address(ADDRESSES));
  assert_false(has_address(1));
}

/* Else two prefixes could displace each other for ever. */
static void but_not_for_another(void **state) {
  (void)state;
  all_but_one_have_gone(0);
  assert_false(has_address(ADDRESSES + 1));
  assert_true(has_address(1));
}

static void one_in_use_makes_none(void **state) {
  (void)state;
  for (unsigned number = 1; number <= ADDRESSES + 1; number++)
    router_says(ROUTER, LIFETIME_S, number, PREFERRED_S);
  assert_true(has_address(1));
  assert_false(has_address(ADDRESSES + 1));
}

#define AUTOCONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      AUTOCONFIG_TEST(the_prefix_of_any_router_counts),
      AUTOCONFIG_TEST(one_may_be_no_default_router),
      AUTOCONFIG_TEST(a_deprecated_address_makes_room),
      AUTOCONFIG_TEST(but_not_for_another),
      AUTOCONFIG_TEST(one_in_use_makes_none),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("ip6_autoconfig", tests, NULL, NULL);
}
