/* The path of a packet: the loops that move packets between the stack, the four queues and the
 * rings (datapath_turn.h), as any NIC may use them.
 *
 *   rx: rx_reap -> rx_completion -> input -> (the stack frees) -> rx_submission -> rx_post
 *   tx: datapath_transmit -> tx_submission -> tx_post -> tx_reap -> tx_completion -> pbuf_free
 *
 * Each batch of posts ends in one doorbell. */
#ifndef DATAPATH_H
#define DATAPATH_H

#include "nic.h"

/* The turn of any NIC, by the functions of nic->ops: the action of the device's interrupt, and of a
 * packet that comes back to an empty rx_submission. Receives up to the budget, completes and posts
 * tx, refills the rx ring, then either asks for another turn or unmasks the interrupt. `context` is
 * the struct nic. Main loop. */
void datapath_run(void *context);

/* The action of tx_submission: moves its frames to the tx ring, with one doorbell a batch.
 * `context` is the struct nic. Main loop. */
void tx_packet_available(void *context);

/* Sends `frame`, an Ethernet frame without FCS: puts it on tx_submission with a reference of its
 * own, which is dropped when the device is done; the caller keeps its reference and must not change
 * the frame. A frame that the device cannot gather, or whose data may change, is copied. Returns 0,
 * or, with the drop counted: -ENETDOWN (not enabled, or no link), -EMSGSIZE (no header, or longer
 * than the MTU allows), -ENOMEM (no memory to copy it), -ENOBUFS (ring and queue are full: try
 * again later). Main loop, also within a pbuf's free function. */
int datapath_transmit(struct nic *nic, struct pbuf *frame);

/* Posts empty buffers until the rx ring is full or none is left, and rings the doorbell, for a
 * device that was turned on just now. Main loop. */
void datapath_refill(struct nic *nic);

#endif
