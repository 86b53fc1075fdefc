/* lwIP gives up what it keeps for later, where packets have become scarce. */
#ifndef LWIP_RECLAIM_H
#define LWIP_RECLAIM_H

/* Frees the parts of datagrams that are not complete, and TCP's segments that came out of order,
 * which their senders send again. For struct nic's member `reclaim`: main loop, while lwIP is not
 * at work on a packet. */
void lwip_reclaim(void);

#endif
