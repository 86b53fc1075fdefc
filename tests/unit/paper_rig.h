/* The NIC on paper under the kit, with a stack that counts, hoards or stops it. */
#ifndef PAPER_RIG_H
#define PAPER_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "paper_nic.h"

enum {
  PACKETS = 12,
  BUFFER = 1536,
  HELD_MAX = 8,
  DEPTH = 8,
  BATCH = 4,
  BUDGET = 8,
};

extern struct paper_nic paper;
extern struct nic *const nic;
extern struct dispatch_queue dispatch;
extern const struct nic_config config;

/* What the stack has had, and what it does with it; `flood`: frames that come as others are
 * delivered. */
extern unsigned received, hoarded, flood;
extern bool hoard, stop_in_input, reset_in_input;
extern struct pbuf *hoarded_frames[64];
extern uint8_t last_number; /* of the last frame */

/* cmocka's set-up functions: in NIC_INIT, and in NIC_ENABLED. */
int paper_setup(void **state);
int paper_setup_enabled(void **state);

/* The main loop, until nothing is left to do; returns its turns. */
unsigned run(void);

/* A frame of `length` bytes with `number` in it comes in; false where no buffer is posted. */
bool wire(uint8_t number, uint16_t length);

/* A frame to send of `length` bytes that all are `fill`, which is even: to one station. */
struct pbuf *frame_of(uint16_t length, uint8_t fill);

/* Has the kit send a frame, and gives up its own hold of it; the kit returns `expected`. */
void transmit(struct pbuf *frame, int expected);

/* Each packet of the pool is somewhere. */
void check_conservation(void);

#endif
