/* A register-level fake of a virtio network device behind memory-mapped registers (virtio 1.2). */
#include "fake_virtio_net.h"

#include <string.h>

#include "dma.h"
#include "unit.h"

enum {
  RX,
  TX,
  CONTROL,
  NO_NOTIFY = 1,
  HEADER_BYTES = 12,
  NEEDS_CSUM = 1,
  DRIVER_OK = 4,
  NEEDS_RESET = 0x40,
};

static void update_irq(struct fake_virtio_net *fake) {
  host_set_irq_level(FAKE_VIRTIO_IRQ, fake->interrupts != 0);
}

/* ---- virtqueues ---- */

static bool is_working(const struct fake_virtio_net *fake, unsigned number) {
  return (fake->status & DRIVER_OK) != 0 && fake->queues[number].ready != 0;
}

static void put_used(struct fake_virtio_net *fake, unsigned number, uint32_t id, uint32_t length) {
  if (fake_virtq_put(&fake->queues[number], id, length))
    fake->interrupts |= 1;
}

void fake_virtio_net_use(struct fake_virtio_net *fake, unsigned number, uint32_t id,
                         uint32_t length) {
  put_used(fake, number, id, length);
  update_irq(fake);
}

/* ---- transmit ---- */

static unsigned get16(const uint8_t *bytes) { return (unsigned)bytes[1] << 8 | bytes[0]; }

/* Does what NEEDS_CSUM requests (5.1.6.2). */
static void complete_checksum(uint8_t *frame, uint32_t length, unsigned start, unsigned offset) {
  uint32_t sum = 0;

  assert_true(start + offset + 2 <= length);
  for (unsigned i = start; i < length; i++)
    sum += (i - start) % 2 == 0 ? (uint32_t)frame[i] << 8 : frame[i];
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  sum ^= 0xffff;
  if (sum == 0)
    sum = 0xffff;
  frame[start + offset] = (uint8_t)(sum >> 8);
  frame[start + offset + 1] = (uint8_t)sum;
}

static void send_one(struct fake_virtio_net *fake, uint32_t id) {
  uint8_t data[FAKE_VIRTIO_FRAME_BYTES];
  int first_write;
  unsigned parts;
  uint32_t length =
      fake_virtq_gather(&fake->queues[TX], id, data, sizeof data, &parts, &first_write) -
      HEADER_BYTES;

  assert_int_equal(first_write, -1);
  assert_int_equal(data[1], 0);             /* no segmentation */
  assert_int_equal(data[10] | data[11], 0); /* number of buffers */
  if ((data[0] & NEEDS_CSUM) != 0) {
    if ((fake->accepted[0] & FAKE_VIRTIO_CSUM) == 0)
      fake->bad_accesses++;
    complete_checksum(data + HEADER_BYTES, length, get16(data + 6), get16(data + 8));
  }
  fake->last.length = length;
  fake->last.parts = parts - 1;
  fake->last.flags = data[0];
  memcpy(fake->last.data, data + HEADER_BYTES, length);
  wire_sent(fake->last.data, length);
}

static void send_posted(struct fake_virtio_net *fake, unsigned frames) {
  struct fake_virtq *queue = &fake->queues[TX];
  uint32_t ids[256];
  unsigned count = 0;

  while (count < frames && fake_virtq_waiting(queue) != 0)
    ids[count++] = fake_virtq_take(queue);
  for (unsigned i = 0; i < count; i++)
    send_one(fake, ids[i]);
  for (unsigned i = 0; i < count; i++)
    put_used(fake, TX, ids[fake->backwards ? count - 1 - i : i], 0);
}

void fake_virtio_net_send(struct fake_virtio_net *fake, unsigned frames) {
  if (is_working(fake, TX))
    send_posted(fake, frames);
  update_irq(fake);
}

/* ---- receive ---- */

static void fill(struct fake_virtio_net *fake, uint32_t id, const void *frame, uint32_t length) {
  uint8_t data[FAKE_VIRTIO_FRAME_BYTES] = {fake->rx_flags, [10] = 1};
  const struct fake_virtq *queue = &fake->queues[RX];
  uint32_t left = HEADER_BYTES + length;
  const uint8_t *from = data;
  unsigned parts;
  int next;

  memcpy(data + HEADER_BYTES, frame, length);
  assert_int_equal(fake_virtq_gather(queue, id, NULL, 0, &parts, &next), 0);
  for (;;) {
    const struct fake_virtq_descriptor descriptor = fake_virtq_descriptor(queue, (unsigned)next);
    uint32_t part = left < descriptor.length ? left : descriptor.length;

    assert_true((descriptor.flags & FAKE_VIRTQ_WRITE) != 0);
    host_dma_write((uint32_t)descriptor.address, from, part);
    from += part;
    left -= part;
    if (left == 0)
      return;
    assert_true((descriptor.flags & FAKE_VIRTQ_NEXT) != 0);
    next = descriptor.next;
  }
}

/* Bytes that fit into a chain. */
static uint32_t room_of(const struct fake_virtio_net *fake, uint32_t id) {
  struct fake_virtq_descriptor descriptor = fake_virtq_descriptor(&fake->queues[RX], id);
  uint32_t room = descriptor.length;

  for (unsigned i = 1; (descriptor.flags & FAKE_VIRTQ_NEXT) != 0; i++) {
    assert_true(i < fake->queues[RX].size); /* no loop */
    descriptor = fake_virtq_descriptor(&fake->queues[RX], descriptor.next);
    room += descriptor.length;
  }
  return room;
}

static bool passes(const struct fake_virtio_net *fake, const uint8_t *frame) {
  uint32_t groups;

  if (fake->promiscuous != 0 || memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6) == 0)
    return true;
  if ((frame[0] & 1) == 0)
    return memcmp(frame, fake->mac, 6) == 0;
  memcpy(&groups, fake->table + 4, sizeof groups);
  for (uint32_t i = 0; i < groups; i++) {
    if (memcmp(frame, fake->table + 8 + 6 * i, 6) == 0)
      return true;
  }
  return fake->all_multicast != 0;
}

enum fake_verdict fake_virtio_net_receive(struct fake_virtio_net *fake, const uint8_t *frame,
                                          uint32_t length) {
  uint32_t id;

  if (!is_working(fake, RX) || fake_virtq_waiting(&fake->queues[RX]) == 0)
    return FAKE_NOT_READY;
  if (!passes(fake, frame))
    return FAKE_FILTERED;
  id = fake_virtq_take(&fake->queues[RX]);
  if (HEADER_BYTES + length > room_of(fake, id)) {
    fake->queues[RX].taken--; /* as QEMU does */
    return FAKE_FILTERED;
  }
  fill(fake, id, frame, length);
  put_used(fake, RX, id, HEADER_BYTES + length);
  update_irq(fake);
  return FAKE_RECEIVED;
}

void fake_virtio_net_receive_backwards(struct fake_virtio_net *fake, const void *frames,
                                       uint32_t length, unsigned count) {
  uint32_t ids[256];

  assert_true(fake_virtq_waiting(&fake->queues[RX]) >= count);
  for (unsigned i = 0; i < count; i++)
    ids[i] = fake_virtq_take(&fake->queues[RX]);
  for (unsigned i = 0; i < count; i++) {
    fill(fake, ids[count - 1 - i], (const uint8_t *)frames + i * length, length);
    put_used(fake, RX, ids[count - 1 - i], HEADER_BYTES + length);
  }
  update_irq(fake);
}

/* ---- control ---- */

static void obey(struct fake_virtio_net *fake) {
  struct fake_virtq *queue = &fake->queues[CONTROL];

  while (!fake->hold_control && fake_virtq_waiting(queue) != 0) {
    uint32_t id = fake_virtq_take(queue);
    const uint8_t result = fake->refuses_commands ? 1 : 0;
    unsigned parts;
    int answer;

    fake->command_length =
        fake_virtq_gather(queue, id, fake->command, sizeof fake->command, &parts, &answer);
    assert_int_not_equal(answer, -1);
    fake->commands++;
    if (!fake->refuses_commands) {
      switch (fake->command[0] << 8 | fake->command[1]) {
      case 0x0000:
        fake->promiscuous = fake->command[2];
        break;
      case 0x0001:
        fake->all_multicast = fake->command[2];
        break;
      case 0x0100:
        memcpy(fake->table, fake->command + 2, fake->command_length - 2);
        break;
      case 0x0101:
        assert_int_equal(fake->command_length, 2 + 6);
        memcpy(fake->mac, fake->command + 2, 6);
        break;
      default:
        fake->bad_accesses++;
      }
    }
    host_dma_write((uint32_t)fake_virtq_descriptor(queue, (unsigned)answer).address, &result,
                   sizeof result);
    put_used(fake, CONTROL, id, 1);
  }
}

/* ---- registers ---- */

void fake_virtio_net_set_link(struct fake_virtio_net *fake, bool up) {
  fake->link = up;
  fake->interrupts |= 2;
  update_irq(fake);
}

bool fake_virtio_net_break(struct fake_virtio_net *fake) {
  if ((fake->status & DRIVER_OK) == 0)
    return false;
  fake->status |= NEEDS_RESET;
  fake->interrupts |= 2;
  update_irq(fake);
  return true;
}

static void reset(struct fake_virtio_net *fake) {
  memset(fake->queues, 0, sizeof fake->queues);
  memset(fake->accepted, 0, sizeof fake->accepted);
  fake->status = 0;
  fake->interrupts = 0;
  fake->promiscuous = 1;
  fake->resets++;
}

static const uint8_t hosts_mac[6] = {2, 0, 0, 0xaa, 0xbb, 0xcc};

void fake_virtio_net_forget(struct fake_virtio_net *fake) {
  reset(fake);
  memcpy(fake->mac, hosts_mac, sizeof hosts_mac);
  fake->was_reset = true;
  update_irq(fake);
}

/* Checks the order of initialization (3.1.1). */
static void write_status(struct fake_virtio_net *fake, uint32_t value) {
  static const uint32_t order[] = {0, 1, 3, 11, 15};

  if (value == 0) { /* a reset that never ends has at least begun */
    reset(fake);
    if (fake->never_resets)
      fake->status = 1;
    return;
  }
  if (value == 0x80) { /* given up */
    fake->status = value;
    return;
  }
  for (unsigned i = 1; i < sizeof order / sizeof *order; i++) {
    if (value == order[i] && fake->status == order[i - 1]) {
      fake->status = value;
      fake->was_reset = false;
      if (value == 11 &&
          (fake->refuses_features || (fake->accepted[1] & 1) == 0 ||
           ((fake->offered[1] ^ fake->accepted[1]) & FAKE_VIRTIO_HIGH_PLATFORM) != 0))
        fake->status = order[i - 1];
      return;
    }
  }
  fake->bad_accesses++;
}

static void notified(struct fake_virtio_net *fake, uint32_t number) {
  if (number > CONTROL || !is_working(fake, number)) {
    fake->bad_accesses += !fake->was_reset;
    return;
  }
  if (number == TX) {
    fake->notifications++;
    if (!fake->hold_tx)
      send_posted(fake, UINT32_MAX);
    fake_virtq_set_flags(&fake->queues[TX], fake->no_notify ? NO_NOTIFY : 0);
  } else if (number == CONTROL) {
    fake->asked++;
    obey(fake);
  }
}

static uint32_t bus_read(void *context, unsigned offset) {
  struct fake_virtio_net *fake = context;

  if (fake->without_power != 0)
    return 0;
  switch (offset) {
  case 0x00:
    return fake->magic;
  case 0x04:
    return fake->version;
  case 0x08:
    return fake->device_id;
  case 0x10:
    if ((fake->status & 2) == 0)
      fake->bad_accesses++; /* the driver has not acknowledged the device */
    return fake->offered[fake->device_features_sel];
  case 0x34:
    return fake->queue_max;
  case 0x44:
    return fake->queues[fake->queue_sel].ready;
  case 0x60:
    return fake->interrupts;
  case 0x70:
    return fake->status;
  case 0xfc:
    return fake->changes != 0 ? fake->changes-- : 0; /* the configuration's generation */
  case 0x100:
    return (uint32_t)fake->mac[3] << 24 | (uint32_t)fake->mac[2] << 16 |
           (uint32_t)fake->mac[1] << 8 | fake->mac[0];
  case 0x104:
    return (uint32_t)fake->link << 16 | (uint32_t)(fake->mac[5] ^ (fake->changes != 0)) << 8 |
           fake->mac[4];
  case 0x108:
    if ((fake->offered[0] & FAKE_VIRTIO_MTU) == 0)
      fake->bad_accesses++; /* the field is not there (2.5.2) */
    return (uint32_t)fake->mtu << 16;
  default:
    fake->bad_accesses++;
    return UINT32_MAX;
  }
}

static void write_queue(struct fake_virtio_net *fake, unsigned offset, uint32_t value) {
  struct fake_virtq *queue = &fake->queues[fake->queue_sel];

  if (fake->status != 11 || queue->ready != 0)
    fake->bad_accesses++; /* out of order */
  switch (offset) {
  case 0x38:
    queue->size = value;
    if (value == 0 || value > fake->queue_max || (value & (value - 1)) != 0)
      fake->bad_accesses++;
    break;
  case 0x44:
    queue->ready = value;
    if (queue->descriptors % 16 != 0 || queue->driver % 2 != 0 || queue->device % 4 != 0)
      fake->bad_accesses++;
    break;
  case 0x80:
    queue->descriptors = value;
    break;
  case 0x90:
    queue->driver = value;
    break;
  case 0xa0:
    queue->device = value;
    break;
  case 0x84: /* the high halves */
  case 0x94:
  case 0xa4:
    fake->bad_accesses += value != 0;
    break;
  default:
    fake->bad_accesses++;
  }
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  struct fake_virtio_net *fake = context;

  if (fake->without_power != 0)
    return;
  switch (offset) {
  case 0x14:
    fake->device_features_sel = value & 1;
    break;
  case 0x20:
    fake->accepted[fake->driver_features_sel] = value;
    if ((value & ~fake->offered[fake->driver_features_sel]) != 0)
      fake->bad_accesses++;
    break;
  case 0x24:
    fake->driver_features_sel = value & 1;
    break;
  case 0x30:
    assert_true(value < 3);
    fake->queue_sel = value;
    break;
  case 0x50:
    notified(fake, value);
    break;
  case 0x64:
    fake->interrupts &= ~value;
    break;
  case 0x70:
    write_status(fake, value);
    break;
  default:
    write_queue(fake, offset, value);
  }
  update_irq(fake);
}

void fake_virtio_net_attach(struct fake_virtio_net *fake) {
  *fake = (struct fake_virtio_net){.magic = 0x74726976,
                                   .version = 2,
                                   .device_id = 1,
                                   .offered = {FAKE_VIRTIO_ALL, 1},
                                   .queue_max = 256,
                                   .mtu = 1500,
                                   .link = true};
  memcpy(fake->mac, hosts_mac, sizeof hosts_mac);
  host_attach(&(struct host_device){.base = FAKE_VIRTIO_BASE,
                                    .size = 0x200,
                                    .read = bus_read,
                                    .write = bus_write,
                                    .context = fake});
}
