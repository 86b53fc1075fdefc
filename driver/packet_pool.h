/* The packet pool: lwIP custom pbufs, each with one contiguous, aligned buffer that a device can
 * write a whole frame into.
 *
 * A packet goes round: pool -> rx_submission -> ring -> rx_completion -> stack -> rx_submission.
 * The stack gives it back by pbuf_free(); the pool is where it rests when its NIC is not running or
 * rx_submission is full. A packet is in exactly one of these places, so that they always add up to
 * packet_pool_options.packets. */
#ifndef PACKET_POOL_H
#define PACKET_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip_options.h"
#include "lwip/pbuf.h"
#include "packet_queue.h"

#if !LWIP_SUPPORT_CUSTOM_PBUF /* pbuf.h has its default */
#error "lwipopts.h: LWIP_SUPPORT_CUSTOM_PBUF has to be 1: packets are such pbufs"
#endif

struct packet_pool_options {
  uint16_t packets;     /* how many; 1 to 256 */
  uint16_t buffer_size; /* bytes that a device may write, a multiple of `alignment` */
  uint16_t headroom;    /* bytes kept free before the buffer, for longer headers than came in; with
                           the packet's own 65535 at most */
  uint16_t alignment;   /* of each buffer, in bytes: a power of two, at least 4; the size of a cache
                           line if the processor caches the memory */
  uint16_t held_max; /* how many the stack may hold before frames are copied out instead. If that is
                        all of them, a stack that holds all stops reception until it frees one;
                        fewer keep some for the device, and one of these at rest for copies if its
                        MAC does not gather. */
};

struct packet_pool {
  struct pbuf *free;            /* packets at rest, linked by pbuf.next */
  struct packet_queue *recycle; /* where a freed packet goes first; NULL: to `free` */
  uint16_t free_count;          /* length of `free` */
  uint16_t free_low_water;      /* the least that `free_count` ever was */
  unsigned held;                /* packets in the stack's hands, or lent */
  unsigned held_high_water;     /* the most that `held` ever was */
  uint16_t kept;                /* how many of `free` are for packet_pool_lend() alone */
  uint16_t payload_offset;      /* from a packet's pbuf to its buffer */
  struct packet_pool_options options;
};

/* In a pbuf's flags, of which lwIP uses bits 0 to 5. */
enum {
  PACKET_FLAG_POOLED = 1 << 6,  /* a pool's packet that is not lent */
  PACKET_FLAG_CHECKED = 1 << 7, /* received: the device found the frame's checksums right, or
                                   vouches for it otherwise */
};

/* A pbuf of the pool: lwIP sees the first member. */
struct packet {
  struct pbuf_custom custom;
  struct packet_pool *pool; /* where it belongs */
  uint16_t touched; /* bytes from the buffer's start that the processor may have changed since a
                       device had it: to the end of the frame, or of an answer in its buffer */
};

/* Bytes of memory for a pool with these options, in multiples of the alignment. */
#define PACKET_POOL_ALIGN(bytes, alignment)                                                        \
  (((bytes) + (size_t)(alignment)-1) / (size_t)(alignment) * (size_t)(alignment))
#define PACKET_POOL_STRIDE(buffer_size, headroom, alignment)                                       \
  (PACKET_POOL_ALIGN(sizeof(struct packet) + (headroom), alignment) +                              \
   PACKET_POOL_ALIGN(buffer_size, alignment))
#define PACKET_POOL_BYTES(packets, buffer_size, headroom, alignment)                               \
  ((size_t)(packets)*PACKET_POOL_STRIDE(buffer_size, headroom, alignment))

/* Cuts `memory` (aligned as the options say, reachable by the device) into packets, all at rest.
 * Returns 0, -EINVAL if an option is out of its range or `memory` is not aligned, -ENOMEM if
 * `memory_size` bytes are too few. Main loop. */
int packet_pool_init(struct packet_pool *pool, const struct packet_pool_options *options,
                     void *memory, size_t memory_size);

/* Takes a packet at rest, ready to be given to a device: payload at the buffer's start, length the
 * buffer's size. Returns NULL if none rests. Main loop. */
struct pbuf *packet_pool_get(struct packet_pool *pool);

/* Puts back a packet that the stack has not seen. Main loop. */
void packet_pool_put(struct packet_pool *pool, struct pbuf *packet);

/* Takes a packet at rest for other data than a received frame. pbuf_free() brings it back to rest,
 * or, if another has come to rest meanwhile, on its way to the device. Returns NULL if none rests.
 * Main loop. */
struct pbuf *packet_pool_lend(struct packet_pool *pool);

/* Sends a packet that the stack has not seen back on its way to the device: puts it on the queue
 * `pool->recycle`, or to rest. Main loop. */
void packet_pool_recycle(struct packet_pool *pool, struct pbuf *packet);

static inline struct packet *packet_of(struct pbuf *packet) {
  return (struct packet *)(void *)packet;
}

/* True for a pool's packet in one piece, not lent, to which the caller has the only reference. Main
 * loop. */
static inline bool packet_is_ours(const struct pbuf *pbuf) {
  return pbuf->ref == 1 && pbuf->next == NULL && (pbuf->flags & PACKET_FLAG_POOLED) != 0;
}

/* Bytes from the buffer's start to the end of what is in it. Main loop. */
static inline ptrdiff_t packet_end(const struct packet_pool *pool, const struct pbuf *packet) {
  const uint8_t *buffer = (const uint8_t *)packet + pool->payload_offset;

  return (const uint8_t *)packet->payload + packet->len - buffer;
}

/* Notes that `packet` goes to the stack; pbuf_free() brings it back. Main loop. */
static inline void packet_pool_hand_over(struct packet_pool *pool, struct pbuf *packet) {
  if (DMA_IS_CACHED)
    packet_of(packet)->touched = (uint16_t)packet_end(pool, packet);
  if (++pool->held > pool->held_high_water)
    pool->held_high_water = pool->held;
}

/* Sets the length of a received frame, `length` bytes up to the buffer's size. Any context. */
static inline void packet_set_length(struct pbuf *packet, uint16_t length) {
  packet->len = length;
  packet->tot_len = length;
}

/* Takes back from the stack a packet that packet_is_ours(): what pbuf_free() would do, in three
 * quarters of its instructions. Main loop. */
void packet_pool_take_back(struct pbuf *packet);

/* Notes that a device has sent all of a packet that packet_is_ours(): it was cleaned for that and,
 * as it was being sent, has not changed since. Main loop. */
void packet_pool_note_sent(struct pbuf *frame);

#endif
