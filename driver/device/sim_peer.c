/* The host at the far end of the simulated NIC's wire: it pings, and checks each answer. */
#include "sim_peer.h"

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
  ECHO_END = ICMP_DATA + SIM_PEER_PAYLOAD_BYTES,

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
    [IP_LENGTH + 1] = ECHO_END - IP,
    [IP + 8] = 64, /* time to live */
    [IP_PROTOCOL] = 1,
    [ICMP] = ICMP_ECHO_REQUEST, /* ICMP */
    [ICMP_ID] = ECHO_ID >> 8,
    [ICMP_ID + 1] = ECHO_ID & 0xff,
};

static const uint8_t arp_packet[ARP_END] = {
    [ETH_TYPE] = 0x08, [ETH_TYPE + 1] = 0x06, [ARP + 1] = 1, /* Ethernet */
    [ARP + 2] = 0x08,  [ARP + 4] = 6,         [ARP + 5] = 4, /* IPv4, lengths of the addresses */
};

static uint8_t data_byte(uint16_t sequence, unsigned i) { return (uint8_t)(sequence * 7u + i); }

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
  if (peer->outstanding == 0)
    return;
  peer->report.missing += (uint32_t)__builtin_popcount(peer->outstanding);
  peer->outstanding = 0;
  if (peer->burst_done != NULL)
    dispatch_post(peer->burst_done);
}

void sim_peer_start(struct sim_peer *peer, const uint8_t station_mac[6], uint64_t now_us) {
  close_burst(peer);
  memcpy(peer->station_mac, station_mac, sizeof peer->station_mac);
  peer->next_tick_us = now_us + UINT64_C(1000) * peer->config.first_ms;
  peer->burst_left = 0;
  peer->arp_request_due = false;
  peer->arp_reply_due = false;
}

void sim_peer_tick(struct sim_peer *peer, uint64_t now_us) {
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
  peer->burst_left = peer->config.burst;
  peer->report.ticks++;
}

uint64_t sim_peer_next_tick(const struct sim_peer *peer) { return peer->next_tick_us; }

bool sim_peer_has_frame(const struct sim_peer *peer) {
  return peer->arp_reply_due || peer->arp_request_due || peer->burst_left != 0;
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

static uint32_t send_echo_request(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  uint16_t sequence = (uint16_t)(peer->first_sequence + peer->burst_sent);

  peer->burst_left--;
  if (size < ECHO_END)
    return 0;
  memcpy(buffer, echo_request, sizeof echo_request);
  memcpy(buffer + ETH_DESTINATION, peer->station_mac, 6);
  memcpy(buffer + ETH_SOURCE, peer->config.mac, 6);
  memcpy(buffer + IP_SOURCE, peer->config.address, 4);
  memcpy(buffer + IP_DESTINATION, peer->config.station, 4);
  put16(buffer + ICMP_SEQUENCE, sequence);
  for (unsigned i = 0; i < SIM_PEER_PAYLOAD_BYTES; i++)
    buffer[ICMP_DATA + i] = data_byte(sequence, i);
  put16(buffer + IP_CHECKSUM, checksum(buffer + IP, IP_HEADER_BYTES));
  put16(buffer + ICMP_CHECKSUM, checksum(buffer + ICMP, ECHO_END - ICMP));
  peer->outstanding |= UINT32_C(1) << peer->burst_sent++;
  peer->report.requests++;
  return ECHO_END;
}

uint32_t sim_peer_send(struct sim_peer *peer, uint8_t *buffer, uint32_t size) {
  if (peer->arp_reply_due) {
    peer->arp_reply_due = false;
    return send_arp(peer, buffer, size, ARP_REPLY);
  }
  if (peer->arp_request_due) {
    peer->arp_request_due = false;
    return send_arp(peer, buffer, size, ARP_REQUEST);
  }
  return send_echo_request(peer, buffer, size);
}

void sim_peer_drop_frame(struct sim_peer *peer) {
  if (peer->arp_reply_due)
    peer->arp_reply_due = false;
  else if (peer->arp_request_due)
    peer->arp_request_due = false;
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

  *index = (uint16_t)(sequence - peer->first_sequence);
  if (length < ECHO_END || *index >= peer->burst_sent ||
      (peer->outstanding & UINT32_C(1) << *index) == 0)
    return false;
  for (unsigned i = 0; i < SIM_PEER_PAYLOAD_BYTES; i++) {
    if (frame[ICMP_DATA + i] != data_byte(sequence, i))
      return false;
  }
  return memcmp(frame + ETH_DESTINATION, peer->config.mac, 6) == 0 &&
         memcmp(frame + ETH_SOURCE, peer->station_mac, 6) == 0 && frame[IP] == 0x45 &&
         get16(frame + IP_LENGTH) == ECHO_END - IP && checksum(frame + IP, IP_HEADER_BYTES) == 0 &&
         memcmp(frame + IP_SOURCE, peer->config.station, 4) == 0 &&
         memcmp(frame + IP_DESTINATION, peer->config.address, 4) == 0 && frame[ICMP + 1] == 0 &&
         get16(frame + ICMP_ID) == ECHO_ID && checksum(frame + ICMP, ECHO_END - ICMP) == 0;
}

void sim_peer_receive(struct sim_peer *peer, const uint8_t *frame, uint32_t length) {
  unsigned index;

  if (length < ETH_TYPE + 2) {
    peer->report.wrong++;
    return;
  }
  if (get16(frame + ETH_TYPE) == 0x0806) {
    receive_arp(peer, frame, length);
    return;
  }
  if (get16(frame + ETH_TYPE) != 0x0800 || length < ICMP_DATA || frame[IP_PROTOCOL] != 1 ||
      frame[ICMP] != ICMP_ECHO_REPLY)
    return; /* the station's own traffic, such as IPv6 neighbour discovery and IGMP */
  if (!is_right_answer(peer, frame, length, &index)) {
    peer->report.wrong++;
    return;
  }
  peer->report.right++;
  peer->outstanding &= ~(UINT32_C(1) << index);
  if (peer->outstanding == 0 && peer->burst_left == 0 && peer->burst_done != NULL)
    dispatch_post(peer->burst_done);
}
