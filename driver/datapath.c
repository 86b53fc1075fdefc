/* The path of a packet: how frames enter it, and its rare cases. */
#include "datapath.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "datapath_turn.h"
#include "port.h"

enum {
  SHORT_FRAME_BYTES = 128,
  /* Where memory comes from pools, there is no rest to be given back, nor to be left. */
  HEAP_LEFT_BYTES = MEM_USE_POOLS         ? 0
                    : MEM_SIZE < 8 * 1024 ? MEM_SIZE / 8
                                          : 1024,
};

static bool is_broadcast(const uint8_t *address) {
  uint32_t first;
  uint16_t last;

  static_assert(sizeof first + sizeof last == ETH_ADDRESS_BYTES, "an address in two loads");
  memcpy(&first, address, sizeof first);
  memcpy(&last, address + sizeof first, sizeof last);
  return first == UINT32_MAX && last == UINT16_MAX;
}

/* A copy in one piece. lwIP's pbuf_clone() would assert that a chain does not end in an empty
 * pbuf. */
static struct pbuf *copy_of(const struct pbuf *frame) {
  struct pbuf *copy = pbuf_alloc(PBUF_RAW, frame->tot_len, PBUF_RAM);

  if (copy != NULL)
    (void)pbuf_copy_partial(frame, copy->payload, frame->tot_len, 0);
  return copy;
}

/* ---- transmit ---- */

/* True if the device cannot take the frame as it is: too many fragments, an empty one, one that
 * starts where it cannot read, or one whose data its owner may change after we return; also if the
 * destination address, which the datapath looks at, is in two of them. */
static bool must_copy(const struct nic *nic, const struct pbuf *frame) {
  const struct nic_caps *caps = &nic->ops->caps;
  const uintptr_t unaligned = caps->tx_alignment - 1U;
  unsigned fragments = 0;

  if (frame->next == NULL && ((uintptr_t)frame->payload & unaligned) == 0)
    return PBUF_NEEDS_COPY(frame);
  if (frame->len < ETH_ADDRESS_BYTES)
    return true;
  for (const struct pbuf *fragment = frame; fragment != NULL; fragment = fragment->next) {
    if (PBUF_NEEDS_COPY(fragment) || fragment->len == 0 || ++fragments > caps->tx_fragments_max ||
        ((uintptr_t)fragment->payload & unaligned) != 0)
      return true;
  }
  return false;
}

/* A copy to be sent: on the heap or, if that is full, in the packet that is kept for this. */
static struct pbuf *copy_to_send(struct nic *nic, const struct pbuf *frame) {
  struct pbuf *copy = copy_of(frame);

  if (copy != NULL || nic->pool.kept == 0)
    return copy;
  copy = packet_pool_lend(&nic->pool);
  if (copy == NULL)
    return NULL;
  packet_set_length(copy, frame->tot_len);
  (void)pbuf_copy_partial(frame, copy->payload, frame->tot_len, 0);
  return copy;
}

void datapath_move_again(struct nic *nic) { dispatch_post(&nic->tx_event); }

void tx_packet_available(void *context) {
  struct nic *nic = context;

  nic->moving = true;
  datapath_move(nic, nic->ops);
  nic->moving = false;
  nic->irqs_in_vain = 0; /* an interrupt that does not end would not have let us get here */
  if (!ring_empty(&nic->tx_ring.ring))
    nic->ops->irq_unmask(nic); /* the rest completes by interrupt */
}

/* False within the free function of a frame that was sent or given back, which may send the next
 * one: then the other completed frames are in tx_completion, or we are moving, which would not end,
 * or the device is off. */
static bool may_move(const struct nic *nic) {
  return packet_queue_empty(&nic->tx_completion) && !nic->moving && nic->pool.recycle != NULL;
}

/* The queue is full: moves what the ring can take now. Out of line, to keep the common path
 * short. */
static __attribute__((cold, noinline)) int put_after_moving(struct nic *nic, struct pbuf *frame) {
  if (may_move(nic)) {
    tx_packet_available(nic);
    if (packet_queue_put(&nic->tx_submission, frame))
      return 0;
  }
  nic_count(nic, NIC_OUT_QUEUE_FULL);
  pbuf_free(frame);
  return -ENOBUFS;
}

int datapath_transmit(struct nic *nic, struct pbuf *frame) {
  if (!nic_link_is_active(nic)) { /* active on an enabled interface only */
    nic_count(nic, NIC_OUT_LINK_DOWN);
    return -ENETDOWN;
  }
  if (frame->tot_len - (unsigned)ETH_HEADER_BYTES > nic->mtu + (unsigned)ETH_TAG_BYTES) {
    nic_count(nic, frame->tot_len < ETH_HEADER_BYTES ? NIC_OUT_RUNT : NIC_OUT_TOO_LONG);
    return -EMSGSIZE;
  }
  if (must_copy(nic, frame)) {
    frame = copy_to_send(nic, frame);
    if (frame == NULL) {
      nic_count(nic, NIC_OUT_NO_BUFFER);
      return -ENOMEM;
    }
    nic_count(nic, NIC_OUT_COPIES);
  } else {
    pbuf_ref(frame);
  }
  return packet_queue_put(&nic->tx_submission, frame) ? 0 : put_after_moving(nic, frame);
}

void datapath_count_sent_to_group(struct nic *nic, const struct pbuf *frame) {
  nic->counters[NIC_OUT_OCTETS] += frame->tot_len;
  nic_count(nic, is_broadcast(frame->payload) ? NIC_OUT_BROADCAST_PKTS : NIC_OUT_MULTICAST_PKTS);
}

/* ---- receive ---- */

bool datapath_drop_by_length(struct nic *nic, unsigned length) {
  if (length >= ETH_HEADER_BYTES)
    nic_count(nic, NIC_IN_TOO_LONG);
  else if (length != 0) /* else the MAC driver has counted the error */
    nic_count(nic, NIC_IN_RUNT);
  return false;
}

bool datapath_accept_group(struct nic *nic, const struct pbuf *frame) {
  const uint8_t *group = frame->payload;

  if (is_broadcast(group)) {
    nic_count(nic, NIC_IN_BROADCAST_PKTS);
  } else if (nic->ops->caps.multicast == NIC_MULTICAST_PERFECT || nic_group_passes(nic, group)) {
    nic_count(nic, NIC_IN_MULTICAST_PKTS);
  } else {
    nic_count(nic, NIC_IN_FILTERED);
    return false;
  }
  nic->counters[NIC_IN_OCTETS] += frame->len;
  return true;
}

/* A long frame is copied only if that leaves room on the heap for what the stack is to send; a
 * short one may bring an address that was asked for, or an acknowledgement, which frees memory. */
static struct pbuf *copy_of_received(const struct pbuf *frame) {
  uint16_t left = frame->len > SHORT_FRAME_BYTES ? HEAP_LEFT_BYTES : 0;
  struct pbuf *copy = pbuf_alloc(PBUF_RAW, (uint16_t)(frame->len + left), PBUF_RAM);

  if (copy == NULL)
    return NULL;
  pbuf_realloc(copy, frame->len);
  memcpy(copy->payload, frame->payload, frame->len);
  return copy;
}

void datapath_deliver_copy(struct nic *nic, struct pbuf *packet) {
  struct packet_pool *pool = &nic->pool;
  struct pbuf *copy = copy_of_received(packet);

  if (copy == NULL && nic->reclaim != NULL) {
    nic_count(nic, NIC_RECLAIMS);
    nic->reclaim();
    if (pool->held < pool->options.held_max) {
      packet_pool_hand_over(pool, packet);
      nic->input(nic, packet);
      return;
    }
    copy = copy_of_received(packet);
  }
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

bool datapath_wake_packet(struct nic *nic) {
  packet_pool_recycle(&nic->pool, packet_pool_get(&nic->pool));
  return !packet_queue_empty(&nic->rx_submission);
}

/* The number of packets that are kept at rest, for copy_to_send(). A MAC that does not gather is
 * given copies, and the heap that they come from may be full of what waits to be sent: those frames
 * could never leave. Only TCP keeps frames for that long. */
static uint16_t packets_to_keep(const struct nic *nic) {
  return LWIP_TCP && nic->ops->caps.tx_fragments_max == 1 && nic->pool.options.packets > 1;
}

/* Low power may have left all packets on rx_submission, and none for `kept`. */
void datapath_refill(struct nic *nic) {
  nic->pool.kept = packets_to_keep(nic);
  if (nic->pool.free_count < nic->pool.kept && !packet_queue_empty(&nic->rx_submission))
    packet_pool_put(&nic->pool, packet_queue_take(&nic->rx_submission));
  datapath_turn_ends(nic, datapath_rx_post(nic, nic->ops));
}

bool datapath_attend(struct nic *nic) {
  if (nic->faulted && nic_recover(nic) != 0)
    return false;
  if (nic->link_event) {
    nic->link_event = false;
    nic_poll_link(nic);
  }
  return nic->state == NIC_ENABLED;
}

void datapath_run(void *context) {
  struct nic *nic = context;

  datapath_turn(nic, nic->ops);
}
