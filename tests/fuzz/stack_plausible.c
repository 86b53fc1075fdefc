/* Makes the input of the fuzzer of the whole stack longer by records that belong together, such as
 * a connection and what comes by it: by single bytes alone a fuzzer hardly gets there. */
#include <string.h>

#include "stack_parts.h"

enum { RECORDS = 12, RECORD_MAX = 40 };

static uint64_t state;

static unsigned below(unsigned limit) {
  state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (unsigned)(state >> 33) % limit;
}

static bool once_in(unsigned times) { return below(times) == 0; }

/* ---- a record ---- */

static struct {
  uint8_t bytes[RECORD_MAX];
  size_t size;
} made;

static void put(unsigned byte) {
  if (made.size < sizeof made.bytes)
    made.bytes[made.size++] = (uint8_t)byte;
}

static void put_any(unsigned count) {
  while (count-- != 0)
    put(below(256));
}

/* How the frame is changed: seldom at all. */
static void put_change(void) {
  if (once_in(8)) {
    put(0x80 | below(128));
    put_any(8);
  } else {
    put(0);
  }
}

static void begin(enum record_kind kind) {
  made.size = 0;
  put(kind);
}

static void plain(enum record_kind kind, unsigned any) {
  begin(kind);
  put_any(any);
  put_change();
}

static void syn(void) {
  static const uint8_t ports[] = {0, 1, 2, 3, 4, 4}; /* see frame_syn() */

  begin(RECORD_SYN);
  put(6 * below(21) + ports[below(sizeof ports)]);
  put_any(1);
  put(once_in(4) ? below(11) : 0);
  put_any(5);
  put(0);
  put(0);
}

/* In order or nearly, with data most often. */
static void segment(void) {
  const unsigned numbers =
      (once_in(3) ? below(4) : 0) | (once_in(4) ? 0 : 0x80) | (once_in(6) ? 8 : 0);

  begin(RECORD_TCP);
  put(below(4));
  put(once_in(12) ? 2 : below(2));
  put(numbers);
  put(once_in(4) ? below(64) : 0);
  if (numbers % 4 == 1 || numbers % 4 == 2)
    put(below(192));
  put_any(1);
  if (numbers >= 0x80)
    put_any(2);
  put_change();
}

static void strange_segment(void) { plain(RECORD_TCP, 6); }

static void application(void) {
  static const uint8_t often[] = {0, 1, 2, 3, 4, 5, 6};

  begin(RECORD_APPLICATION);
  put(once_in(3) ? below(12) : often[below(sizeof often)]);
  put_any(2);
}

static void connection(void) {
  begin(RECORD_APPLICATION);
  put(below(3));
  put_any(2);
}

static void lookup(void) {
  begin(RECORD_APPLICATION);
  put(3);
  put_any(1);
}

static void dhcp_starts(void) {
  begin(RECORD_APPLICATION);
  put(4);
  put(once_in(2) ? 0 : below(6));
}

static void link_changes(void) {
  begin(RECORD_APPLICATION);
  put(5);
  put_any(1);
}

static void scarce(void) {
  begin(RECORD_APPLICATION);
  put(11);
  put_any(5);
}

static void time(void) {
  begin(RECORD_TIME);
  put(below(12) + (once_in(4) ? 128 : 0));
}

static void acknowledged(void) { begin(RECORD_ACKNOWLEDGED); }

static void dhcp(void) {
  begin(RECORD_DHCP);
  put(below(once_in(2) ? 256 : 64) & (once_in(4) ? 0xff : 0xf7));
  put_any(1);
  put(below(130));
  put_change();
}

static void dns(void) {
  begin(RECORD_DNS);
  put(below(once_in(2) ? 256 : 64));
  put(below(once_in(2) ? 256 : 4));
  put_any(1);
  put(60);
  put_change();
}

static void datagram(void) { plain(RECORD_UDP, 4); }
static void arp(void) { plain(RECORD_ARP, 1); }
static void icmp(void) { plain(RECORD_ICMP, 6); }
static void icmp6(void) { plain(RECORD_ICMP6, 4); }
static void nd(void) { plain(RECORD_ND, 8); }
static void group(void) { plain(RECORD_GROUP, 3); }
static void fragments(void) { plain(RECORD_FRAGMENT, 16); }
static void raw(void) { plain(RECORD_RAW, 12); }

/* ---- what belongs together ---- */

static void (*const themes[][RECORDS])(void) = {
    {syn, segment, segment, segment, acknowledged, time, scarce, strange_segment, segment, segment,
     connection, syn},
    {connection, segment, segment, segment, strange_segment, acknowledged, connection, segment,
     time, application, connection, segment},
    {dhcp_starts, dhcp, dhcp, dhcp, time, link_changes, dhcp, dhcp, time, arp, dhcp, datagram},
    {lookup, lookup, dns, dns, dns, time, application, dns, lookup, dns, time, link_changes},
    {nd, nd, nd, nd, time, link_changes, icmp6, datagram, nd, connection, group, time},
    {fragments, fragments, fragments, icmp, datagram, time, scarce, icmp6, fragments, raw, group,
     time},
    {syn, connection, segment, application, dhcp, dns, nd, fragments, icmp, icmp6, time, raw},
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  unsigned theme, records;

  state = seed;
  if (size > 1 && once_in(3))
    return LLVMFuzzerMutate(data, size, max_size);
  if (size > max_size / 2 && once_in(4))
    size = 1 + below((unsigned)size);
  if (size == 0)
    data[size++] = (uint8_t)below(16);
  theme = below(LWIP_ARRAYSIZE(themes));
  records = 1 + below(16);
  while (records-- != 0) {
    themes[theme][below(RECORDS)]();
    if (made.size > max_size - size)
      break;
    memcpy(data + size, made.bytes, made.size);
    size += made.size;
  }
  return size;
}
