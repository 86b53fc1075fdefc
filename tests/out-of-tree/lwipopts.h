/* The product's own options of lwIP: IPv4, UDP and ping; no TCP, no IPv6, no DHCP. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* What ringif needs: no operating system, its hooks, checksums per netif. */
#define NO_SYS                       1
#define SYS_LIGHTWEIGHT_PROT         0
#define LWIP_NETCONN                 0
#define LWIP_SOCKET                  0
#define LWIP_HOOK_FILENAME           "lwip_hooks.h"
#define LWIP_HOOK_TCP_ISN            lwip_hook_tcp_isn
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define ARP_QUEUEING                 1
#define PBUF_POOL_SIZE               0 /* frames are in the NIC's packet pool */
#define LWIP_TESTMODE                1 /* for the list of timeouts */
#define MEM_ALIGNMENT                4
#define MEMP_NUM_SYS_TIMEOUT         (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 2) /* one per NIC */

/* The product's choice. */
#define MEM_SIZE            2048
#define LWIP_IPV4           1
#define LWIP_IPV6           0
#define LWIP_UDP            1
#define LWIP_TCP            0
#define LWIP_STATS          0
#define LWIP_NETIF_HOSTNAME 0

#endif
