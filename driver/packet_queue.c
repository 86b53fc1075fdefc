/* A queue of packets with a single producer and a single consumer, which may be an interrupt. */
#include "packet_queue.h"

#include <errno.h>

#include "ring.h"

int packet_queue_init(struct packet_queue *queue, struct pbuf **slots, unsigned depth,
                      struct dispatch_source *data_available) {
  if (!ring_size_valid(depth))
    return -EINVAL;
  *queue = (struct packet_queue){
      .mask = depth - 1,
      .slots = slots,
      .data_available = data_available,
  };
  return 0;
}

void packet_queue_set_enable(struct packet_queue *queue, bool enable) {
  queue->room = enable ? packet_queue_depth(queue) : 0;
}

void packet_queue_purge(struct packet_queue *queue, void (*give_back)(void *context, struct pbuf *),
                        void *context) {
  struct pbuf *packet;

  while ((packet = packet_queue_get(queue)) != NULL)
    give_back(context, packet);
}
