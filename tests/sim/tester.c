/* The tester: a hand-written host that pings the nodes and sends what no decent host would. */
#include "tester.h"

#include <string.h>

#include "dice.h"

enum {
  ARRIVALS_MAX = 96,
  ETH_TYPE = 12,
  ARP = 14,
  ARP_END = ARP + 28,
  IP = 14,
  L4 = IP + 20,
  ICMP_DATA = L4 + 8,
  PING_BYTES = ICMP_DATA + 56,
  FRAME_MIN = 60,
  FRAME_MAX = 1514,
  TCP = 6,
  UDP = 17,
};

static struct {
  uint64_t at_us;
  uint32_t length;
  uint8_t frame[PING_BYTES]; /* as much as it looks at */
} arrivals[ARRIVALS_MAX];
static unsigned arrival_count;

static struct dice dice;
static uint16_t sequence;
static uint16_t first_sequence[WORLD_NODES];
static bool asks_first[WORLD_NODES]; /* by ARP, before the next ping */
static bool answered[WORLD_NODES];
static uint8_t out[WORLD_FRAME_MAX];

static const uint8_t own_mac[6] = {2, 0, 0, 0x51, 0xd0, 1 + WORLD_TESTER};
static const uint8_t own_ip[4] = {10, 0, 0, 1 + WORLD_TESTER};

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at) { return (unsigned)(at[0] << 8 | at[1]); }

static unsigned sum(const uint8_t *data, uint32_t length, uint32_t start) {
  for (uint32_t i = 0; i < length; i++)
    start += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
  while (start > 0xffff)
    start = (start & 0xffff) + (start >> 16);
  return start;
}

/* ---- frames ---- */

static void put_ethernet(unsigned node, unsigned type) {
  memcpy(out, own_mac, 6);
  out[5] = (uint8_t)(1 + node);
  memcpy(out + 6, own_mac, 6);
  put16(out + ETH_TYPE, type);
}

/* An IPv4 header for `length` bytes of frame. */
static void put_ip(unsigned node, unsigned protocol, uint32_t length) {
  put_ethernet(node, 0x0800);
  memset(out + IP, 0, 20);
  out[IP] = 0x45;
  put16(out + IP + 2, length - IP);
  put16(out + IP + 4, dice_below(&dice, 0x10000));
  out[IP + 8] = 64;
  out[IP + 9] = (uint8_t)protocol;
  memcpy(out + IP + 12, own_ip, 4);
  memcpy(out + IP + 16, own_ip, 4);
  out[IP + 19] = (uint8_t)(1 + node);
}

static void sum_ip(void) {
  put16(out + IP + 10, 0);
  put16(out + IP + 10, ~sum(out + IP, 20, 0));
}

/* The checksum of UDP or TCP goes to `at` bytes after L4. */
static void sum_l4(uint32_t length, uint32_t at) {
  uint32_t bytes = length - L4;

  put16(out + L4 + at, 0);
  put16(out + L4 + at, ~sum(out + L4, bytes, sum(out + IP + 12, 8, out[IP + 9] + bytes)));
}

static void send(uint32_t length, uint64_t now_us) {
  if (length < FRAME_MIN) {
    memset(out + length, 0, FRAME_MIN - length);
    length = FRAME_MIN;
  }
  world_send(WORLD_TESTER, out, length, now_us);
}

static void send_arp(unsigned operation, const uint8_t *mac, const uint8_t *ip, const uint8_t *from,
                     uint64_t now_us) {
  static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 0};

  memcpy(out, mac, 6);
  memcpy(out + 6, own_mac, 6);
  put16(out + ETH_TYPE, 0x0806);
  memcpy(out + ARP, head, sizeof head);
  put16(out + ARP + 6, operation);
  memcpy(out + ARP + 8, own_mac, 6);
  memcpy(out + ARP + 14, from, 4);
  memcpy(out + ARP + 18, mac, 6);
  memcpy(out + ARP + 24, ip, 4);
  send(ARP_END, now_us);
}

void tester_expect(unsigned node) {
  first_sequence[node] = (uint16_t)(sequence + 1);
  answered[node] = false;
  asks_first[node] = true;
}

bool tester_answered(unsigned node) { return answered[node]; }

void tester_ping(unsigned node, uint64_t now_us) {
  static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const uint8_t ip[4] = {10, 0, 0, (uint8_t)(1 + node)};

  /* Every other time: a node whose stack holds as many packets as it may has one buffer on its
   * ring, and the first of two frames leaves none for the second. */
  if (asks_first[node])
    send_arp(1, broadcast, ip, own_ip, now_us);
  asks_first[node] = !asks_first[node];
  put_ip(node, 1, PING_BYTES);
  sum_ip();
  memset(out + L4, 0, 8);
  out[L4] = 8;
  put16(out + L4 + 4, 0x7e57);
  put16(out + L4 + 6, ++sequence);
  for (uint32_t i = ICMP_DATA; i < PING_BYTES; i++)
    out[i] = (uint8_t)(sequence + i);
  put16(out + L4 + 2, ~sum(out + L4, PING_BYTES - L4, 0));
  send(PING_BYTES, now_us);
}

/* ---- arrivals ---- */

void tester_arrive(const uint8_t *frame, uint32_t length, uint64_t at_us) {
  unsigned at = arrival_count;

  if (arrival_count == ARRIVALS_MAX) { /* the last one to arrive is lost */
    if (arrivals[0].at_us <= at_us)
      return;
    memmove(&arrivals[0], &arrivals[1], --arrival_count * sizeof *arrivals);
    at = arrival_count;
  }
  while (at != 0 && arrivals[at - 1].at_us < at_us) /* the last one comes first */
    at--;
  memmove(&arrivals[at + 1], &arrivals[at], (arrival_count - at) * sizeof *arrivals);
  arrivals[at].at_us = at_us;
  arrivals[at].length = length;
  memcpy(arrivals[at].frame, frame, length < PING_BYTES ? length : PING_BYTES);
  arrival_count++;
}

uint64_t tester_next_us(void) {
  return arrival_count != 0 ? arrivals[arrival_count - 1].at_us : UINT64_MAX;
}

static void take_reply(const uint8_t *frame, uint32_t length) {
  unsigned node = frame[IP + 15] - 1u;
  uint16_t number = (uint16_t)get16(frame + L4 + 6);

  if (length != PING_BYTES || node >= WORLD_NODES || get16(frame + L4 + 4) != 0x7e57 ||
      sum(frame + L4, PING_BYTES - L4, 0) != 0xffff || sum(frame + IP, 20, 0) != 0xffff)
    return;
  for (uint32_t i = ICMP_DATA; i < PING_BYTES; i++) {
    if (frame[i] != (uint8_t)(number + i))
      return;
  }
  if ((uint16_t)(number - first_sequence[node]) < 0x8000)
    answered[node] = true;
}

static void take(const uint8_t *frame, uint32_t length, uint64_t now_us) {
  if (length >= ARP_END && get16(frame + ETH_TYPE) == 0x0806 && get16(frame + ARP + 6) == 1 &&
      memcmp(frame + ARP + 24, own_ip, 4) == 0)
    send_arp(2, frame + 6, frame + ARP + 14, own_ip, now_us);
  else if (length >= PING_BYTES && get16(frame + ETH_TYPE) == 0x0800 && frame[IP + 9] == 1 &&
           frame[L4] == 0 && memcmp(frame + IP + 16, own_ip, 4) == 0)
    take_reply(frame, length);
}

void tester_run(uint64_t now_us) {
  while (arrival_count != 0 && tester_next_us() <= now_us) {
    arrival_count--;
    take(arrivals[arrival_count].frame, arrivals[arrival_count].length, now_us);
  }
}

/* ---- what no decent host sends ---- */

static void put_noise(uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++)
    out[i] = (uint8_t)dice_next(&dice);
}

static void send_nonsense(unsigned node, uint64_t now_us) {
  static const uint16_t types[] = {0x0800, 0x0806, 0x86dd, 0x8100, 0x88cc, 0x05dc};
  uint32_t length = (uint32_t)dice_scale(&dice, 1, FRAME_MAX + 60);

  put_noise(0, length);
  put_ethernet(node, types[dice_below(&dice, sizeof types / sizeof *types)]);
  if (dice_chance(&dice, 300000))
    memset(out, 0xff, 6);
  world_send(WORLD_TESTER, out, length, now_us); /* runts and giants as they are */
}

/* A right header over data that may be anything, so that it gets further. */
static void send_noise_in_ip(unsigned node, uint64_t now_us) {
  uint32_t length = dice_from(&dice, L4, FRAME_MAX);

  put_noise(L4, length);
  put_ip(node, dice_chance(&dice, 500000) ? dice_below(&dice, 256) : 1 + dice_below(&dice, 17),
         length);
  if (dice_chance(&dice, 200000))
    put16(out + IP + 2, dice_below(&dice, 0x10000));
  sum_ip();
  send(length, now_us);
}

static void send_fragment(unsigned node, uint64_t now_us) {
  uint32_t length = IP + 20 + 8 * dice_from(&dice, 1, 180);

  put_ip(node, UDP, length);
  put16(out + IP + 6, dice_below(&dice, 0x4000) & (dice_chance(&dice, 500000) ? 0x20ff : 0x3fff));
  put_noise(L4, length);
  sum_ip();
  send(length, now_us);
}

static bool may_open;

static void send_segment(unsigned node, uint64_t now_us) {
  static const uint8_t flags[] = {0x10, 0x04, 0x12, 0x11, 0x29, 0x02, 0x02, 0x02};
  enum { WITHOUT_SYN = 5 };

  uint32_t length = L4 + 20 + dice_below(&dice, 100);

  put_noise(L4, length);
  put_ip(node, TCP, length);
  put16(out + L4 + 2, 7000);
  out[L4 + 12] = 0x50;
  out[L4 + 13] = flags[dice_below(&dice, may_open ? sizeof flags : WITHOUT_SYN)];
  sum_ip();
  sum_l4(length, 16);
  send(length, now_us);
}

static void send_datagram(unsigned node, uint64_t now_us) {
  uint32_t length = L4 + 8 + dice_below(&dice, 1400);

  put_noise(L4, length);
  put_ip(node, UDP, length);
  put16(out + L4 + 2, dice_chance(&dice, 500000) ? 7001 : dice_below(&dice, 0x10000));
  put16(out + L4 + 4, length - L4);
  if (dice_chance(&dice, 300000)) { /* to a group */
    memcpy(out, "\x01\x00\x5e\x01\x02\x00", 6);
    out[5] = (uint8_t)dice_below(&dice, 40);
    memcpy(out + IP + 16, "\xef\x01\x02\x00", 4);
    out[IP + 19] = out[5];
  }
  sum_ip();
  sum_l4(length, 6);
  send(length, now_us);
}

static void send_crowd(unsigned node, uint64_t now_us) {
  static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const uint8_t ip[4] = {10, 0, 0, (uint8_t)(1 + node)};
  const uint8_t from[4] = {10, 0, 0, (uint8_t)dice_from(&dice, 10, 250)};

  send_arp(1, broadcast, ip, from, now_us);
}

void tester_molest(bool in_storm, uint64_t now_us) {
  static void (*const ways[])(unsigned node, uint64_t now_us) = {
      send_nonsense, send_noise_in_ip, send_fragment, send_segment, send_datagram, send_crowd};
  void (*way)(unsigned, uint64_t) = ways[dice_below(&dice, sizeof ways / sizeof *ways)];
  uint32_t burst = dice_chance(&dice, 100000) ? dice_from(&dice, 2, 60) : 1;
  unsigned node = dice_below(&dice, WORLD_NODES);

  may_open = in_storm;
  while (burst-- != 0)
    way(node, now_us);
}

void tester_start(uint64_t seed) {
  dice = dice_of(seed, 21);
  arrival_count = 0;
}
