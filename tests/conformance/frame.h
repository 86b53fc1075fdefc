/* The frames that go through the rig: each has a number, and bytes that follow from it. */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

enum { FRAME_BYTES_MIN = 18 }; /* that have room for a number */

/* Makes frame `number` of `length` bytes. */
void frame_make(uint8_t *frame, uint32_t length, const uint8_t *destination, const uint8_t *source,
                uint32_t number);

/* The number of a frame. */
uint32_t frame_number(const uint8_t *frame);

/* Fails the test where `length` bytes of frame `number` are not as they were made; `way` says where
 * it was seen. */
void frame_check(const char *way, const uint8_t *frame, uint32_t length, uint32_t number);

#endif
