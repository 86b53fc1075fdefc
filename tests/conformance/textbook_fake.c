/* The textbook MAC itself, from its datasheet. */
#include "textbook.h"

#include <string.h>

#include "dma.h"
#include "port.h"
#include "unit.h"

enum { GROUPS_MAX = 16, READS_AS_ZEROS = 1, READS_AS_ONES = 2 };

struct textbook textbook;
bool textbook_edge, textbook_held, textbook_rests;
unsigned textbook_bad_accesses;
uint32_t textbook_missing;

static uint32_t registers[TEXTBOOK_REGISTER_BYTES / 4];
static unsigned rx_index, tx_index, group_count;
static unsigned parts_taken; /* of the frame that is being sent */
static uint8_t station[6], groups[GROUPS_MAX][6];
static bool bad_next, stalled;

static uint32_t *reg(unsigned offset) { return &registers[offset / 4]; }

static void raise(uint32_t causes) {
  *reg(TEXTBOOK_CAUSE) |= causes;
  if (textbook_edge) {
    if ((causes & *reg(TEXTBOOK_MASK)) != 0)
      port_irq_pend(TEXTBOOK_IRQ);
    return;
  }
  host_set_irq_level(TEXTBOOK_IRQ, (*reg(TEXTBOOK_CAUSE) & *reg(TEXTBOOK_MASK)) != 0);
}

/* Without power it loses everything but its cable. */
void textbook_forget(void) {
  uint32_t link = *reg(TEXTBOOK_LINK);

  memset(registers, 0, sizeof registers);
  memset(station, 0, sizeof station);
  *reg(TEXTBOOK_LINK) = link;
  group_count = 0;
  stalled = bad_next = false;
  raise(0);
}

static bool is_enabled(void) { return (*reg(TEXTBOOK_CONTROL) & 1) != 0; }

struct fetched {
  uint32_t address, length, owner;
};

static uint32_t address_of(unsigned ring, unsigned index) {
  return *reg(ring) + index * (uint32_t)sizeof(struct textbook_descriptor);
}

static struct fetched fetch(unsigned ring, unsigned index) {
  struct fetched descriptor;

  host_dma_read(address_of(ring, index), &descriptor, sizeof descriptor);
  return descriptor;
}

static void give_back(unsigned ring, unsigned index) {
  static const uint32_t nobody;

  host_dma_give_back(address_of(ring, index) + offsetof(struct textbook_descriptor, owner), &nobody,
                     sizeof nobody);
}

/* Takes one more part of a frame, and sends that with its last; false if there is none. */
static bool take_part(void) {
  static uint8_t frame[TEXTBOOK_TX * 2048];
  static uint32_t length;
  struct fetched descriptor = fetch(TEXTBOOK_TX_RING, tx_index);

  if (descriptor.owner == 0 && parts_taken == 0)
    return false;
  if (descriptor.owner == 0 || parts_taken == TEXTBOOK_FRAGMENTS)
    fail_msg("the MAC begins a frame of which descriptor %u is not its own", parts_taken);
  if (parts_taken++ == 0)
    length = 0;
  host_dma_read(descriptor.address, frame + length, descriptor.length & TEXTBOOK_LENGTH);
  length += descriptor.length & TEXTBOOK_LENGTH;
  if ((descriptor.length & TEXTBOOK_LAST) != 0) {
    wire_sent(frame, length);
    parts_taken = 0;
  }
  give_back(TEXTBOOK_TX_RING, tx_index);
  tx_index = (tx_index + 1) % TEXTBOOK_TX;
  return true;
}

static bool send_one(void) {
  while (take_part()) {
    if (parts_taken == 0)
      return true;
  }
  return false;
}

void textbook_send_part(void) {
  if (is_enabled() && take_part() && parts_taken == 0)
    raise(TEXTBOOK_SENT);
}

void textbook_send(unsigned frames) {
  bool any = false;

  while (is_enabled() && frames-- != 0 && send_one())
    any = true;
  if (any)
    raise(TEXTBOOK_SENT);
}

static bool passes(const uint8_t *frame) {
  static const uint8_t everyone[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  if ((*reg(TEXTBOOK_FILTER) & 1) != 0 || memcmp(frame, everyone, 6) == 0)
    return true;
  if ((frame[0] & 1) == 0)
    return memcmp(frame, station, 6) == 0;
  for (unsigned i = 0; i < group_count; i++) {
    if (memcmp(frame, groups[i], 6) == 0)
      return true;
  }
  return (*reg(TEXTBOOK_FILTER) & 2) != 0;
}

enum fake_verdict textbook_receive(const uint8_t *frame, uint32_t length) {
  struct fetched descriptor;

  if (!is_enabled() || stalled)
    return FAKE_NOT_READY;
  if (!passes(frame))
    return FAKE_FILTERED;
  descriptor = fetch(TEXTBOOK_RX_RING, rx_index);
  if (descriptor.owner == 0) {
    stalled = true;
    raise(TEXTBOOK_STALL);
    return FAKE_LOST;
  }
  if (length > descriptor.length)
    return FAKE_FILTERED;
  host_dma_write(descriptor.address, frame, length);
  if (bad_next)
    length |= TEXTBOOK_BAD;
  bad_next = false;
  host_dma_write(address_of(TEXTBOOK_RX_RING, rx_index) +
                     offsetof(struct textbook_descriptor, length),
                 &length, sizeof length);
  give_back(TEXTBOOK_RX_RING, rx_index);
  rx_index = (rx_index + 1) % TEXTBOOK_RX;
  stalled = textbook_rests && fetch(TEXTBOOK_RX_RING, rx_index).owner == 0;
  raise(TEXTBOOK_RECEIVED);
  return FAKE_RECEIVED;
}

static uint32_t bus_read(void *context, unsigned offset) {
  (void)context;
  if (textbook_missing != 0)
    return textbook_missing == READS_AS_ONES ? UINT32_MAX : 0;
  if (offset == TEXTBOOK_ID)
    return TEXTBOOK_ID_VALUE;
  if (offset > TEXTBOOK_KICK)
    textbook_bad_accesses++;
  return *reg(offset);
}

static void take_address(uint32_t as) {
  uint32_t high = *reg(TEXTBOOK_ADDRESS_HIGH), low = *reg(TEXTBOOK_ADDRESS_LOW);
  const uint8_t address[] = {(uint8_t)(high >> 24), (uint8_t)(high >> 16), (uint8_t)(high >> 8),
                             (uint8_t)high,         (uint8_t)(low >> 24),  (uint8_t)(low >> 16)};

  if (as == 1)
    memcpy(station, address, 6);
  else if (as == 3)
    group_count = 0;
  else if (group_count < GROUPS_MAX)
    memcpy(groups[group_count++], address, 6);
}

static void bus_write(void *context, unsigned offset, uint32_t value) {
  (void)context;
  if (textbook_missing != 0)
    return;
  switch (offset) {
  case TEXTBOOK_CONTROL:
    if (!is_enabled() && value == 1) {
      rx_index = tx_index = parts_taken = 0;
      stalled = false;
    }
    *reg(offset) = value;
    break;
  case TEXTBOOK_CAUSE:
    *reg(offset) &= ~value;
    break;
  case TEXTBOOK_ACCEPT:
    take_address(value);
    break;
  case TEXTBOOK_KICK:
    if ((value & 1) != 0)
      stalled = false;
    if ((value & 2) != 0)
      if (!textbook_held)
        textbook_send(UINT32_MAX);
    break;
  case TEXTBOOK_MASK:
  case TEXTBOOK_RX_RING:
  case TEXTBOOK_TX_RING:
  case TEXTBOOK_ADDRESS_HIGH:
  case TEXTBOOK_ADDRESS_LOW:
  case TEXTBOOK_FILTER:
    *reg(offset) = value;
    break;
  default:
    textbook_bad_accesses++;
  }
  raise(0);
}

void textbook_power_on(void) {
  memset(registers, 0, sizeof registers);
  *reg(TEXTBOOK_LINK) = 1;
  group_count = textbook_bad_accesses = 0;
  textbook_held = bad_next = stalled = false;
  textbook_missing = 0;
  host_attach(&(struct host_device){
      .base = TEXTBOOK_BASE, .size = sizeof registers, .read = bus_read, .write = bus_write});
}

void textbook_set_link(bool up) { *reg(TEXTBOOK_LINK) = up; }

static bool flag_next_as_bad(const struct fake_error *error) {
  (void)error;
  bad_next = true;
  return true;
}

static bool fail_fatally(const struct fake_error *error) {
  (void)error;
  if (!is_enabled())
    return false;
  *reg(TEXTBOOK_CONTROL) = 0;
  raise(TEXTBOOK_ERROR);
  return true;
}

const struct fake_error textbook_errors[] = {
    {"a frame that is flagged as bad", flag_next_as_bad, NIC_IN_ERROR, {0}},
    {"an error that turns the MAC off", fail_fatally, NIC_RECOVERIES, {0}},
    {.name = NULL},
};

const struct fake_absence textbook_absences[] = {
    {"nothing at this address, which reads as zeros", &textbook_missing, READS_AS_ZEROS},
    {"nothing at this address, which reads as ones", &textbook_missing, READS_AS_ONES},
    {.name = NULL},
};
