/* A virtio network device in the conformance suite: its fake; virtio_net_tests.c has what only its
 * driver has to do. */
#include "virtio_net.h"

#include <string.h>

#include "fake_virtio_net.h"
#include "suite.h"

static struct virtio_net driver;
static struct virtio_net_rings rings;
struct fake_virtio_net fake_virtio_net;
static struct fake_virtio_net *const fake = &fake_virtio_net;

static void power_on(void) {
  memset(&rings, 0, sizeof rings);
  driver.rings = &rings;
  fake_virtio_net_attach(fake);
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  return fake_virtio_net_receive(fake, frame, length);
}

static void send(unsigned frames) { fake_virtio_net_send(fake, frames); }

static void set_link(bool up) { fake_virtio_net_set_link(fake, up); }

static bool need_reset(const struct fake_error *error) {
  (void)error;
  return fake_virtio_net_break(fake);
}

static const struct fake_error errors[] = {
    {"a device that needs a reset", need_reset, NIC_RECOVERIES, {0}},
    {.name = NULL},
};

static void forget(void) { fake_virtio_net_forget(fake); }

static const struct fake_absence absences[] = {
    {"no device in this slot", &fake_virtio_net.device_id, 0},
    {"a block device", &fake_virtio_net.device_id, 2},
    {"a legacy device", &fake_virtio_net.version, 1},
    {"a device of a later version", &fake_virtio_net.version, 3},
    {"nothing at this address", &fake_virtio_net.magic, UINT32_MAX},
    {"a reset that never ends", &fake_virtio_net.never_resets, true},
    {"a device without power", &fake_virtio_net.without_power, true},
    {.name = NULL},
};

const struct fake_mac fake_mac_virtio_net = {
    .ops = &virtio_net_ops,
    FAKE_MAC_MEMBERS,
    .base = FAKE_VIRTIO_BASE,
    .irq = FAKE_VIRTIO_IRQ,
    .rings = &rings,
    .rings_size = sizeof rings,
    .unit = 2,
    .hold_tx = &fake_virtio_net.hold_tx,
    .sends_at_once = true,
    .power = &fake_virtio_net.without_power,
    .forget = forget,
    .bad_accesses = &fake_virtio_net.bad_accesses,
    .tests = virtio_net_tests,
    .shares_indices = true,
};
