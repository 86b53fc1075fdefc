/* A lease that is longer than lwIP can count. This program has lwIP's DHCP with its own defaults,
 * 16 bits of minutes, in place of that of lwipopts.h, whose times hold any lease. */
#include "lwip/opt.h"
#undef DHCP_COARSE_TIMER_SECS
#undef DHCP_TIMEOUT_SIZE_T
#include "unit.h"

#include "lwip/../../core/ipv4/dhcp.c"

#include "dhcp_server.h"
#include "lwip/init.h"

enum { DAY_MIN = 24 * 60, DAY_S = DAY_MIN * 60 };

_Static_assert(sizeof(dhcp_timeout_t) == 2 && DHCP_COARSE_TIMER_SECS == 60, "lwIP's defaults");

static int set_up(void **state) {
  (void)dhcp_server_setup(state);
  dhcp_server.lease_s = 365 * DAY_S;
  dhcp_server_link_flaps();
  dhcp_server_answers();
  dhcp_server.asked = dhcp_server.all_asked = 0;
  return 0;
}

/* When both would be cut to the same time as its end, that would come first. */
static void it_is_renewed_before_its_end(void **state) {
  (void)state;
  for (unsigned minute = 0; minute < 365 * DAY_MIN; minute++) {
    dhcp_coarse_tmr();
    assert_true(dhcp_server_gave_address());
    dhcp_server_answers();
  }
  assert_in_range(dhcp_server.asked, 10, 20);
  assert_int_equal(dhcp_server.all_asked, 0);
}

/* RFC 2131, 4.4.5: at a half and at seven eighths of what it is cut to. */
static void any_server_is_asked_before_its_end(void **state) {
  unsigned minute;

  (void)state;
  dhcp_server.serving = false;
  for (minute = 0; dhcp_server.asked == 0 && minute < UINT16_MAX; minute++)
    dhcp_coarse_tmr();
  assert_in_range(minute, 22 * DAY_MIN, 23 * DAY_MIN);
  for (; dhcp_server.all_asked == 0 && minute < UINT16_MAX; minute++)
    dhcp_coarse_tmr();
  assert_in_range(minute, 39 * DAY_MIN, 40 * DAY_MIN);
  assert_true(dhcp_server_gave_address());
  for (; minute < UINT16_MAX; minute++)
    dhcp_coarse_tmr();
  assert_true(dhcp_server_gave_none());
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, dhcp_server_teardown)
      TEST(it_is_renewed_before_its_end),
      TEST(any_server_is_asked_before_its_end),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("dhcp_minutes", tests, NULL, NULL);
}
