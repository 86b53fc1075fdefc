/* The frames that go through the rig, each with a number and with bytes that follow from it; and
 * packets whose checksums are to be made. */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

enum {
  FRAME_BYTES_MIN = 18, /* room for a number */
  FRAME_SEGMENT = 61,   /* bytes of a packet after its IP header */
  FRAME_PACKET_MAX = 14 + 60 + FRAME_SEGMENT,
  FRAME_TCP = 6,
  FRAME_UDP = 17,
};

/* Makes frame `number` of `length` bytes. */
void frame_make(uint8_t *frame, uint32_t length, const uint8_t *destination, const uint8_t *source,
                uint32_t number);

/* The frame's number. */
uint32_t frame_number(const uint8_t *frame);

/* Fails the test if `length` bytes of frame `number` are not as they were made; `way` says where
 * the frame was seen. */
void frame_check(const char *way, const uint8_t *frame, uint32_t length, uint32_t number);

/* An IPv4 packet, or something like it. */
struct frame_packet {
  uint16_t ethertype, fragment, checksum; /* these fields */
  uint8_t protocol;
  uint8_t option_bytes; /* in the IP header */
};

/* Makes a frame with a packet whose TCP or UDP checksum is 0; returns its length. */
uint16_t frame_make_packet(uint8_t *frame, const struct frame_packet *packet);

#endif
