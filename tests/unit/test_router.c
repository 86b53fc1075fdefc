/* Frames that a router's filter lets in, though they are for other stations. This program has the
 * netif's glue with forwarding. */
#define IP_FORWARD 1
#include "unit.h"

#include "ringif.c"

#include "lwip/init.h"
#include "netif/ethernet.h"
#include "paper_rig.h"

enum { FRAME_BYTES = 60 };

static struct netif netif;
static unsigned passed_on;

static err_t receive(struct pbuf *frame, struct netif *from) {
  assert_ptr_equal(from, &netif);
  passed_on++;
  pbuf_free(frame);
  return ERR_OK;
}

static void comes_for(const uint8_t destination[ETH_ADDRESS_BYTES]) {
  uint8_t frame[FRAME_BYTES] = {0};

  memcpy(frame, destination, ETH_ADDRESS_BYTES);
  assert_true(paper_receive(&paper, frame, sizeof frame));
  run();
}

static void what_is_for_another_station_is_dropped(void **state) {
  static const uint8_t other[] = {2, 0, 0, 0, 0, 99};
  static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  static const uint8_t all_systems[] = {1, 0, 0x5e, 0, 0, 1};

  (void)state;
  comes_for(nic->mac);
  comes_for(all);
  comes_for(all_systems);
  assert_int_equal(passed_on, 3);
  comes_for(other);
  assert_int_equal(passed_on, 3);
  assert_int_equal(nic->counters[NIC_IN_FILTERED], 1);
  assert_int_equal(nic_dropped(nic), 1);
  assert_int_equal(nic->pool.held, 0);
}

static int set_up(void **state) {
  (void)paper_setup(state);
  assert_non_null(netif_add_noaddr(&netif, nic, ringif_init, receive));
  netif_set_up(&netif);
  return nic_set_interface_enable(nic, true);
}

static int tear_down(void **state) {
  (void)state;
  assert_int_equal(ringif_remove(&netif), 0);
  return nic_free(nic);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_for_another_station_is_dropped, set_up, tear_down),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
