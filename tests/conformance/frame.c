/* The frames that go through the rig, each with a number and with bytes that follow from it. */
#include "frame.h"

#include "unit.h"

enum {
  ADDRESS_BYTES = 6,
  TYPE_OFFSET = 12,
  NUMBER_OFFSET = 14,
  PATTERN_OFFSET = FRAME_BYTES_MIN,
};

static uint8_t pattern(uint32_t number, uint32_t offset) {
  return (uint8_t)(number * 31 + offset * 7 + (offset >> 8));
}

void frame_make(uint8_t *frame, uint32_t length, const uint8_t *destination, const uint8_t *source,
                uint32_t number) {
  memcpy(frame, destination, ADDRESS_BYTES);
  memcpy(frame + ADDRESS_BYTES, source, ADDRESS_BYTES);
  memcpy(frame + TYPE_OFFSET, "\x88\xb5", 2); /* for local experiments: IEEE 802, 9.2.3 */
  memcpy(frame + NUMBER_OFFSET, &number, sizeof number);
  for (uint32_t i = PATTERN_OFFSET; i < length; i++)
    frame[i] = pattern(number, i);
}

uint32_t frame_number(const uint8_t *frame) {
  uint32_t number;

  memcpy(&number, frame + NUMBER_OFFSET, sizeof number);
  return number;
}

void frame_check(const char *way, const uint8_t *frame, uint32_t length, uint32_t number) {
  if (memcmp(frame + TYPE_OFFSET, "\x88\xb5", 2) != 0 || frame_number(frame) != number)
    fail_msg("%s: the frame that should be number %u has type %02x%02x, number %u", way, number,
             frame[TYPE_OFFSET], frame[TYPE_OFFSET + 1], frame_number(frame));
  for (uint32_t i = PATTERN_OFFSET; i < length; i++) {
    if (frame[i] != pattern(number, i))
      fail_msg("%s: byte %u of frame %u is %#x, not %#x", way, i, number, frame[i],
               pattern(number, i));
  }
}

static void put16(uint8_t *bytes, uint16_t value) {
  bytes[0] = (uint8_t)(value >> 8);
  bytes[1] = (uint8_t)value;
}

uint16_t frame_make_packet(uint8_t *frame, const struct frame_packet *packet) {
  uint16_t ip_bytes = (uint16_t)(20 + packet->option_bytes);
  uint16_t length = (uint16_t)(14 + ip_bytes + FRAME_SEGMENT);
  uint8_t *ip = frame + 14;

  for (unsigned i = 0; i < length; i++)
    frame[i] = (uint8_t)(i * 11 + 3);
  put16(frame + 12, packet->ethertype);
  ip[0] = (uint8_t)(0x40 | ip_bytes / 4);
  put16(ip + 2, (uint16_t)(length - 14));
  put16(ip + 6, packet->fragment);
  ip[9] = packet->protocol;
  put16(ip + 10, packet->checksum);
  put16(ip + ip_bytes + (packet->protocol == FRAME_TCP ? 16 : 6), 0);
  return length;
}
