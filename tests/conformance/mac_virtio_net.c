/* A virtio network device, as the conformance suite drives its fake. */
#include "virtio_net.h"

#include <string.h>

#include "fake_virtio_net.h"
#include "fake_mac.h"

static struct virtio_net driver;
static struct virtio_net_rings rings;
static struct fake_virtio_net fake;

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  fake_virtio_net_attach(&fake);
  fake.filters = true;
  fake.on_sent = wire_sent;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  unsigned filtered = fake.filtered;

  if (!fake_virtio_net_receive(&fake, frame, length, 0))
    return FAKE_NOT_READY;
  return fake.filtered != filtered ? FAKE_FILTERED : FAKE_RECEIVED;
}

static void send(unsigned frames) { fake_virtio_net_send(&fake, frames); }

static void look(void) {
  if (!fake.hold_tx)
    send(UINT32_MAX);
}

static void hold_tx(bool hold) {
  fake.hold_tx = hold;
  look();
}

static void set_link(bool up) { fake_virtio_net_set_link(&fake, up); }

static void need_reset(void) { fake_virtio_net_break(&fake); }

static void lose_device(bool absent) { fake.device_id = absent ? 0 : 1; }

static void hang_reset(bool absent) { fake.never_resets = absent; }

static const struct fake_error errors[] = {
    {"a device that needs a reset", need_reset, NIC_RECOVERIES},
    {NULL, NULL, 0},
};

static const struct fake_absence absences[] = {
    {"no network device in this slot", lose_device},
    {"a reset that never ends", hang_reset},
    {NULL, NULL},
};

const struct fake_mac fake_mac_virtio_net = {
    .ops = &virtio_net_ops,
    .nic = &driver.nic,
    .nic_size = sizeof driver,
    .base = FAKE_VIRTIO_BASE,
    .irq = FAKE_VIRTIO_IRQ,
    .rings = &rings,
    .rings_size = sizeof rings,
    .unit = 2,
    .power_on = power_on,
    .receive = receive,
    .hold_tx = hold_tx,
    .send = send,
    .look = look,
    .set_link = set_link,
    .shares_indices = true,
    .bad_accesses = &fake.bad_accesses,
    .errors = errors,
    .absences = absences,
};
