/* The Cadence GEM, as the conformance suite drives its fake. */
#include "cadence_gem.h"

#include <string.h>

#include "fake_cadence_gem.h"
#include "fake_mac.h"

static struct cadence_gem driver;
static struct cadence_gem_rings rings;
static struct fake_cadence_gem fake;

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  fake_cadence_gem_attach(&fake);
  fake.on_sent = wire_sent;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  unsigned filtered = fake.filtered;

  if (!fake_cadence_gem_receive(&fake, frame, length))
    return FAKE_NOT_READY;
  return fake.filtered != filtered ? FAKE_FILTERED : FAKE_RECEIVED;
}

static void send(unsigned frames) {
  if (fake.going)
    fake_cadence_gem_send(&fake, frames);
}

static void look(void) {
  if (!fake.hold_tx)
    send(UINT32_MAX);
}

static void hold_tx(bool hold) {
  fake.hold_tx = hold;
  look();
}

static void set_link(bool up) { fake.link = up; }

static void rx_bus_error(void) { fake_cadence_gem_report(&fake, 1 << 3, 1 << 11); }

static void underrun(void) { fake_cadence_gem_fail(&fake, 1 << 28, 1 << 6, 1 << 4); }

static void lose_phy(bool absent) { fake.phy_address = absent ? 40 : 7; }

static void lose_mdio(bool absent) { fake.mdio_dead = absent; }

static void lose_mac(bool absent) { fake.registers[0xfc / 4] = absent ? 0 : 0x00020118; }

static const struct fake_error errors[] = {
    {"a bus error of the rx DMA", rx_bus_error, NIC_RECOVERIES},
    {"an underrun", underrun, NIC_RECOVERIES},
    {NULL, NULL, 0},
};

static const struct fake_absence absences[] = {
    {"no PHY", lose_phy},
    {"a management interface that hangs", lose_mdio},
    {"no MAC at this address", lose_mac},
    {NULL, NULL},
};

const struct fake_mac fake_mac_cadence_gem = {
    .ops = &cadence_gem_ops,
    .nic = &driver.nic,
    .nic_size = sizeof driver,
    .base = FAKE_GEM_BASE,
    .irq = FAKE_GEM_IRQ,
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
