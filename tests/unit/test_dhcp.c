/* A leased address stays for as long as its lease runs, and no longer. */
#include "unit.h"

#include "dhcp_server.h"
#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "udp_wire.h"

enum {
  LEASE_MIN = DHCP_SERVER_LEASE_MIN,
  REBOOTING_S = 10, /* by then it gives up, and asks for any address */
};

static void seconds_pass(unsigned seconds) {
  static unsigned clock_s;

  while (seconds-- != 0) {
    for (unsigned i = 0; i < 1000 / DHCP_FINE_TIMER_MSECS; i++) {
      dhcp_fine_tmr();
      dhcp_server_answers();
      dhcp_server_answers();
    }
    if (++clock_s % DHCP_COARSE_TIMER_SECS == 0) {
      dhcp_coarse_tmr();
      dhcp_server_answers();
    }
  }
}

static void one_that_is_given_again_stays(void **state) {
  (void)state;
  for (unsigned i = 0; i < 3 * LEASE_MIN; i++) {
    seconds_pass(60);
    assert_true(dhcp_server_gave_address());
  }
}

static void its_server_may_answer_in_fragments(void **state) {
  (void)state;
  dhcp_server.in_parts = true;
  one_that_is_given_again_stays(state);
}

/* It no longer has a lease that ends. */
static void one_that_is_given_for_ever_stays_without_a_server(void **state) {
  (void)state;
  dhcp_server.lease_s = UINT32_MAX;
  dhcp_server_link_flaps();
  dhcp_server_answers();
  dhcp_server.serving = false;
  seconds_pass(10 * LEASE_MIN * 60);
  assert_true(dhcp_server_gave_address());
}

/* Longer than lwIP could count: it is renewed before the lease's end, which would start with
 * another address, and stays for so long. */
static void one_that_is_given_for_a_year_stays(void **state) {
  (void)state;
  dhcp_server.lease_s = 365 * 24 * 3600;
  dhcp_server_link_flaps();
  dhcp_server_answers();
  dhcp_server.asked = dhcp_server.all_asked = 0;
  for (unsigned i = 0; i < dhcp_server.lease_s / DHCP_COARSE_TIMER_SECS; i++) {
    dhcp_coarse_tmr();
    assert_true(dhcp_server_gave_address());
    dhcp_server_answers();
  }
  dhcp_server.serving = false;
  for (unsigned i = 0; i < dhcp_server.lease_s / DHCP_COARSE_TIMER_SECS / 3; i++)
    dhcp_coarse_tmr();
  assert_true(dhcp_server_gave_address());
  assert_in_range(dhcp_server.asked, 1, 2); /* no sooner than after half of it */
  assert_int_equal(dhcp_server.all_asked, 0);
}

/* As test networks and hot spots give them. */
static void one_that_is_given_for_a_minute_is_renewed(void **state) {
  static const uint32_t leases[] = {10, 30, 60, 89};

  (void)state;
  for (size_t i = 0; i < sizeof leases / sizeof *leases; i++) {
    dhcp_server.serving = true;
    dhcp_server.lease_s = leases[i];
    dhcp_server_link_flaps();
    dhcp_server_answers();
    for (unsigned s = 0; s < 10 * dhcp_server.lease_s; s++) {
      seconds_pass(1);
      assert_true(dhcp_server_gave_address());
    }
    dhcp_server.serving = false;
    seconds_pass(dhcp_server.lease_s + DHCP_COARSE_TIMER_SECS / 2);
    assert_true(dhcp_server_gave_none());
  }
}

/* By then the client asks any server for any address. */
static void without_a_server_it_goes_at_the_end_of_the_lease(void **state) {
  (void)state;
  dhcp_server.serving = false;
  dhcp_server_link_flaps();
  seconds_pass(REBOOTING_S);
  assert_false(dhcp_supplied_address(&udp_wire_netif));
  assert_true(dhcp_server_gave_address());
  seconds_pass((LEASE_MIN - 2) * 60);
  assert_true(dhcp_server_gave_address());
  seconds_pass(2 * 60);
  assert_true(dhcp_server_gave_none());
  seconds_pass(60 * 60);
  assert_true(dhcp_server_gave_none());
  dhcp_server.serving = true;
  seconds_pass(2 * 60);
  assert_true(dhcp_server_gave_address());
}

static void so_it_does_without_a_flap(void **state) {
  (void)state;
  dhcp_server.serving = false;
  seconds_pass((LEASE_MIN - 1) * 60);
  assert_true(dhcp_server_gave_address());
  seconds_pass(60);
  assert_true(dhcp_server_gave_none());
}

/* The client starts over before its lease ends, and has forgotten it. */
static void it_goes_where_no_offer_is_kept(void **state) {
  (void)state;
  dhcp_server.serving = false;
  dhcp_server_link_flaps();
  seconds_pass(REBOOTING_S);
  dhcp_server.serving = dhcp_server.offering = true;
  seconds_pass(LEASE_MIN * 60);
  assert_true(dhcp_server_gave_none());
}

static void it_goes_where_the_client_is_stopped(void **state) {
  (void)state;
  dhcp_server.serving = false;
  dhcp_server_link_flaps();
  dhcp_release_and_stop(&udp_wire_netif);
  assert_true(dhcp_server_gave_none());
}

#define DHCP_TEST(name)                                                                            \
  cmocka_unit_test_setup_teardown(name, dhcp_server_setup, dhcp_server_teardown)

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
