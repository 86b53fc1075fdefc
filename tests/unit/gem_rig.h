/* The Cadence GEM driver under the datapath, on a register-level fake of the MAC, with a stack that
 * counts or hoards. */
#ifndef GEM_RIG_H
#define GEM_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "cadence_gem.h"
#include "fake_cadence_gem.h"

enum {
  GEM_PACKETS = 96, /* more than the ring, so that some rest */
  GEM_BUFFER = 1536,
  GEM_DEPTH = 64,
  GEM_FRAME = 200, /* bytes of a received one */
  RX_RING = CADENCE_GEM_RX_DESCRIPTORS,
  TX_RING = CADENCE_GEM_TX_DESCRIPTORS,
};

extern struct fake_cadence_gem fake_gem;
extern struct cadence_gem gem;
extern unsigned gem_tx_clock; /* as it was last set, in Mbit/s */

/* What the stack has received, and the frames that it keeps: the first `gem_hoard`. */
extern unsigned gem_received, gem_hoard, gem_hoarded;
extern struct pbuf *gem_hoarded_frames[GEM_PACKETS];

/* The stack's pbufs, sent or to be sent, that were made and that are free again. */
extern unsigned gem_tx_made, gem_tx_freed;

/* cmocka's set-up functions: in NIC_INIT, and in NIC_ENABLED. */
int gem_setup(void **state);
int gem_setup_enabled(void **state);

/* The main loop, until nothing is left to do. */
void gem_run(void);

/* Each packet of the pool is somewhere, and the device was never misused. */
void gem_check_conservation(void);

/* Frame `number` comes in, for us or for `destination`; false where the wire has to keep it. */
bool gem_wire(uint32_t number);
bool gem_wire_to(const uint8_t *destination, uint32_t number);

/* A frame of the stack in `parts` pbufs, of which the second is empty where `gap` is set; its bytes
 * count up from gem_tx_made. */
struct pbuf *gem_tx_chain(unsigned parts, bool gap);
struct pbuf *gem_tx_frame(void);

/* Gives a frame to the datapath, which takes it. */
void gem_transmit(struct pbuf *frame);

#endif
