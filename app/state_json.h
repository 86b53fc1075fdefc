/* The state of the whole kit as JSON, in parts that fit into a small buffer. */
#ifndef STATE_JSON_H
#define STATE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a reader of the state has got. All zero: at the start. */
struct state_json {
  uint16_t device; /* index in the registry; beyond the last: the end of the text */
  uint8_t section; /* of the device */
  uint8_t part;    /* of the section */
  bool begun;      /* the start of the text has been written */
  bool active; /* the device was activated when its part began: so the text is well-formed whatever
                  happens */
};

enum { STATE_JSON_PART_BYTES = 360 }; /* no part is longer */

/* Writes as many of the next parts to `text` as fit into `size` bytes, without a terminating 0.
 * Returns the number of bytes written; 0 when the text is complete, or if `size` is less than
 * STATE_JSON_PART_BYTES and the next part does not fit. Reading the state changes nothing. Main
 * loop. */
size_t state_json_write(struct state_json *state, char *text, size_t size);

#endif
