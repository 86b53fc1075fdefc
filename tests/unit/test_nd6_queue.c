/* Packets that wait for a neighbor's address: want of memory is over when there is some again. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/stats.h"

static struct netif netif;

static err_t start(struct netif *started) {
  started->mtu = 1500;
  return ERR_OK;
}

static err_t output(struct netif *from, struct pbuf *packet, const ip6_addr_t *destination) {
  (void)from;
  (void)packet;
  (void)destination;
  return ERR_OK;
}

/* Asks for the address of a neighbor that nobody knows. */
static void send_to(unsigned neighbor) {
  struct pbuf *packet = pbuf_alloc(PBUF_IP, 10, PBUF_RAM);
  const uint8_t *mac;
  ip6_addr_t address;

  assert_non_null(packet);
  IP6_ADDR(&address, PP_HTONL(0xfe800000), 0, 0, lwip_htonl(0x100 + neighbor));
  ip6_addr_assign_zone(&address, IP6_UNICAST, &netif);
  (void)nd6_get_next_hop_addr_or_queue(&netif, packet, &address, &mac);
  pbuf_free(packet);
}

static unsigned waiting(void) { return lwip_stats.memp[MEMP_ND6_QUEUE]->used; }

static void packets_wait_after_a_time_without_memory(void **state) {
  void *taken[MEMP_NUM_ND6_QUEUE];

  (void)state;
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++)
    assert_non_null(taken[i] = memp_malloc(MEMP_ND6_QUEUE));
  for (unsigned i = 0; i < 2 * MEMP_NUM_ND6_QUEUE; i++)
    send_to(1);
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++)
    memp_free(MEMP_ND6_QUEUE, taken[i]);
  assert_int_equal(waiting(), 0);
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++) {
    send_to(1);
    assert_int_equal(waiting(), i + 1);
  }
  send_to(1); /* the oldest gives way */
  assert_int_equal(waiting(), MEMP_NUM_ND6_QUEUE);
  nd6_cleanup_netif(&netif);
  assert_int_equal(waiting(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packets_wait_after_a_time_without_memory),
  };

  host_reset();
  lwip_init();
  netif_add(&netif, NULL, NULL, NULL, NULL, start, netif_input);
  netif.output_ip6 = output;
  netif_create_ip6_linklocal_address(&netif, 0);
  netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
  netif_set_link_up(&netif);
  netif_set_up(&netif);
  return cmocka_run_group_tests_name("nd6_queue", tests, NULL, NULL);
}
