/* The host at the far end of the simulated NIC's wire: it pings, and checks each answer. */
#include "sim_peer.h"

#include <assert.h>
#include <string.h>

/* Offsets within the frames that it speaks: Ethernet II, then ARP (RFC 826) or IPv4 (RFC 791) with
 * ICMP echo (RFC 792). */
enum {
  ETH_DESTINATION = 0,
  ETH_SOURCE = 6,
  ETH_TYPE = 12,
  ETH_FRAME_MIN = 60,
  ARP = 14,
  ARP_OPERATION = ARP + 6,
  ARP_SENDER_MAC = ARP + 8,
  ARP_SENDER_IP = ARP + 14,
  ARP_TARGET_MAC = ARP + 18,
  ARP_TARGET_IP = ARP + 24,
  ARP_END = ARP + 28,
  IP = 14,
  IP_LENGTH = IP + 2,
  IP_PROTOCOL = IP + 9,
  IP_CHECKSUM = IP + 10,
  IP_SOURCE = IP + 12,
  IP_DESTINATION = IP + 16,
  IP_HEADER_BYTES = 20,
  ICMP = IP + IP_HEADER_BYTES,
  ICMP_CHECKSUM = ICMP + 2,
  ICMP_ID = ICMP + 4,
  ICMP_SEQUENCE = ICMP + 6,
  ICMP_DATA = ICMP + 8,

  ECHO_DATA_BYTES = 56, /* as ping's */
  PCAP_MAGIC_US = 0xa1b2c3d4,
  PCAP_HEADER_BYTES = 24,
  PCAP_RECORD_BYTES = 16,
  PCAP_RECORD_CAPTURED = 8, /* offset of the frame's length in a record */

  PROTOCOL_ICMP = 1,
  PROTOCOL_TCP = 6,
  ICMP_ECHO_REPLY = 0,
  ICMP_ECHO_REQUEST = 8,
  ARP_REQUEST = 1,
  ARP_REPLY = 2,
  ECHO_ID = 0x51d0,
};

/* All that is the same in each echo request. */
static const uint8_t echo_request[ICMP_DATA] = {
    [ETH_TYPE] = 0x08,
    [ETH_TYPE + 1] = 0x00, /* IPv4 */
    [IP] = 0x45,           /* version 4, no options */
    [IP + 8] = 64,         /* time to live */
    [IP_PROTOCOL] = 1,
    [ICMP] = ICMP_ECHO_REQUEST, /* ICMP */
    [ICMP_ID] = ECHO_ID >> 8,
    [ICMP_ID + 1] = ECHO_ID & 0xff,
};

static const uint8_t arp_packet[ARP_END] = {
    [ETH_TYPE] = 0x08, [ETH_TYPE + 1] = 0x06, [ARP + 1] = 1, /* Ethernet */
    [ARP + 2] = 0x08,  [ARP + 4] = 6,         [ARP + 5] = 4, /* IPv4, lengths of the addresses */
};

static const char *const profile_names[] = {"echo", "flood", "imix", "replay", "peer", "session"};
static_assert(sizeof profile_names / sizeof *profile_names == SIM_PEER_PROFILE_COUNT,
              "each profile has a name");

const char *sim_peer_profile_name(enum sim_peer_profile profile) { return profile_names[profile]; }

enum sim_peer_profile sim_peer_profile_parse(const char *name) {
  unsigned profile = 0;

  while (profile < SIM_PEER_PROFILE_COUNT && strcmp(profile_names[profile], name) != 0)
    profile++;
  return (enum sim_peer_profile)profile;
}

/* Bytes of the echo request with that sequence number, from its Ethernet header to its end. */
static uint32_t echo_length(const struct sim_peer *peer, uint16_t sequence) {
  static const uint16_t imix[] = {60, 572, 60, 60, 572, 60, 1514, 60, 572, 60, 572, 60};

  switch (peer->config.profile) {
  case SIM_PEER_FLOOD:
    return ETH_FRAME_MIN;
  case SIM_PEER_IMIX:
    return imix[sequence % (sizeof imix / sizeof *imix)];
  default:
    return ICMP_DATA + ECHO_DATA_BYTES;
  }
}

static uint8_t data_byte(uint16_t sequence, uint32_t i) { return (uint8_t)(sequence * 7u + i); }

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* The Internet checksum (RFC 1071) of an even number of bytes; 0 over data that holds a right one.
 */
static uint16_t checksum(const uint8_t *data, unsigned length) {
  uint32_t sum = 0;

  for (unsigned i = 0; i < length; i += 2)
    sum += get16(data + i);
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

void sim_peer_init(struct sim_peer *peer, const struct sim_peer_config *config) {
  *peer = (struct sim_peer){.config = *config};
}

/* What the last burst was not answered is missing for good. */
static void close_burst(struct sim_peer *peer) {
  if (peer->outstanding == 0 && !peer->echo_awaited)
    return;
  peer->report.missing += (uint32_t)__builtin_popcount(peer->outstanding);
  peer->outstanding = 0;
  peer->echo_awaited = false;
  if (peer->burst_done != NULL)
    dispatch_post(peer->burst_done);
}

void sim_peer_configure(struct sim_peer *peer, const struct sim_peer_config *config) {
  close_burst(peer);
  sim_tcp_reset(&peer->tcp);
  peer->burst_left = 0;
  if (config->replay != peer->config.replay || config->replay_length != peer->config.replay_length)
    peer->replay_offset = 0; /* where the last capture had got to may be no frame of this */
  peer->config = *config;
}

void sim_peer_start(struct sim_peer *peer, const uint8_t station_mac[6], uint64_t now_us) {
  close_burst(peer);
  memcpy(peer->station_mac, station_mac, sizeof peer->station_mac);
  peer->next_tick_us = now_us + UINT64_C(1000) * peer->config.first_ms;
  peer->burst_left = 0;
  peer->arp_request_due = false;
  peer->arp_reply_due = false;
  peer->pinged_length = 0;
}

/* One session a tick; one that is still open is given up, and the next tick has a new one. */
static void open_session(struct sim_peer *peer) {
  if (peer->tcp.state != SIM_TCP_CLOSED) {
    sim_tcp_reset(&peer->tcp);
    return;
  }
  sim_tcp_open(&peer->tcp, peer->config.burst, false);
  peer->outstanding = 1;
  peer->report.requests++;
}

/* The session is opened once, and once more where it was lost. */
static void continue_session(struct sim_peer *peer) {
  if (peer->tcp.state == SIM_TCP_CLOSED)
    sim_tcp_open(&peer->tcp, 1, true);
  else if (!sim_tcp_continue(&peer->tcp))
    return;
  peer->report.segments++;
}

void sim_peer_tick(struct sim_peer *peer, uint64_t now_us) {
  sim_flood_tick(&peer->flood, now_us);
  sim_tcp_tick(&peer->tcp, now_us);
  if (now_us < peer->next_tick_us)
    return;
  close_burst(peer);
  /* From deadline to deadline, so that lateness does not add up; but no catching up after a stall.
   */
  peer->next_tick_us += UINT64_C(1000) * peer->config.period_ms;
  if (peer->next_tick_us <= now_us)
    peer->next_tick_us = now_us + UINT64_C(1000) * peer->config.period_ms;
  peer->first_sequence = (uint16_t)(peer->first_sequence + peer->burst_sent);
  peer->burst_sent = 0;
  peer->report.ticks++;
  if (peer->config.profile == SIM_PEER_PEER) {
    open_session(peer);
    return;
  }
  if (peer->config.profile == SIM_PEER_SESSION) {
    continue_session(peer);
    peer->echo_awaited = true;
  }
  peer->burst_left = peer->config.burst;
  if (peer->config.profile == SIM_PEER_REPLAY && peer->burst_done != NULL)
    dispatch_post(peer->burst_done); /* nothing will be answered: the frames are under way */
}

uint64_t sim_peer_next_tick(const struct sim_peer *peer) {
  uint64_t next_us = peer->next_tick_us;

  if (sim_flood_next(&peer->flood) < next_us)
    next_us = sim_flood_next(&peer->flood);
  if (sim_tcp_next(&peer->tcp) < next_us)
    next_us = sim_tcp_next(&peer->tcp);
  return next_us;
}

static bool has_own_frame(const struct sim_peer *peer) {
  return peer->arp_reply_due || peer->arp_request_due || peer->pinged_length != 0 ||
         sim_tcp_has_segment(&peer->tcp) || peer->burst_left != 0;
}

bool sim_peer_has_frame(const struct sim_peer *peer) {
  return has_own_frame(peer) || peer->flood.due != 0;
}

/* True if the next frame is of the flood: where the host has one of its own, every second one. */
static bool floods(const struct sim_peer *peer) {
  return peer->flood.due != 0 && !(peer->flooded && has_own_frame(peer));
}

static uint32_t send_arp(struct sim_peer *peer, uint8_t *buffer, uint32_t size,
                         uint16_t operation) {
  if (size < ETH_FRAME_MIN)
    return 0;
  memset(buffer, 0, ETH_FRAME_MIN);
  memcpy(buffer, arp_packet, sizeof arp_packet);
  memcpy(buffer + ETH_DESTINATION, peer->station_mac, 6);
  memcpy(buffer + ETH_SOURCE, peer->config.mac, 6);
  put16(buffer + ARP_OPERATION, operation);
  memcpy(buffer + ARP_SENDER_MAC, peer->config.mac, 6);
  memcpy(buffer + ARP_SENDER_IP, peer->config.address, 4);
  if (operation == ARP_REPLY)
    memcpy(buffer + ARP_TARGET_MAC, peer->station_mac, 6);
  memcpy(buffer + ARP_TARGET_IP, peer->config.station, 4);
  return ETH_FRAME_MIN;
}

/* Ethernet and IPv4 headers of a frame of `length` bytes, over what the template has. */
static void put_headers(const struct sim_peer *peer, uint8_t *frame, uint32_t length) {
  memcpy(frame + ETH_DESTINATION, peer->station_mac, 6);
  memcpy(frame + ETH_SOURCE, peer->config.mac, 6);
  put16(frame + IP_LENGTH, (uint16_t)(length - IP));
  memcpy(frame + IP_SOURCE, peer->config.address, 4);
  memcpy(frame + IP_DESTINATION, peer->config.station, 4);
  put16(frame + IP_CHECKSUM, 0);
  put16(frame + IP_CHECKSUM, checksum(frame + IP, IP_HEADER_BYTES));
}

static uint32_t send_echo_request(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  uint16_t sequence = (uint16_t)(peer->first_sequence + peer->burst_sent);
  uint32_t length = echo_length(peer, sequence);

  peer->burst_left--;
  peer->burst_sent++;
  if (size < length)
    return 0;
  memcpy(buffer, echo_request, sizeof echo_request);
  put_headers(peer, buffer, length);
  put16(buffer + ICMP_SEQUENCE, sequence);
  for (uint32_t i = ICMP_DATA; i < length; i++)
    buffer[i] = data_byte(sequence, i);
  put16(buffer + ICMP_CHECKSUM, checksum(buffer + ICMP, length - ICMP));
  peer->outstanding |= UINT32_C(1) << (peer->burst_sent - 1);
  peer->report.requests++;
  return length;
}

static uint32_t get32_le(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The next frame of the capture, or none where that is no capture or the frame does not fit. */
static uint32_t send_replay(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  const uint8_t *capture = peer->config.replay;
  uint32_t end = peer->config.replay_length;
  uint32_t length;

  peer->burst_left--;
  if (capture == NULL || end < PCAP_HEADER_BYTES || get32_le(capture) != PCAP_MAGIC_US)
    return 0;
  if (peer->replay_offset == 0 || peer->replay_offset + PCAP_RECORD_BYTES > end)
    peer->replay_offset = PCAP_HEADER_BYTES;
  if (peer->replay_offset + PCAP_RECORD_BYTES > end)
    return 0;
  length = get32_le(capture + peer->replay_offset + PCAP_RECORD_CAPTURED);
  if (length > end - PCAP_RECORD_BYTES - peer->replay_offset) {
    peer->replay_offset = 0; /* cut short: from the start again */
    return 0;
  }
  peer->replay_offset += PCAP_RECORD_BYTES + length;
  if (length > size)
    return 0;
  memcpy(buffer, capture + peer->replay_offset - length, length);
  peer->report.requests++;
  return length;
}

static uint32_t send_segment(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  uint32_t length;

  if (size < ETH_FRAME_MIN) {
    sim_tcp_drop(&peer->tcp);
    return 0;
  }
  length = sim_tcp_send(&peer->tcp, buffer + ICMP, size - ICMP, peer->config.address,
                        peer->config.station);
  if (length == 0)
    return 0;
  memcpy(buffer, echo_request, ICMP);
  buffer[IP_PROTOCOL] = PROTOCOL_TCP;
  put_headers(peer, buffer, ICMP + length);
  if (ICMP + length >= ETH_FRAME_MIN)
    return ICMP + length;
  memset(buffer + ICMP + length, 0, ETH_FRAME_MIN - ICMP - length);
  return ETH_FRAME_MIN;
}

/* The answer to the station's ping: its own frame, turned round. */
static uint32_t send_echo_reply(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  uint32_t length = peer->pinged_length;
  uint32_t end = IP + get16(peer->pinged + IP_LENGTH); /* without what pads the frame */

  peer->pinged_length = 0;
  if (length > size)
    return 0;
  memcpy(buffer, peer->pinged, length);
  put_headers(peer, buffer, end);
  buffer[ICMP] = ICMP_ECHO_REPLY;
  put16(buffer + ICMP_CHECKSUM, 0);
  if (end % 2 != 0)
    buffer[end] = 0; /* the sum is over an even number */
  put16(buffer + ICMP_CHECKSUM, checksum(buffer + ICMP, end - ICMP + end % 2));
  return length;
}

uint32_t sim_peer_send(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  peer->flooded = floods(peer);
  if (peer->flooded)
    return sim_flood_send(&peer->flood, buffer, size, peer->station_mac, peer->config.station);
  if (peer->arp_reply_due) {
    peer->arp_reply_due = false;
    return send_arp(peer, buffer, size, ARP_REPLY);
  }
  if (peer->arp_request_due) {
    peer->arp_request_due = false;
    return send_arp(peer, buffer, size, ARP_REQUEST);
  }
  if (peer->pinged_length != 0)
    return send_echo_reply(peer, buffer, size);
  if (sim_tcp_has_segment(&peer->tcp))
    return send_segment(peer, buffer, size);
  if (peer->config.profile == SIM_PEER_REPLAY)
    return send_replay(peer, buffer, size);
  return send_echo_request(peer, buffer, size);
}

void sim_peer_drop_frame(struct sim_peer *peer) {
  peer->flooded = floods(peer);
  if (peer->flooded)
    sim_flood_drop(&peer->flood);
  else if (peer->arp_reply_due)
    peer->arp_reply_due = false;
  else if (peer->arp_request_due)
    peer->arp_request_due = false;
  else if (peer->pinged_length != 0)
    peer->pinged_length = 0;
  else if (sim_tcp_has_segment(&peer->tcp))
    sim_tcp_drop(&peer->tcp);
  else
    peer->burst_left = 0;
}

static void receive_arp(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  if (length < ARP_END || get16(frame + ARP_OPERATION) != ARP_REQUEST)
    return; /* an answer tells nothing that the station's registers had not */
  if (memcmp(frame + ARP_TARGET_IP, peer->config.address, 4) == 0)
    peer->arp_reply_due = true;
  else if (memcmp(frame + ARP_SENDER_IP, peer->config.station, 4) == 0 &&
           memcmp(frame + ARP_TARGET_IP, peer->config.station, 4) == 0)
    peer->arp_request_due = true; /* the station announces itself (RFC 5227) */
}

static bool is_right_answer(const struct sim_peer *peer, const uint8_t *frame, uint32_t length,
                            unsigned *index) {
  uint16_t sequence = get16(frame + ICMP_SEQUENCE);
  uint32_t expected = echo_length(peer, sequence);

  *index = (uint16_t)(sequence - peer->first_sequence);
  if (length < expected || *index >= peer->burst_sent ||
      (peer->outstanding & UINT32_C(1) << *index) == 0)
    return false;
  for (uint32_t i = ICMP_DATA; i < expected; i++) {
    if (frame[i] != data_byte(sequence, i))
      return false;
  }
  return memcmp(frame + ETH_DESTINATION, peer->config.mac, 6) == 0 &&
         memcmp(frame + ETH_SOURCE, peer->station_mac, 6) == 0 && frame[IP] == 0x45 &&
         get16(frame + IP_LENGTH) == expected - IP && checksum(frame + IP, IP_HEADER_BYTES) == 0 &&
         memcmp(frame + IP_SOURCE, peer->config.station, 4) == 0 &&
         memcmp(frame + IP_DESTINATION, peer->config.address, 4) == 0 && frame[ICMP + 1] == 0 &&
         get16(frame + ICMP_ID) == ECHO_ID && checksum(frame + ICMP, expected - ICMP) == 0;
}

/* The last answer of a burst tells. */
static void tell_when_done(struct sim_peer *peer) {
  if (peer->outstanding == 0 && peer->burst_left == 0 && !peer->echo_awaited &&
      peer->burst_done != NULL)
    dispatch_post(peer->burst_done);
}

static void take_right_answer(struct sim_peer *peer, unsigned index) {
  peer->report.right++;
  peer->outstanding &= ~(UINT32_C(1) << index);
  tell_when_done(peer);
}

static void receive_icmp(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  uint32_t end = IP + (uint32_t)get16(frame + IP_LENGTH);
  unsigned index;

  if (frame[ICMP] == ICMP_ECHO_REQUEST &&
      memcmp(frame + IP_DESTINATION, peer->config.address, 4) == 0 && length <= SIM_PEER_PING_MAX &&
      end >= ICMP_DATA && end <= length) {
    memcpy(peer->pinged, frame, length);
    peer->pinged_length = (uint8_t)length;
  } else if (frame[ICMP] == ICMP_ECHO_REPLY) {
    if (is_right_answer(peer, frame, length, &index))
      take_right_answer(peer, index);
    else
      peer->report.wrong++;
  }
}

static void receive_tcp(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  uint32_t end = IP + (uint32_t)get16(frame + IP_LENGTH);

  if (end < ICMP || end > length)
    return;
  switch (sim_tcp_receive(&peer->tcp, frame + ICMP, end - ICMP, frame + IP_SOURCE,
                          frame + IP_DESTINATION)) {
  case SIM_TCP_RIGHT:
    take_right_answer(peer, 0);
    break;
  case SIM_TCP_ECHOED:
    peer->report.echoed++;
    peer->echo_awaited = false;
    tell_when_done(peer);
    break;
  case SIM_TCP_WRONG:
    if (peer->config.profile == SIM_PEER_SESSION)
      peer->report.lost++;
    else
      peer->report.wrong++;
    break;
  case SIM_TCP_NOTHING:
    break;
  }
}

void sim_peer_receive(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  if (length < ETH_TYPE + 2) {
    peer->report.wrong++;
    return;
  }
  if (get16(frame + ETH_TYPE) == 0x0806)
    receive_arp(peer, frame, length);
  else if (get16(frame + ETH_TYPE) != 0x0800 || length < ICMP_DATA)
    return; /* the station's own traffic, such as IPv6 neighbour discovery */
  else if (frame[IP_PROTOCOL] == PROTOCOL_ICMP)
    receive_icmp(peer, frame, length);
  else if (frame[IP_PROTOCOL] == PROTOCOL_TCP && frame[IP] == 0x45)
    receive_tcp(peer, frame, length);
}
