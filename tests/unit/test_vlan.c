/* Frames in a VLAN (IEEE 802.1Q): the tag is beside the MTU. This program has the kit's datapath
 * with that option. */
#include "unit.h"

#include "lwip/opt.h"
#undef ETHARP_SUPPORT_VLAN
#define ETHARP_SUPPORT_VLAN 1

#include "datapath.c"
#include "nic.c"
#include "nic_settings.c"

#include "lwip/init.h"
#include "paper_rig.h"

enum { LONGEST = ETH_HEADER_BYTES + 4 + ETH_MTU };

static void a_full_frame_with_a_tag_is_sent(void **state) {
  (void)state;
  transmit(frame_of(LONGEST, 2), 0);
  transmit(frame_of(LONGEST + 1, 2), -EMSGSIZE);
  run();
  assert_int_equal(paper.sent_length[0], LONGEST);
  assert_int_equal(nic->counters[NIC_OUT_TOO_LONG], 1);
}

static void a_full_frame_with_a_tag_is_received(void **state) {
  (void)state;
  assert_true(wire(1, LONGEST));
  assert_true(wire(2, LONGEST + ETH_FCS_BYTES)); /* from a MAC that leaves it on */
  assert_true(wire(3, LONGEST + ETH_FCS_BYTES + 1));
  run();
  assert_int_equal(received, 2);
  assert_int_equal(nic->counters[NIC_IN_TOO_LONG], 1);
}

/* A copy to be sent may be in a packet of the pool: what is behind its buffer is another's. */
static void a_frame_with_a_tag_fits_into_a_buffer(void **state) {
  enum { SHORT = 1504 };
  struct nic_config narrow = config;

  (void)state;
  assert_int_equal(nic_free(nic), 0);
  narrow.pool.buffer_size = SHORT;
  assert_int_equal(nic_init(nic, &narrow, &dispatch), 0);
  assert_int_equal(nic->mtu, SHORT - ETH_HEADER_BYTES - 4);
  assert_int_equal(nic_set_mtu(nic, SHORT - ETH_HEADER_BYTES), -EINVAL);
  assert_int_equal(nic_free(nic), 0);
  narrow.pool.buffer_size = ETH_HEADER_BYTES + 3;
  assert_int_equal(nic_init(nic, &narrow, &dispatch), -EINVAL);
}

/* Not each device finds the headers behind a tag. */
static void no_device_makes_checksums(void **state) {
  (void)state;
  paper_ops.caps.offloads = NIC_OFFLOAD_TX_IP4 | NIC_OFFLOAD_TX_TCP_UDP;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic->offloads, 0);
  paper_ops.caps.offloads = 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_full_frame_with_a_tag_is_sent, paper_setup_enabled),
      cmocka_unit_test_setup(a_full_frame_with_a_tag_is_received, paper_setup_enabled),
      cmocka_unit_test_setup(a_frame_with_a_tag_fits_into_a_buffer, paper_setup),
      cmocka_unit_test_setup(no_device_makes_checksums, paper_setup),
  };

  lwip_init();
  paper_ops.turn = datapath_run;
  return cmocka_run_group_tests_name("vlan", tests, NULL, NULL);
}
