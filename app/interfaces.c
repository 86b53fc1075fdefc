/* The interfaces of the demo: which addresses they get, and a log line for each change. */
#include "interfaces.h"

#include "board.h"
#include "capture.h"
#include "log.h"
#include "lwip/dhcp.h"
#include "lwip/ethip6.h"
#include "lwip/netif.h"
#include "lwip/prot/dhcp.h"
#include "lwip/prot/ip6.h"
#include "lwip/timeouts.h"
#include "registry.h"
#include "sim_wire.h"

enum { DHCP_FALLBACK_MS = 10000 };

static struct registry_entry entries[BOARD_DEVICES];

static bool by_dhcp[BOARD_DEVICES]; /* else the address is fixed */

/* What was last logged of an interface, so that each change is one line. */
static struct {
  ip4_addr_t address;
  uint8_t valid_ip6; /* a bit for each IPv6 address */
} logged[BOARD_DEVICES];

static unsigned index_of(const struct netif *netif) {
  unsigned index = 0;

  while (netif != &entries[index].netif)
    index++;
  return index;
}

static void log_ip6(struct netif *netif, unsigned index) {
  for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
    uint8_t bit = (uint8_t)(1 << i);

    if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i))) {
      logged[index].valid_ip6 &= (uint8_t)~bit;
    } else if ((logged[index].valid_ip6 & bit) == 0) {
      logged[index].valid_ip6 |= bit;
      log_info("netif", "en%u up %s", netif->num, ip6addr_ntoa(netif_ip6_addr(netif, i)));
    }
  }
}

static void dhcp_fallback(void *context);

/* How long an interface goes without an address. */
static void wait_for_server(struct netif *netif) {
  sys_untimeout(dhcp_fallback, netif);
  sys_timeout(DHCP_FALLBACK_MS, dhcp_fallback, netif);
}

static void status_changed(struct netif *netif) {
  unsigned index = index_of(netif);
  const ip4_addr_t *address = netif_ip4_addr(netif);
  bool usable = netif_is_up(netif) && netif_is_link_up(netif);

  log_ip6(netif, index);
  if (usable && !ip4_addr_isany(address)) {
    char gateway[IP4ADDR_STRLEN_MAX];

    if (ip4_addr_cmp(address, &logged[index].address))
      return;
    ip4addr_ntoa_r(netif_ip4_gw(netif), gateway, sizeof gateway);
    log_info("netif", "en%u up %s/%d gw %s", netif->num, ip4addr_ntoa(address),
             __builtin_popcount(ip4_addr_get_u32(netif_ip4_netmask(netif))), gateway);
    ip4_addr_copy(logged[index].address, *address);
  } else if (!ip4_addr_isany_val(logged[index].address)) {
    log_info("netif", "en%u down", netif->num);
    ip4_addr_set_any(&logged[index].address);
    if (usable && by_dhcp[index]) /* the lease has ended, or the server has taken it back */
      wait_for_server(netif);
  }
}

static bool is_simulated(struct netif *netif) { return sim_wire_device(netif->state) != NULL; }

/* 10.1.0.1 on the first simulated wire, 10.2.0.1 on the second, as the peers there expect. For the
 * first MAC, where no server answers, 10.0.2.15 by a gateway 10.0.2.2, as in the emulator's
 * network; the next MACs are in 10.0.3.0 and so on. */
static void set_default_address(struct netif *netif) {
  const struct sim_device *simulated = sim_wire_device(netif->state);
  ip4_addr_t address, netmask, gateway;

  IP4_ADDR(&netmask, 255, 255, 255, 0);
  if (simulated != NULL) {
    IP4_ADDR(&address, 10, 1 + (simulated - board_sim_devices), 0, 1);
    ip4_addr_set_any(&gateway);
  } else { /* the board lists its MACs first */
    IP4_ADDR(&address, 10, 0, 2 + index_of(netif), 15);
    IP4_ADDR(&gateway, 10, 0, 2 + index_of(netif), 2);
  }
  netif_set_addr(netif, &address, &netmask, &gateway);
}

/* True where the address is a lease's that has not ended, which it also is while lwIP asks whether
 * it still holds. */
static bool has_lease(const struct netif *netif) {
  const struct dhcp *dhcp = netif_dhcp_data(netif);

  return dhcp != NULL && dhcp->offered_t0_lease != 0 && !ip4_addr_isany(netif_ip4_addr(netif));
}

/* Starts DHCP, unless lwIP already asks. False where it has no memory for that. */
static bool dhcp_runs(struct netif *netif) {
  const struct dhcp *dhcp = netif_dhcp_data(netif);

  return (dhcp != NULL && dhcp->state != DHCP_STATE_OFF) || dhcp_start(netif) == ERR_OK;
}

/* DHCP goes on beside the default address, and its answer replaces that. A lease stays to its end,
 * of which status_changed() is told. */
static void dhcp_fallback(void *context) {
  struct netif *netif = context;

  if (dhcp_supplied_address(netif) || has_lease(netif) || !netif_is_link_up(netif))
    return;
  if (!dhcp_runs(netif))
    wait_for_server(netif);
  log_warning("netif", "en%u no DHCP server has answered: fixed address until one does",
              netif->num);
  set_default_address(netif);
}

/* Asks for an address, on a link that is there, unless lwIP already does; without an answer the
 * default one is taken. */
static void ask_for_address(struct netif *netif) {
  if (!netif_is_link_up(netif))
    return;
  (void)dhcp_runs(netif); /* or will, as dhcp_fallback() tries again */
  wait_for_server(netif);
}

/* A new link may lead to another network. If there is a lease, lwIP itself asks the server whether
 * it still holds, and the address stays meanwhile, or to the lease's end if no server answers (RFC
 * 2131, 3.2); else DHCP starts anew. */
static void link_changed(struct netif *netif) {
  if (by_dhcp[index_of(netif)])
    ask_for_address(netif);
  status_changed(netif);
}

bool interfaces_by_dhcp(const struct registry_entry *entry) {
  return by_dhcp[index_of(&entry->netif)];
}

void interfaces_use_dhcp(struct registry_entry *entry) {
  by_dhcp[index_of(&entry->netif)] = true;
  dhcp_network_changed_link_up(&entry->netif); /* asks now, where it would have later */
  ask_for_address(&entry->netif);
}

void interfaces_set_address(struct registry_entry *entry, const ip4_addr_t *address,
                            unsigned prefix, const ip4_addr_t *gateway) {
  struct netif *netif = &entry->netif;
  ip4_addr_t netmask;

  by_dhcp[index_of(netif)] = false;
  sys_untimeout(dhcp_fallback, netif);
  dhcp_release_and_stop(netif);
  ip4_addr_set_u32(&netmask, lwip_htonl(prefix == 0 ? 0 : UINT32_MAX << (32 - prefix)));
  netif_set_addr(netif, address, &netmask, gateway);
}

/* The first interface of the board's list, which has its MACs first, is the way to what is on none
 * of their networks; `going` no longer counts. */
static void choose_default(const struct registry_entry *going) {
  struct registry_entry *entry = NULL;

  for (unsigned i = 0; i < BOARD_DEVICES && entry == NULL; i++) {
    if (&entries[i] != going && entries[i].state == REGISTRY_ACTIVATED)
      entry = &entries[i];
  }
  netif_set_default(entry != NULL ? &entry->netif : NULL);
}

static void installed(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;

  netif_set_hostname(netif, "ringif");
  netif_set_status_callback(netif, status_changed);
  netif_set_link_callback(netif, link_changed);
  if (netif->mtu >= IP6_MIN_MTU_LENGTH) {
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
  }
  by_dhcp[index_of(netif)] = !is_simulated(netif);
  if (is_simulated(netif))
    set_default_address(netif);
  netif_set_up(netif);
  choose_default(NULL);
}

static void uninstalling(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;

  capture_forget(entry->device->nic);
  by_dhcp[index_of(netif)] = false;
  sys_untimeout(dhcp_fallback, netif);
  netif_set_link_callback(netif, NULL);
  dhcp_release_and_stop(netif);
  dhcp_cleanup(netif);
  status_changed(netif);
  netif_set_status_callback(netif, NULL);
  logged[index_of(netif)].valid_ip6 = 0;
  ip4_addr_set_any(&logged[index_of(netif)].address);
  choose_default(entry);
}

void interfaces_start(struct dispatch_queue *dispatch) {
  static const struct registry_hooks hooks = {.installed = installed, .uninstalling = uninstalling};

  registry_start(dispatch, &hooks, entries, board_devices, BOARD_DEVICES, board_drivers,
                 BOARD_DRIVERS);
  for (unsigned i = 0; i < BOARD_INSTALLED; i++) {
    struct registry_entry *entry;
    int error = registry_install(board_installed[i], &entry);

    if (error != 0)
      log_error("netif", "%s cannot be installed: error %d", board_installed[i], -error);
  }
}
