/* The simulated NIC's device as its own fake: being software, it runs as it is, but its rings are
 * copied over the modelled bus, and a wire takes the place of its peer (sim_peer.c is not
 * linked). */
#include "fake_mac.h"

#include <string.h>

#include "dma.h"
#include "port.h"
#include "sim.h"
#include "timer_source.h"
#include "unit.h"

enum { IRQ = 34 };

static struct sim driver;
static struct sim_device device;
static unsigned bad_accesses; /* stays 0: it has an enum instead of a register map */
static void (*clock_tick)(void *context);

/* The rings as the device sees them in one step. */
static _Alignas(8) struct sim_descriptor rx_copy[SIM_RX_DESCRIPTORS];
static _Alignas(8) struct sim_descriptor tx_copy[SIM_TX_DESCRIPTORS];

static unsigned credit; /* frames that it may send while it is held */
static bool held, bad_status;

/* The frame on the wire, towards the device. */
static const uint8_t *arriving;
static uint32_t arriving_length;
static enum fake_verdict verdict;

/* ---- the wire, as the device's peer ---- */

void sim_peer_init(struct sim_peer *peer, const struct sim_peer_config *config) {
  memset(peer, 0, sizeof *peer);
  peer->config = *config;
}

void sim_peer_configure(struct sim_peer *peer, const struct sim_peer_config *config) {
  peer->config = *config;
}

void sim_peer_start(struct sim_peer *peer, const uint8_t station_mac[6], uint64_t now_us) {
  (void)now_us;
  memcpy(peer->station_mac, station_mac, 6);
}

void sim_peer_tick(struct sim_peer *peer, uint64_t now_us) {
  (void)peer;
  (void)now_us;
}

uint64_t sim_peer_next_tick(const struct sim_peer *peer) {
  (void)peer;
  return port_clock_us() + UINT64_C(1000000000);
}

bool sim_peer_has_frame(const struct sim_peer *peer) {
  (void)peer;
  return arriving != NULL;
}

/* The device is software: what it writes is in the processor's cache. */
uint32_t sim_peer_send(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  uint32_t length = arriving_length <= size ? arriving_length : 0;

  (void)peer;
  memcpy(buffer, arriving, length);
  arriving = NULL;
  verdict = length != 0 ? FAKE_RECEIVED : FAKE_FILTERED;
  return length;
}

void sim_peer_drop_frame(struct sim_peer *peer) {
  (void)peer;
  arriving = NULL;
  verdict = FAKE_LOST;
}

void sim_peer_receive(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  static uint8_t copy[2048];

  (void)peer;
  host_dma_read((uint32_t)(uintptr_t)frame, copy, length);
  wire_sent(copy, length);
}

/* ---- the device, in steps of its clock ---- */

static void fetch(struct sim_descriptor *copy, const struct sim_descriptor *ring, size_t bytes) {
  host_dma_read((uint32_t)(uintptr_t)ring, copy, bytes);
}

static void write_back(const struct sim_descriptor *copy, const struct sim_descriptor *before,
                       struct sim_descriptor *ring, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    uint32_t control = copy[i].control;

    if (control != before[i].control)
      host_dma_give_back((uint32_t)(uintptr_t)&ring[i].control, &control, sizeof control);
  }
}

static bool has_carrier(void) { return (device.registers[SIM_STATUS / 4] & SIM_STATUS_LINK) != 0; }

/* Hides frames beyond the credit from it, and all of them while there is no carrier: it would lose
 * those, and nobody could tell them from ones that the driver loses. */
static void limit(void) {
  if (!has_carrier())
    credit = 0;
  for (unsigned i = 0; i < SIM_TX_DESCRIPTORS; i++) {
    struct sim_descriptor *descriptor = &tx_copy[(device.tx_index + i) % SIM_TX_DESCRIPTORS];

    if ((descriptor->control & SIM_DESCRIPTOR_OWN) == 0 || credit == 0)
      descriptor->control = 0;
    else
      credit--;
  }
}

static void step(void *context) {
  struct sim_descriptor rx_before[SIM_RX_DESCRIPTORS], tx_before[SIM_TX_DESCRIPTORS];
  uint32_t *rx_base = &device.registers[SIM_RX_BASE / 4];
  uint32_t *tx_base = &device.registers[SIM_TX_BASE / 4];
  uint32_t rx_was = *rx_base, tx_was = *tx_base;

  if ((device.registers[SIM_CTRL / 4] & SIM_CTRL_ENABLE) == 0)
    return;
  fetch(rx_copy, driver.rx_descriptors, sizeof rx_copy);
  fetch(tx_copy, driver.tx_descriptors, sizeof tx_copy);
  if (held || !has_carrier())
    limit();
  memcpy(rx_before, rx_copy, sizeof rx_copy);
  memcpy(tx_before, tx_copy, sizeof tx_copy);
  assert_int_equal(rx_was, (uint32_t)(uintptr_t)driver.rx_descriptors);
  assert_int_equal(tx_was, (uint32_t)(uintptr_t)driver.tx_descriptors);
  *rx_base = (uint32_t)(uintptr_t)rx_copy;
  *tx_base = (uint32_t)(uintptr_t)tx_copy;
  clock_tick(context);
  *rx_base = rx_was;
  *tx_base = tx_was;
  write_back(rx_copy, rx_before, driver.rx_descriptors, SIM_RX_DESCRIPTORS);
  write_back(tx_copy, tx_before, driver.tx_descriptors, SIM_TX_DESCRIPTORS);
}

/* Its timer's interrupt, in which its hardware works. */
static void timer(void *context) { host_device_step(step, context); }

static void send(unsigned frames) {
  credit = frames;
  step(&device);
  credit = 0;
}

static enum fake_verdict receive(const uint8_t *frame, uint32_t length) {
  uint32_t filtered = device.registers[SIM_RX_FILTERED / 4];

  if ((device.registers[SIM_CTRL / 4] & SIM_CTRL_ENABLE) == 0)
    return FAKE_NOT_READY;
  arriving = frame;
  arriving_length = length;
  verdict = FAKE_NOT_READY;
  device.faults.probability[SIM_FAULT_BAD_STATUS] = bad_status ? SIM_FAULT_ALWAYS : 0;
  step(&device);
  device.faults.probability[SIM_FAULT_BAD_STATUS] = 0;
  bad_status = bad_status && verdict != FAKE_RECEIVED;
  arriving = NULL; /* without a carrier it stays on the wire */
  return device.registers[SIM_RX_FILTERED / 4] != filtered ? FAKE_FILTERED : verdict;
}

static void power_on(void) {
  static const struct sim_peer_config config = {.burst = 1};

  timer_source_cancel(&device.receive_timer);
  sim_device_init(&device, &config, IRQ);
  clock_tick = device.receive_timer.interrupt;
  device.receive_timer.interrupt = timer;
  arriving = NULL;
  credit = 0;
  held = bad_status = false;
}

static void set_link(bool up) { sim_device_set_carrier(&device, up); }

static bool flag_next_as_bad(const struct fake_error *error) {
  (void)error;
  bad_status = true;
  return true;
}

static bool bad_ring(const struct fake_error *error) {
  if ((device.registers[SIM_CTRL / 4] & SIM_CTRL_ENABLE) == 0)
    return false;
  device.registers[SIM_TX_SIZE / 4] = error->bits[0];
  step(&device); /* here it sees that */
  return true;
}

static const struct fake_error errors[] = {
    {"a frame that is flagged as bad", flag_next_as_bad, NIC_IN_ERROR, {0}},
    {"a ring that makes no sense", bad_ring, NIC_RECOVERIES, {5}},
    {.name = NULL},
};

/* Its bus has no gate: its absence shows only in its ID, and in that it was reset. */
static void forget(void) { sim_device_write(&device, SIM_CTRL, SIM_CTRL_RESET); }

static const struct fake_absence absences[] = {
    {"no device at this address", &device.registers[SIM_ID / 4], UINT32_MAX},
    {.name = NULL},
};

const struct fake_mac fake_mac_sim = {
    .ops = &sim_ops,
    FAKE_MAC_MEMBERS,
    .base = (uintptr_t)&device,
    .irq = IRQ,
    .rings = driver.rx_descriptors,
    .rings_size = sizeof driver.rx_descriptors + sizeof driver.tx_descriptors,
    .unit = 4,
    .bad_accesses = &bad_accesses,
    .hold_tx = &held,
    .power = &device.registers[SIM_ID / 4],
    .forget = forget,
};
