/* A NIC's counters as an interface's of lwIP's MIB-2 (RFC 1213, 6), which SNMP reads. */
#ifndef MIB2_H
#define MIB2_H

#include "lwip/netif.h"

/* Copies the counters and the speed of a netif of ringif_init() to where lwIP has them. ringif does
 * so once a NIC_WATCH_MS; nothing without lwIP's MIB2_STATS. Main loop. */
#if MIB2_STATS
void mib2_update(struct netif *netif);
#else
static inline void mib2_update(struct netif *netif) { (void)netif; }
#endif

#endif
