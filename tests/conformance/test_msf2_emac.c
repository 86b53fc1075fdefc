/* What only the SmartFusion2 MAC's driver has to do, against the fake of its MAC. */
#include "fake_msf2_emac.h"
#include "rig.h"
#include "suite.h"

static int setup(void **state) {
  (void)state;
  rig_build(&fake_mac_msf2_emac, &suite_buses[0]);
  return 0;
}

static int setup_enabled(void **state) {
  setup(state);
  rig_enable();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  rig_end();
  return 0;
}

static void programs_its_station_address(void **state) {
  (void)state;
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(fake_msf2_emac.registers[0x40 / 4], 0x02000012);
  assert_int_equal(fake_msf2_emac.registers[0x44 / 4], 0x34560000);
}

static void finds_its_phy_at_any_address(void **state) {
  (void)state;
  for (unsigned address = 0; address < 32; address++) {
    fake_msf2_emac.phy_address = address;
    assert_int_equal(nic_start(rig.nic), 0);
    assert_int_equal(fake_msf2_emac_driver.phy.address, address);
    assert_int_equal(nic_stop(rig.nic), 0);
  }
}

/* The transmitter is done before anyone sleeps: a frame that is alone wants no interrupt. */
static void a_frame_alone_is_sent_without_an_interrupt(void **state) {
  (void)state;
  for (unsigned i = 0; i < 100; i++) {
    assert_int_equal(rig_transmit(100, 1, 8), 0);
    rig_run();
  }
  assert_int_equal(rig.sent, 100);
  assert_int_equal(rig.nic->counters[NIC_INTERRUPTS], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(programs_its_station_address, setup, teardown),
      cmocka_unit_test_setup_teardown(finds_its_phy_at_any_address, setup, teardown),
      cmocka_unit_test_setup_teardown(a_frame_alone_is_sent_without_an_interrupt, setup_enabled,
                                      teardown),
  };

  return cmocka_run_group_tests_name("msf2_emac", tests, NULL, NULL);
}
