/* The LAN9118 driver and its fake under the kit, with a stack that checks what it gets. */
#ifndef LAN9118_RIG_H
#define LAN9118_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "fake_lan9118.h"
#include "lan9118.h"

enum {
  RIG_PACKETS = 24, /* more than are posted, so that some rest */
  RIG_BUFFER = 1536,
  RIG_TIGHT_BUFFER = 592, /* no byte more than its longest frame */
  RIG_DEPTH = 32,
  RIG_TX_PARTS = 64,
  RIG_CRC_ERROR = 1 << 15 | 1 << 1, /* of a received frame's status */
  RIG_TOO_LONG = 1 << 15 | 1 << 7,
};

struct lan9118_rig {
  struct fake_lan9118 fake;
  struct lan9118 lan9118;
  struct dispatch_queue dispatch;
  unsigned received;       /* frames that the stack has had */
  unsigned hoard, hoarded; /* how many it is to keep, and has kept */
  struct pbuf *hoarded_frames[RIG_PACKETS];
  unsigned tx_freed; /* frames' parts that have come back from the driver */
  uint8_t tx_memory[RIG_TX_PARTS][2048];
};

extern struct lan9118_rig fifo_rig;
extern const uint8_t fifo_rig_station[6];

/* cmocka's set-up functions: in NIC_INIT; in NIC_ENABLED; with interrupts as in the emulator; with
 * buffers of RIG_TIGHT_BUFFER. */
int fifo_rig_setup(void **state);
int fifo_rig_setup_enabled(void **state);
int fifo_rig_setup_edges(void **state);
int fifo_rig_setup_tight(void **state);

/* The main loop, until nothing is left to do. */
void fifo_rig_run(void);

/* Each packet of the pool is somewhere, and no access was wrong. */
void fifo_rig_check_conservation(void);

/* Frame number `number` comes in from the wire, of a length that goes with the number, or of any
 * length and with errors, which the stack does not expect. False where the receiver is off. */
bool fifo_rig_wire(uint32_t number);
bool fifo_rig_wire_of(uint32_t number, unsigned length, uint32_t errors);

/* A part of a frame to be sent: `length` bytes of tx_memory[i] from `offset` on. */
struct pbuf *fifo_rig_tx_part(unsigned i, unsigned offset, unsigned length);

/* Sends frame number `i` of `length` equal bytes, which the datapath has the only reference to. */
int fifo_rig_transmit(unsigned i, unsigned length);

#endif
