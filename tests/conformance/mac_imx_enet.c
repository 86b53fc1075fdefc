/* The i.MX ENET, as the conformance suite drives its fake. */
#include "imx_enet.h"

#include <string.h>

#include "fake_imx_enet.h"
#include "fake_mac.h"

static struct imx_enet driver;
static _Alignas(IMX_ENET_ALIGNMENT) struct imx_enet_rings rings;
static struct fake_imx_enet fake;
static uint32_t flags; /* of errors, for the next frame received */

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  driver.module_hz = 66000000;
  driver.phy_addresses = 1 << 2;
  driver.mdio_bases[0] = FAKE_ENET_BASE;
  flags = 0;
  fake_imx_enet_attach(&fake, FAKE_ENET_BASE);
  fake.on_sent = wire_sent;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  unsigned filtered = fake.filtered;

  if (!fake_imx_enet_receive(&fake, frame, length, flags))
    return FAKE_NOT_READY;
  flags = 0;
  return fake.filtered != filtered ? FAKE_FILTERED : FAKE_RECEIVED;
}

static void send(unsigned frames) { fake_imx_enet_send(&fake, frames); }

static void look(void) {
  if (!fake.hold_tx)
    send(UINT32_MAX);
}

static void hold_tx(bool hold) {
  fake.hold_tx = hold;
  look();
}

static void set_link(bool up) { fake.link = up; }

static void bus_error(void) { fake_imx_enet_report(&fake, 1 << 22); }

static void bad_crc(void) { flags = 1 << 18; }

static void lose_phy(bool absent) { fake.phy_addresses = absent ? 0 : 1 << 2; }

static void lose_mdio(bool absent) { fake.mdio_hangs = absent; }

static void lose_mac(bool absent) { fake.reset_hangs = absent; }

static const struct fake_error errors[] = {
    {"a bus error", bus_error, NIC_RECOVERIES},
    {"a frame with a wrong FCS", bad_crc, NIC_IN_ERROR},
    {NULL, NULL, 0},
};

static const struct fake_absence absences[] = {
    {"no PHY", lose_phy},
    {"a management interface that hangs", lose_mdio},
    {"a reset that never ends", lose_mac},
    {NULL, NULL},
};

const struct fake_mac fake_mac_imx_enet = {
    .ops = &imx_enet_ops,
    .nic = &driver.nic,
    .nic_size = sizeof driver,
    .base = FAKE_ENET_BASE,
    .irq = FAKE_ENET_IRQ,
    .rings = &rings,
    .rings_size = sizeof rings,
    .unit = 4,
    .power_on = power_on,
    .receive = receive,
    .hold_tx = hold_tx,
    .send = send,
    .look = look,
    .set_link = set_link,
    .bad_accesses = &fake.bad_accesses,
    .errors = errors,
    .absences = absences,
};
