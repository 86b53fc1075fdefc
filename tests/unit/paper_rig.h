/* The NIC on paper under the kit, with a stack that counts and hoards packets, or stops the NIC. */
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

/* What the stack has received, and what it does with it; `flood`: frames that arrive while others
 * are delivered. */
extern unsigned received, hoarded, flood;
extern bool hoard, stop_in_input, reset_in_input;
extern struct pbuf *hoarded_frames[64];
extern uint8_t last_number; /* the last frame's */

/* cmocka's set-up functions: they leave the NIC in NIC_INIT, and in NIC_ENABLED. */
int paper_setup(void **state);
int paper_setup_enabled(void **state);

/* Runs the main loop until nothing is left to do; returns the number of turns. */
unsigned run(void);

/* A frame of `length` bytes that contains `number` arrives; false if no buffer is posted. */
bool wire(uint8_t number, uint16_t length);

/* A frame of `length` bytes to send to one station; all its bytes are `fill`, which is even. */
struct pbuf *frame_of(uint16_t length, uint8_t fill);

/* Has the kit send a frame, and drops the caller's reference; the kit must return `expected`. */
void transmit(struct pbuf *frame, int expected);

/* Checks that every packet of the pool is accounted for. */
void check_conservation(void);

#endif
