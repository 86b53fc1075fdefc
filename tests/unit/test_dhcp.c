/* A leased address stays for as long as its lease runs, and no longer. */
#include "unit.h"

#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "lwip/prot/dhcp.h"
#include "lwip/prot/iana.h"
#include "lwip/udp.h"
#include "udp_wire.h"

enum {
  LEASE_MIN = 10,
  HEADER = DHCP_OPTIONS_OFS,
  OTHERS = 40,            /* bytes */
  OPTION_OF_OTHERS = 224, /* RFC 3942 */
  REBOOTING_S = 10,       /* by then it gives up, and asks for any address */
};

static const uint8_t address[] = {10, 0, 0, 9};
static struct udp_wire_datagram asked; /* the request to be answered; no bytes: none */
static bool serving, offering;         /* it offers only addresses that it does not assign */
static uint32_t lease_s;               /* UINT32_MAX: infinite */
static bool in_parts;                  /* answers are reassembled from fragments */

static uint8_t type_of(const struct udp_wire_datagram *message) {
  assert_int_equal(message->data[HEADER], DHCP_OPTION_MESSAGE_TYPE); /* lwIP's first one */
  return message->data[HEADER + 2];
}

static void sent(const struct udp_wire_datagram *datagram) {
  if (datagram->destination == LWIP_IANA_PORT_DHCP_SERVER && serving)
    asked = *datagram;
}

/* RFC 2131, 3.1; before these is an option of nobody's, so long that a part of the answer lies
 * within it. */
static void server_answers(void) {
  static const uint8_t server[] = {10, 0, 0, 1};
  struct udp_wire_datagram answer = asked;
  struct dhcp_msg *message = (void *)answer.data;
  const uint8_t type = asked.bytes != 0 ? type_of(&asked) : 0;
  const uint8_t options[] = {
      DHCP_OPTION_MESSAGE_TYPE,
      1,
      type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK,
      DHCP_OPTION_LEASE_TIME,
      4,
      (uint8_t)(lease_s >> 24),
      (uint8_t)(lease_s >> 16),
      (uint8_t)(lease_s >> 8),
      (uint8_t)lease_s,
      DHCP_OPTION_SERVER_ID,
      4,
      server[0],
      server[1],
      server[2],
      server[3],
      DHCP_OPTION_END,
  };

  asked.bytes = 0;
  if (type != DHCP_DISCOVER && (type != DHCP_REQUEST || offering))
    return;
  message->op = DHCP_BOOTREPLY;
  memcpy(&message->yiaddr, address, sizeof address);
  memset(answer.data + HEADER, 0, OTHERS);
  answer.data[HEADER] = OPTION_OF_OTHERS;
  answer.data[HEADER + 1] = OTHERS - 2;
  memcpy(answer.data + HEADER + OTHERS, options, sizeof options);
  answer.bytes = HEADER + OTHERS + sizeof options;
  memcpy(&answer.from, server, sizeof server);
  answer.to = IPADDR_BROADCAST;
  answer.source = LWIP_IANA_PORT_DHCP_SERVER;
  answer.destination = LWIP_IANA_PORT_DHCP_CLIENT;
  if (in_parts)
    udp_wire_comes_in_parts(&answer, HEADER + OTHERS / 4);
  else
    udp_wire_comes(&answer);
}

static void seconds_pass(unsigned seconds) {
  static unsigned clock_s;

  while (seconds-- != 0) {
    for (unsigned i = 0; i < 1000 / DHCP_FINE_TIMER_MSECS; i++) {
      dhcp_fine_tmr();
      server_answers();
      server_answers();
    }
    if (++clock_s % DHCP_COARSE_TIMER_SECS == 0) {
      dhcp_coarse_tmr();
      server_answers();
    }
  }
}

static bool has_address(void) {
  return memcmp(netif_ip4_addr(&udp_wire_netif), address, sizeof address) == 0;
}

static bool has_none(void) { return ip4_addr_isany(netif_ip4_addr(&udp_wire_netif)); }

/* The link fails and returns, and the client asks whether it may keep its address. */
static void link_flaps(void) {
  netif_set_link_down(&udp_wire_netif);
  netif_set_link_up(&udp_wire_netif);
}

static int set_up(void **state) {
  (void)state;
  asked.bytes = 0;
  serving = true;
  offering = in_parts = false;
  lease_s = LEASE_MIN * 60;
  udp_wire_setup(sent);
  assert_int_equal(dhcp_start(&udp_wire_netif), ERR_OK);
  server_answers();
  server_answers();
  assert_true(dhcp_supplied_address(&udp_wire_netif));
  assert_true(has_address());
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  dhcp_stop(&udp_wire_netif);
  dhcp_cleanup(&udp_wire_netif);
  udp_wire_teardown();
  assert_null(udp_pcbs);
  return 0;
}

static void one_that_is_given_again_stays(void **state) {
  (void)state;
  for (unsigned i = 0; i < 3 * LEASE_MIN; i++) {
    seconds_pass(60);
    assert_true(has_address());
  }
}

static void its_server_may_answer_in_fragments(void **state) {
  (void)state;
  in_parts = true;
  one_that_is_given_again_stays(state);
}

/* It no longer has a lease that ends. */
static void one_that_is_given_for_ever_stays_without_a_server(void **state) {
  (void)state;
  lease_s = UINT32_MAX;
  link_flaps();
  server_answers();
  serving = false;
  seconds_pass(10 * LEASE_MIN * 60);
  assert_true(has_address());
}

/* Longer than lwIP could count: it is renewed before the lease's end, which would start with
 * another address, and stays for so long. */
static void one_that_is_given_for_a_year_stays(void **state) {
  (void)state;
  lease_s = 365 * 24 * 3600;
  link_flaps();
  server_answers();
  for (unsigned i = 0; i < lease_s / DHCP_COARSE_TIMER_SECS; i++) {
    dhcp_coarse_tmr();
    assert_true(has_address());
    server_answers();
  }
  serving = false;
  for (unsigned i = 0; i < lease_s / DHCP_COARSE_TIMER_SECS / 3; i++)
    dhcp_coarse_tmr();
  assert_true(has_address());
}

/* As test networks and hot spots give them. */
static void one_that_is_given_for_a_minute_is_renewed(void **state) {
  static const uint32_t leases[] = {10, 30, 60, 89};

  (void)state;
  for (size_t i = 0; i < sizeof leases / sizeof *leases; i++) {
    serving = true;
    lease_s = leases[i];
    link_flaps();
    server_answers();
    for (unsigned s = 0; s < 10 * lease_s; s++) {
      seconds_pass(1);
      assert_true(has_address());
    }
    serving = false;
    seconds_pass(lease_s + DHCP_COARSE_TIMER_SECS / 2);
    assert_true(has_none());
  }
}

/* By then the client asks any server for any address. */
static void without_a_server_it_goes_at_the_end_of_the_lease(void **state) {
  (void)state;
  serving = false;
  link_flaps();
  seconds_pass(REBOOTING_S);
  assert_false(dhcp_supplied_address(&udp_wire_netif));
  assert_true(has_address());
  seconds_pass((LEASE_MIN - 2) * 60);
  assert_true(has_address());
  seconds_pass(2 * 60);
  assert_true(has_none());
  seconds_pass(60 * 60);
  assert_true(has_none());
  serving = true;
  seconds_pass(2 * 60);
  assert_true(has_address());
}

static void so_it_does_without_a_flap(void **state) {
  (void)state;
  serving = false;
  seconds_pass((LEASE_MIN - 1) * 60);
  assert_true(has_address());
  seconds_pass(60);
  assert_true(has_none());
}

/* The client starts over before its lease ends, and has forgotten it. */
static void it_goes_where_no_offer_is_kept(void **state) {
  (void)state;
  serving = false;
  link_flaps();
  seconds_pass(REBOOTING_S);
  serving = offering = true;
  seconds_pass(LEASE_MIN * 60);
  assert_true(has_none());
}

static void it_goes_where_the_client_is_stopped(void **state) {
  (void)state;
  serving = false;
  link_flaps();
  dhcp_release_and_stop(&udp_wire_netif);
  assert_true(has_none());
}

#define DHCP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      DHCP_TEST(one_that_is_given_again_stays),
      DHCP_TEST(its_server_may_answer_in_fragments),
      DHCP_TEST(one_that_is_given_for_ever_stays_without_a_server),
      DHCP_TEST(one_that_is_given_for_a_year_stays),
      DHCP_TEST(one_that_is_given_for_a_minute_is_renewed),
      DHCP_TEST(without_a_server_it_goes_at_the_end_of_the_lease),
      DHCP_TEST(so_it_does_without_a_flap),
      DHCP_TEST(it_goes_where_no_offer_is_kept),
      DHCP_TEST(it_goes_where_the_client_is_stopped),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
}
