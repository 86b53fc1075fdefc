/* The wire between the ports: a hub or a switch that delays, loses, duplicates, reorders and
 * corrupts frames. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "ports.h"

enum {
  BITS_PER_US = 100,
  QUEUE_US = 20000, /* the longest that a port's own frames may have to wait to go out */
  PCAP_MAGIC_US = 0xa1b2c3d4,
  IP_HEADERS = 14 + 20,
};

static struct dice dice;
static struct wire_weather weather;
static struct wire_report report;
static bool is_hub;
static uint64_t free_us[WORLD_PORTS]; /* when a port's line is free again */
static uint64_t dead_until_us;
static FILE *capture;

void wire_start(uint64_t seed, bool hub) {
  dice = dice_of(seed, 20);
  is_hub = hub;
  memset(&report, 0, sizeof report);
  memset(free_us, 0, sizeof free_us);
  dead_until_us = 0;
}

void wire_weather(const struct wire_weather *wanted) {
  weather = *wanted;
  dead_until_us = 0;
}

const struct wire_report *wire_report(void) { return &report; }

/* ---- the capture: a pcap file with microseconds, Ethernet ---- */

void wire_capture(const char *file) {
  const uint32_t header[6] = {PCAP_MAGIC_US, 2 | 4 << 16, 0, 0, WORLD_FRAME_MAX, 1};

  capture = fopen(file, "wb");
  if (capture == NULL || fwrite(header, sizeof header, 1, capture) != 1) {
    perror(file);
    exit(2);
  }
}

static void write_record(const uint8_t *frame, uint32_t length, uint64_t now_us) {
  const uint32_t header[4] = {(uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000), length,
                              length};

  if (capture == NULL)
    return;
  if (fwrite(header, sizeof header, 1, capture) != 1 ||
      fwrite(frame, 1, length, capture) != length || fflush(capture) != 0) {
    perror("the capture");
    exit(2);
  }
}

/* ---- the path of a frame ---- */

static void add_to_digest(unsigned from, const uint8_t *frame, uint32_t length, uint64_t now_us) {
  uint64_t digest = report.digest ^ now_us ^ (uint64_t)from << 60 ^ (uint64_t)length << 40, word;

  for (uint32_t i = 0; i + sizeof word <= length; i += (uint32_t)sizeof word) {
    memcpy(&word, frame + i, sizeof word);
    digest = (digest ^ word) * UINT64_C(0x100000001b3);
  }
  report.digest = digest ^ digest >> 32;
}

static bool is_for(unsigned port, const uint8_t *destination) {
  static const uint8_t stations[5] = {2, 0, 0, 0x51, 0xd0};

  return is_hub || (destination[0] & 1) != 0 || memcmp(destination, stations, 5) != 0 ||
         destination[5] == port + 1;
}

static bool is_lost(uint64_t now_us) {
  if (now_us < dead_until_us)
    return true;
  if (dice_chance(&dice, weather.burst))
    dead_until_us = now_us + dice_below(&dice, weather.burst_us + 1);
  return dice_chance(&dice, weather.loss);
}

static void deliver(unsigned port, const uint8_t *frame, uint32_t length, uint64_t at_us) {
  static uint8_t copy[WORLD_FRAME_MAX];

  at_us += weather.latency_us;
  if (weather.jitter_us != 0)
    at_us += dice_below(&dice, weather.jitter_us + 1);
  if (length > IP_HEADERS && dice_chance(&dice, weather.corrupt)) {
    memcpy(copy, frame, length);
    copy[dice_from(&dice, IP_HEADERS, length - 1)] ^= (uint8_t)(1u << dice_below(&dice, 8));
    frame = copy;
    report.corrupt++;
  }
  port_arrive(port, frame, length, at_us);
}

void world_send(unsigned from, const uint8_t *frame, uint32_t length, uint64_t now_us) {
  uint64_t leaves_us;

  if (length > WORLD_FRAME_MAX)
    world_fail("port %u sends a frame of %u bytes", from, length);
  report.sent++;
  add_to_digest(from, frame, length, now_us);
  write_record(frame, length, now_us);
  leaves_us = free_us[from] > now_us ? free_us[from] : now_us;
  if (leaves_us > now_us + QUEUE_US) {
    report.overflowed++;
    return;
  }
  leaves_us += 1 + length * 8 / BITS_PER_US;
  free_us[from] = leaves_us;
  for (unsigned port = 0; port < WORLD_PORTS; port++) {
    if (port == from || !is_for(port, frame))
      continue;
    if (is_lost(now_us)) {
      report.lost++;
      continue;
    }
    deliver(port, frame, length, leaves_us);
    if (dice_chance(&dice, weather.twice)) {
      report.twice++;
      deliver(port, frame, length, leaves_us);
    }
  }
}
