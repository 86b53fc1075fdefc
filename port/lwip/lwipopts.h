/* lwIP's options for the demo: both IP versions in 64 KiB of RAM, one thread, zero-copy pbufs. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* One main loop and no threads: the interrupt never calls lwIP, so nothing needs a lock. */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_HOOK_FILENAME   "lwip_hooks.h"

/* Memory. Received frames live in the NIC's packet pool, so lwIP's own pbuf pool is empty. */
#define MEM_ALIGNMENT           __SIZEOF_POINTER__
#define MEM_SIZE                (9 * 1024)
#define PBUF_POOL_SIZE          0
#define MEMP_NUM_PBUF           8
#define MEMP_NUM_TCP_PCB        12 /* services, HTTP, and those that are being opened or closed */
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG        16
#define MEMP_NUM_UDP_PCB        4
#define MEMP_NUM_RAW_PCB        1 /* a ping */

#define MEMP_NUM_REASSDATA   2
#define MEMP_NUM_FRAG_PBUF   4
#define MEMP_NUM_ARP_QUEUE   12
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 9) /* two an interface, a ping */

/* Ethernet and ARP. The queue keeps the packets that wait for an address. */
#define LWIP_ARP                     1
#define ETHARP_SUPPORT_VLAN          0
#define ARP_QUEUEING                 1
#define ARP_QUEUE_LEN                8
#define MEM_QUEUE_RESERVE            (MEM_SIZE / 16) /* they leave it to DHCP, TCP and requests */
#define LWIP_NETIF_LOOPBACK          0
#define LWIP_HAVE_LOOPIF             0
#define LWIP_NETIF_HOSTNAME          1
#define LWIP_NETIF_STATUS_CALLBACK   1
#define LWIP_NETIF_LINK_CALLBACK     1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* IPv4 */
#define LWIP_IPV4                 1
#define IP_REASSEMBLY             1
#define IP_REASS_MAX_PBUFS        4
#define IP_FRAG                   1
#define LWIP_ICMP                 1
#define LWIP_IGMP                 1
#define LWIP_DHCP                 1
#define LWIP_DHCP_DOES_ACD_CHECK  0
#define DHCP_COARSE_TIMER_SECS    5 /* not 60, for leases of a minute */
#define DHCP_TIMEOUT_SIZE_T       u32_t
#define LWIP_DNS                  1
#define DNS_TABLE_SIZE            2
#define DNS_MAX_NAME_LENGTH       64
#define LWIP_RAW                  1 /* ping */
#define LWIP_MULTICAST_TX_OPTIONS 1

/* A request always has room for headers in front of it, so its reply needs no other buffer. */
#define LWIP_ICMP_ECHO_CHECK_INPUT_PBUF_LEN 0

/* IPv6 */
#define LWIP_IPV6                 1
#define LWIP_IPV6_NUM_ADDRESSES   3
#define LWIP_IPV6_MLD             1
#define LWIP_IPV6_REASS           1
#define LWIP_IPV6_FRAG            1
#define IPV6_FRAG_COPYHEADER      (__SIZEOF_POINTER__ > 4) /* on a host */
#define LWIP_IPV6_DHCP6           0
#define LWIP_ND6_NUM_NEIGHBORS    6
#define LWIP_ND6_NUM_DESTINATIONS 6
#define LWIP_ND6_NUM_PREFIXES     3
#define LWIP_ND6_NUM_ROUTERS      2
#define MEMP_NUM_ND6_QUEUE        6

/* UDP, TCP */
#define LWIP_UDP            1
#define LWIP_TCP            1
#define TCP_MSS             1460
#define TCP_WND             (4 * TCP_MSS)
#define TCP_SND_BUF         (3 * TCP_MSS)
#define TCP_SND_QUEUELEN    12
#define TCP_MEM_RESERVE     (MEM_SIZE / 8) /* for addresses, names, other connections */
#define TCP_SEG_RESERVE     4              /* of the segments, for connections that begin or end */
#define TCP_QUEUE_OOSEQ     1
#define TCP_OOSEQ_MAX_PBUFS 4

/* Connections that are being opened have a limit for each port, so that a flood of SYNs leaves PCBs
 * for the others. The default is for the control page. */
#define TCP_LISTEN_BACKLOG         1
#define TCP_DEFAULT_LISTEN_BACKLOG MEMP_NUM_PARALLEL_HTTPD_CONNS

#define LWIP_HOOK_TCP_ISN lwip_hook_tcp_isn

/* The first retransmission is after a second (RFC 6298, 2.1), not after lwIP's three. */
#define LWIP_TCP_RTO_TIME 1000

/* Data that was read is acknowledged every two segments (RFC 1122, 4.2.3.2): by default lwIP would
 * do so each time that the window has opened by a quarter, which here is each segment. */
#define TCP_WND_UPDATE_THRESHOLD (2 * TCP_MSS)

/* The control page, on lwIP's httpd. Its connections give way to those of the services, and the
 * oldest of them to a new one, so that a client that is slow or silent keeps nobody out. */
#define HTTPD_FSDATA_FILE                           "httpd_no_files.h"
#define LWIP_HTTPD_CUSTOM_FILES                     1
#define LWIP_HTTPD_DYNAMIC_FILE_READ                1
#define LWIP_HTTPD_FS_ASYNC_READ                    1
#define LWIP_HTTPD_FILE_EXTENSION                   1
#define LWIP_HTTPD_SUPPORT_POST                     1
#define LWIP_HTTPD_SUPPORT_V09                      0
#define LWIP_HTTPD_SUPPORT_EXTSTATUS                1
#define LWIP_HTTPD_REQ_QUEUELEN                     3
#define LWIP_HTTPD_MAX_REQ_LENGTH                   1023
#define LWIP_HTTPD_ABORT_ON_CLOSE_MEM_ERROR         1
#define LWIP_HTTPD_KILL_OLD_ON_CONNECTIONS_EXCEEDED 1
#define HTTPD_USE_MEM_POOL                          1
#define MEMP_NUM_PARALLEL_HTTPD_CONNS               6

/* Data is summed as it is copied. */
#define LWIP_CHECKSUM_ON_COPY 1

/* In ICMP's error path and elsewhere lwIP checks what it sends and receives in software; a NIC
 * whose hardware does it clears the flags of its netif. */
#define CHECKSUM_CHECK_ICMP6 1

/* lwIP's assertions are on in the host's tests, under sanitizers. A firmware has them with
 * DEFINES=-DLWIP_ASSERTIONS, and then a failed one stops the run. */
#if defined(__arm__) && !defined(LWIP_ASSERTIONS)
#define LWIP_NOASSERT
#endif

/* Every drop of the stack is counted. */
#define LWIP_STATS         1
#define LWIP_STATS_DISPLAY 0
#define LWIP_STATS_LARGE   1

/* SNMP's counters, which no service of the demo shows: only for the host's tests, which compare
 * them. */
#ifndef __arm__
#define MIB2_STATS 1
#endif

/* For sys_timeouts_get_next_timeout(), by which lwip_timers_arm() sees that another timeout has
 * become the first; without a loop interface it changes nothing else. */
#define LWIP_TESTMODE 1

/* No threads; the id is for the client data of apps, which none uses. */
#define LWIP_NUM_NETIF_CLIENT_DATA 0

#endif
