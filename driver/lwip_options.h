/* What ringif needs of lwIP's options. nic.h includes this before all else of lwIP's, so that a
 * product's first file says which option is wrong, and not what follows from it. Each of these
 * would fail in another place, or build, and fail in the field. */
#ifndef LWIP_OPTIONS_H
#define LWIP_OPTIONS_H

#include "lwip/opt.h"

#if !NO_SYS
#error "lwipopts.h: NO_SYS has to be 1: there is one main loop, and no threads"
#endif
#if SYS_LIGHTWEIGHT_PROT
#error "lwipopts.h: SYS_LIGHTWEIGHT_PROT has to be 0: lwIP is for the main loop alone"
#endif
#if MEM_ALIGNMENT < 4
#error "lwipopts.h: MEM_ALIGNMENT has to be 4 or more: lwIP's structures have pointers"
#endif
#if !LWIP_TIMERS
#error "lwipopts.h: LWIP_TIMERS has to be 1: a timeout looks after each NIC"
#endif
#if !LWIP_CHECKSUM_CTRL_PER_NETIF
#error                                                                                             \
    "lwipopts.h: LWIP_CHECKSUM_CTRL_PER_NETIF has to be 1: else lwIP's checksums are none of a NIC's"
#endif
/* As in many a vendor's lwipopts.h: but no MAC makes all of them, and some make none. */
#if !(CHECKSUM_GEN_IP && CHECKSUM_GEN_UDP && CHECKSUM_GEN_TCP && CHECKSUM_GEN_ICMP &&              \
      CHECKSUM_GEN_ICMP6)
#error "lwipopts.h: CHECKSUM_GEN_* has to be 1: lwIP leaves out what an interface's NIC makes"
#endif
#if LWIP_IPV4 && !LWIP_ARP
#error "lwipopts.h: LWIP_ARP has to be 1: a NIC is on an Ethernet"
#endif
#if LWIP_IPV6 && !LWIP_ICMP6
#error "lwipopts.h: LWIP_ICMP6 has to be 1: on an Ethernet IPv6 finds its neighbours by it"
#endif
#if ETH_PAD_SIZE
#error "lwipopts.h: ETH_PAD_SIZE has to be 0: a NIC's frames begin with the Ethernet header"
#endif

/* Of lwIP with the patches: limits on what is in use, which only statistics know. */
#if (MEM_QUEUE_RESERVE || (LWIP_TCP && TCP_MEM_RESERVE)) && !MEM_STATS
#error                                                                                             \
    "lwipopts.h: MEM_STATS has to be 1 with MEM_QUEUE_RESERVE or TCP_MEM_RESERVE, or those 0: they need the heap's use"
#endif
#if LWIP_TCP && TCP_SEG_RESERVE && !MEMP_STATS
#error "lwipopts.h: MEMP_STATS has to be 1 with TCP_SEG_RESERVE, or that 0: it needs the pool's use"
#endif

#endif
