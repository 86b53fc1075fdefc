/* ringif: a NIC of the driver kit as an lwIP network interface. */
#include "ringif.h"

#include <errno.h>
#include <string.h>

#include "datapath.h"
#include "log.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/timeouts.h"
#include "lwip_hooks.h"

enum { LINK_POLL_MS = 250 };

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

static void input(struct nic *nic, struct pbuf *frame) {
  struct netif *netif = nic->stack;

  if (netif->input(frame, netif) != ERR_OK) {
    nic_count(nic, NIC_IN_REFUSED);
    pbuf_free(frame);
  }
}

/* lwIP restarts DHCP, announces ARP and reports its groups again when the link comes up. */
static void link_changed(struct nic *nic) {
  struct netif *netif = nic->stack;

  if (nic->link.active) {
    log_info("nic", "%c%c%u link up, %u Mbit/s %s duplex", netif->name[0], netif->name[1],
             netif->num, nic->link.speed_mbps, nic->link.full_duplex ? "full" : "half");
    netif_set_link_up(netif);
  } else {
    log_info("nic", "%c%c%u link down", netif->name[0], netif->name[1], netif->num);
    netif_set_link_down(netif);
  }
}

static void poll_link(void *context) {
  struct nic *nic = context;

  nic_poll_link(nic);
  sys_timeout(LINK_POLL_MS, poll_link, nic);
}

err_t ringif_unknown_protocol(struct pbuf *frame, struct netif *netif) {
  nic_count(ringif_nic(netif), NIC_IN_UNKNOWN_PROTOS);
  pbuf_free(frame);
  return ERR_OK;
}

err_t ringif_init(struct netif *netif) {
  struct nic *nic = netif->state;
  int error;

  if (nic == NULL || nic->state != NIC_INIT)
    return ERR_ARG;
  nic->stack = netif;
  nic->input = input;
  nic->link_changed = link_changed;
  error = nic_start(nic);
  if (error != 0) {
    log_error("nic", "%s at %#lx does not start: error %d", nic->ops->name,
              (unsigned long)nic->config->base, -error);
    return err_of_errno(error);
  }
  netif->name[0] = 'e';
  netif->name[1] = 'n';
  netif->output = etharp_output;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = linkoutput;
  netif->mtu = nic->mtu;
  netif->hwaddr_len = ETH_ADDRESS_BYTES;
  memcpy(netif->hwaddr, nic->mac, ETH_ADDRESS_BYTES);
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP |
                 NETIF_FLAG_MLD6;
  sys_timeout(LINK_POLL_MS, poll_link, nic);
  return ERR_OK;
}

void ringif_remove(struct netif *netif) {
  struct nic *nic = ringif_nic(netif);

  sys_untimeout(poll_link, nic);
  nic->link_changed = NULL;
  (void)nic_stop(nic); /* refused where it is stopped already */
  netif_remove(netif);
  nic->stack = NULL;
}
