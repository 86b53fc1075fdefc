/* A NIC's counters as an interface's in lwIP's MIB-2 (RFC 1213, 6), which SNMP reads. */
#include "mib2.h"

#include "lwip/snmp.h"
#include "ringif.h"

#if MIB2_STATS
/* Frames that the filter kept out were never the interface's, and count in none of these. */
void mib2_update(struct netif *netif) {
  const struct nic *nic = ringif_nic(netif);
  const uint32_t *counters = nic->counters;

  netif->link_type = snmp_ifType_ethernet_csmacd;
  netif->link_speed = nic->link.speed_mbps * UINT32_C(1000000);
  netif->mib2_counters = (struct stats_mib2_netif_ctrs){
      .ifinoctets = counters[NIC_IN_OCTETS],
      .ifinucastpkts = counters[NIC_IN_UCAST_PKTS],
      .ifinnucastpkts = counters[NIC_IN_MULTICAST_PKTS] + counters[NIC_IN_BROADCAST_PKTS],
      .ifindiscards = counters[NIC_IN_OVERFLOW] + counters[NIC_IN_NO_BUFFER] +
                      counters[NIC_IN_REFUSED] + counters[NIC_IN_STOPPED],
      .ifinerrors = counters[NIC_IN_RUNT] + counters[NIC_IN_TOO_LONG] + counters[NIC_IN_ERROR],
      .ifinunknownprotos = counters[NIC_IN_UNKNOWN_PROTOS],
      .ifoutoctets = counters[NIC_OUT_OCTETS],
      .ifoutucastpkts = counters[NIC_OUT_UCAST_PKTS],
      .ifoutnucastpkts = counters[NIC_OUT_MULTICAST_PKTS] + counters[NIC_OUT_BROADCAST_PKTS],
      .ifoutdiscards = counters[NIC_OUT_LINK_DOWN] + counters[NIC_OUT_QUEUE_FULL] +
                       counters[NIC_OUT_NO_BUFFER] + counters[NIC_OUT_STOPPED],
      .ifouterrors = counters[NIC_OUT_RUNT] + counters[NIC_OUT_TOO_LONG] + counters[NIC_OUT_ERROR],
  };
}
#endif
