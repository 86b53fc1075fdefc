/* What lwIP needs from its port: random numbers that depend on a seed, text, and an end. */
#include "unit.h"

#include "arch/cc.h"
#include "log.h"
#include "lwip/ip_addr.h"
#include "lwip/sys.h"
#include "lwip_hooks.h"
#include "lwip_port.h"
#include "port.h"

enum { DRAWS = 1000 };

static int setup(void **state) {
  (void)state;
  host_reset();
  (void)log_set_level(NULL, LOG_DEBUG);
  return 0;
}

static void the_time_is_the_ports_and_wraps(void **state) {
  (void)state;
  assert_int_equal(sys_now(), 0);
  host_run_until_us(UINT64_C(4294967295999));
  assert_int_equal(sys_now(), UINT32_MAX);
  host_run_for_us(1);
  assert_int_equal(sys_now(), 0);
}

/* All bits are set about as often as not, and no number comes twice in a row. */
static void random_numbers_are_spread(void **state) {
  unsigned ones[32] = {0}, last = 0;

  (void)state;
  lwip_port_init(1);
  for (unsigned i = 0; i < DRAWS; i++) {
    unsigned drawn = LWIP_RAND();

    assert_int_not_equal(drawn, last);
    last = drawn;
    for (unsigned bit = 0; bit < 32; bit++)
      ones[bit] += drawn >> bit & 1;
  }
  for (unsigned bit = 0; bit < 32; bit++)
    assert_in_range(ones[bit], DRAWS / 2 - 100, DRAWS / 2 + 100);
}

/* Sequence numbers of one connection under a seed. */
static u32_t isn_of_seed(uint32_t seed, u16_t port) {
  ip_addr_t local = IPADDR4_INIT_BYTES(10, 0, 2, 15), remote = IPADDR4_INIT_BYTES(10, 0, 2, 2);

  lwip_port_init(seed);
  return lwip_hook_tcp_isn(&local, port, &remote, 7);
}

static void the_seed_is_that_of_numbers_and_sequence_numbers(void **state) {
  unsigned first;

  (void)state;
  lwip_port_init(77);
  first = LWIP_RAND();
  lwip_port_init(78);
  assert_int_not_equal(LWIP_RAND(), first);
  lwip_port_init(77);
  assert_int_equal(LWIP_RAND(), first);
  assert_int_equal(isn_of_seed(77, 1000), isn_of_seed(77, 1000));
  assert_int_not_equal(isn_of_seed(77, 1000), isn_of_seed(78, 1000));
  assert_int_not_equal(isn_of_seed(77, 1000), isn_of_seed(77, 1001));
}

/* Two connections between the same ports, one after the other within a millisecond, have different
 * ones. */
static void sequence_numbers_advance_every_4_us(void **state) {
  ip_addr_t local = IPADDR4_INIT_BYTES(10, 0, 2, 15), remote = IPADDR4_INIT_BYTES(10, 0, 2, 2);
  u32_t first;

  (void)state;
  lwip_port_init(1);
  first = lwip_hook_tcp_isn(&local, 7, &remote, 7);
  host_run_for_us(4);
  assert_int_equal(lwip_hook_tcp_isn(&local, 7, &remote, 7), (u32_t)(first + 1));
  host_run_for_us(1000000);
  assert_int_equal(lwip_hook_tcp_isn(&local, 7, &remote, 7), (u32_t)(first + 250001));
}

static void diagnostics_are_lines_of_the_log(void **state) {
  (void)state;
  LWIP_PLATFORM_DIAG(("what %d", 42));
  assert_non_null(strstr(host_console(), "D lwip: what 42\r\n"));
}

static int status;

_Noreturn static void end_of_run(int with) {
  status = with;
  host_end();
}

static void break_an_invariant(void) { LWIP_PLATFORM_ASSERT("one and one is two"); }

static void a_broken_invariant_ends_the_run(void **state) {
  (void)state;
  host_on_exit(end_of_run);
  assert_true(host_ends(break_an_invariant));
  assert_int_equal(status, 70);
  assert_non_null(strstr(host_console(), "assertion \"one and one is two\" failed at"));
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_time_is_the_ports_and_wraps, setup),
      cmocka_unit_test_setup(random_numbers_are_spread, setup),
      cmocka_unit_test_setup(the_seed_is_that_of_numbers_and_sequence_numbers, setup),
      cmocka_unit_test_setup(sequence_numbers_advance_every_4_us, setup),
      cmocka_unit_test_setup(diagnostics_are_lines_of_the_log, setup),
      cmocka_unit_test_setup(a_broken_invariant_ends_the_run, setup),
  };

  return cmocka_run_group_tests_name("lwip_port", tests, NULL, NULL);
}
