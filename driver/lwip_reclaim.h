/* Has lwIP give up what it keeps for later when packets have become scarce. */
#ifndef LWIP_RECLAIM_H
#define LWIP_RECLAIM_H

/* Frees fragments of incomplete datagrams, and TCP segments that came out of order, which their
 * senders send again. For struct nic's member `reclaim`: main loop, while lwIP is not at work on a
 * packet. */
void lwip_reclaim(void);

#endif
