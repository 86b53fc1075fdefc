/* Multicast listener discovery: its messages count only if they are from this link. */
#include "unit.h"

#include "ip6_wire.h"
#include "lwip/init.h"
#include "lwip/mld6.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/mld6.h"
#include "lwip/stats.h"

enum {
  PEER = 2,
  NUMBER = 0x1234, /* the group's */
  DELAY_MS = 1000,
  ROUTER_ALERT_BYTES = 8, /* the Hop-by-Hop header of our reports */
  OFF_LINK = 64,          /* a hop limit */
};

static unsigned reports; /* that were sent for the group */

/* Link-local, so that reports differ between groups: ff02::number. */
static ip6_addr_t group(void) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0xff020000), 0, 0, PP_HTONL(NUMBER));
  ip6_addr_assign_zone(&address, IP6_MULTICAST, &ip6_wire_netif);
  return address;
}

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  struct mld_header message;

  (void)from;
  if (pbuf_copy_partial(frame, &message, sizeof message, IP6_WIRE_HEADERS + ROUTER_ALERT_BYTES) ==
          sizeof message &&
      message.type == ICMP6_TYPE_MLR && message.multicast_address.addr[3] == PP_HTONL(NUMBER))
    reports++;
  return ERR_OK;
}

/* A message of that type about the group, sent to it, as from the link. */
static void comes(uint8_t type, ip6_addr_t from, uint8_t hop_limit) {
  const ip6_addr_t to = group();
  struct mld_header message = {.type = type, .max_resp_delay = PP_HTONS(DELAY_MS)};

  ip6_addr_copy_to_packed(message.multicast_address, to);
  ip6_wire_hop_limit = hop_limit;
  ip6_wire_packet_comes(&from, &to, IP6_NEXTH_ICMP6, &message, sizeof message);
}

/* How many reports are sent until the last one is due. */
static unsigned reports_soon(void) {
  reports = 0;
  for (unsigned ms = 0; ms <= DELAY_MS; ms += MLD6_TMR_INTERVAL)
    mld6_tmr();
  return reports;
}

static int set_up(void **state) {
  ip6_addr_t joined;

  (void)state;
  ip6_wire_setup(linkoutput);
  joined = group();
  ip6_wire_netif.flags |= NETIF_FLAG_MLD6;
  assert_int_equal(mld6_joingroup_netif(&ip6_wire_netif, &joined), ERR_OK);
  (void)reports_soon(); /* for having joined */
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static ip6_addr_t elsewhere(void) {
  ip6_addr_t address;

  IP6_ADDR(&address, PP_HTONL(0x20010db8), 0, 0, PP_HTONL(PEER));
  return address;
}

static void a_query_of_the_link_is_answered_once(void **state) {
  (void)state;
  assert_int_equal(reports_soon(), 0);
  comes(ICMP6_TYPE_MLQ, ip6_wire_address(PEER), 1);
  assert_int_equal(reports_soon(), 1);
  assert_int_equal(reports_soon(), 0);
}

static void where_another_one_reports_the_station_need_not(void **state) {
  const uint32_t heard = lwip_stats.mld6.rx_report;

  (void)state;
  comes(ICMP6_TYPE_MLQ, ip6_wire_address(PEER), 1);
  comes(ICMP6_TYPE_MLR, ip6_wire_address(PEER), 1);
  assert_int_equal(lwip_stats.mld6.rx_report - heard, 1);
  assert_int_equal(reports_soon(), 0);
}

static void what_comes_from_elsewhere_changes_nothing(void **state) {
  const uint32_t dropped = lwip_stats.mld6.drop;

  (void)state;
  comes(ICMP6_TYPE_MLQ, ip6_wire_address(PEER), OFF_LINK);
  comes(ICMP6_TYPE_MLQ, elsewhere(), 1);
  assert_int_equal(reports_soon(), 0);
  comes(ICMP6_TYPE_MLQ, ip6_wire_address(PEER), 1);
  comes(ICMP6_TYPE_MLR, ip6_wire_address(PEER), OFF_LINK);
  comes(ICMP6_TYPE_MLR, elsewhere(), 1);
  assert_int_equal(reports_soon(), 1);
  assert_int_equal(lwip_stats.mld6.drop - dropped, 4);
}

#define MLD6_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      MLD6_TEST(a_query_of_the_link_is_answered_once),
      MLD6_TEST(where_another_one_reports_the_station_need_not),
      MLD6_TEST(what_comes_from_elsewhere_changes_nothing),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("mld6", tests, NULL, NULL);
}
