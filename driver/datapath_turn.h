/* A turn of the datapath: receives up to the budget, completes and posts what is sent, refills.
 *
 * The loops are written once, here, and compiled into each MAC driver by DATAPATH_TURN(): there the
 * compiler knows the driver's functions and inlines them, which saves a third of a packet's
 * instructions. What is rare is in datapath.c. */
#ifndef DATAPATH_TURN_H
#define DATAPATH_TURN_H

#include <string.h>

#include "nic.h"
#include "port.h"

/* Defines `static void turn(void *)` for the driver with these nic_ops: their member `turn`. */
#define DATAPATH_TURN(nic_ops)                                                                     \
  static void turn(void *nic) { datapath_turn(nic, &(nic_ops)); }

#define DATAPATH_INLINE static inline __attribute__((always_inline))
/* Out of line, so that the turn is laid out for the common case. */
#define DATAPATH_RARE __attribute__((cold))

/* Handles what the interrupt has seen besides packets: a fault, a change of the link. False if the
 * NIC is no longer enabled after that. Main loop. */
DATAPATH_RARE bool datapath_attend(struct nic *nic);

/* Hands a copy of `packet` to the stack, which holds so many packets that the device would run out.
 * Main loop. */
DATAPATH_RARE void datapath_deliver_copy(struct nic *nic, struct pbuf *packet);

/* Counts a frame that its length makes a drop; returns false. Main loop. */
DATAPATH_RARE bool datapath_drop_by_length(struct nic *nic, unsigned length);

/* Counts a received frame to a group; false if nobody here has joined it. Main loop. */
DATAPATH_RARE bool datapath_accept_group(struct nic *nic, const struct pbuf *frame);

/* Moves a packet at rest to rx_submission; false if that is still empty. Main loop. */
DATAPATH_RARE bool datapath_wake_packet(struct nic *nic);

/* Asks for another go at what waits in tx_submission. Main loop. */
DATAPATH_RARE void datapath_move_again(struct nic *nic);

/* Counts a sent frame to a group. Main loop. */
DATAPATH_RARE void datapath_count_sent_to_group(struct nic *nic, const struct pbuf *frame);

/* ---- transmit ---- */

/* Frees the frames that the device is done with. */
DATAPATH_INLINE void datapath_tx_complete(struct nic *nic, const struct nic_ops *ops) {
  const unsigned batch_max = nic->config->batch;
  struct pbuf *frame;
  unsigned batch;

  do {
    batch = 0;
    while ((frame = ops->tx_reap(nic)) != NULL) {
      packet_queue_append(&nic->tx_completion, frame);
      if (++batch == batch_max)
        break;
    }
    if (batch == 0)
      return;
    packet_queue_appended(&nic->tx_completion, batch);
    do {
      frame = packet_queue_take(&nic->tx_completion);
      if (packet_is_ours(frame)) {
        if (DMA_IS_CACHED)
          packet_pool_note_sent(frame);
        packet_pool_take_back(frame);
      } else {
        pbuf_free(frame);
      }
    } while (!packet_queue_empty(&nic->tx_completion));
  } while (batch == batch_max);
}

/* Moves frames from tx_submission to the ring until the one is empty or the other is full. */
DATAPATH_INLINE void datapath_tx_post(struct nic *nic, const struct nic_ops *ops) {
  while (!packet_queue_empty(&nic->tx_submission)) {
    struct pbuf *frame = packet_queue_peek(&nic->tx_submission);
    const uint8_t *destination = frame->payload;

    if (DMA_IS_CACHED) {
      for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next)
        dma_clean(fragment->payload, fragment->len);
    }
    if (!ops->tx_post(nic, frame))
      break;
    (void)packet_queue_take(&nic->tx_submission);
    if ((destination[0] & 1) != 0) {
      datapath_count_sent_to_group(nic, frame);
      continue;
    }
    nic->counters[NIC_OUT_OCTETS] += frame->tot_len;
    nic_count(nic, NIC_OUT_UCAST_PKTS);
  }
}

/* Completes, posts, and completes what the device has sent at once. What still waits then is posted
 * when the interrupt of what is under way brings us back; if nothing is, the event is posted, and
 * not the next round begun: a free function which sends each time leaves all else its turn. While
 * the ring is not empty its doorbell is rung again, since the last one may have crossed the
 * device's last look. */
DATAPATH_INLINE void datapath_move(struct nic *nic, const struct nic_ops *ops) {
  if (!ring_empty(&nic->tx_ring.ring))
    datapath_tx_complete(nic, ops);
  datapath_tx_post(nic, ops);
  if (ring_empty(&nic->tx_ring.ring))
    return;
  ops->doorbell(nic, NIC_TX);
  datapath_tx_complete(nic, ops);
  if (!packet_queue_empty(&nic->tx_submission) && ring_empty(&nic->tx_ring.ring))
    datapath_move_again(nic);
}

/* ---- receive ---- */

/* Counts a frame that came in; false if it is to be dropped. */
DATAPATH_INLINE bool datapath_accept(struct nic *nic, const struct pbuf *frame) {
  const uint8_t *destination = frame->payload;

  /* Some MACs leave the FCS on, so four bytes more are allowed. */
  if (frame->len - (unsigned)ETH_HEADER_BYTES >
      nic->mtu + (unsigned)(ETH_FCS_BYTES + ETH_TAG_BYTES))
    return datapath_drop_by_length(nic, frame->len);
  if ((destination[0] & 1) != 0)
    return datapath_accept_group(nic, frame);
  nic->counters[NIC_IN_OCTETS] += frame->len;
  nic_count(nic, NIC_IN_UCAST_PKTS);
  return true;
}

/* Hands a received frame to the stack: the buffer itself, or a copy if the stack holds so many that
 * the device would run out. */
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

/* Posts empty buffers until the ring is full or none is left, and rings the doorbell. True if the
 * ring is full. */
DATAPATH_INLINE bool datapath_rx_post(struct nic *nic, const struct nic_ops *ops) {
  unsigned room = ring_room(&nic->rx_ring.ring);
  bool any = false;

  while (room != 0 && (!packet_queue_empty(&nic->rx_submission) ||
                       (nic->pool.free_count > nic->pool.kept && datapath_wake_packet(nic)))) {
    struct pbuf *packet = packet_queue_take(&nic->rx_submission);

    if (DMA_IS_CACHED && packet_of(packet)->touched != 0) {
      dma_invalidate(packet->payload, packet_of(packet)->touched);
      packet_of(packet)->touched = 0;
    }
    if (!ops->rx_post(nic, packet)) {
      packet_pool_put(&nic->pool, packet);
      break;
    }
    room--;
    any = true;
  }
  if (any || nic->rx_stalled)
    ops->doorbell(nic, NIC_RX);
  return room == 0;
}

/* Receives a batch of frames and hands them to the stack; returns how many. */
DATAPATH_INLINE unsigned datapath_receive(struct nic *nic, const struct nic_ops *ops,
                                          unsigned batch_max) {
  unsigned batch = 0;
  struct pbuf *packet;

  while ((packet = ops->rx_reap(nic)) != NULL) {
    packet_queue_append(&nic->rx_completion, packet);
    if (++batch == batch_max)
      break;
  }
  packet_queue_appended(&nic->rx_completion, batch);
  while (!packet_queue_empty(&nic->rx_completion))
    datapath_deliver(nic, packet_queue_take(&nic->rx_completion));
  return batch;
}

/* Within a turn the queues need post no events: its loops see to all packets. */
DATAPATH_INLINE void datapath_turn_begins(struct nic *nic) {
  nic->tx_submission.data_available = NULL;
  nic->rx_submission.data_available = NULL;
}

/* From now on a frame to be sent posts its event, and so does a buffer that comes back while the rx
 * ring lacks one: the stack holds the rest. */
DATAPATH_INLINE void datapath_turn_ends(struct nic *nic, bool ring_is_full) {
  nic->tx_submission.data_available = &nic->tx_event;
  if (!ring_is_full)
    nic->rx_submission.data_available = &nic->interrupt_event;
}

/* The turn: receives up to the budget, in batches. What the stack answers to a batch is sent, and
 * the buffers that it frees are posted, before the next batch. Then the turn either asks for
 * another one or unmasks the interrupt. */
DATAPATH_INLINE void datapath_turn(struct nic *nic, const struct nic_ops *ops) {
  const unsigned batch_max = nic->config->batch;
  int budget = nic->config->budget;
  unsigned batch;
  bool full;

  if (nic->state != NIC_ENABLED)
    return; /* the event was posted before the stop */
  if ((nic->faulted || nic->link_event) && !datapath_attend(nic))
    return;
  datapath_turn_begins(nic);
  do {
    batch = datapath_receive(nic, ops, batch_max);
    datapath_move(nic, ops); /* of a NIC that is stopped it finds nothing to move */
    if (nic->state != NIC_ENABLED)
      return; /* a receiver in the stack or a free function has stopped it */
    full = datapath_rx_post(nic, ops);
    budget -= (int)batch;
  } while (batch == batch_max && budget > 0);
  datapath_turn_ends(nic, full);
  if (budget <= 0 || nic->faulted)
    dispatch_post(&nic->interrupt_event); /* another turn, after timers and others */
  else
    ops->irq_unmask(nic);
}

#endif
