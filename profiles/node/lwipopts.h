/* lwIP's options for the profile "node", where they differ from the demo's: the same protocols, on
 * one interface and for the services alone. */
#ifndef NODE_LWIPOPTS_H
#define NODE_LWIPOPTS_H

#include "lwip/lwipopts.h" /* port/lwip/lwipopts.h, the demo's */

/* No ping from here. */
#undef LWIP_RAW
#define LWIP_RAW 0

/* No service is in an IPv4 group. */
#undef LWIP_IGMP
#undef LWIP_MULTICAST_TX_OPTIONS
#define LWIP_IGMP                 0
#define LWIP_MULTICAST_TX_OPTIONS 0

/* No name of its own to give to DHCP. */
#undef LWIP_NETIF_HOSTNAME
#define LWIP_NETIF_HOSTNAME 0

/* No question which of several interfaces an address is on. */
#define LWIP_SINGLE_NETIF 1

/* No page, whose connections and replies take most of the demo's. */
#undef MEM_SIZE
#undef MEMP_NUM_TCP_PCB
#undef MEMP_NUM_TCP_PCB_LISTEN
#undef MEMP_NUM_UDP_PCB
#undef MEMP_NUM_SYS_TIMEOUT
#define MEM_SIZE                (8 * 1024)
#define MEMP_NUM_TCP_PCB        8
#define MEMP_NUM_TCP_PCB_LISTEN 3
#define MEMP_NUM_UDP_PCB        3 /* DHCP, DNS, echo */
#define MEMP_NUM_SYS_TIMEOUT    (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)

#ifndef LWIP_NOASSERT
#define LWIP_NOASSERT
#endif

#endif
