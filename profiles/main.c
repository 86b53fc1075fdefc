/* A device on a network, without console and page: the board's first MAC, its address by DHCP, and
 * what the profile's services_start() listens to. */
#include "board.h"
#include "dispatch.h"
#include "log.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/init.h"
#include "lwip_port.h"
#include "lwip_timers.h"
#include "netif/ethernet.h"
#include "port.h"
#include "ringif.h"
#include "services.h"

#define SERVER "ringif.test" /* the name that a profile with DNS looks up: nobody's (RFC 6761) */

static struct dispatch_queue dispatch;
static struct netif netif;

#if LWIP_DNS
static void server_found(const char *name, const ip_addr_t *address, void *unused) {
  (void)unused;
  log_info("node", "%s is %s", name, address != NULL ? ipaddr_ntoa(address) : "not known");
}

static void look_for_server(void) {
  ip_addr_t known;

  if (dns_gethostbyname(SERVER, &known, server_found, NULL) == ERR_OK)
    server_found(SERVER, &known, NULL);
}
#else
static void look_for_server(void) {}
#endif

#if LWIP_IPV6
static void log_ip6(struct netif *changed) {
  static bool logged;

  if (logged || !ip6_addr_isvalid(netif_ip6_addr_state(changed, 0)))
    return;
  logged = true;
  log_info("node", "en0 has %s", ip6addr_ntoa(netif_ip6_addr(changed, 0)));
}
#else
static void log_ip6(struct netif *changed) { (void)changed; }
#endif

/* One line for each address, with the most of the stack that was used until then. */
static void status_changed(struct netif *changed) {
  static ip4_addr_t logged;
  const ip4_addr_t *address = netif_ip4_addr(changed);

  log_ip6(changed);
  if (ip4_addr_cmp(address, &logged))
    return;
  ip4_addr_copy(logged, *address);
  log_info("node", "en0 has %s; the stack has held %u of %u bytes", ip4addr_ntoa(address),
           (unsigned)port_stack_most(), (unsigned)port_stack_size());
  if (!ip4_addr_isany_val(logged))
    look_for_server();
}

static int interface_start(const struct nic_device *device) {
  int error = nic_init(device->nic, device->config, &dispatch);

  if (error != 0)
    return error;
  if (netif_add(&netif, NULL, NULL, NULL, device->nic, ringif_init, ethernet_input) == NULL)
    return -1; /* ringif has logged why */
  netif_set_status_callback(&netif, status_changed);
#if LWIP_IPV6
  netif_create_ip6_linklocal_address(&netif, 1);
  netif.ip6_autoconfig_enabled = 1;
#endif
  netif_set_default(&netif);
  netif_set_up(&netif);
  (void)dhcp_start(&netif);
  return nic_set_interface_enable(device->nic, true);
}

/* Interrupts stay masked from the last look to the sleep, which a pending one ends. */
static void sleep_until_event(void) {
  uint32_t state = port_irq_save();

  if (!dispatch_pending(&dispatch))
    port_sleep();
  port_irq_restore(state);
}

int main(void) {
  int error;

  board_init();
  log_info("node", "ringif on " BOARD_NAME ", lwIP " LWIP_VERSION_STRING);
  lwip_port_init(0);
  lwip_init();
  (void)lwip_timers_start(&dispatch);
  error = interface_start(&board_devices[0]);
  if (error != 0)
    log_error("node", "%s does not start: error %d", board_devices[0].name, -error);
  services_start();
  for (;;) {
    (void)dispatch_run(&dispatch);
    lwip_timers_arm();
    sleep_until_event();
  }
}
