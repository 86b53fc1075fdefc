/* A turn of the datapath: completes and posts what is sent, receives up to the budget, refills.
 *
 * The loops are written once, here, and compiled into each MAC driver by DATAPATH_TURN(): there the
 * compiler knows the driver's functions and puts them in line, which is a third of a packet's
 * instructions. What is rare stands in datapath.c. */
#ifndef DATAPATH_TURN_H
#define DATAPATH_TURN_H

#include <string.h>

#include "nic.h"
#include "port.h"

/* Defines `static void turn(void *)` for the driver with these nic_ops: their member `turn`. */
#define DATAPATH_TURN(nic_ops)                                                                     \
  static void turn(void *nic) { datapath_turn(nic, &(nic_ops)); }

#define DATAPATH_INLINE static inline __attribute__((always_inline))

/* Answers what the interrupt has seen beside packets. False where the device does not recover from
 * a fault. Main loop. */
bool datapath_attend(struct nic *nic);

/* Hands a copy of `packet` to the stack, which holds so many that the device would run out. Main
 * loop. */
void datapath_deliver_copy(struct nic *nic, struct pbuf *packet);

/* True if a frame to a group is let in, which it is counted for. Main loop. */
bool datapath_accept_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]);

/* Counts a frame to a group that is sent. Main loop. */
void datapath_count_sent_to_group(struct nic *nic, const uint8_t group[ETH_ADDRESS_BYTES]);

/* ---- transmit ---- */

/* Frees the frames that the device is done with; true if there were any. */
DATAPATH_INLINE bool datapath_tx_complete(struct nic *nic, const struct nic_ops *ops) {
  const unsigned batch_max = nic->config->batch;
  bool any = false;
  unsigned batch = batch_max;

  while (!ring_empty(&nic->tx_ring.ring) && batch == batch_max) {
    struct pbuf *frame;

    for (batch = 0; batch < batch_max && (frame = ops->tx_reap(nic)) != NULL; batch++)
      packet_queue_append(&nic->tx_completion, frame);
    if (batch == 0)
      break;
    any = true;
    packet_queue_appended(&nic->tx_completion);
    while (!packet_queue_empty(&nic->tx_completion))
      pbuf_free(packet_queue_take(&nic->tx_completion));
  }
  return any;
}

/* Moves frames from tx_submission to the ring until one of them runs out. */
DATAPATH_INLINE void datapath_tx_post(struct nic *nic, const struct nic_ops *ops) {
  while (!packet_queue_empty(&nic->tx_submission)) {
    struct pbuf *frame = packet_queue_peek(&nic->tx_submission);
    const uint8_t *destination = frame->payload;

    for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next)
      dma_clean(fragment->payload, fragment->len);
    if (!ops->tx_post(nic, frame))
      break;
    (void)packet_queue_take(&nic->tx_submission);
    nic->counters[NIC_OUT_OCTETS] += frame->tot_len;
    if ((destination[0] & 1) == 0)
      nic_count(nic, NIC_OUT_UCAST_PKTS);
    else
      datapath_count_sent_to_group(nic, destination);
  }
}

/* Completes and posts for as long as one makes room for the other: the queue gets shorter each
 * time, so that this ends. A ring that has not got empty is rung for again, since a doorbell may
 * have crossed the device's last look. */
DATAPATH_INLINE void datapath_transmit_all(struct nic *nic, const struct nic_ops *ops) {
  bool completed;

  do {
    completed = datapath_tx_complete(nic, ops);
    datapath_tx_post(nic, ops);
    if (ring_empty(&nic->tx_ring.ring))
      return;
    ops->doorbell(nic, NIC_TX);
    completed |= datapath_tx_complete(nic, ops);
  } while (completed && !packet_queue_empty(&nic->tx_submission));
}

/* ---- receive ---- */

/* Counts a frame that came in; false where its length makes it a drop. */
DATAPATH_INLINE bool datapath_accept(struct nic *nic, const struct pbuf *frame) {
  const uint8_t *destination = frame->payload;

  if (frame->len == 0) /* the MAC driver has counted the error */
    return false;
  if (frame->len < ETH_HEADER_BYTES) {
    nic_count(nic, NIC_IN_RUNT);
    return false;
  }
  /* Some MACs leave the FCS on, so that four bytes more are no offence. */
  if (frame->len > nic->mtu + ETH_HEADER_BYTES + ETH_FCS_BYTES) {
    nic_count(nic, NIC_IN_TOO_LONG);
    return false;
  }
  if ((destination[0] & 1) == 0)
    nic_count(nic, NIC_IN_UCAST_PKTS);
  else if (!datapath_accept_group(nic, destination))
    return false;
  nic->counters[NIC_IN_OCTETS] += frame->len;
  return true;
}

/* Hands a received frame to the stack: the buffer itself, or a copy where the stack holds so many
 * that the device would run out. */
DATAPATH_INLINE void datapath_deliver(struct nic *nic, struct pbuf *packet) {
  struct packet_pool *pool = &nic->pool;

  dma_invalidate(packet->payload, packet->len);
  if (!datapath_accept(nic, packet)) {
    packet_pool_recycle(pool, packet);
  } else if (pool->held < pool->options.held_max) {
    packet_pool_hand_over(pool, packet);
    nic->input(nic, packet);
  } else {
    datapath_deliver_copy(nic, packet);
  }
}

/* True where one packet of the pool is kept at rest. A MAC that gathers nothing is sent copies, and
 * the heap that they come from may be full of what waits to be sent: such frames could never leave.
 * TCP alone has them wait that long. */
DATAPATH_INLINE bool datapath_keeps_one(const struct nic *nic, const struct nic_ops *ops) {
  return LWIP_TCP && ops->caps.tx_fragments_max == 1 && nic->pool.options.packets > 1;
}

/* An empty buffer for the ring, or NULL. */
DATAPATH_INLINE struct pbuf *datapath_empty_buffer(struct nic *nic, const struct nic_ops *ops) {
  if (!packet_queue_empty(&nic->rx_submission))
    return packet_queue_take(&nic->rx_submission);
  if (nic->pool.free_count <= 1 && datapath_keeps_one(nic, ops))
    return NULL;
  return packet_pool_get(&nic->pool);
}

/* Posts empty buffers until the ring is full or none is left, and rings the doorbell. */
DATAPATH_INLINE void datapath_rx_post(struct nic *nic, const struct nic_ops *ops) {
  bool any = false;

  while (!ring_full(&nic->rx_ring.ring)) {
    struct pbuf *packet = datapath_empty_buffer(nic, ops);

    if (packet == NULL)
      break;
    dma_invalidate(packet->payload, packet_of(packet)->touched);
    packet_of(packet)->touched = 0;
    if (!ops->rx_post(nic, packet)) {
      packet_pool_put(&nic->pool, packet);
      break;
    }
    any = true;
  }
  if (any || nic->rx_stalled)
    ops->doorbell(nic, NIC_RX);
}

/* Receives up to `budget` frames, in batches; returns how many. What the stack answers to a batch
 * is sent, and the buffers that this frees are posted, before the next. */
DATAPATH_INLINE unsigned datapath_receive(struct nic *nic, const struct nic_ops *ops,
                                          unsigned budget) {
  const unsigned batch_max = nic->config->batch;
  unsigned received = 0;
  unsigned batch;

  do {
    struct pbuf *packet;

    for (batch = 0; batch < batch_max && (packet = ops->rx_reap(nic)) != NULL; batch++)
      packet_queue_append(&nic->rx_completion, packet);
    packet_queue_appended(&nic->rx_completion);
    received += batch;
    while (!packet_queue_empty(&nic->rx_completion))
      datapath_deliver(nic, packet_queue_take(&nic->rx_completion));
    if (nic->state != NIC_ENABLED)
      break; /* the stack's input function has stopped it */
    datapath_transmit_all(nic, ops);
    datapath_rx_post(nic, ops);
  } while (batch == batch_max && received < budget);
  return received;
}

/* Within a turn nobody need tell of packets: they are seen to at its end. */
DATAPATH_INLINE void datapath_turn_begins(struct nic *nic) {
  nic->tx_submission.data_available = NULL;
  nic->rx_submission.data_available = NULL;
}

/* From now on a frame to send calls for a turn, and so does an empty buffer where the ring wants
 * one: the stack holds the rest. */
DATAPATH_INLINE void datapath_turn_ends(struct nic *nic) {
  nic->tx_submission.data_available = &nic->tx_event;
  if (!ring_full(&nic->rx_ring.ring))
    nic->rx_submission.data_available = &nic->interrupt_event;
}

/* The turn; then it either asks for another or lets the interrupt through again. */
DATAPATH_INLINE void datapath_turn(struct nic *nic, const struct nic_ops *ops) {
  unsigned budget = nic->config->budget;
  unsigned received;

  if (nic->state != NIC_ENABLED)
    return; /* the event was posted before the stop */
  if ((nic->faulted || nic->link_event) && !datapath_attend(nic))
    return;
  datapath_turn_begins(nic);
  received = datapath_receive(nic, ops, budget);
  if (nic->state != NIC_ENABLED)
    return;
  datapath_turn_ends(nic);
  if (received >= budget || nic->faulted)
    dispatch_post(&nic->interrupt_event); /* another turn, after timers and others had theirs */
  else
    ops->irq_unmask(nic);
}

#endif
