/* The i.MX ENET driver on its rig, with two MACs on the bus. */
#include "imx_enet_rig.h"

#include "unit.h"

struct fake_imx_enet fake_enet, other_enet;
struct imx_enet enet;
static _Alignas(IMX_ENET_ALIGNMENT) struct imx_enet_rings rings;

static bool receive(const uint8_t *frame, uint32_t length) {
  return fake_imx_enet_receive(&fake_enet, frame, length, 0);
}

int enet_setup(void **state) {
  (void)state;
  enet = (struct imx_enet){.rings = &rings,
                           .module_hz = 66000000,
                           .phy_addresses = 1 << 2,
                           .mdio_bases = {FAKE_ENET_BASE, FAKE_ENET2_BASE}};
  rig_setup(&enet.nic, &imx_enet_ops, FAKE_ENET_BASE, FAKE_ENET_IRQ, receive);
  fake_imx_enet_attach(&fake_enet, FAKE_ENET_BASE);
  fake_imx_enet_attach(&other_enet, FAKE_ENET2_BASE);
  return 0;
}

int enet_setup_enabled(void **state) {
  enet_setup(state);
  assert_int_equal(nic_start(&enet.nic), 0);
  assert_int_equal(nic_set_interface_enable(&enet.nic, true), 0);
  assert_true(nic_link_is_active(&enet.nic));
  return 0;
}

void enet_check(void) {
  rig_check_conservation();
  assert_int_equal(fake_enet.bad_accesses + other_enet.bad_accesses, 0);
}
