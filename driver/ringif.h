/* ringif: a NIC of the driver kit as an lwIP network interface.
 *
 *   static struct netif netif;
 *   nic_init(nic, &config, &dispatch);
 *   netif_add_noaddr(&netif, nic, ringif_init, ethernet_input);
 *   netif_set_up(&netif);
 *   nic_set_interface_enable(nic, true);
 *
 * The NIC is the netif's state. */
#ifndef RINGIF_H
#define RINGIF_H

#include "lwip/err.h"
#include "lwip/netif.h"
#include "nic.h"

/* The init function for netif_add(): starts the NIC that `netif->state` points to, which must be in
 * NIC_INIT, and binds it to the netif, whose link follows the NIC's from then on. Returns ERR_OK,
 * ERR_ARG if there is no NIC or it is in another state, ERR_IF if its hardware does not start or
 * the stack still holds packets from before a ringif_remove(), ERR_MEM if its memory is too small
 * or lwIP has none for its first IGMP group. Main loop. */
err_t ringif_init(struct netif *netif);

/* Takes the interface out of lwIP: its connections get an error, its timeouts are cancelled, its
 * NIC is stopped. Packets that the application still holds come back later: nic_free() returns
 * -EBUSY until they have. Main loop, also within callbacks of UDP and TCP: a connection whose
 * callback calls it gets its error, ERR_CLSD, once the callback has returned. Returns 0, or, with
 * nothing changed, -EBUSY within the free function of a frame that a stop or a reset gives back. */
int ringif_remove(struct netif *netif);

/* Sets the MTU of NIC and netif; range and errors as for nic_set_mtu(). Main loop. */
int ringif_set_mtu(struct netif *netif, uint16_t mtu);

/* Sets the station address of NIC and netif; range and errors as for nic_set_mac(). IPv6 addresses
 * that were made from the old one stay. Main loop. */
int ringif_set_mac(struct netif *netif, const uint8_t mac[ETH_ADDRESS_BYTES]);

/* The NIC of a netif that ringif_init() made. */
static inline struct nic *ringif_nic(const struct netif *netif) { return netif->state; }

#endif
