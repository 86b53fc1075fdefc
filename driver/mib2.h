/* A NIC's counters as an interface's in lwIP's MIB-2 (RFC 1213, 6), which SNMP reads. */
#ifndef MIB2_H
#define MIB2_H

#include "lwip/netif.h"

/* Copies the counters and the speed of a netif that ringif_init() made to where lwIP keeps them;
 * ringif calls it every NIC_WATCH_MS. Does nothing without lwIP's MIB2_STATS. Main loop. */
#if MIB2_STATS
void mib2_update(struct netif *netif);
#else
static inline void mib2_update(struct netif *netif) { (void)netif; }
#endif

#endif
