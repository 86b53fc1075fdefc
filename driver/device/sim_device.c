/* The simulated NIC, seen from its bus; the header is its datasheet. */
#include "sim_device.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "port.h"
#include "ring.h"

enum {
  DELAY_US = 20000,
  FLAP_US = 400000,
  STORM_INTERRUPTS = 100,
  STORM_US = 50, /* from one interrupt of a storm to the next */
};

static_assert(sizeof(struct sim_descriptor) == 8, "the descriptor's layout is the datasheet's");

static uint32_t *reg(struct sim_device *device, enum sim_register which) {
  return &device->registers[which / 4];
}

static bool is_enabled(struct sim_device *device) {
  return (*reg(device, SIM_CTRL) & SIM_CTRL_ENABLE) != 0;
}

static void raise(struct sim_device *device, uint32_t causes) {
  *reg(device, SIM_IRQ_STATUS) |= causes;
  if ((*reg(device, SIM_IRQ_STATUS) & *reg(device, SIM_IRQ_MASK)) == 0)
    return;
  if (causes == 0 || !sim_fault_strikes(&device->faults, SIM_FAULT_LOST_INTERRUPT))
    port_irq_pend(device->irq);
}

/* The descriptor that a ring's index stands at; NULL, with the device disabled, where base or size
 * make no ring. */
static struct sim_descriptor *descriptor_at(struct sim_device *device, enum sim_register base_reg,
                                            enum sim_register size_reg, uint16_t index) {
  uint32_t base = *reg(device, base_reg);
  uint32_t size = *reg(device, size_reg);

  if (base == 0 || base % sizeof(struct sim_descriptor) != 0 || !ring_size_valid(size)) {
    *reg(device, SIM_CTRL) &= ~SIM_CTRL_ENABLE;
    raise(device, SIM_IRQ_ERROR);
    return NULL;
  }
  return (struct sim_descriptor *)(uintptr_t)base + (index & (size - 1));
}

static bool has_carrier(struct sim_device *device) {
  return (*reg(device, SIM_STATUS) & SIM_STATUS_LINK) != 0;
}

/* Gives a descriptor back to the driver; false where it is stuck, and the device goes on without.
 */
static bool give_back(struct sim_device *device, struct sim_descriptor *descriptor,
                      uint32_t control) {
  dma_publish();
  if (sim_fault_strikes(&device->faults, SIM_FAULT_STUCK))
    return false;
  descriptor->control = control;
  return true;
}

/* Sends what the driver has posted; true if it got anything back. */
static bool transmit(struct sim_device *device) {
  bool any = false;

  for (unsigned i = 0; i == 0 || i < *reg(device, SIM_TX_SIZE); i++) { /* at most one round */
    struct sim_descriptor *descriptor =
        descriptor_at(device, SIM_TX_BASE, SIM_TX_SIZE, device->tx_index);
    uint32_t control;

    if (descriptor == NULL || ((control = descriptor->control) & SIM_DESCRIPTOR_OWN) == 0)
      break;
    dma_observe();
    if (has_carrier(device) && !sim_fault_strikes(&device->faults, SIM_FAULT_DROP))
      sim_peer_receive(&device->peer, (const uint8_t *)(uintptr_t)descriptor->address,
                       control & SIM_DESCRIPTOR_LENGTH);
    any |= give_back(device, descriptor, control & ~SIM_DESCRIPTOR_OWN);
    device->tx_index++;
  }
  return any;
}

unsigned sim_device_hash(const uint8_t address[6]) {
  uint64_t bits = 0;
  unsigned hash = 0;

  for (unsigned i = 0; i < 6; i++)
    bits = bits << 8 | address[i];
  for (; bits != 0; bits >>= 6)
    hash ^= (unsigned)bits & 0x3f;
  return hash;
}

/* True if the address filter lets a frame to `destination` in. */
static bool passes(struct sim_device *device, const uint8_t *destination) {
  static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  unsigned hash = sim_device_hash(destination);

  if ((*reg(device, SIM_FILTER) & SIM_FILTER_PROMISCUOUS) != 0 ||
      memcmp(destination, broadcast, sizeof broadcast) == 0)
    return true;
  if ((destination[0] & 1) == 0)
    return memcmp(destination, device->peer.station_mac, 6) == 0;
  return (*reg(device, hash < 32 ? SIM_HASH_LOW : SIM_HASH_HIGH) >> hash % 32 & 1) != 0;
}

/* True if the frame that is held is to be received now: its delay is over, or another has overtaken
 * it, or none comes that could. */
static bool held_is_due(const struct sim_device *device, bool overtaken, uint64_t now_us) {
  if (device->held_length == 0)
    return false;
  if (device->held_until_us != 0)
    return now_us >= device->held_until_us;
  return overtaken || !sim_peer_has_frame(&device->peer);
}

/* Takes a frame off the wire into the buffer of a descriptor; returns its length, or 0 where there
 * is none now (lost, or held for later) or it does not fit. */
static uint32_t take_frame(struct sim_device *device, struct sim_descriptor *descriptor, bool held,
                           uint64_t now_us) {
  uint8_t *buffer = (uint8_t *)(uintptr_t)descriptor->address;
  uint32_t size = descriptor->control & SIM_DESCRIPTOR_LENGTH;
  uint32_t length = device->held_length;
  bool delay;

  if (held) {
    device->held_length = 0;
    if (length > size)
      return 0;
    memcpy(buffer, device->held, length);
    return length;
  }
  length = sim_peer_send(&device->peer, buffer, size);
  if (length == 0 || sim_fault_strikes(&device->faults, SIM_FAULT_DROP))
    return 0;
  if (length > SIM_HELD_MAX || device->held_length != 0)
    return length;
  delay = sim_fault_strikes(&device->faults, SIM_FAULT_DELAY);
  if (!delay && !sim_fault_strikes(&device->faults, SIM_FAULT_REORDER))
    return length;
  memcpy(device->held, buffer, length);
  device->held_length = length;
  device->held_until_us = delay ? now_us + DELAY_US : 0;
  return 0;
}

/* The rx descriptor at the index, if the device owns it. */
static struct sim_descriptor *next_buffer(struct sim_device *device) {
  struct sim_descriptor *descriptor =
      descriptor_at(device, SIM_RX_BASE, SIM_RX_SIZE, device->rx_index);

  if (descriptor == NULL || (descriptor->control & SIM_DESCRIPTOR_OWN) == 0)
    return NULL;
  dma_observe();
  return descriptor;
}

/* The device is software, so that what it wrote to the buffer is in the processor's cache, from
 * where the driver's dma_invalidate() would drop it: a device's writes are in memory. */
static void complete_frame(struct sim_device *device, struct sim_descriptor *descriptor,
                           uint32_t length) {
  dma_clean((const void *)(uintptr_t)descriptor->address, length);
  if (sim_fault_strikes(&device->faults, SIM_FAULT_BAD_STATUS))
    length = SIM_DESCRIPTOR_ERROR;
  give_back(device, descriptor, length);
  device->rx_index++;
}

/* A received frame, with what befalls it on the way into its buffer. */
static void receive_frame(struct sim_device *device, struct sim_descriptor *descriptor,
                          uint32_t length) {
  uint8_t *buffer = (uint8_t *)(uintptr_t)descriptor->address;

  if (sim_fault_strikes(&device->faults, SIM_FAULT_CORRUPT))
    buffer[sim_fault_random(&device->faults, length)] ^=
        (uint8_t)(1u << sim_fault_random(&device->faults, 8));
  if (sim_fault_strikes(&device->faults, SIM_FAULT_TRUNCATE))
    length = 1 + sim_fault_random(&device->faults, length);
  complete_frame(device, descriptor, length);
  if (sim_fault_strikes(&device->faults, SIM_FAULT_DUPLICATE)) {
    struct sim_descriptor *second = next_buffer(device);

    if (second != NULL && (second->control & SIM_DESCRIPTOR_LENGTH) >= length) {
      memcpy((uint8_t *)(uintptr_t)second->address, buffer, length);
      complete_frame(device, second, length);
    }
  }
}

/* Receives what the peer has to say now, into the buffers that the driver has posted. */
static uint32_t receive(struct sim_device *device, uint64_t now_us) {
  uint32_t causes = 0;
  bool overtaken = false;
  bool held;

  while ((held = held_is_due(device, overtaken, now_us)) || sim_peer_has_frame(&device->peer)) {
    struct sim_descriptor *descriptor = next_buffer(device);
    uint32_t length;

    if (!is_enabled(device))
      break; /* there is no ring */
    if (descriptor == NULL || sim_fault_strikes(&device->faults, SIM_FAULT_OVERRUN)) {
      if (held)
        device->held_length = 0;
      else
        sim_peer_drop_frame(&device->peer);
      ++*reg(device, SIM_RX_MISSED);
      causes |= SIM_IRQ_OVERRUN;
      continue;
    }
    length = take_frame(device, descriptor, held, now_us);
    if (length == 0)
      continue; /* the descriptor is left to the next frame */
    overtaken = true;
    if (!passes(device, (const uint8_t *)(uintptr_t)descriptor->address)) {
      ++*reg(device, SIM_RX_FILTERED);
      continue;
    }
    receive_frame(device, descriptor, length);
    causes |= SIM_IRQ_RX;
  }
  return causes;
}

/* ---- what goes wrong with time ---- */

static void flap_link(struct sim_device *device, uint64_t now_us) {
  if (device->carrier_back_us != 0 && now_us >= device->carrier_back_us) {
    device->carrier_back_us = 0;
    *reg(device, SIM_STATUS) |= SIM_STATUS_LINK;
  } else if (device->carrier_back_us == 0 && has_carrier(device) &&
             sim_fault_strikes(&device->faults, SIM_FAULT_LINK_FLAP)) {
    device->carrier_back_us = now_us + FLAP_US;
    *reg(device, SIM_STATUS) &= ~SIM_STATUS_LINK;
  }
}

static void storm(struct sim_device *device) {
  if (device->storm_left == 0 && sim_fault_strikes(&device->faults, SIM_FAULT_STORM))
    device->storm_left = STORM_INTERRUPTS;
  if (device->storm_left != 0) {
    device->storm_left--;
    port_irq_pend(device->irq);
  }
}

/* When there is something to do again. */
static uint64_t next_step(struct sim_device *device, uint64_t now_us) {
  uint64_t next_us = sim_peer_next_tick(&device->peer);

  if (device->storm_left != 0 && now_us + STORM_US < next_us)
    next_us = now_us + STORM_US;
  if (device->held_length != 0 && has_carrier(device) && device->held_until_us < next_us)
    next_us = device->held_until_us;
  if (device->carrier_back_us != 0 && device->carrier_back_us < next_us)
    next_us = device->carrier_back_us;
  return next_us;
}

/* The clock of the device: the hardware timer's interrupt. It sends first, so that what the peer
 * answers at once is received in the same step. */
static void receive_timer(void *context) {
  struct sim_device *device = context;
  uint64_t now_us = port_clock_us();
  uint32_t causes = 0;

  if (!is_enabled(device))
    return;
  flap_link(device, now_us);
  sim_peer_tick(&device->peer, now_us);
  if (transmit(device))
    causes |= SIM_IRQ_TX;
  if (is_enabled(device) && has_carrier(device))
    causes |= receive(device, now_us);
  if (causes != 0)
    raise(device, causes);
  if (is_enabled(device)) {
    storm(device);
    timer_source_wake_at(&device->receive_timer, next_step(device, now_us));
  }
}

static void write_ctrl(struct sim_device *device, uint32_t value) {
  bool was_enabled = is_enabled(device);

  if ((value & SIM_CTRL_RESET) != 0) {
    uint32_t status = *reg(device, SIM_STATUS);

    for (size_t i = 0; i < SIM_REGISTER_BYTES / 4; i++)
      device->registers[i] = 0;
    *reg(device, SIM_ID) = SIM_ID_VALUE;
    *reg(device, SIM_STATUS) = status; /* the cable is not reset */
    value = 0;
  }
  *reg(device, SIM_CTRL) = value & SIM_CTRL_ENABLE;
  if (is_enabled(device) && !was_enabled) {
    uint64_t now_us = port_clock_us();
    uint32_t high = *reg(device, SIM_MAC_HIGH);
    uint32_t low = *reg(device, SIM_MAC_LOW);
    const uint8_t station[6] = {(uint8_t)(high >> 24), (uint8_t)(high >> 16), (uint8_t)(high >> 8),
                                (uint8_t)high,         (uint8_t)(low >> 24),  (uint8_t)(low >> 16)};

    device->rx_index = 0;
    device->tx_index = 0;
    device->held_length = 0;
    device->storm_left = 0;
    sim_peer_start(&device->peer, station, now_us);
    timer_source_wake_at(&device->receive_timer, sim_peer_next_tick(&device->peer));
  } else if (!is_enabled(device)) {
    timer_source_cancel(&device->receive_timer);
  }
}

uint32_t sim_device_read(struct sim_device *device, enum sim_register which) {
  return *reg(device, which);
}

/* A bus access is atomic for the device, which else runs in its timer's interrupt. */
void sim_device_write(struct sim_device *device, enum sim_register which, uint32_t value) {
  uint32_t state = port_irq_save();

  switch (which) {
  case SIM_CTRL:
    write_ctrl(device, value);
    break;
  case SIM_IRQ_STATUS:
    *reg(device, SIM_IRQ_STATUS) &= ~value;
    raise(device, 0); /* the line stays up while a cause is left */
    break;
  case SIM_IRQ_MASK:
    *reg(device, SIM_IRQ_MASK) = value;
    raise(device, 0);
    break;
  case SIM_DOORBELL:
    /* Buffers are looked for when a frame comes; frames to be sent go now. */
    if ((value & SIM_DOORBELL_TX) != 0 && is_enabled(device))
      timer_source_wake_at(&device->receive_timer, port_clock_us());
    break;
  case SIM_MAC_HIGH:
  case SIM_MAC_LOW:
  case SIM_RX_BASE:
  case SIM_RX_SIZE:
  case SIM_TX_BASE:
  case SIM_TX_SIZE:
  case SIM_FILTER:
  case SIM_HASH_LOW:
  case SIM_HASH_HIGH:
    *reg(device, which) = value;
    break;
  case SIM_ID:
  case SIM_STATUS:
  case SIM_RX_MISSED:
  case SIM_RX_FILTERED:
  case SIM_REGISTER_BYTES:
    break; /* read-only */
  }
  port_irq_restore(state);
}

void sim_device_set_peer(struct sim_device *device, const struct sim_peer_config *config) {
  uint32_t state = port_irq_save();

  sim_peer_configure(&device->peer, config);
  port_irq_restore(state);
}

void sim_device_set_flood(struct sim_device *device, enum sim_flood_kind kind,
                          uint32_t per_second) {
  uint32_t state = port_irq_save();
  uint64_t now_us = port_clock_us();

  sim_flood_start(&device->peer.flood, kind, per_second, now_us);
  if (is_enabled(device))
    timer_source_wake_at(&device->receive_timer, now_us);
  port_irq_restore(state);
}

void sim_device_set_carrier(struct sim_device *device, bool carrier) {
  uint32_t state = port_irq_save();

  *reg(device, SIM_STATUS) = carrier ? SIM_STATUS_LINK : 0;
  port_irq_restore(state);
}

void sim_device_init(struct sim_device *device, const struct sim_peer_config *peer, unsigned irq) {
  *device = (struct sim_device){
      .irq = irq,
      .receive_timer = {.interrupt = receive_timer, .context = device},
  };
  sim_peer_init(&device->peer, peer);
  sim_faults_seed(&device->faults, 1);
  *reg(device, SIM_ID) = SIM_ID_VALUE;
  *reg(device, SIM_STATUS) = SIM_STATUS_LINK;
}
