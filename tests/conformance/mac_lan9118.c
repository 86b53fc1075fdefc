/* The LAN9118, as the conformance suite drives its fake. */
#include "lan9118.h"

#include <string.h>

#include "fake_lan9118.h"
#include "fake_mac.h"

static struct lan9118 driver;
static struct fake_lan9118 fake;
static uint32_t flags; /* of errors, for the next frame received */

static void power_on(void) {
  flags = 0;
  fake_lan9118_attach(&fake);
  fake.on_sent = wire_sent;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  unsigned filtered = fake.rx_filtered, dropped = fake.rx_dropped;

  if (!fake_lan9118_receive(&fake, frame, length, flags))
    return FAKE_NOT_READY;
  flags = 0;
  if (fake.rx_dropped != dropped)
    return FAKE_LOST;
  return fake.rx_filtered != filtered ? FAKE_FILTERED : FAKE_RECEIVED;
}

static void send(unsigned frames) { fake_lan9118_send(&fake, frames); }

static void look(void) {
  if (!fake.hold_tx)
    send(UINT32_MAX);
}

static void hold_tx(bool hold) {
  fake.hold_tx = hold;
  look();
}

static void set_link(bool up) { fake.link = up; }

static void bad_crc(void) { flags = 1 << 15 | 1 << 1; }

static void rx_fault(void) { fake_lan9118_raise(&fake, 1 << 14); }

static void lose_phy(bool absent) { fake.phy_address = absent ? 40 : 1; }

static void lose_device(bool absent) { fake.absent = absent; }

static void hang_reset(bool absent) { fake.reset_hangs = absent; }

static const struct fake_error errors[] = {
    {"a frame with a wrong FCS", bad_crc, NIC_IN_ERROR},
    {"an rx FIFO that is out of step", rx_fault, NIC_RECOVERIES},
    {NULL, NULL, 0},
};

static const struct fake_absence absences[] = {
    {"no PHY", lose_phy},
    {"no device at this address", lose_device},
    {"a reset that never ends", hang_reset},
    {NULL, NULL},
};

const struct fake_mac fake_mac_lan9118 = {
    .ops = &lan9118_ops,
    .nic = &driver.nic,
    .nic_size = sizeof driver,
    .base = FAKE_LAN9118_BASE,
    .irq = FAKE_LAN9118_IRQ,
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
