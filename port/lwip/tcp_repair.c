/* What lwIP's TCP leaves undone when memory, a window or the network is short. */
#include "tcp_repair.h"

#include <stdbool.h>

#include "lwip/priv/tcp_priv.h"

#if LWIP_TCP

static bool is_before(const struct tcp_seg *one, const struct tcp_seg *other) {
  return TCP_SEQ_LT(lwip_ntohl(one->tcphdr->seqno), lwip_ntohl(other->tcphdr->seqno));
}

static bool is_sorted(const struct tcp_seg *segment) {
  for (; segment != NULL && segment->next != NULL; segment = segment->next) {
    if (is_before(segment->next, segment))
      return false;
  }
  return true;
}

/* At most TCP_SND_QUEUELEN segments. */
static struct tcp_seg *sort(struct tcp_seg *segments) {
  struct tcp_seg *sorted = NULL;

  while (segments != NULL) {
    struct tcp_seg *segment = segments, **at = &sorted;

    segments = segments->next;
    while (*at != NULL && is_before(*at, segment))
      at = &(*at)->next;
    segment->next = *at;
    *at = segment;
  }
  return sorted;
}

void tcp_repair(void) {
  for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
    if (is_sorted(pcb->unsent))
      continue;
    pcb->unsent = sort(pcb->unsent);
#if TCP_OVERSIZE
    pcb->unsent_oversize = 0; /* of what was the last one */
#endif
    (void)tcp_output(pcb);
  }
}

#else

void tcp_repair(void) {}

#endif
