/* ARP: what is too short teaches nothing, and neighbors that are talked to stay known, whoever else
 * comes. */
#include "unit.h"

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"

enum {
  FRAME_BYTES = SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR,
  TALKED_TO = 3,
  OTHERS = 1000,
  UNUSED_S = 60,
};

static struct netif netif;
static struct eth_addr last_to;
static unsigned frames;

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  (void)from;
  last_to = ((const struct eth_hdr *)frame->payload)->dest;
  frames++;
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

static ip4_addr_t address_of(unsigned number) {
  ip4_addr_t address;

  IP4_ADDR(&address, 10, 1, number >> 8, number);
  return address;
}

static bool knows(unsigned number) {
  const ip4_addr_t address = address_of(number);
  struct eth_addr *mac;
  const ip4_addr_t *known;

  return etharp_find_addr(&netif, &address, &mac, &known) >= 0;
}

/* Of a frame, the first `length` bytes; those behind are there still, from the frame before. */
static void comes(unsigned number, uint16_t opcode, unsigned length) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, FRAME_BYTES, PBUF_RAM);
  struct eth_hdr *eth = frame->payload;
  struct etharp_hdr *arp = (void *)(eth + 1);
  const ip4_addr_t from = address_of(number);
  const uint8_t mac[] = {2, 0, 0, 1, (uint8_t)(number >> 8), (uint8_t)number};

  memset(frame->payload, 0, frame->len);
  eth->type = PP_HTONS(ETHTYPE_ARP);
  arp->hwtype = PP_HTONS(1);
  arp->proto = PP_HTONS(ETHTYPE_IP);
  arp->hwlen = sizeof mac;
  arp->protolen = sizeof from;
  arp->opcode = opcode;
  memcpy(&arp->shwaddr, mac, sizeof mac);
  memcpy(&arp->sipaddr, &from, sizeof from);
  memcpy(&arp->dipaddr, netif_ip4_addr(&netif), sizeof from);
  frame->len = frame->tot_len = (u16_t)length;
  assert_int_equal(netif.input(frame, &netif), ERR_OK);
}

static void asks_for_us(unsigned number) { comes(number, PP_HTONS(ARP_REQUEST), FRAME_BYTES); }
static void answers(unsigned number) { comes(number, PP_HTONS(ARP_REPLY), FRAME_BYTES); }

static void send_to(unsigned number) {
  struct pbuf *packet = pbuf_alloc(PBUF_LINK, 20, PBUF_RAM);
  const ip4_addr_t to = address_of(number);

  (void)etharp_output(&netif, packet, &to); /* no memory where many wait */
  pbuf_free(packet);
}

/* A packet goes to a neighbor at once, and nobody is asked for it. */
static void assert_reached(unsigned number) {
  unsigned before = frames;

  send_to(number);
  assert_int_equal(frames - before, 1);
  assert_int_equal(last_to.addr[5], (uint8_t)number);
}

static int set_up(void **state) {
  ip4_addr_t own, mask, gateway = {0};

  (void)state;
  IP4_ADDR(&own, 10, 1, 0, 1);
  IP4_ADDR(&mask, 255, 255, 0, 0);
  netif_add(&netif, &own, &mask, &gateway, NULL, start, ethernet_input);
  netif_set_up(&netif);
  netif_set_link_up(&netif);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  netif_remove(&netif);
  return 0;
}

static void a_request_is_answered_if_it_is_whole(void **state) {
  uint32_t drops = lwip_stats.etharp.drop;
  unsigned before = frames;

  (void)state;
  for (unsigned length = SIZEOF_ETH_HDR + 1; length < FRAME_BYTES; length++)
    comes(2, PP_HTONS(ARP_REQUEST), length);
  assert_false(knows(2));
  assert_int_equal(frames, before);
  assert_int_equal(lwip_stats.etharp.drop, drops + FRAME_BYTES - SIZEOF_ETH_HDR - 1);
  asks_for_us(2);
  assert_true(knows(2));
  assert_int_equal(frames, before + 1);
}

/* Both ways to know one: it has asked for us, or has answered us. */
static void talk_to_some(void) {
  for (unsigned i = 0; i < TALKED_TO; i++) {
    if (i % 2 == 0) {
      asks_for_us(2 + i);
      send_to(2 + i);
    } else {
      send_to(2 + i);
      answers(2 + i);
    }
  }
  etharp_tmr(); /* they are older than all that come */
}

static void who_asks_does_not_displace_them(void **state) {
  (void)state;
  talk_to_some();
  for (unsigned i = 0; i < OTHERS; i++) {
    asks_for_us(100 + i);
    answers(2000 + i);
  }
  for (unsigned i = 0; i < TALKED_TO; i++)
    assert_reached(2 + i);
}

static void who_is_asked_for_does_not_displace_them(void **state) {
  (void)state;
  talk_to_some();
  for (unsigned i = 0; i < OTHERS; i++)
    asks_for_us(100 + i); /* the table is full */
  for (unsigned i = 0; i < OTHERS; i++)
    send_to(2000 + i);
  for (unsigned i = 0; i < TALKED_TO; i++)
    assert_reached(2 + i);
  send_to(5000);
  answers(5000);
  assert_reached(5000);
}

/* Nor do the many make room for nobody. */
static void who_was_not_talked_to_makes_room(void **state) {
  (void)state;
  for (unsigned i = 0; i < OTHERS; i++)
    asks_for_us(100 + i);
  assert_true(knows(100 + OTHERS - 1));
}

static void who_was_not_talked_to_for_a_minute_makes_room(void **state) {
  (void)state;
  for (unsigned i = 0; i < ARP_TABLE_SIZE; i++) {
    asks_for_us(2 + i);
    send_to(2 + i);
  }
  for (unsigned seconds = 0; seconds < UNUSED_S; seconds++) {
    asks_for_us(100);
    assert_false(knows(100));
    etharp_tmr();
    for (unsigned i = 1; i < ARP_TABLE_SIZE; i++)
      assert_reached(2 + i);
  }
  asks_for_us(100);
  assert_true(knows(100));
  assert_false(knows(2));
}

/* Where all are talked to, the one that was not for longest. */
static void a_new_one_that_is_sent_to_finds_room(void **state) {
  (void)state;
  for (unsigned i = 0; i < ARP_TABLE_SIZE; i++) {
    asks_for_us(2 + i);
    send_to(2 + i);
  }
  etharp_tmr();
  for (unsigned i = 0; i < ARP_TABLE_SIZE; i++) {
    if (i != 4)
      send_to(2 + i);
  }
  send_to(100);
  answers(100);
  assert_true(knows(100));
  assert_false(knows(2 + 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_request_is_answered_if_it_is_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_asks_does_not_displace_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_is_asked_for_does_not_displace_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_was_not_talked_to_makes_room, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_was_not_talked_to_for_a_minute_makes_room, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_new_one_that_is_sent_to_finds_room, set_up, tear_down),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
