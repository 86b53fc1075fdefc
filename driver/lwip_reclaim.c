/* Has lwIP give up what it keeps for later when packets have become scarce. */
#include "lwip_reclaim.h"

#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/priv/tcp_priv.h"

/* Ages them to where lwIP gives them up, and a tick more. */
static void drop_incomplete_datagrams(void) {
#if LWIP_IPV4 && IP_REASSEMBLY
  for (unsigned age = 0; age <= IP_REASS_MAXAGE; age++)
    ip_reass_tmr();
#endif
#if LWIP_IPV6 && LWIP_IPV6_REASS
  for (unsigned age = 0; age <= IPV6_REASS_MAXAGE; age++)
    ip6_reass_tmr();
#endif
}

/* None of them has been acknowledged, and a sender that was told of them by SACK keeps them all the
 * same (RFC 2018, 8). */
static void drop_segments_out_of_order(void) {
#if LWIP_TCP && TCP_QUEUE_OOSEQ
  for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next)
    tcp_free_ooseq(pcb);
#endif
}

void lwip_reclaim(void) {
  drop_incomplete_datagrams();
  drop_segments_out_of_order();
}
