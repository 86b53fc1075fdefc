/* ringif: a NIC of the driver kit as an lwIP network interface. */
#include "ringif.h"

#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "datapath.h"
#include "log.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/igmp.h"
#include "lwip/memp.h"
#include "lwip/timeouts.h"
#include "lwip_hooks.h"
#include "lwip_reclaim.h"
#include "mib2.h"
#include "tcp_repair.h"

/* Each of these would build without, and fail in the field; more in lwip_options.h. */
#ifndef LWIP_HOOK_FILENAME
#error "lwipopts.h: LWIP_HOOK_FILENAME has to be \"lwip_hooks.h\", or a header that includes it"
#endif
#if LWIP_TCP && !defined LWIP_HOOK_TCP_ISN
#error "lwipopts.h: LWIP_HOOK_TCP_ISN has to be lwip_hook_tcp_isn, or one of your own"
#endif
#if !MEMP_MEM_MALLOC && MEMP_NUM_SYS_TIMEOUT <= LWIP_NUM_SYS_TIMEOUT_INTERNAL
#error "lwipopts.h: MEMP_NUM_SYS_TIMEOUT has to be LWIP_NUM_SYS_TIMEOUT_INTERNAL and one per NIC"
#endif

static err_t err_of_errno(int error) {
  switch (error) {
  case 0:
    return ERR_OK;
  case -ENOMEM:
  case -ENOBUFS:
    return ERR_MEM;
  case -EMSGSIZE:
    return ERR_VAL;
  default:
    return ERR_IF;
  }
}

static err_t linkoutput(struct netif *netif, struct pbuf *frame) {
  return err_of_errno(datapath_transmit(ringif_nic(netif), frame));
}

/* The checksums that lwIP has to make and check; `checked`: the device has verified the frame's. */
static u16_t checksums_of(uint8_t offloads, bool checked) {
  u16_t flags = NETIF_CHECKSUM_ENABLE_ALL;

  if ((offloads & NIC_OFFLOAD_TX_IP4) != 0)
    flags &= (u16_t)~NETIF_CHECKSUM_GEN_IP;
  if ((offloads & NIC_OFFLOAD_TX_TCP_UDP) != 0)
    flags &= (u16_t) ~(NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP);
  if (checked && (offloads & NIC_OFFLOAD_RX_IP4) != 0)
    flags &= (u16_t)~NETIF_CHECKSUM_CHECK_IP;
  if (checked && (offloads & NIC_OFFLOAD_RX_TCP_UDP) != 0)
    flags &= (u16_t) ~(NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP);
  return flags;
}

/* Frames for other stations come in where the MAC has no filter for them, as on SmartFusion2's
 * silicon, or a capture has opened it. What they hold lwIP drops, but where it forwards it would
 * send them on, besides whoever they are for. A bridge does just that. */
enum { IS_ROUTER = (IP_FORWARD || LWIP_IPV6_FORWARD) && !RINGIF_BRIDGE };

static bool is_for_another(const struct nic *nic, const struct pbuf *frame) {
  const uint8_t *destination = frame->payload;

  return (destination[0] & 1) == 0 && memcmp(destination, nic->mac, ETH_ADDRESS_BYTES) != 0;
}

static void input(struct nic *nic, struct pbuf *frame) {
  struct netif *netif = nic->stack;

  if (IS_ROUTER && is_for_another(nic, frame)) {
    nic_count(nic, NIC_IN_FILTERED);
    pbuf_free(frame);
    return;
  }
  if (netif->input(frame, netif) != ERR_OK) {
    nic_count(nic, NIC_IN_REFUSED);
    pbuf_free(frame);
  }
}

/* lwIP is told for each frame what to check: a device verifies only what it knows. */
static void input_verified(struct nic *nic, struct pbuf *frame) {
  NETIF_SET_CHECKSUM_CTRL((struct netif *)nic->stack,
                          checksums_of(nic->offloads, (frame->flags & PACKET_FLAG_CHECKED) != 0));
  input(nic, frame);
}

/* lwIP restarts DHCP, announces ARP and reports its groups again when the link comes up. */
static void link_changed(struct nic *nic) {
  struct netif *netif = nic->stack;

  if (nic_link_is_active(nic)) {
    log_info("nic", "en%u link up, %u Mbit/s %s duplex", netif->num, nic->link.speed_mbps,
             nic->link.full_duplex ? "full" : "half");
    netif_set_link_up(netif);
  } else {
    log_info("nic", "en%u link down", netif->num);
    netif_set_link_down(netif);
  }
}

/* ---- address filter: lwIP says which IP groups it is in, the NIC filters Ethernet groups ---- */

#if LWIP_IGMP || (LWIP_IPV6 && LWIP_IPV6_MLD)
static err_t filter_group(struct netif *netif, const uint8_t group[ETH_ADDRESS_BYTES],
                          enum netif_mac_filter_action action) {
  struct nic *nic = ringif_nic(netif);

  if (action == NETIF_ADD_MAC_FILTER)
    return err_of_errno(nic_join_group(nic, group));
  (void)nic_leave_group(nic, group);
  return ERR_OK;
}
#endif

#if LWIP_IGMP
/* RFC 1112, 6.4: the low 23 bits of the group. */
static err_t igmp_filter(struct netif *netif, const ip4_addr_t *ip,
                         enum netif_mac_filter_action action) {
  const uint8_t group[ETH_ADDRESS_BYTES] = {0x01,          0x00,         0x5e, ip4_addr2(ip) & 0x7f,
                                            ip4_addr3(ip), ip4_addr4(ip)};

  return filter_group(netif, group, action);
}

/* netif_add() would start IGMP, too, but without checking that there was memory for the first
 * group, without which lwIP asserts at the next one. */
static err_t bind_igmp(struct netif *netif) {
  netif->igmp_mac_filter = igmp_filter;
  netif->flags |= NETIF_FLAG_IGMP;
  return igmp_start(netif);
}
#else
static err_t bind_igmp(struct netif *netif) {
  (void)netif;
  return ERR_OK;
}
#endif

#if LWIP_IPV6 && LWIP_IPV6_MLD
/* RFC 2464, 7: the low 32 bits of the group. */
static err_t mld_filter(struct netif *netif, const ip6_addr_t *ip,
                        enum netif_mac_filter_action action) {
  uint8_t group[ETH_ADDRESS_BYTES] = {0x33, 0x33};

  memcpy(group + 2, &ip->addr[3], 4);
  return filter_group(netif, group, action);
}

static void bind_mld(struct netif *netif) {
  netif->mld_mac_filter = mld_filter;
  netif->flags |= NETIF_FLAG_MLD6;
}
#else
static void bind_mld(struct netif *netif) { (void)netif; }
#endif

#if LWIP_IPV6
static err_t output_ip6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *destination) {
  checksum_complete(packet, netif);
  return ethip6_output(netif, packet, destination);
}

static void bind_ip6(struct netif *netif) {
  /* All nodes (ff02::1), which every IPv6 station is in without joining it (RFC 4291, 2.8). */
  static const uint8_t all_nodes[ETH_ADDRESS_BYTES] = {0x33, 0x33, 0, 0, 0, 1};

  netif->output_ip6 = output_ip6;
  (void)nic_join_group(ringif_nic(netif), all_nodes);
}
#else
static void bind_ip6(struct netif *netif) { (void)netif; }
#endif

static void watch(void *context) {
  struct nic *nic = context;

  sys_timeout(NIC_WATCH_MS, watch, nic); /* first: link_changed() may lead to the NIC's removal */
  mib2_update(nic->stack);
  nic_watch(nic);
  tcp_repair();
}

/* The interface may be another's, such as a bridge's: then lwIP drops the frame. */
err_t ringif_unknown_protocol(struct pbuf *frame, struct netif *netif) {
#if !LWIP_SINGLE_NETIF
  if (netif->linkoutput != linkoutput)
    return ERR_IF;
#endif
  nic_count(ringif_nic(netif), NIC_IN_UNKNOWN_PROTOS);
  pbuf_free(frame);
  return ERR_OK;
}

#if MEMP_MEM_MALLOC
static bool may_have_timeout(void) { return true; }
#else
/* sys_timeout() does not tell: without memory it asserts, or does nothing. To try whether there is
 * some would cost TCP: where the pools have one more user the compiler inlines them elsewhere. */
static bool may_have_timeout(void) {
  unsigned used = 0;

  for (const struct sys_timeo *timeout = *sys_timeouts_get_next_timeout(); timeout != NULL;
       timeout = timeout->next)
    used++;
  return used < memp_pools[MEMP_SYS_TIMEOUT]->num;
}
#endif

err_t ringif_init(struct netif *netif) {
  struct nic *nic = netif->state;
  int error;

  if (nic == NULL || nic->state != NIC_INIT)
    return ERR_ARG;
  nic->stack = netif;
  nic->link_changed = link_changed;
  nic->reclaim = lwip_reclaim;
  error = may_have_timeout() ? nic_start(nic) : -ENOMEM;
  if (error != 0) {
    log_error("nic", "%s at %#lx does not start: error %d", nic->ops->name,
              (unsigned long)nic->base, -error);
    return err_of_errno(error);
  }
  nic->input =
      (nic->offloads & (NIC_OFFLOAD_RX_IP4 | NIC_OFFLOAD_RX_TCP_UDP)) != 0 ? input_verified : input;
  netif->name[0] = 'e';
  netif->name[1] = 'n';
#if LWIP_IPV4
  netif->output = etharp_output;
#endif
  netif->linkoutput = linkoutput;
  netif->mtu = nic->mtu;
  netif->hwaddr_len = ETH_ADDRESS_BYTES;
  memcpy(netif->hwaddr, nic->mac, ETH_ADDRESS_BYTES);
  NETIF_SET_CHECKSUM_CTRL(netif, checksums_of(nic->offloads, false));
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  if (bind_igmp(netif) != ERR_OK) {
    (void)nic_stop(nic);
    return ERR_MEM;
  }
  bind_mld(netif);
  bind_ip6(netif);
  sys_timeout(NIC_WATCH_MS, watch, nic);
  return ERR_OK;
}

int ringif_set_mtu(struct netif *netif, uint16_t mtu) {
  int error = nic_set_mtu(ringif_nic(netif), mtu);

  if (error != 0)
    return error;
  netif->mtu = mtu;
#if LWIP_IPV6 && LWIP_ND6_ALLOW_RA_UPDATES
  netif->mtu6 = mtu; /* until a router says otherwise */
#endif
  return 0;
}

int ringif_set_mac(struct netif *netif, const uint8_t mac[ETH_ADDRESS_BYTES]) {
  int error = nic_set_mac(ringif_nic(netif), mac);

  if (error == 0)
    memcpy(netif->hwaddr, mac, ETH_ADDRESS_BYTES);
  return error;
}

int ringif_remove(struct netif *netif) {
  struct nic *nic = ringif_nic(netif);

  if (nic->state == NIC_STOPPING)
    return -EBUSY;
  sys_untimeout(watch, nic);
  nic->link_changed = NULL;
  (void)nic_stop(nic); /* refused if it is stopped already */
  netif_remove(netif);
  nic->stack = NULL;
  return 0;
}
