/* A TCP client for the simulated peer: connects to the echo port, sends, checks what comes back,
 * closes. */
#include "sim_tcp.h"

#include <string.h>

/* Offsets in a segment, and flags (RFC 9293, 3.1). */
enum {
  SOURCE_PORT = 0,
  DESTINATION_PORT = 2,
  SEQUENCE = 4,
  ACKNOWLEDGMENT = 8,
  DATA_OFFSET = 12,
  FLAGS = 13,
  WINDOW = 14,
  CHECKSUM = 16,

  FIN = 0x01,
  SYN = 0x02,
  RST = 0x04,
  PSH = 0x08,
  ACK = 0x10,

  PROTOCOL_TCP = 6,
  ECHO_PORT = 7,
  FIRST_PORT = 0xc000, /* of the dynamic ones (RFC 6335) */
};

/* What can be due, in the order of its sending. */
enum {
  DUE_RST = 1 << 0,
  DUE_SYN = 1 << 1,
  DUE_DATA = 1 << 2,
  DUE_FIN = 1 << 3,
  DUE_ACK = 1 << 4,

  DUE_IN_SEQUENCE = DUE_SYN | DUE_DATA | DUE_FIN, /* what the other side acknowledges */
};

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}

/* Over the pseudo header and the segment; 0 over a segment that holds a right one. */
static uint16_t checksum(const uint8_t *segment, uint32_t length, const uint8_t from[4],
                         const uint8_t to[4]) {
  uint32_t sum = PROTOCOL_TCP + length + get16(from) + get16(from + 2) + get16(to) + get16(to + 2);

  for (uint32_t i = 0; i + 1 < length; i += 2)
    sum += get16(segment + i);
  if (length % 2 != 0)
    sum += (uint32_t)segment[length - 1] << 8;
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static uint8_t data_byte(const struct sim_tcp *tcp, uint32_t offset) {
  return (uint8_t)(offset * 11 + tcp->port);
}

void sim_tcp_open(struct sim_tcp *tcp, uint16_t segments, bool paced) {
  uint16_t port = (uint16_t)(FIRST_PORT | (tcp->port + 1));

  *tcp = (struct sim_tcp){
      .state = SIM_TCP_SYN_SENT,
      .port = port,
      .segments = segments,
      .due = DUE_SYN,
      .paced = paced,
      .now_us = tcp->now_us,
      .send_next = (uint32_t)port << 16, /* far from that of the session before */
  };
}

void sim_tcp_reset(struct sim_tcp *tcp) {
  tcp->due = tcp->state == SIM_TCP_CLOSED ? 0 : DUE_RST;
  tcp->state = SIM_TCP_CLOSED;
  tcp->resend_us = 0;
}

bool sim_tcp_continue(struct sim_tcp *tcp) {
  if (tcp->state != SIM_TCP_ESTABLISHED || tcp->resend_us != 0 || (tcp->due & DUE_IN_SEQUENCE) != 0)
    return false;
  tcp->due |= DUE_DATA;
  return true;
}

void sim_tcp_tick(struct sim_tcp *tcp, uint64_t now_us) {
  tcp->now_us = now_us;
  if (tcp->resend_us == 0 || now_us < tcp->resend_us)
    return;
  tcp->resend_us = 0;
  tcp->again = true;
  tcp->due |= tcp->state == SIM_TCP_SYN_SENT      ? DUE_SYN
              : tcp->state == SIM_TCP_ESTABLISHED ? DUE_DATA
                                                  : DUE_FIN;
}

uint64_t sim_tcp_next(const struct sim_tcp *tcp) {
  return tcp->resend_us != 0 ? tcp->resend_us : UINT64_MAX;
}

bool sim_tcp_has_segment(const struct sim_tcp *tcp) { return tcp->due != 0; }

/* Takes the segment that is due first: its flags, and into `*length` what it takes of the sequence.
 */
static uint8_t take_due(struct sim_tcp *tcp, uint32_t *length) {
  uint8_t due = tcp->due & (uint8_t)-tcp->due;
  uint8_t flags = due == DUE_RST    ? RST | ACK
                  : due == DUE_SYN  ? SYN
                  : due == DUE_DATA ? PSH | ACK
                  : due == DUE_FIN  ? FIN | ACK
                                    : ACK;

  *length = 0;
  if (due == DUE_RST || due == DUE_SYN)
    tcp->due = 0;
  else
    tcp->due &= (uint8_t) ~(due | DUE_ACK);
  if ((due & DUE_IN_SEQUENCE) == 0)
    return flags;
  *length = due == DUE_DATA ? SIM_TCP_DATA_BYTES : 1;
  if (!tcp->again) {
    tcp->send_next += *length;
    tcp->sent += due == DUE_DATA ? SIM_TCP_DATA_BYTES : 0;
  }
  tcp->again = false;
  tcp->resend_us = tcp->now_us + UINT64_C(1000) * SIM_TCP_RESEND_MS;
  return flags;
}

void sim_tcp_drop(struct sim_tcp *tcp) {
  uint32_t length;

  (void)take_due(tcp, &length);
}

uint32_t sim_tcp_send(struct sim_tcp *tcp, uint8_t *segment, uint32_t size, const uint8_t from[4],
                      const uint8_t to[4]) {
  uint32_t in_sequence;
  uint8_t flags = take_due(tcp, &in_sequence);
  uint32_t length = SIM_TCP_HEADER_BYTES + ((flags & PSH) != 0 ? SIM_TCP_DATA_BYTES : 0);

  if (size < length)
    return 0;
  memset(segment, 0, SIM_TCP_HEADER_BYTES);
  put16(segment + SOURCE_PORT, tcp->port);
  put16(segment + DESTINATION_PORT, ECHO_PORT);
  put32(segment + SEQUENCE, tcp->send_next - in_sequence);
  put32(segment + ACKNOWLEDGMENT, flags == SYN ? 0 : tcp->receive_next);
  segment[DATA_OFFSET] = SIM_TCP_HEADER_BYTES / 4 << 4;
  segment[FLAGS] = flags;
  put16(segment + WINDOW, 4 * SIM_TCP_DATA_BYTES);
  for (uint32_t i = SIM_TCP_HEADER_BYTES; i < length; i++)
    segment[i] = data_byte(tcp, tcp->sent - length + i);
  put16(segment + CHECKSUM, checksum(segment, length, from, to));
  return length;
}

static enum sim_tcp_verdict fail(struct sim_tcp *tcp) {
  sim_tcp_reset(tcp);
  return SIM_TCP_WRONG;
}

/* It has arrived: nothing is to be sent again. */
static void forget_under_way(struct sim_tcp *tcp) {
  if (tcp->again)
    tcp->due &= (uint8_t)~DUE_IN_SEQUENCE;
  tcp->again = false;
  tcp->resend_us = 0;
}

/* Data that comes in order: it must be what was sent. When all of it is back, the next part
 * follows. */
static bool take_data(struct sim_tcp *tcp, const uint8_t *data, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    if (tcp->verified == tcp->sent || data[i] != data_byte(tcp, tcp->verified++))
      return false;
  }
  tcp->receive_next += length;
  if (tcp->verified != tcp->sent || tcp->state != SIM_TCP_ESTABLISHED)
    return true;
  forget_under_way(tcp);
  if (tcp->paced)
    return true;
  if (tcp->segments != 0) {
    tcp->segments--;
    tcp->due |= DUE_DATA;
  } else {
    tcp->state = SIM_TCP_FIN_SENT;
    tcp->due |= DUE_FIN;
  }
  return true;
}

enum sim_tcp_verdict sim_tcp_receive(struct sim_tcp *tcp, const uint8_t *segment, uint32_t length,
                                     const uint8_t from[4], const uint8_t to[4]) {
  uint32_t header, sequence;
  uint8_t flags;

  if (length < SIM_TCP_HEADER_BYTES || get16(segment + DESTINATION_PORT) != tcp->port ||
      tcp->state == SIM_TCP_CLOSED)
    return SIM_TCP_NOTHING; /* of a session that is over */
  header = (uint32_t)(segment[DATA_OFFSET] >> 4) * 4;
  flags = segment[FLAGS];
  sequence = get32(segment + SEQUENCE);
  if (get16(segment + SOURCE_PORT) != ECHO_PORT || checksum(segment, length, from, to) != 0 ||
      header < SIM_TCP_HEADER_BYTES || header > length || (flags & RST) != 0)
    return fail(tcp);
  if (tcp->state == SIM_TCP_SYN_SENT) {
    if ((flags & (SYN | ACK)) != (SYN | ACK) || get32(segment + ACKNOWLEDGMENT) != tcp->send_next)
      return fail(tcp);
    tcp->receive_next = sequence + 1;
    tcp->state = SIM_TCP_ESTABLISHED;
    forget_under_way(tcp);
    tcp->segments--;
    tcp->due = DUE_DATA;
    return SIM_TCP_NOTHING;
  }
  length -= header;
  if (sequence != tcp->receive_next) { /* sent again, or out of order: what is next is told */
    tcp->due |= DUE_ACK;
    return SIM_TCP_NOTHING;
  }
  if (length != 0) {
    tcp->due |= DUE_ACK;
    if (!take_data(tcp, segment + header, length))
      return fail(tcp);
  }
  if ((flags & FIN) == 0)
    return tcp->paced && length != 0 && tcp->verified == tcp->sent ? SIM_TCP_ECHOED
                                                                   : SIM_TCP_NOTHING;
  if (tcp->state != SIM_TCP_FIN_SENT || tcp->verified != tcp->sent)
    return fail(tcp);
  tcp->receive_next++;
  forget_under_way(tcp);
  tcp->due = DUE_ACK;
  tcp->state = SIM_TCP_CLOSED;
  return SIM_TCP_RIGHT;
}
