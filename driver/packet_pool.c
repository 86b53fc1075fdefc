/* The packet pool: lwIP custom pbufs, each with one contiguous, aligned buffer. */
#include "packet_pool.h"

#include <assert.h>
#include <errno.h>

#include "ring.h"

static_assert(offsetof(struct packet, custom.pbuf) == 0, "lwIP's pointer is ours");

/* Undoes what the stack did to a pbuf. PBUF_POOL says that structure and data are contiguous, which
 * lets the stack put headers back in front of the payload and answer in the same buffer. */
static void packet_reset(const struct packet_pool *pool, struct pbuf *packet) {
  packet->next = NULL;
  packet->payload = (uint8_t *)packet + pool->payload_offset;
  packet->len = pool->options.buffer_size;
  packet->tot_len = pool->options.buffer_size;
  packet->type_internal = (u8_t)PBUF_POOL;
  packet->flags = PBUF_FLAG_IS_CUSTOM | PACKET_FLAG_POOLED;
  packet->ref = 1;
  packet->if_idx = 0;
  LWIP_PBUF_CUSTOM_DATA_INIT(packet);
}

/* pbuf_free() calls this. A packet that an application has made longer, as for an answer in the
 * same buffer, but that was not sent, has changed up to its new end. */
static void packet_freed(struct pbuf *freed) {
  struct packet *packet = packet_of(freed);

  if (DMA_IS_CACHED && packet_end(packet->pool, freed) > packet->touched)
    packet->touched = (uint16_t)packet_end(packet->pool, freed);
  packet_pool_take_back(freed);
}

/* pbuf_free() calls this for a lent packet. */
static void lent_packet_freed(struct pbuf *packet) {
  struct packet_pool *pool = packet_of(packet)->pool;

  packet_of(packet)->custom.custom_free_function = packet_freed;
  pool->held--;
  if (pool->free == NULL)
    packet_pool_put(pool, packet);
  else
    packet_pool_recycle(pool, packet);
}

int packet_pool_init(struct packet_pool *pool, const struct packet_pool_options *options,
                     void *memory, size_t memory_size) {
  unsigned alignment = options->alignment;
  size_t stride, offset;

  if (alignment < 4 || (alignment & (alignment - 1)) != 0 || (uintptr_t)memory % alignment != 0 ||
      options->packets == 0 || options->packets > RING_SIZE_MAX || options->buffer_size == 0 ||
      options->buffer_size % alignment != 0)
    return -EINVAL;
  stride = PACKET_POOL_STRIDE(options->buffer_size, options->headroom, alignment);
  offset = stride - options->buffer_size;
  if (offset > UINT16_MAX)
    return -EINVAL;
  if (memory == NULL || memory_size < stride * options->packets)
    return -ENOMEM;

  *pool = (struct packet_pool){
      .payload_offset = (uint16_t)offset,
      .options = *options,
  };
  for (unsigned i = 0; i < options->packets; i++) {
    struct packet *packet = (struct packet *)(void *)((uint8_t *)memory + i * stride);

    packet->pool = pool;
    packet->touched = options->buffer_size;
    packet->custom.custom_free_function = packet_freed;
    packet_pool_put(pool, &packet->custom.pbuf);
  }
  pool->free_low_water = pool->free_count;
  return 0;
}

struct pbuf *packet_pool_get(struct packet_pool *pool) {
  struct pbuf *packet = pool->free;

  if (packet == NULL)
    return NULL;
  pool->free = packet->next;
  packet->next = NULL;
  if (--pool->free_count < pool->free_low_water)
    pool->free_low_water = pool->free_count;
  return packet;
}

void packet_pool_put(struct packet_pool *pool, struct pbuf *packet) {
  packet_reset(pool, packet);
  packet->next = pool->free;
  pool->free = packet;
  pool->free_count++;
}

struct pbuf *packet_pool_lend(struct packet_pool *pool) {
  struct pbuf *packet = packet_pool_get(pool);

  if (packet == NULL)
    return NULL;
  packet_of(packet)->custom.custom_free_function = lent_packet_freed;
  packet->flags &= (u8_t)~PACKET_FLAG_POOLED;
  dma_invalidate(packet->payload, packet->len); /* a device may have written it since */
  packet_pool_hand_over(pool, packet);
  return packet;
}

void packet_pool_recycle(struct packet_pool *pool, struct pbuf *packet) {
  packet_reset(pool, packet);
  if (pool->recycle == NULL || !packet_queue_put(pool->recycle, packet))
    packet_pool_put(pool, packet);
}

void packet_pool_take_back(struct pbuf *packet) {
  struct packet_pool *pool = packet_of(packet)->pool;

  pool->held--;
  packet_pool_recycle(pool, packet);
}

void packet_pool_note_sent(struct pbuf *frame) {
  struct packet *packet = packet_of(frame);
  ptrdiff_t front; /* bytes of the buffer in front of the frame; negative if the frame begins before
                      the buffer */

  front = (uint8_t *)frame->payload - (uint8_t *)packet - packet->pool->payload_offset;
  if (front + frame->len >= packet->touched)
    packet->touched = front > 0 ? (uint16_t)front : 0;
}
