/* A netif driver between a wire and a stack that check each frame: number, bytes, order. */
#include "netif_rig.h"

#include <unistd.h>

#include "frame.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ieee.h"
#include "lwip/stats.h"
#include "unit.h"

#if !LWIP_SUPPORT_CUSTOM_PBUF || !MEM_STATS || !MEMP_STATS
#error "lwipopts.h: the suite needs LWIP_SUPPORT_CUSTOM_PBUF, MEM_STATS and MEMP_STATS"
#endif

enum {
  SLOTS = NETRIG_FRAMES_MAX + 8,
  SLOT_BYTES = 2048,
  LENGTHS = 1024, /* of the latest frames that were accepted: by number, modulo this */
  EXPECTED = 1024,
  LINK_MS = 10000, /* within which a driver sees its link */
  TRIES = 100,
  BLOCKS = 1024,
  FREED = 0xee,  /* what a freed frame's memory is used for next */
  DEPTH_MAX = 8, /* of free functions that send: a product's stack has an end */
};

struct netif_rig netrig;
unsigned netrig_patience_s = 60;

static const uint8_t peer[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, 9};

/* Frames that the device has and the stack has not, oldest first: free-running indices. */
static struct { uint32_t number, length; } expected[EXPECTED];
static uint32_t expected_head, expected_tail, next_received;
static struct kept {
  struct pbuf *frame;
  uint32_t number, length;
} kept[NETRIG_KEPT_MAX];

/* Frames that the stack sends. */
static struct slot {
  struct pbuf_custom parts[NETRIG_PARTS_MAX];
  struct pbuf before[NETRIG_PARTS_MAX]; /* the parts as they were given to the driver */
  unsigned parts_used;                  /* not yet freed */
  bool streams;
  struct pbuf *resent; /* the stack has a reference to it */
  uint32_t number, length;
} slots[SLOTS];
static uint8_t slot_memory[SLOTS][SLOT_BYTES];
static uint32_t lengths[LENGTHS], next_accepted, next_sent;

static unsigned stream_due; /* frames of the stream that are free to be sent again */
static bool stream_is_ours; /* the last reference to a frame is being dropped by the stack */

static mem_size_t heap_at_rest;
static unsigned pool_at_rest, references_at_rest;
static void *blocks[BLOCKS];
static struct pbuf *taken[BLOCKS];
static unsigned block_count, taken_count;

static bool is_ours(const uint8_t *frame) { return memcmp(frame + 12, "\x88\xb5", 2) == 0; }

/* ---- the wire ---- */

/* The type of a frame from the wire, which frame_make() and frame_check() do not know. */
static void set_type(uint8_t *frame, uint16_t type) {
  if (netrig.driver->type != 0) {
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
  }
}

bool netrig_receive_to(const uint8_t *destination, uint32_t length) {
  uint8_t frame[NETRIG_LONGEST];

  assert_in_range(length, NETRIG_FRAME_MIN, NETRIG_LONGEST);
  assert_true(expected_head - expected_tail < EXPECTED);
  frame_make(frame, length, destination, peer, next_received);
  set_type(frame, netrig.driver->type);
  expected[expected_head % EXPECTED].number = next_received;
  expected[expected_head % EXPECTED].length = length;
  expected_head++; /* the driver may be faster than the call */
  if (!netrig.driver->receive(frame, length)) {
    expected_head--;
    return false;
  }
  next_received++;
  return true;
}

bool netrig_receive(uint32_t length) { return netrig_receive_to(netrig.netif.hwaddr, length); }

void netrig_receive_stray(const uint8_t *destination, uint32_t length) {
  uint8_t frame[NETRIG_FRAME_MAX];

  frame_make(frame, length, destination, peer, next_received++);
  set_type(frame, netrig.driver->type);
  (void)netrig.driver->receive(frame, length);
}

/* lwIP's own frames may go out, too. Nobody's are those that were overwritten under way. */
static bool is_lwips(const uint8_t *frame) {
  static const uint16_t types[] = {ETHTYPE_ARP, ETHTYPE_IP, ETHTYPE_IPV6};
  unsigned type = (unsigned)frame[12] << 8 | frame[13];

  for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
    if (type == types[i])
      return true;
  }
  return false;
}

void wire_sent(const uint8_t *frame, uint32_t length) {
  uint32_t number, given;

  if (netrig.removed)
    fail_msg("sent: a frame of a netif that was removed");
  if (is_lwips(frame))
    return;
  if (!is_ours(frame))
    fail_msg("sent: a frame that nobody has made, of type %02x%02x: its memory was used for "
             "something else",
             frame[12], frame[13]);
  if (length < NETRIG_SHORTEST)
    fail_msg("sent: a frame of %u bytes: all have more", length);
  number = frame_number(frame);
  if (memcmp(frame, peer, sizeof peer) != 0 ||
      memcmp(frame + sizeof peer, netrig.netif.hwaddr, sizeof peer) != 0)
    fail_msg("sent: frame %u has other addresses than it was given", number);
  if (netrig.unordered) { /* they are only counted */
    frame_check("sent", frame, length, number);
    next_sent++;
    return;
  }
  if (number < next_sent || number >= next_accepted)
    fail_msg("sent: frame %u, but %u to %u are on their way", number, next_sent, next_accepted);
  if (number != next_sent && !netrig.lossy)
    fail_msg("sent: frame %u, and frame %u, which was accepted before it, is not", number,
             next_sent);
  next_sent = number + 1;
  given = lengths[number % LENGTHS];
  if (length != given && (length != NETRIG_FRAME_MIN || given > length))
    fail_msg("sent: frame %u has %u bytes, not %u", number, length, given);
  for (uint32_t i = given; i < length; i++) {
    if (frame[i] != 0)
      fail_msg("sent: frame %u is padded with %#x: it reveals other data", number, frame[i]);
  }
  frame_check("sent", frame, given, number);
  netrig.sent++;
}

/* ---- the stack sends ---- */

void netrig_stream(void) {
  static unsigned depth;

  if (++depth > DEPTH_MAX)
    fail_msg("linkoutput frees frames within free functions, %u deep", depth);
  while (stream_due != 0 && netrig.stream != 0) {
    if (netrig_send(NETRIG_FRAME_MIN, 1, false, NETRIG_STREAMS) != ERR_OK)
      break;
    stream_due--;
    netrig.stream--;
  }
  depth--;
}

static void tx_free(struct pbuf *pbuf) {
  struct slot *slot = slots;

  while ((void *)pbuf >= (void *)(slot + 1))
    slot++;
  memset(pbuf->payload, FREED, pbuf->len);
  slot->parts_used--;
  if (!slot->streams)
    return;
  stream_due++;
  if (!stream_is_ours)
    netrig_stream();
}

static struct slot *free_slot(void) {
  for (unsigned i = 0; i < SLOTS; i++) {
    if (slots[i].parts_used == 0)
      return &slots[i];
  }
  fail_msg("no frame that was sent is ever freed");
  return NULL;
}

/* The bytes of part `i`: the first has the addresses, others have any length. */
static uint32_t part_length(unsigned parts, unsigned i, uint32_t left) {
  if (i == parts - 1)
    return left;
  return i == 0 ? ETH_HWADDR_LEN * 2 + 2 : left / (parts - i) + i % 3;
}

static struct pbuf *make_frame(struct slot *slot, unsigned parts, bool odd, pbuf_type type) {
  uint8_t whole[NETRIG_FRAME_MAX], *place = slot_memory[slot - slots] + odd;
  struct pbuf *frame = NULL;
  uint32_t done = 0;

  frame_make(whole, slot->length, peer, netrig.netif.hwaddr, slot->number);
  for (unsigned i = 0; i < parts; i++) {
    u16_t length = (u16_t)part_length(parts, i, slot->length - done);
    struct pbuf *pbuf;

    memcpy(place, whole + done, length);
    slot->parts[i].custom_free_function = tx_free;
    pbuf = pbuf_alloced_custom(PBUF_RAW, length, type, &slot->parts[i], place, length);
    assert_non_null(pbuf);
    if (frame == NULL)
      frame = pbuf;
    else
      pbuf_cat(frame, pbuf);
    done += length;
    place += (length + 15) / 8 * 8;
  }
  slot->parts_used = parts;
  for (unsigned i = 0; i < parts; i++)
    slot->before[i] = slot->parts[i].pbuf;
  return frame;
}

static err_t give(struct pbuf *frame, uint32_t length) {
  err_t error;

  lengths[next_accepted++ % LENGTHS] = length; /* it may be sent before the call returns */
  error = netrig.netif.linkoutput(&netrig.netif, frame);
  if (error != ERR_OK)
    next_accepted--;
  return error;
}

/* Drops the stack's own reference, which may be the last: that sends no other frame at once. */
static void drop(struct pbuf *frame) {
  stream_is_ours = true;
  pbuf_free(frame);
  stream_is_ours = false;
}

uint32_t netrig_longest(void) { return netrig.netif.mtu + (uint32_t)SIZEOF_ETH_HDR; }

err_t netrig_send(uint32_t length, unsigned parts, bool odd, enum netrig_sender sender) {
  struct slot *slot = free_slot();
  struct pbuf *frame;
  err_t error;

  assert_true(parts >= 1 && parts <= NETRIG_PARTS_MAX);
  assert_in_range(length, parts == 1 ? NETRIG_SHORTEST : 8 * NETRIG_PARTS_MAX, netrig_longest());
  slot->number = next_accepted;
  slot->length = length;
  slot->streams = sender == NETRIG_STREAMS;
  frame = make_frame(slot, parts, odd, sender == NETRIG_REUSES ? PBUF_REF : PBUF_RAM);
  error = give(frame, length);
  if (sender == NETRIG_REUSES)
    memset(slot_memory[slot - slots], FREED, SLOT_BYTES);
  if (sender == NETRIG_RESENDS && error == ERR_OK)
    slot->resent = frame;
  else
    drop(frame);
  return error;
}

void netrig_must_send(uint32_t length, unsigned parts, bool odd, enum netrig_sender sender) {
  err_t error = netrig_send(length, parts, odd, sender);

  if (error != ERR_OK)
    fail_msg("linkoutput: a frame of %u bytes in %u pbufs is refused with error %d", length, parts,
             error);
}

/* What the stack could send again must be as it was. */
static void check_resent(struct slot *slot) {
  uint8_t whole[NETRIG_FRAME_MAX];
  unsigned i = 0;

  for (const struct pbuf *part = slot->resent; part != NULL; part = part->next, i++) {
    const struct pbuf *before = &slot->before[i];

    if (part->ref != 1)
      fail_msg("frame %u was sent, and the driver still has %d references to it", slot->number,
               part->ref - 1);
    if (part->payload != before->payload || part->len != before->len ||
        part->tot_len != before->tot_len || part->next != before->next)
      fail_msg("frame %u was sent, and the driver has changed pbuf %u of it", slot->number, i);
  }
  (void)pbuf_copy_partial(slot->resent, whole, (u16_t)slot->length, 0);
  frame_check("sent, and still the stack's", whole, slot->length, slot->number);
  pbuf_free(slot->resent);
  slot->resent = NULL;
}

void netrig_check_sent(void) {
  netrig_run(10);
  if (next_sent != next_accepted && !netrig.lossy)
    fail_msg("frames %u to %u were accepted and never sent", next_sent, next_accepted - 1);
  next_sent = next_accepted;
  for (struct slot *slot = slots; slot != slots + SLOTS; slot++) {
    if (slot->resent != NULL)
      check_resent(slot);
    if (slot->parts_used != 0)
      fail_msg("frame %u was sent and is not freed", slot->number);
  }
}

/* ---- the stack receives ---- */

static void keep(struct pbuf *frame, uint32_t number, uint32_t length) {
  assert_true(netrig.kept_count < NETRIG_KEPT_MAX);
  kept[netrig.kept_count++] = (struct kept){frame, number, length};
}

static void overwrite_and_free(struct pbuf *frame) {
  for (struct pbuf *part = frame; part != NULL; part = part->next)
    memset(part->payload, FREED, part->len);
  pbuf_free(frame);
}

static void answer(struct pbuf *frame, uint32_t length) {
  uint8_t whole[NETRIG_FRAME_MAX];

  length = LWIP_MIN(length, netrig_longest());
  frame_make(whole, length, peer, netrig.netif.hwaddr, next_accepted);
  pbuf_realloc(frame, (u16_t)length);
  assert_int_equal(pbuf_take(frame, whole, (u16_t)length), ERR_OK);
  (void)give(frame, length);
  pbuf_free(frame);
}

/* lwIP relies on it: the lengths of a chain add up. */
static void check_chain(const char *way, const struct pbuf *frame, uint32_t number) {
  unsigned i = 0;

  for (; frame != NULL; frame = frame->next, i++) {
    unsigned sum = frame->len + (frame->next != NULL ? (unsigned)frame->next->tot_len : 0);

    if (frame->tot_len != sum)
      fail_msg("%s: frame %u: pbuf %u has a tot_len of %u, and len and what follows make %u", way,
               number, i, frame->tot_len, sum);
  }
}

static void check_received(const char *way, const struct pbuf *frame, uint32_t number,
                           uint32_t length) {
  uint8_t whole[NETRIG_LONGEST];

  check_chain(way, frame, number);
  if (frame->tot_len != length && frame->tot_len != length + 4) /* an FCS may follow */
    fail_msg("%s: frame %u has %u bytes, not %u", way, number, frame->tot_len, length);
  assert_int_equal(pbuf_copy_partial(frame, whole, (u16_t)length, 0), length);
  if (memcmp(whole + sizeof peer, peer, sizeof peer) != 0)
    fail_msg("%s: frame %u has another source than it came from", way, number);
  if (whole[12] == netrig.driver->type >> 8 && whole[13] == (netrig.driver->type & 0xff))
    set_type(whole, 0x88b5);
  frame_check(way, whole, length, number);
}

static err_t input(struct pbuf *frame, struct netif *netif) {
  uint8_t start[NETRIG_SHORTEST];
  uint32_t number, length;

  if (netrig.removed || netif != &netrig.netif)
    fail_msg("input: a frame of a netif that was removed, or never was");
  assert_int_equal(pbuf_copy_partial(frame, start, sizeof start, 0), sizeof start);
  number = frame_number(start);
  while (netrig.lossy && expected_tail != expected_head &&
         expected[expected_tail % EXPECTED].number != number)
    expected_tail++;
  if (expected_tail == expected_head)
    fail_msg("input: frame %u (of type %02x%02x, %u bytes), and the device has received none that "
             "was not delivered",
             number, start[12], start[13], frame->tot_len);
  if (expected[expected_tail % EXPECTED].number != number)
    fail_msg("input: frame %u (of type %02x%02x, %u bytes) is not the next that was received: that "
             "is %u, of %u bytes",
             number, start[12], start[13], frame->tot_len,
             expected[expected_tail % EXPECTED].number, expected[expected_tail % EXPECTED].length);
  length = expected[expected_tail++ % EXPECTED].length;
  check_received("input", frame, number, length);
  netrig.delivered++;
  switch (netrig.receiver) {
  case NETRIG_KEEPS:
    keep(frame, number, length);
    return ERR_OK;
  case NETRIG_REFUSES:
    return ERR_MEM;
  case NETRIG_ANSWERS:
    answer(frame, length);
    return ERR_OK;
  case NETRIG_SENDS:
    (void)netrig_send(LWIP_MIN(length, netrig_longest()), 1 + number % NETRIG_PARTS_MAX,
                      number % 2 != 0, NETRIG_GIVES);
    break;
  case NETRIG_FREES:
    break;
  }
  overwrite_and_free(frame);
  return ERR_OK;
}

void netrig_free_kept(void) {
  while (netrig.kept_count != 0) {
    const struct kept *last = &kept[--netrig.kept_count];

    check_received("kept by the stack", last->frame, last->number, last->length);
    overwrite_and_free(last->frame);
  }
}

static void check_received_all(void) {
  if (expected_tail != expected_head && !netrig.lossy)
    fail_msg("%u frames that the device has received are not delivered%s",
             expected_head - expected_tail,
             netrig.delivered == 0 ? ": none ever was (if the driver lets only some EtherTypes in, "
                                     "its struct netif_driver needs a type)"
                                   : "");
  expected_tail = expected_head;
}

void netrig_must_receive(unsigned frames, uint32_t length) {
  for (unsigned done = 0; done < frames; done++) {
    for (unsigned tries = 0; !netrig_receive(length); tries++) {
      if (tries == TRIES)
        fail_msg("the device takes no frame any more");
      netrig_run(1);
    }
    if (done % 4 == 3)
      netrig_run(1);
  }
  netrig_run(2);
  check_received_all();
}

void netrig_check_traffic(void) {
  enum { FRAMES = 40 };
  enum netrig_receiver receiver = netrig.receiver;
  unsigned delivered, sent;

  netrig_run(2); /* what was lost until here is not to come any more */
  check_received_all();
  netrig_check_sent();
  netrig.lossy = false;
  netrig.receiver = NETRIG_FREES;
  delivered = netrig.delivered;
  sent = netrig.sent;
  netrig_must_receive(FRAMES, 200);
  for (unsigned i = 0; i < FRAMES; i++) {
    netrig_must_send(100 + i, 1, false, NETRIG_GIVES);
    netrig_run(1);
  }
  netrig_check_sent();
  assert_int_equal(netrig.delivered - delivered, FRAMES);
  assert_int_equal(netrig.sent - sent, FRAMES);
  netrig.receiver = receiver;
}

/* ---- memory ---- */

void netrig_take_memory(void) {
  struct pbuf *pbuf;

  for (mem_size_t size = 512; size >= 8; size /= 2) {
    void *block;

    while (block_count < BLOCKS && (block = mem_malloc(size)) != NULL)
      blocks[block_count++] = block;
  }
  while (taken_count < BLOCKS && ((pbuf = pbuf_alloc(PBUF_RAW, 1, PBUF_POOL)) != NULL ||
                                  (pbuf = pbuf_alloc(PBUF_RAW, 0, PBUF_REF)) != NULL))
    taken[taken_count++] = pbuf;
}

void netrig_give_memory_back(void) {
  while (block_count != 0)
    mem_free(blocks[--block_count]);
  while (taken_count != 0)
    pbuf_free(taken[--taken_count]);
}

static unsigned used_of(memp_t pool) { return lwip_stats.memp[pool]->used; }

static void check_memory(const char *what, unsigned used, unsigned at_rest) {
  if (used != at_rest)
    fail_msg("%s: %u in use, where it was %u before the test", what, used, at_rest);
}

void netrig_check_memory(void) {
  check_memory("bytes of the heap", (unsigned)lwip_stats.mem.used, (unsigned)heap_at_rest);
  check_memory("pbufs of the pool", used_of(MEMP_PBUF_POOL), pool_at_rest);
  check_memory("pbufs that refer to memory", used_of(MEMP_PBUF), references_at_rest);
}

/* ---- the netif's life ---- */

void netrig_run(unsigned ms) {
  (void)alarm(netrig_patience_s);
  while (ms-- != 0)
    netrig.driver->run(&netrig.netif);
}

void netrig_await_link(bool up) {
  for (unsigned ms = 0; netif_is_link_up(&netrig.netif) != up; ms++) {
    if (ms == LINK_MS)
      fail_msg("the carrier is %s, and the link is still %s", up ? "there" : "gone",
               up ? "down" : "up");
    netrig_run(1);
  }
}

void netrig_add(void) {
  netrig.removed = false;
  memset(&netrig.netif, 0, sizeof netrig.netif);
  if (netif_add_noaddr(&netrig.netif, NULL, netrig.driver->init, input) == NULL)
    fail_msg("netif_add: the driver's init function returns an error");
  netif_set_up(&netrig.netif);
  if (netrig.driver->start != NULL)
    netrig.driver->start(&netrig.netif);
  netrig_await_link(true);
}

void netrig_remove(void) {
  netrig.driver->remove(&netrig.netif);
  netrig.removed = true;
  netrig.lossy = true; /* what was under way is gone */
}

void netrig_begin(const struct netif_driver *driver) {
  netrig = (struct netif_rig){.driver = driver};
  driver->power_on();
  netrig_add();
  netrig_check_traffic();
  heap_at_rest = lwip_stats.mem.used;
  pool_at_rest = used_of(MEMP_PBUF_POOL);
  references_at_rest = used_of(MEMP_PBUF);
}

void netrig_end(void) {
  netrig_free_kept();
  netrig_check_traffic();
  netrig_run(10);
  netrig_check_memory();
}
