/* The Cadence GEM driver on its rig. */
#include "gem_rig.h"

#include "unit.h"

struct fake_cadence_gem fake_gem;
struct cadence_gem gem;
unsigned gem_tx_clock;
static struct cadence_gem_rings rings;

static bool receive(const uint8_t *frame, uint32_t length) {
  return fake_cadence_gem_receive(&fake_gem, frame, length);
}

static void set_tx_clock(unsigned speed_mbps) { gem_tx_clock = speed_mbps; }

int gem_setup(void **state) {
  (void)state;
  gem = (struct cadence_gem){.rings = &rings, .set_tx_clock = set_tx_clock};
  gem_tx_clock = 0;
  rig_setup(&gem.nic, &cadence_gem_ops, FAKE_GEM_BASE, FAKE_GEM_IRQ, receive);
  fake_cadence_gem_attach(&fake_gem);
  return 0;
}

int gem_setup_enabled(void **state) {
  gem_setup(state);
  assert_int_equal(nic_start(&gem.nic), 0);
  assert_int_equal(nic_set_interface_enable(&gem.nic, true), 0);
  assert_true(nic_link_is_active(&gem.nic));
  return 0;
}

void gem_check_conservation(void) {
  rig_check_conservation();
  assert_int_equal(fake_gem.bad_accesses, 0);
}
