/* A MAC driver under the datapath, with a stack that counts or hoards; the fake of the MAC is the
 * test's. */
#ifndef MAC_RIG_H
#define MAC_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

enum {
  RIG_PACKETS = 96, /* more than a ring of 64, so that some rest */
  RIG_BUFFER = 1536,
  RIG_ALIGNMENT = 64,
  RIG_DEPTH = 64,
  RIG_FRAME = 200, /* bytes of a received one */
};

/* What the stack has received, and the frames that it keeps: the first `rig_hoard`. */
extern unsigned rig_received, rig_hoard, rig_hoarded;
extern struct pbuf *rig_hoarded_frames[RIG_PACKETS];

/* The stack's pbufs, sent or to be sent, that were made and that are free again. */
extern unsigned rig_tx_made, rig_tx_freed;

/* Resets the host and brings `nic` to NIC_INIT, for a driver and a device, which then may be put on
 * the host's bus. `receive` has a frame come in from the wire. */
void rig_setup(struct nic *nic, const struct nic_ops *ops, uintptr_t base, unsigned irq,
               bool (*receive)(const uint8_t *frame, uint32_t length));

/* The main loop, until nothing is left to do. */
void rig_run(void);

/* Each packet of the pool is somewhere. */
void rig_check_conservation(void);

/* Frame `number` comes in, for us or for `destination`; false where the wire has to keep it. */
bool rig_wire(uint32_t number);
bool rig_wire_to(const uint8_t *destination, uint32_t number);

/* A frame of the stack in `parts` pbufs, of which the second is empty where `gap` is set; its bytes
 * count up from rig_tx_made. */
struct pbuf *rig_tx_chain(unsigned parts, bool gap);

/* Gives a frame to the datapath, which takes it. */
void rig_transmit(struct pbuf *frame);

#endif
