/* A driver under the kit, between a wire and a stack that check each frame: number, bytes, order.
 */
#include "rig.h"

#include <stdlib.h>

#include "datapath.h"
#include "dma.h"
#include "frame.h"
#include "lwip/stats.h"
#include "port.h"

enum {
  TX_SLOTS = RIG_IN_FLIGHT_MAX + 10,
  TX_BYTES = 2048,
  EXPECTED = 1024, /* frames that the MAC has received and the stack has not: a power of two */
};

struct rig rig;

static struct dispatch_queue dispatch;
static struct nic_config config;
static _Alignas(HOST_DMA_LINE_MAX)
    uint8_t memory[NIC_MEMORY_BYTES(RIG_PACKETS, RIG_BUFFER, 32, HOST_DMA_LINE_MAX, RIG_DEPTH)];
static mem_size_t heap_before;
static uint8_t as_built[16384]; /* the driver's state at power on */

/* Received frames that the stack has to get, oldest first: free-running indices. */
static struct { uint32_t number, length; } expected[EXPECTED];
static uint32_t expected_head, expected_tail;
static unsigned skipped; /* of these, frames that it did not get */
static unsigned octets;  /* that it got */
static struct pbuf *hoarded[RIG_PACKETS];

/* The stack's frames. */
static struct tx_slot {
  struct pbuf_custom pbufs[RIG_FRAGMENTS_MAX];
  unsigned fragments_out; /* not yet freed */
  uint32_t number;
  bool copied; /* the kit sends a copy, so this may be freed before that is sent */
} tx_slots[TX_SLOTS];
static _Alignas(HOST_DMA_LINE_MAX) uint8_t tx_memory[TX_SLOTS][TX_BYTES];
static uint32_t tx_lengths[EXPECTED]; /* by frame number modulo the size */
static uint32_t tx_given;             /* the number of the next frame that the kit is given */
static uint32_t tx_sent[EXPECTED];    /* by frame number modulo the size: 1 more than the last one
                                         of these that was sent, as the first is 0 */
static uint32_t tx_next;   /* the number of the next frame that the device may send, if in order */
static unsigned tx_giving; /* calls of datapath_transmit() that we are in */
static bool tx_mixed;      /* a frame was given within the call for another: either may go first */
static unsigned tx_skipped, tx_freed_unsent;

static const uint8_t station[ETH_ADDRESS_BYTES] = {2, 0, 0, 0x12, 0x34, 0x56};
static const uint8_t peer[ETH_ADDRESS_BYTES] = {2, 0, 0, 0, 0, 9};

/* ---- what the kit has counted as dropped: received frames, and frames that it had accepted for
 * sending ---- */

static unsigned in_dropped(void) {
  unsigned dropped = 0;

  for (unsigned i = NIC_IN_RUNT; i <= NIC_IN_STOPPED; i++)
    dropped += i == NIC_IN_OVERFLOW ? 0 : rig.nic->counters[i];
  return dropped;
}

static unsigned out_dropped(void) {
  unsigned dropped = 0;

  for (unsigned i = NIC_OUT_LINK_DOWN; i <= NIC_OUT_STOPPED; i++)
    dropped += rig.nic->counters[i];
  if (dropped < rig.refused)
    fail_msg("%u frames were refused and only %u counted", rig.refused, dropped);
  return dropped - rig.refused;
}

/* ---- the wire ---- */

struct arrival {
  const uint8_t *destination;
  uint32_t length;
  bool bad; /* the stack must not get it */
  enum fake_verdict verdict;
};

static void come_in(void *context) {
  static uint8_t frame[RIG_BUFFER + 1024];
  struct arrival *arrival = context;

  assert_true(expected_head - expected_tail < EXPECTED);
  frame_make(frame, arrival->length < RIG_FRAME_MIN ? RIG_FRAME_MIN : arrival->length,
             arrival->destination, peer, rig.wired);
  arrival->verdict = rig.mac->receive(frame, arrival->length);
  if (arrival->verdict == FAKE_RECEIVED && !arrival->bad) {
    expected[expected_head % EXPECTED].number = rig.wired;
    expected[expected_head++ % EXPECTED].length = arrival->length;
  }
  rig.wired += arrival->verdict == FAKE_RECEIVED;
  rig.lost += arrival->verdict == FAKE_LOST;
}

enum fake_verdict rig_wire_to(const uint8_t destination[ETH_ADDRESS_BYTES], uint32_t length) {
  struct arrival arrival = {.destination = destination, .length = length};

  host_device_step(come_in, &arrival);
  return arrival.verdict;
}

enum fake_verdict rig_wire_bad(uint32_t length) {
  struct arrival arrival = {.destination = rig.nic->mac, .length = length, .bad = true};

  host_device_step(come_in, &arrival);
  return arrival.verdict;
}

void rig_must_wire_bad(uint32_t length) {
  assert_int_not_equal(rig_wire_bad(length), FAKE_NOT_READY);
}

enum fake_verdict rig_come_in(uint32_t length) {
  struct arrival arrival = {.destination = rig.nic->mac, .length = length};

  come_in(&arrival);
  return arrival.verdict;
}

enum fake_verdict rig_wire(uint32_t length) { return rig_wire_to(rig.nic->mac, length); }

void rig_wire_all(unsigned count, uint32_t length) {
  unsigned lost = rig.lost, target = rig.wired + count;

  for (unsigned tries = 0; rig.wired != target; tries++) {
    if (tries == 3 * count + 3)
      fail_msg("the device takes no frame any more");
    if (rig_wire(length) != FAKE_RECEIVED || expected_head - expected_tail >= 4)
      rig_run();
  }
  rig_run();
  rig_check_equal("frames that found no buffer", rig.lost, lost);
}

static bool was_sent(uint32_t number) { return tx_sent[number % EXPECTED] == number + 1; }

/* A frame that was accepted earlier and never came was dropped, and must have been counted. */
void wire_sent(const uint8_t *frame, uint32_t length) {
  uint32_t number, given;

  if (rig.foreign) {
    rig.sent++;
    return;
  }
  assert_in_range(length, FRAME_BYTES_MIN, RIG_FRAME_MAX);
  number = frame_number(frame);
  given = tx_lengths[number % EXPECTED];
  if ((number < tx_next && !tx_mixed) || number >= tx_given || was_sent(number))
    fail_msg("sent: frame %u, but %u to %u are on their way", number, tx_next, tx_given);
  tx_sent[number % EXPECTED] = number + 1;
  if (number >= tx_next) {
    tx_skipped += number - tx_next;
    tx_next = number + 1;
  }
  rig.sent++;
  if (length != given && (length != RIG_FRAME_MIN || given > length))
    fail_msg("sent: frame %u has %u bytes, not %u", number, length, given);
  for (uint32_t i = given; i < length; i++)
    assert_int_equal(frame[i], 0); /* padding reveals nothing of other frames */
  frame_check("sent", frame, given, number);
}

/* ---- the stack ---- */

static void release(struct pbuf *frame) {
  memset(frame->payload, 0x5a, frame->len); /* what it held is its own business */
  pbuf_free(frame);
}

/* Gives the kit the frame with the next number, which may be sent before this returns. */
static int give(struct pbuf *frame) {
  uint32_t number = tx_given++;
  int error;

  tx_lengths[number % EXPECTED] = frame->tot_len;
  tx_mixed = tx_mixed || tx_giving != 0;
  tx_giving++;
  rig.accepted++;
  error = datapath_transmit(rig.nic, frame);
  tx_giving--;
  if (error == 0)
    return 0;
  rig.accepted--;
  rig.refused++;
  if (tx_given == number + 1)
    tx_given = number;
  return error;
}

static void send_back(struct pbuf *frame) {
  frame_make(frame->payload, frame->len, peer, rig.nic->mac, tx_given);
  (void)give(frame);
  pbuf_free(frame);
}

static void input(struct nic *from, struct pbuf *frame) {
  uint32_t number, length;

  assert_ptr_equal(from, rig.nic);
  assert_true(frame->tot_len >= RIG_FRAME_MIN);
  number = frame_number(frame->payload);
  while (expected_tail != expected_head && expected[expected_tail % EXPECTED].number != number) {
    expected_tail++;
    skipped++;
  }
  if (expected_tail == expected_head)
    fail_msg("delivered: frame %u is not the MAC's to deliver (%u were)", number, rig.wired);
  length = expected[expected_tail++ % EXPECTED].length;
  if (frame->tot_len != length && frame->tot_len != length + ETH_FCS_BYTES)
    fail_msg("delivered: frame %u has %u bytes, not %u", number, frame->tot_len, length);
  frame_check("delivered", frame->payload, length, number);
  rig.delivered++;
  rig.checked += (frame->flags & PACKET_FLAG_CHECKED) != 0;
  rig.payload = frame->payload;
  octets += frame->tot_len;
  if (rig.on_input != NULL)
    rig.on_input();
  if (rig.hoard && rig.hoarded < RIG_PACKETS)
    hoarded[rig.hoarded++] = frame;
  else if (rig.echo)
    send_back(frame);
  else
    release(frame);
}

void rig_give_back(unsigned count) {
  while (count-- != 0 && rig.hoarded != 0)
    release(hoarded[--rig.hoarded]);
}

/* A frame that is freed before it is sent has been counted by then. */
static void tx_free(struct pbuf *pbuf) {
  struct tx_slot *slot = NULL;

  for (unsigned i = 0; i < TX_SLOTS && slot == NULL; i++) {
    if ((void *)pbuf >= (void *)tx_slots[i].pbufs && (void *)pbuf < (void *)(&tx_slots[i] + 1))
      slot = &tx_slots[i];
  }
  assert_non_null(slot);
  memset(pbuf->payload, 0xee, pbuf->len); /* so that a device that still reads it is caught */
  if (--slot->fragments_out != 0)
    return;
  if (!slot->copied && !was_sent(slot->number) && slot->number >= tx_next &&
      ++tx_freed_unsent > out_dropped())
    fail_msg("frame %u is freed, though it was neither sent nor counted as dropped", slot->number);
  if (rig.on_free != NULL)
    rig.on_free();
}

static struct tx_slot *free_slot(void) {
  for (unsigned i = 0; i < TX_SLOTS; i++) {
    if (tx_slots[i].fragments_out == 0)
      return &tx_slots[i];
  }
  fail_msg("no frame ever comes back");
  return NULL;
}

/* The length of part `i`, when `left` bytes remain. */
static uint32_t part_length(uint32_t length, unsigned fragments, unsigned i, uint32_t left) {
  uint32_t part = length / fragments + i % 2;

  if (rig.ragged && i != 0) {
    part = rand() % 2 != 0 ? 6 : 120;
    part = (uint32_t)rand() % part;
    part = part < left ? part : left;
  }
  return i == fragments - 1 ? left : part;
}

int rig_transmit(uint32_t length, unsigned fragments, unsigned alignment) {
  static uint8_t whole[RIG_FRAME_MAX];
  struct tx_slot *slot = free_slot();
  uint8_t *place = tx_memory[slot - tx_slots];
  struct pbuf *frame = NULL;
  uint32_t copies = rig.nic->counters[NIC_OUT_COPIES], done = 0;
  bool has_empty = false;
  int error;

  assert_true(fragments <= RIG_FRAGMENTS_MAX && length >= ETH_HEADER_BYTES * fragments);
  frame_make(whole, length, peer, rig.nic->mac, tx_given);
  slot->number = tx_given;
  slot->copied = true; /* so that the caller may free it if it is refused */
  slot->fragments_out = fragments;
  place += alignment == 1;
  for (unsigned i = 0; i < fragments; i++) {
    uint32_t part = part_length(length, fragments, i, length - done);
    struct pbuf *pbuf;

    if (rig.ragged)
      place += rand() % 4;
    slot->pbufs[i].custom_free_function = tx_free;
    memcpy(place, whole + done, part);
    has_empty = has_empty || part == 0;
    pbuf =
        pbuf_alloced_custom(PBUF_RAW, (u16_t)part, PBUF_RAM, &slot->pbufs[i], place, (u16_t)part);
    assert_non_null(pbuf);
    if (frame == NULL)
      frame = pbuf;
    else
      pbuf_cat(frame, pbuf);
    done += part;
    place += (part + 15) / 8 * 8; /* starts stay as far from a multiple of 8 as the first */
  }
  rig.with_empty_part += has_empty;
  error = give(frame);
  if (error == 0)
    slot->copied = rig.nic->counters[NIC_OUT_COPIES] != copies;
  pbuf_free(frame);
  return error;
}

void rig_must_transmit(uint32_t length, unsigned fragments, unsigned alignment) {
  int error = rig_transmit(length, fragments, alignment);

  if (error != 0)
    fail_msg("a frame could not be sent: error %d", -error);
}

/* ---- the main loop ---- */

void rig_run(void) {
  unsigned turns = 0;

  do {
    host_run_for_us(0);
    assert_true(++turns < 10000);
  } while (dispatch_run(&dispatch));
}

/* With empty caches. */
static void start_bus(void) {
  host_dma_start(&(struct host_dma_options){.line = rig.bus->line,
                                            .rings = rig.mac->rings,
                                            .rings_size = rig.mac->rings_size,
                                            .unit = rig.mac->unit,
                                            .last_first = rig.bus->last_first,
                                            .look = rig.bus->eager ? rig_look : NULL});
}

static void interrupt(void *context) { nic_interrupt(context); }

static void link_changed(struct nic *nic) {
  assert_ptr_equal(nic, rig.nic);
  if (rig.on_link != NULL)
    rig.on_link();
}

static void init_nic(struct nic *nic) {
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
  nic->link_changed = link_changed;
}

/* Nothing has been seen yet. */
static void forget(const struct fake_mac *mac, const struct rig_bus *bus) {
  memset(&dispatch, 0, sizeof dispatch);
  expected_head = expected_tail = tx_given = tx_next = 0;
  memset(tx_sent, 0, sizeof tx_sent);
  tx_mixed = false;
  (void)rig_at_cancel();
  skipped = octets = tx_skipped = tx_freed_unsent = 0;
  rig = (struct rig){.mac = mac, .nic = mac->nic, .bus = bus, .fragments_max = RIG_FRAGMENTS_MAX};
  if (mac->ops->caps.tx_fragments_max < RIG_FRAGMENTS_MAX)
    rig.fragments_max = mac->ops->caps.tx_fragments_max;
}

void rig_build(const struct fake_mac *mac, const struct rig_bus *bus) {
  host_reset();
  memset(mac->nic, 0, mac->nic_size);
  for (unsigned i = 0; i < TX_SLOTS; i++)
    tx_slots[i].fragments_out = 0;
  heap_before = lwip_stats.mem.used;
  forget(mac, bus);
  config = (struct nic_config){
      .ops = mac->ops,
      .base = mac->base,
      .irq = mac->irq,
      .irq_last = (uint16_t)mac->irq_last,
      .pool = {.packets = RIG_PACKETS,
               .buffer_size = RIG_BUFFER,
               .headroom = 32,
               .alignment = HOST_DMA_LINE_MAX,
               .held_max = RIG_PACKETS},
      .memory = memory,
      .memory_size = sizeof memory,
      .queue_depth = RIG_DEPTH,
      .batch = 8,
      .budget = 16,
  };
  memcpy(config.mac, station, sizeof station);
  mac->power_on();
  assert_true(mac->nic_size <= sizeof as_built);
  memcpy(as_built, mac->nic, mac->nic_size);
  for (unsigned line = mac->irq; line <= mac->irq || line <= mac->irq_last; line++)
    host_connect_irq(line, interrupt, mac->nic);
  start_bus();
  init_nic(mac->nic);
}

void rig_boot_again(void) {
  for (unsigned line = rig.mac->irq; line <= rig.mac->irq || line <= rig.mac->irq_last; line++)
    port_irq_disable(line);
  forget(rig.mac, rig.bus);
  memcpy(rig.nic, as_built, rig.mac->nic_size);
  start_bus();
  init_nic(rig.nic);
}

void rig_resize(const struct rig_sizes *sizes) {
  assert_int_equal(rig.nic->state, NIC_INIT);
  config.pool.packets = sizes->packets;
  config.pool.buffer_size = sizes->buffer_size;
  rig.nic->mtu = nic_mtu_max(rig.nic);
  config.pool.held_max = sizes->held_max;
  config.queue_depth = sizes->queue_depth;
  config.batch = sizes->batch;
  config.budget = sizes->budget;
  start_bus(); /* what was a buffer may be a queue's slots now */
}

void rig_offload_nothing(void) {
  static struct nic_ops ops;

  ops = *config.ops;
  ops.caps.offloads = 0;
  nic_set_ops(rig.nic, &ops);
}

/* Sets the indices as after 2^32 - 256 frames, a multiple of every ring's size, so that they soon
 * wrap. */
static void age(struct ring *ring) {
  ring->head -= RING_SIZE_MAX;
  ring->tail -= RING_SIZE_MAX;
}

void rig_enable(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_true(nic_link_is_active(rig.nic));
  if (!rig.mac->shares_indices) {
    age(&rig.nic->rx_ring.ring);
    age(&rig.nic->tx_ring.ring);
  }
}

static void check_losses(void) {
  if (rig.lost != 0 && rig.nic->counters[NIC_IN_OVERFLOW] == 0 && !rig.gone)
    fail_msg("%u frames found no buffer, and none is counted", rig.lost);
}

void rig_end(void) {
  rig.backlog = 0;
  rig_give_back(RIG_PACKETS);
  rig_run();
  rig_check();
  if (rig.nic->state != NIC_INIT)
    assert_int_equal(nic_stop(rig.nic), 0);
  check_losses();
  assert_int_equal(nic_free(rig.nic), 0);
  assert_int_equal(rig.nic->pool.free_count, rig.nic->pool.options.packets);
  for (unsigned i = 0; i < TX_SLOTS; i++)
    assert_int_equal(tx_slots[i].fragments_out, 0);
  assert_int_equal(lwip_stats.mem.used, heap_before);
}

/* ---- conservation ---- */

void rig_check_equal(const char *what, unsigned is, unsigned should_be) {
  if (is != should_be)
    fail_msg("%s: %u, should be %u", what, is, should_be);
}

void rig_check(void) {
  const struct nic *nic = rig.nic;
  const uint32_t *counters = nic->counters;
  unsigned out = nic->pool.held;

  rig_check_equal("packets of the pool that are somewhere",
                  out + nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                      ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion),
                  nic->pool.options.packets);
  rig_check_equal("accesses to no register, or without a meaning", *rig.mac->bad_accesses, 0);
  if (!rig.gone)
    rig_check_equal("interrupts that did not end", counters[NIC_IRQ_STORMS], 0);
  rig_check_equal("good frames that are counted",
                  counters[NIC_IN_UCAST_PKTS] + counters[NIC_IN_MULTICAST_PKTS] +
                      counters[NIC_IN_BROADCAST_PKTS],
                  rig.delivered + counters[NIC_IN_NO_BUFFER]);
  if (counters[NIC_IN_NO_BUFFER] == 0)
    rig_check_equal("good octets that are counted", counters[NIC_IN_OCTETS], octets);
  if (skipped > in_dropped() && !rig.gone)
    fail_msg("%u received frames were dropped and only %u counted", skipped, in_dropped());
  if (tx_skipped > out_dropped() && !tx_mixed)
    fail_msg("%u frames were not sent and only %u counted", tx_skipped, out_dropped());
  if (!rig.mac->losses_wait)
    check_losses();
}

void rig_check_idle(void) {
  unsigned told, given;

  rig_check();
  if (!rig.gone)
    rig_check_equal("received frames that were delivered or counted", rig.delivered + in_dropped(),
                    rig.wired);
  told = rig.sent + rig.nic->counters[NIC_OUT_STOPPED] + rig.nic->counters[NIC_OUT_ERROR];
  if (!rig.confused || told < rig.accepted)
    rig_check_equal("frames that were sent or counted", told, rig.accepted);
  given = rig.nic->counters[NIC_OUT_UCAST_PKTS] + rig.nic->counters[NIC_OUT_MULTICAST_PKTS] +
          rig.nic->counters[NIC_OUT_BROADCAST_PKTS];
  if (!rig.foreign && (given < rig.sent || given > rig.accepted))
    fail_msg("%u frames were sent, of %u, and %u count as given to the device", rig.sent,
             rig.accepted, given);
  rig_check_equal("packets that the stack holds", rig.nic->pool.held, rig.hoarded);
  for (unsigned i = 0; i < TX_SLOTS; i++) {
    if (tx_slots[i].fragments_out != 0)
      fail_msg("frame %u was sent and never freed", tx_slots[i].number);
  }
  if (tx_mixed) { /* what comes next is in order again */
    tx_mixed = false;
    tx_next = tx_given;
    tx_skipped = rig.accepted - rig.sent;
  }
}

void rig_check_traffic(void) {
  unsigned delivered = rig.delivered, sent = rig.sent;

  rig_wire_all(40, 200);
  for (unsigned i = 0; i < 40; i++) {
    rig_must_transmit(100 + i, 1, 8);
    rig_run();
  }
  rig_check_equal("frames that came through", rig.delivered - delivered, 40);
  rig_check_equal("frames that went out", rig.sent - sent, 40);
  rig_check_idle();
}
