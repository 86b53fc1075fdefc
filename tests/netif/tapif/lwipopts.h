/* lwIP's options for its tapif under the netif suite: a product's own, which knows nothing of
 * ringif. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define MEM_ALIGNMENT        __SIZEOF_POINTER__
#define MEM_SIZE             16384
#define PBUF_POOL_SIZE       24 /* tapif receives into them */
#define LWIP_IPV6            1
#define LWIP_IGMP            1

/* What the suite needs. */
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define LWIP_STATS               1
#define MEM_STATS                1
#define MEMP_STATS               1

#endif
