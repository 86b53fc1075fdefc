/* The interfaces of the demo: what addresses they get, and a log line for each change. */
#include "interfaces.h"

#include "board.h"
#include "capture.h"
#include "log.h"
#include "lwip/dhcp.h"
#include "lwip/ethip6.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "registry.h"

enum {
  DHCP_FALLBACK_MS = 10000,
  IP6_MTU_MIN = 1280, /* RFC 8200, 5: a link with less has no IPv6 */
};

/* By device, in the board's order. */
static const struct {
  uint8_t address[4], gateway[4];
  bool dhcp; /* the address is for when no server answers */
} settings[BOARD_DEVICES] = {
    {.address = {10, 0, 2, 15}, .gateway = {10, 0, 2, 2}, .dhcp = true},
    {.address = {10, 1, 0, 1}, .gateway = {0, 0, 0, 0}, .dhcp = false},
    {.address = {10, 2, 0, 1}, .gateway = {0, 0, 0, 0}, .dhcp = false},
};

static struct registry_entry entries[BOARD_DEVICES];

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
  }
}

static void set_fixed_address(struct netif *netif) {
  const uint8_t *a = settings[index_of(netif)].address;
  const uint8_t *g = settings[index_of(netif)].gateway;
  ip4_addr_t address, netmask, gateway;

  IP4_ADDR(&address, a[0], a[1], a[2], a[3]);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, g[0], g[1], g[2], g[3]);
  netif_set_addr(netif, &address, &netmask, &gateway);
}

static void dhcp_fallback(void *context) {
  struct netif *netif = context;

  if (dhcp_supplied_address(netif) || !netif_is_link_up(netif))
    return;
  log_warning("netif", "en%u no DHCP server has answered: fixed address", netif->num);
  dhcp_release_and_stop(netif);
  set_fixed_address(netif);
}

/* A new link may lead to another network. Where there is a lease, lwIP itself asks the server
 * whether it still holds (RFC 2131, 3.2), and the address stays meanwhile; else DHCP starts anew.
 */
static void link_changed(struct netif *netif) {
  if (settings[index_of(netif)].dhcp) {
    sys_untimeout(dhcp_fallback, netif);
    if (netif_is_link_up(netif)) {
      if (!dhcp_supplied_address(netif))
        (void)dhcp_start(netif);
      sys_timeout(DHCP_FALLBACK_MS, dhcp_fallback, netif);
    }
  }
  status_changed(netif);
}

static void installed(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;

  netif_set_hostname(netif, "ringif");
  netif_set_status_callback(netif, status_changed);
  netif_set_link_callback(netif, link_changed);
  if (netif->mtu >= IP6_MTU_MIN) {
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
  }
  if (!settings[index_of(netif)].dhcp)
    set_fixed_address(netif);
  netif_set_up(netif);
  if (netif_default == NULL)
    netif_set_default(netif);
}

static void uninstalling(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;

  capture_forget(entry->device->nic);
  sys_untimeout(dhcp_fallback, netif);
  netif_set_link_callback(netif, NULL);
  dhcp_release_and_stop(netif);
  dhcp_cleanup(netif);
  status_changed(netif);
  netif_set_status_callback(netif, NULL);
  logged[index_of(netif)].valid_ip6 = 0;
  ip4_addr_set_any(&logged[index_of(netif)].address);
}

void interfaces_start(struct dispatch_queue *dispatch) {
  static const struct registry_hooks hooks = {.installed = installed, .uninstalling = uninstalling};

  registry_start(dispatch, &hooks, entries, board_devices, BOARD_DEVICES, board_drivers,
                 BOARD_DRIVERS);
  for (unsigned i = 0; i < BOARD_DRIVERS; i++) {
    const char *name = board_drivers[i].ops->name;
    struct registry_entry *entry;
    int error = registry_install(name, &entry);

    if (error != 0)
      log_error("netif", "%s cannot be installed: error %d", name, -error);
  }
}
