/* Floods from the wire of the simulated NIC: unsolicited frames, at a given rate. */
#include "sim_flood.h"

#include <string.h>

/* Offsets within the frames: Ethernet II, then ARP (RFC 826), IPv4 (RFC 791) with UDP (RFC 768) or
 * TCP (RFC 9293), or IPv6 (RFC 8200) with a neighbour solicitation (RFC 4861, 4.3). */
enum {
  ETH_SOURCE = 6,
  ETH_TYPE = 12,
  ARP = 14,
  ARP_SENDER_MAC = ARP + 8,
  ARP_SENDER_IP = ARP + 14,
  ARP_TARGET_IP = ARP + 24,
  IP = 14,
  IP_LENGTH = IP + 2,
  IP_ID = IP + 4,
  IP_FRAGMENT = IP + 6,
  IP_PROTOCOL = IP + 9,
  IP_CHECKSUM = IP + 10,
  IP_SOURCE = IP + 12,
  IP_DESTINATION = IP + 16,
  UDP = IP + 20,
  TCP = IP + 20,
  TCP_CHECKSUM = TCP + 16,
  IP6_SOURCE = IP + 8,
  IP6_DESTINATION = IP + 24,
  ICMP6 = IP + 40,
  ICMP6_CHECKSUM = ICMP6 + 2,
  ND_TARGET = ICMP6 + 8,
  ND_OPTION_MAC = ICMP6 + 26,

  FRAME_MIN = 60,
  ND_FRAME = ICMP6 + 32,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_ICMP6 = 58,
  ECHO_PORT = 7,
  CLOSED_PORT = 9999,
  FIRST_PORT = 0xc000,

  PACE_FRAMES = 8,  /* that come together: the device is a timer's interrupt, and not for each */
  WIRE_FRAMES = 64, /* that wait for the device to look; what comes more is lost unseen */
};

static const char *const names[] = {
#define SIM_FLOOD_NAME(name, text) text,
    SIM_FLOODS(SIM_FLOOD_NAME)
#undef SIM_FLOOD_NAME
};

const char *sim_flood_name(enum sim_flood_kind kind) { return names[kind]; }

enum sim_flood_kind sim_flood_parse(const char *name) {
  unsigned kind = 0;

  while (kind < SIM_FLOOD_COUNT && strcmp(names[kind], name) != 0)
    kind++;
  return (enum sim_flood_kind)kind;
}

void sim_flood_start(struct sim_flood *flood, enum sim_flood_kind kind, uint32_t per_second,
                     uint64_t now_us) {
  if (per_second == 0) {
    flood->per_second = 0;
    flood->due = 0;
    return;
  }
  *flood = (struct sim_flood){.kind = kind, .per_second = per_second, .since_us = now_us};
}

void sim_flood_tick(struct sim_flood *flood, uint64_t now_us) {
  uint64_t frames;
  unsigned room = WIRE_FRAMES - flood->due;

  if (flood->per_second == 0)
    return;
  frames = (now_us - flood->since_us) * flood->per_second / 1000000 - flood->reckoned;
  if (frames < PACE_FRAMES)
    return;
  flood->reckoned += frames;
  flood->lost += frames > room ? (uint32_t)frames - room : 0;
  flood->due = (uint16_t)(flood->due + (frames > room ? room : frames));
}

uint64_t sim_flood_next(const struct sim_flood *flood) {
  if (flood->per_second == 0)
    return UINT64_MAX;
  return flood->since_us + (flood->reckoned + PACE_FRAMES) * 1000000 / flood->per_second + 1;
}

static void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* The Internet checksum (RFC 1071) over an even number of bytes, begun with `sum`. */
static uint16_t checksum(const uint8_t *data, unsigned length, uint32_t sum) {
  for (unsigned i = 0; i < length; i += 2)
    sum += (uint32_t)data[i] << 8 | data[i + 1];
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static void put_source(uint8_t *address, const uint8_t station[4], uint32_t source) {
  memcpy(address, station, 2);
  put16(address + 2, 0x4000 + source);
}

static void make_arp(uint8_t *frame, const uint8_t station[4], uint32_t source) {
  static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};

  memset(frame, 0xff, ETH_SOURCE);
  put16(frame + ETH_TYPE, 0x0806);
  memcpy(frame + ARP, request, sizeof request);
  memcpy(frame + ARP_SENDER_MAC, frame + ETH_SOURCE, 6);
  put_source(frame + ARP_SENDER_IP, station, source);
  memcpy(frame + ARP_TARGET_IP, station, 4);
}

static void make_ip(uint8_t *frame, const uint8_t station[4], uint32_t source, uint8_t protocol) {
  put16(frame + ETH_TYPE, 0x0800);
  frame[IP] = 0x45;
  put16(frame + IP_LENGTH, FRAME_MIN - IP);
  frame[IP + 8] = 64; /* time to live */
  frame[IP_PROTOCOL] = protocol;
  put_source(frame + IP_SOURCE, station, source);
  memcpy(frame + IP_DESTINATION, station, 4);
}

/* No checksum, as a sender of UDP may. */
static void make_udp(uint8_t *frame, const uint8_t station[4], uint32_t source) {
  make_ip(frame, station, source, PROTOCOL_UDP);
  put16(frame + UDP, FIRST_PORT + source);
  put16(frame + UDP + 2, CLOSED_PORT);
  put16(frame + UDP + 4, FRAME_MIN - UDP);
}

static void make_syn(uint8_t *frame, const uint8_t station[4], uint32_t source, uint32_t number) {
  make_ip(frame, station, source, PROTOCOL_TCP);
  put16(frame + IP_LENGTH, TCP + 20 - IP);
  put16(frame + TCP, FIRST_PORT + number % 0x4000);
  put16(frame + TCP + 2, ECHO_PORT);
  put16(frame + TCP + 6, number);  /* its sequence number */
  put16(frame + TCP + 12, 0x5002); /* five words of header, SYN */
  put16(frame + TCP + 14, 1000);   /* its window */
  put16(frame + TCP_CHECKSUM, checksum(frame + IP_SOURCE, TCP + 20 - IP_SOURCE, PROTOCOL_TCP + 20));
}

/* The station's own address is the one that it makes of its Ethernet address (RFC 4291, 2.5.1). */
static void make_nd(uint8_t *frame, const uint8_t station_mac[6], uint32_t source) {
  uint8_t *target = frame + ND_TARGET;

  put16(frame + ETH_TYPE, 0x86dd);
  frame[IP] = 0x60;
  put16(frame + IP + 4, ND_FRAME - ICMP6);
  frame[IP + 6] = PROTOCOL_ICMP6;
  frame[IP + 7] = 255; /* hop limit: it has come through no router */
  put16(frame + IP6_SOURCE, 0xfe80);
  put16(frame + IP6_SOURCE + 14, 0x4000 + source);
  frame[ICMP6] = 135;
  put16(target, 0xfe80);
  memcpy(target + 8, station_mac, 3);
  target[8] ^= 2;
  put16(target + 11, 0xfffe);
  memcpy(target + 13, station_mac + 3, 3);
  put16(frame + IP6_DESTINATION, 0xff02); /* the solicited-node group (RFC 4291, 2.7.1) */
  frame[IP6_DESTINATION + 11] = 1;
  frame[IP6_DESTINATION + 12] = 0xff;
  memcpy(frame + IP6_DESTINATION + 13, station_mac + 3, 3);
  put16(frame, 0x3333);
  memcpy(frame + 2, frame + IP6_DESTINATION + 12, 4);
  put16(frame + ND_OPTION_MAC - 2, 0x0101);
  memcpy(frame + ND_OPTION_MAC, frame + ETH_SOURCE, 6);
  put16(frame + ICMP6_CHECKSUM,
        checksum(frame + IP6_SOURCE, ND_FRAME - IP6_SOURCE, PROTOCOL_ICMP6 + ND_FRAME - ICMP6));
}

uint32_t sim_flood_send(struct sim_flood *flood, uint8_t *buffer, uint32_t size,
                        const uint8_t station_mac[6], const uint8_t station[4]) {
  uint32_t length = flood->kind == SIM_FLOOD_ND ? ND_FRAME : FRAME_MIN;
  uint32_t number = flood->sent++;
  uint32_t source = number % SIM_FLOOD_SOURCES;

  flood->due--;
  if (size < length)
    return 0;
  memset(buffer, 0, length);
  memcpy(buffer, station_mac, 6);
  buffer[ETH_SOURCE] = 2; /* an address of nobody's list */
  put16(buffer + ETH_SOURCE + 4, 0x4000 + source);
  switch (flood->kind) {
  case SIM_FLOOD_BROADCAST:
    make_udp(buffer, station, source);
    memset(buffer, 0xff, ETH_SOURCE);
    memset(buffer + IP_DESTINATION, 0xff, 4);
    break;
  case SIM_FLOOD_UDP:
    make_udp(buffer, station, source);
    break;
  case SIM_FLOOD_FRAGMENTS:
    make_udp(buffer, station, source);
    put16(buffer + IP_LENGTH, 20 + 24); /* fragments but the last are of multiples of 8 bytes */
    put16(buffer + IP_ID, number);
    put16(buffer + IP_FRAGMENT, 0x2000); /* more follow */
    break;
  case SIM_FLOOD_SYN:
    make_syn(buffer, station, source, number);
    break;
  case SIM_FLOOD_ARP:
    make_arp(buffer, station, source);
    return length;
  case SIM_FLOOD_ND:
    make_nd(buffer, station_mac, source);
    return length;
  case SIM_FLOOD_COUNT:
    return 0;
  }
  put16(buffer + IP_CHECKSUM, checksum(buffer + IP, 20, 0));
  return length;
}

void sim_flood_drop(struct sim_flood *flood) {
  flood->due--;
  flood->lost++;
}
