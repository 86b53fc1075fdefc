/* On the wire of the second interface, UDP datagrams for its echo port: more of them a millisecond
 * from step to step, until the NIC loses some; first in the shortest frames, then in the
 * longest. */
#include <inttypes.h>
#include <string.h>

#include "board.h"
#include "log.h"
#include "lwip/timeouts.h"
#include "port.h"
#include "wire.h"

enum {
  STEP_MS = 100,
  PCAP_BYTES = 24 + 16, /* headers of a pcap file and of its only frame */
  HEADER_BYTES = 14 + 20 + 8,
  FRAMES = 2,
  FRAME_MAX = 1514,
};

static const uint16_t lengths[FRAMES] = {60, FRAME_MAX}; /* without their FCS */

/* Ethernet, IPv4 and UDP, from port 7 of 10.1.2.2 to port 7 of 10.1.2.15: lengths and checksums are
 * filled in. UDP has a checksum, too, so that there is one to verify. */
/* clang-format off */
static const uint8_t header[HEADER_BYTES] = {
    0x02, 0, 0, 0x12, 0x34, 0x57, 0x02, 0, 0, 0x51, 0xd0, 0x02, 0x08, 0,
    0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 1, 2, 2, 10, 1, 2, 15,
    0, 7, 0, 7, 0, 0, 0, 0,
};
/* clang-format on */

static struct sim_device *const device = &board_sim_devices[0];
static uint8_t capture[PCAP_BYTES + FRAME_MAX];
static struct sim_peer_config peer = {
    .profile = SIM_PEER_REPLAY,
    .replay = capture,
    .mac = {0x02, 0, 0, 0x51, 0xd0, 0x02},
    .address = {10, 1, 2, 2},
    .station = {10, 1, 2, 15},
    .burst = 1,
    .first_ms = 1,
    .period_ms = 1,
};
static unsigned size;               /* the index of the length being measured */
static struct sim_peer_report last; /* at the step's start */
static uint32_t last_drops;
static bool rests; /* this step has no result */

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static uint32_t sum(const uint8_t *at, unsigned length) {
  uint32_t total = 0;

  for (unsigned i = 0; i < length; i += 2)
    total += (uint32_t)(at[i] << 8 | at[i + 1]);
  return total;
}

static unsigned checksum(uint32_t total) {
  while (total > UINT16_MAX)
    total = (total & UINT16_MAX) + (total >> 16);
  return ~total & UINT16_MAX;
}

/* The capture that is replayed: one frame. */
static void make_capture(unsigned length) {
  uint8_t *frame = capture + PCAP_BYTES;
  uint8_t *ip = frame + 14;
  uint8_t *udp = ip + 20;
  unsigned udp_length = length - 34;

  memset(capture, 0, sizeof capture);
  memcpy(capture, (const uint8_t[]){0xd4, 0xc3, 0xb2, 0xa1}, 4); /* its magic, little-endian */
  capture[PCAP_BYTES - 8] = (uint8_t)length;
  capture[PCAP_BYTES - 7] = (uint8_t)(length >> 8);
  memcpy(frame, header, HEADER_BYTES);
  for (unsigned i = HEADER_BYTES; i < length; i++)
    frame[i] = (uint8_t)i;
  put16(ip + 2, 20 + udp_length);
  put16(udp + 4, udp_length);
  put16(ip + 10, checksum(sum(ip, 20)));
  put16(udp + 6, checksum(sum(udp, udp_length) + sum(ip + 12, 8) + 17 + udp_length));
  peer.replay_length = PCAP_BYTES + length;
}

/* Frames that the kit has dropped, for any cause. */
static uint32_t dropped(void) {
  uint32_t total = 0;

  for (unsigned i = NIC_IN_RUNT; i <= NIC_OUT_STOPPED; i++)
    total += board_nics[1]->counters[i];
  return total;
}

/* What the step has sent and lost; a burst ends when the device finds no more buffers, and the rest
 * of it is lost. */
struct step {
  unsigned bytes, a_ms;
  uint32_t sent, lost;
};

static struct step finish_step(void) {
  const struct sim_peer_report now = device->peer.report;
  uint32_t drops = dropped();
  struct step step = {.bytes = lengths[size] + 4u, .a_ms = peer.burst};

  step.sent = (now.ticks - last.ticks) * peer.burst;
  step.lost = step.sent - (now.requests - last.requests) + (drops - last_drops);
  last = now;
  last_drops = drops;
  return step;
}

/* The next number of frames or, once there were too many, the next length; after the last one the
 * first again. Leftovers of a step that lost frames must not count in the next one: a step without
 * a result comes in between. */
static void choose_next(const struct step *step) {
  rests = step->lost != 0;
  if (step->lost == 0 && peer.burst < SIM_PEER_BURST_MAX) {
    peer.burst++;
    return;
  }
  size = (size + 1) % FRAMES;
  make_capture(lengths[size]);
  peer.burst = 1;
}

/* No tick may fall between the end of a step and the start of the next. */
static void next_step(void *unused) {
  uint32_t state = port_irq_save();
  struct step step = finish_step();
  bool rested = rests;

  (void)unused;
  rests = false;
  if (!rested)
    choose_next(&step);
  sim_device_set_peer(device, &peer);
  port_irq_restore(state);
  if (rested)
    log_info("sweep", "rested");
  else
    log_info("sweep", "%u bytes, %u a ms: %" PRIu32 " sent, %" PRIu32 " lost", step.bytes,
             step.a_ms, step.sent, step.lost);
  sys_timeout(STEP_MS, next_step, NULL);
}

void wires_start(void) {
  make_capture(lengths[0]);
  for (unsigned i = 0; i < BOARD_SIMS; i++)
    sim_device_init(&board_sim_devices[i], &peer, board_sim_irqs[i]);
}

void wires_are_up(void) { sys_timeout(STEP_MS, next_step, NULL); }
