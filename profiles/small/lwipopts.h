/* lwIP's options for the profile "small", where they differ from the demo's: IPv4 and UDP alone. */
#ifndef SMALL_LWIPOPTS_H
#define SMALL_LWIPOPTS_H

#include "lwip/lwipopts.h" /* port/lwip/lwipopts.h, the demo's */

/* What it does without. */
#undef LWIP_IPV6
#undef LWIP_IPV6_MLD
#undef LWIP_IPV6_REASS
#undef LWIP_IPV6_FRAG
#undef LWIP_TCP
#undef LWIP_DNS
#undef LWIP_IGMP
#undef LWIP_RAW
#undef LWIP_MULTICAST_TX_OPTIONS
#undef IP_REASSEMBLY
#undef IP_FRAG
#undef LWIP_STATS
#undef LWIP_NETIF_HOSTNAME
#define LWIP_IPV6                 0
#define LWIP_IPV6_MLD             0
#define LWIP_IPV6_REASS           0
#define LWIP_IPV6_FRAG            0
#define LWIP_TCP                  0
#define LWIP_DNS                  0
#define LWIP_IGMP                 0
#define LWIP_RAW                  0
#define LWIP_MULTICAST_TX_OPTIONS 0
#define IP_REASSEMBLY             0
#define IP_FRAG                   0
#define LWIP_NETIF_HOSTNAME       0
#define LWIP_STATS                0 /* nobody asks for them; the NIC counts its own drops */

#define LWIP_SINGLE_NETIF 1

/* The packet pool's pbufs, which fragments would have asked for. */
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* Room for a DHCP message and an ARP request; the answers to what comes in go out in its buffers.
 */
#undef MEM_SIZE
#undef MEMP_NUM_PBUF
#undef MEMP_NUM_UDP_PCB
#undef MEMP_NUM_ARP_QUEUE
#undef ARP_QUEUE_LEN
#undef MEM_QUEUE_RESERVE
#define MEM_SIZE           800
#define MEMP_NUM_PBUF      4
#define MEMP_NUM_UDP_PCB   2
#define MEMP_NUM_ARP_QUEUE 4
#define ARP_QUEUE_LEN      2
#define MEM_QUEUE_RESERVE  0 /* lwIP does not count */

#ifndef LWIP_NOASSERT
#define LWIP_NOASSERT
#endif

#endif
