/* The state of the whole kit as JSON, in parts that fit into a small buffer. */
#ifndef STATE_JSON_H
#define STATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a reader of the state is. All zero: at its start. */
struct state_json {
  uint16_t device; /* of the registry; behind the last: the end of the text */
  uint8_t section; /* of what is told of it */
  uint8_t part;    /* of the section */
  bool begun;      /* the text's start is written */
  bool active;     /* what the device was when its part began: the text is whole whatever happens */
};

enum { STATE_JSON_PART_BYTES = 360 }; /* no part is longer */

/* Writes as many of the next parts to `text` as fit into `size` bytes, without an end of string.
 * Returns the bytes written; 0 when all is told, or where `size` is less than
 * STATE_JSON_PART_BYTES and the next part does not fit. The device counts nothing twice and changes
 * nothing by being asked. Main loop. */
size_t state_json_write(struct state_json *state, char *text, size_t size);

#endif
