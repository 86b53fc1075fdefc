/* The way of a packet: the loops that move packets between the stack, the four queues and the
 * rings.
 */
#include "datapath.h"

#include <errno.h>
#include <string.h>

#include "port.h"

static bool is_broadcast(const uint8_t *address) {
  return memcmp(address, "\xff\xff\xff\xff\xff\xff", ETH_ADDRESS_BYTES) == 0;
}

/* ---- transmit ---- */

static bool is_aligned(const struct pbuf *frame, unsigned alignment) {
  for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next) {
    if ((uintptr_t)fragment->payload % alignment != 0)
      return false;
  }
  return true;
}

/* True where the device cannot take the frame as it is: too many fragments, one that starts where
 * it cannot read, or one whose data its owner may change after we return. */
static bool must_copy(const struct nic *nic, const struct pbuf *frame) {
  const struct nic_caps *caps = &nic->ops->caps;
  unsigned fragments = 0;

  for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next) {
    if (PBUF_NEEDS_COPY(fragment) || ++fragments > caps->tx_fragments_max)
      return true;
  }
  return caps->tx_alignment > 1 && !is_aligned(frame, caps->tx_alignment);
}

static void count_sent(struct nic *nic, const struct pbuf *frame) {
  const uint8_t *destination = frame->payload;

  nic->counters[NIC_OUT_OCTETS] += frame->tot_len;
  if ((destination[0] & 1) == 0)
    nic_count(nic, NIC_OUT_UCAST_PKTS);
  else if (is_broadcast(destination))
    nic_count(nic, NIC_OUT_BROADCAST_PKTS);
  else
    nic_count(nic, NIC_OUT_MULTICAST_PKTS);
}

/* In one piece. lwIP's pbuf_clone() asserts that a chain does not end in an empty pbuf. */
static struct pbuf *copy_of(const struct pbuf *frame) {
  struct pbuf *copy = pbuf_alloc(PBUF_RAW, frame->tot_len, PBUF_RAM);

  if (copy != NULL)
    (void)pbuf_copy_partial(frame, copy->payload, frame->tot_len, 0);
  return copy;
}

int datapath_transmit(struct nic *nic, struct pbuf *frame) {
  if (nic->state != NIC_ENABLED || !nic_link_is_active(nic)) {
    nic_count(nic, NIC_OUT_LINK_DOWN);
    return -ENETDOWN;
  }
  if (frame->tot_len > nic->mtu + ETH_HEADER_BYTES) {
    nic_count(nic, NIC_OUT_TOO_LONG);
    return -EMSGSIZE;
  }
  if (must_copy(nic, frame)) {
    frame = copy_of(frame);
    if (frame == NULL) {
      nic_count(nic, NIC_OUT_NO_BUFFER);
      return -ENOMEM;
    }
    nic_count(nic, NIC_OUT_COPIES);
  } else {
    pbuf_ref(frame);
  }
  if (packet_queue_put(&nic->tx_submission, frame))
    return 0;
  tx_packet_available(nic); /* the queue is full: move what the ring can take now */
  if (packet_queue_put(&nic->tx_submission, frame))
    return 0;
  nic_count(nic, NIC_OUT_QUEUE_FULL);
  pbuf_free(frame);
  return -ENOBUFS;
}

/* Frees the frames that the device is done with. */
static void tx_complete(struct nic *nic) {
  unsigned batch;

  do {
    struct pbuf *frame;

    batch = 0;
    while (batch < nic->config->batch && (frame = nic->ops->tx_reap(nic)) != NULL) {
      packet_queue_put(&nic->tx_completion, frame);
      batch++;
    }
    while ((frame = packet_queue_get(&nic->tx_completion)) != NULL)
      pbuf_free(frame);
  } while (batch == nic->config->batch);
}

/* Moves frames from tx_submission to the ring until one of them runs out; true if any moved. */
static bool tx_post_batch(struct nic *nic) {
  struct pbuf *frame;
  bool any = false;

  while ((frame = packet_queue_peek(&nic->tx_submission)) != NULL) {
    for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next)
      dma_clean(fragment->payload, fragment->len);
    if (!nic->ops->tx_post(nic, frame))
      break;
    packet_queue_get(&nic->tx_submission);
    count_sent(nic, frame);
    any = true;
  }
  if (any)
    nic->ops->doorbell(nic, NIC_TX);
  return any;
}

void tx_packet_available(void *context) {
  struct nic *nic = context;

  /* Each round posts at least one frame of a queue that nothing else fills meanwhile, so that this
   * ends. Reclaiming here, too, keeps the ring open while reception is busy. */
  do {
    tx_complete(nic);
  } while (tx_post_batch(nic));
  tx_complete(nic);
  if (!ring_empty(&nic->tx_ring.ring))
    nic->ops->irq_unmask(nic); /* the rest completes by interrupt */
}

/* ---- receive ---- */

void datapath_refill(struct nic *nic) {
  bool any = false;
  bool starved = false;

  if (nic->state != NIC_ENABLED)
    return; /* the stack's input function has stopped it */
  while (!ring_full(&nic->rx_ring.ring)) {
    struct pbuf *packet = packet_queue_get(&nic->rx_submission);

    if (packet == NULL)
      packet = packet_pool_get(&nic->pool);
    if (packet == NULL) {
      starved = true;
      break;
    }
    dma_invalidate(packet->payload, packet->len);
    if (!nic->ops->rx_post(nic, packet)) {
      packet_pool_put(&nic->pool, packet);
      break;
    }
    any = true;
  }
  /* The stack holds the rest: the next packet that it frees has us called again. Else nobody need
   * tell us of those that come back meanwhile: they are taken when the ring has room. */
  nic->rx_submission.data_available = starved ? &nic->interrupt_event : NULL;
  if (any || nic->rx_stalled)
    nic->ops->doorbell(nic, NIC_RX);
}

/* Counts a frame that came in; false where its length makes it a drop. */
static bool accept(struct nic *nic, const struct pbuf *frame) {
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
  if ((destination[0] & 1) == 0) {
    nic_count(nic, NIC_IN_UCAST_PKTS);
  } else if (is_broadcast(destination)) {
    nic_count(nic, NIC_IN_BROADCAST_PKTS);
  } else {
    if (nic->ops->caps.multicast != NIC_MULTICAST_PERFECT && !nic_group_passes(nic, destination)) {
      nic_count(nic, NIC_IN_FILTERED);
      return false;
    }
    nic_count(nic, NIC_IN_MULTICAST_PKTS);
  }
  nic->counters[NIC_IN_OCTETS] += frame->len;
  return true;
}

/* Hands a received frame to the stack: the buffer itself, or a copy where the stack holds so many
 * that the device would run out. */
static void deliver(struct nic *nic, struct pbuf *packet) {
  struct packet_pool *pool = &nic->pool;
  struct pbuf *copy;

  dma_invalidate(packet->payload, packet->len);
  if (!accept(nic, packet)) {
    packet_pool_recycle(pool, packet);
    return;
  }
  if (pool->held < pool->options.held_max) {
    packet_pool_hand_over(pool);
    nic->input(nic, packet);
    return;
  }
  copy = copy_of(packet);
  if (copy != NULL)
    copy->flags |= packet->flags & PACKET_FLAG_CHECKED;
  packet_pool_recycle(pool, packet);
  if (copy == NULL) {
    nic_count(nic, NIC_IN_NO_BUFFER);
    return;
  }
  nic_count(nic, NIC_COPY_OUTS);
  nic->input(nic, copy);
}

/* Receives up to `budget` frames, in batches; returns how many. */
static unsigned receive(struct nic *nic, unsigned budget) {
  unsigned received = 0;

  while (received < budget) {
    unsigned batch = 0;
    struct pbuf *packet;

    while (batch < nic->config->batch && (packet = nic->ops->rx_reap(nic)) != NULL) {
      packet_queue_put(&nic->rx_completion, packet);
      batch++;
    }
    if (batch == 0)
      break;
    received += batch;
    while ((packet = packet_queue_get(&nic->rx_completion)) != NULL)
      deliver(nic, packet);
    datapath_refill(nic);
  }
  return received;
}

void datapath_run(void *context) {
  struct nic *nic = context;
  unsigned budget = nic->config->budget;
  bool more;

  if (nic->state != NIC_ENABLED)
    return; /* the event was posted before the stop */
  if (nic->faulted && nic_recover(nic) != 0)
    return;
  if (nic->link_event) {
    nic->link_event = false;
    nic_poll_link(nic);
  }
  tx_complete(nic);
  if (!ring_empty(&nic->tx_ring.ring))
    nic->ops->doorbell(nic, NIC_TX); /* a kick that crossed the device's last look is made again */
  if (packet_queue_count(&nic->tx_submission) != 0)
    tx_packet_available(nic);

  more = receive(nic, budget) >= budget;
  if (!more && nic->state == NIC_ENABLED) {
    datapath_refill(nic);
    nic->ops->irq_unmask(nic);
    /* Look once more: a frame that came between the last look and the unmask may have raised no
     * interrupt where the device interrupts on edges. */
    more = receive(nic, nic->config->batch) != 0;
  }
  if ((more || nic->faulted) && nic->state == NIC_ENABLED)
    dispatch_post(&nic->interrupt_event); /* another turn, after timers and others had theirs */
}
