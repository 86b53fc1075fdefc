/* The demo's interfaces: each requests an address, even if there was no memory for that at
 * first. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/prot/iana.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/udp.h"
#include "lwip/stats.h"

/* A board with one MAC, defined here for app/interfaces.c. */
#define BOARD_H
enum { BOARD_SIMS = 1, BOARD_DEVICES = 1, BOARD_DRIVERS = 1, BOARD_INSTALLED = 1 };
#include "board_lists.h"

const struct nic_device board_devices[BOARD_DEVICES];
const struct nic_driver board_drivers[BOARD_DRIVERS];
const char *const board_installed[BOARD_INSTALLED] = {"none"};
struct sim_device board_sim_devices[BOARD_SIMS];

#include "../../app/interfaces.c"

void capture_forget(const struct nic *nic) { (void)nic; }

struct sim_device *sim_wire_device(const struct nic *nic) {
  (void)nic;
  return NULL;
}

static unsigned asked; /* DHCP's messages */

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  struct {
    struct ip_hdr ip;
    struct udp_hdr udp;
  } header;

  (void)netif;
  (void)to;
  (void)pbuf_copy_partial(packet, &header, sizeof header, 0);
  if (IPH_PROTO(&header.ip) == IP_PROTO_UDP &&
      header.udp.dest == PP_HTONS(LWIP_IANA_PORT_DHCP_SERVER))
    asked++;
  return ERR_OK;
}

static err_t start(struct netif *netif) {
  netif->hwaddr_len = 6;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST;
  netif->output = output;
  return ERR_OK;
}

static void seconds_pass(unsigned seconds) {
  static uint64_t now_us;

  for (unsigned i = 0; i < 10 * seconds; i++) {
    host_run_until_us(now_us += 100000);
    sys_check_timeouts();
  }
}

static void an_address_is_asked_for_once_there_is_memory(void **state) {
  struct netif *netif = &entries[0].netif;
  void *taken[MEM_SIZE / 64];
  unsigned count = 0;
  mem_size_t timeouts = lwip_stats.memp[MEMP_SYS_TIMEOUT]->used;

  (void)state;
  entries[0].device = &board_devices[0];
  netif_add_noaddr(netif, NULL, start, ip_input);
  installed(&entries[0]);
  while (count < MEM_SIZE / 64 && (taken[count] = mem_malloc(64)) != NULL)
    count++;
  netif_set_link_up(netif);
  seconds_pass(2 * DHCP_FALLBACK_MS / 1000 + 1);
  assert_int_equal(asked, 0);
  assert_false(ip4_addr_isany(netif_ip4_addr(netif))); /* the default one, meanwhile */
  while (count != 0)
    mem_free(taken[--count]);
  seconds_pass(DHCP_FALLBACK_MS / 1000);
  assert_true(asked != 0);
  netif_set_link_down(netif);
  netif_set_link_up(netif); /* and it waits for a server again */
  uninstalling(&entries[0]);
  assert_int_equal(lwip_stats.memp[MEMP_SYS_TIMEOUT]->used, timeouts);
  netif_remove(netif);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_address_is_asked_for_once_there_is_memory),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
