/* ARP that comes in: what is too short teaches nothing. */
#include "unit.h"

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"

enum { FRAME_BYTES = SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR };

static struct netif netif;
static unsigned answers;

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  (void)from;
  (void)frame;
  answers++;
  return ERR_OK;
}

static err_t start(struct netif *started) {
  static const uint8_t mac[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, 1};

  memcpy(started->hwaddr, mac, sizeof mac);
  started->hwaddr_len = sizeof mac;
  started->mtu = 1500;
  started->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  started->output = etharp_output;
  started->linkoutput = linkoutput;
  return ERR_OK;
}

static bool knows(const ip4_addr_t *address) {
  struct eth_addr *mac;
  const ip4_addr_t *known;

  return etharp_find_addr(&netif, address, &mac, &known) >= 0;
}

/* A request for our address by 10.0.0.2, of which the first `length` bytes have come; those behind
 * are there still, from the frame before. */
static void receive(unsigned length) {
  static const uint8_t request[FRAME_BYTES] = {
      255, 255, 255, 255, 255, 255, 2, 0,  0, 0, 0, 2, 8, 6, 0, 1, 8, 0,  6, 4, 0,
      1,   2,   0,   0,   0,   0,   2, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, FRAME_BYTES, PBUF_RAM);

  assert_int_equal(pbuf_take(frame, request, sizeof request), ERR_OK);
  frame->len = frame->tot_len = (u16_t)length;
  assert_int_equal(netif.input(frame, &netif), ERR_OK);
}

static void a_request_is_answered_if_it_is_whole(void **state) {
  uint32_t drops = lwip_stats.etharp.drop;
  ip4_addr_t sender;

  (void)state;
  IP4_ADDR(&sender, 10, 0, 0, 2);
  for (unsigned length = SIZEOF_ETH_HDR + 1; length < FRAME_BYTES; length++)
    receive(length);
  assert_false(knows(&sender));
  assert_int_equal(answers, 0);
  assert_int_equal(lwip_stats.etharp.drop, drops + FRAME_BYTES - SIZEOF_ETH_HDR - 1);
  receive(FRAME_BYTES);
  assert_true(knows(&sender));
  assert_int_equal(answers, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_answered_if_it_is_whole),
  };
  ip4_addr_t address, netmask;

  host_reset();
  lwip_init();
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  netif_add(&netif, &address, &netmask, NULL, NULL, start, ethernet_input);
  netif_set_link_up(&netif);
  netif_set_up(&netif);
  answers = 0; /* it has announced its address */
  return cmocka_run_group_tests_name("etharp_input", tests, NULL, NULL);
}
