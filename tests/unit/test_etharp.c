/* ARP: short frames teach nothing, and neighbors that are in use stay known, whoever else turns
 * up. */
#include "unit.h"

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/stats.h"
#include "neighbor_cases.h"
#include "netif/ethernet.h"

enum {
  FRAME_BYTES = SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR,
  PENDING_S = 5, /* how long it asks for a neighbor */
};

static struct netif netif;

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  (void)from;
  neighbors.reached = ((const struct eth_hdr *)frame->payload)->dest.addr[5];
  neighbors.frames++;
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

/* The first `length` bytes of a frame arrive; those of the previous frame still follow. */
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

  (void)etharp_output(&netif, packet, &to); /* out of memory if many wait */
  pbuf_free(packet);
}

static int set_up(void **state) {
  ip4_addr_t own, mask, gateway = {0};

  (void)state;
  IP4_ADDR(&own, 10, 1, 0, 1);
  IP4_ADDR(&mask, 255, 255, 0, 0);
  netif_add(&netif, &own, &mask, &gateway, NULL, start, ethernet_input);
  netif_set_up(&netif);
  netif_set_link_up(&netif);
  neighbors = (struct neighbors){
      .capacity = ARP_TABLE_SIZE,
      .asks_for_us = asks_for_us,
      .answers = answers,
      .send_to = send_to,
      .knows = knows,
      .second = etharp_tmr,
  };
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  netif_remove(&netif);
  return 0;
}

static void a_request_is_answered_if_it_is_whole(void **state) {
  uint32_t drops = lwip_stats.etharp.drop;
  unsigned before = neighbors.frames;

  (void)state;
  for (unsigned length = SIZEOF_ETH_HDR + 1; length < FRAME_BYTES; length++)
    comes(2, PP_HTONS(ARP_REQUEST), length);
  assert_false(knows(2));
  assert_int_equal(neighbors.frames, before);
  assert_int_equal(lwip_stats.etharp.drop, drops + FRAME_BYTES - SIZEOF_ETH_HDR - 1);
  asks_for_us(2);
  assert_true(knows(2));
  assert_int_equal(neighbors.frames, before + 1);
}

/* What waits makes room, finds none, or is given up: each is counted, once. */
static void what_waits_in_vain_is_counted(void **state) {
  const uint32_t drops = lwip_stats.etharp.drop, errors = lwip_stats.etharp.memerr;

  (void)state;
  for (unsigned i = 0; i < ARP_QUEUE_LEN + 3; i++)
    send_to(2);
  assert_int_equal(lwip_stats.etharp.drop, drops + 3);
  for (unsigned i = 0; i < MEMP_NUM_ARP_QUEUE - ARP_QUEUE_LEN + 2; i++)
    send_to(3);
  assert_int_equal(lwip_stats.etharp.memerr, errors + 2);
  assert_int_equal(lwip_stats.etharp.drop, drops + 3);
  for (unsigned second = 0; second < PENDING_S; second++)
    etharp_tmr();
  assert_int_equal(lwip_stats.etharp.drop, drops + 3 + MEMP_NUM_ARP_QUEUE);
  assert_int_equal(lwip_stats.etharp.memerr, errors + 2);
}

/* Long datagrams to a station that is not there would take all of it, for five seconds each time;
 * DHCP's messages are 350 bytes long. */
static void what_waits_leaves_some_of_the_heap(void **state) {
  const uint32_t errors = lwip_stats.etharp.memerr;
  const ip4_addr_t to = address_of(2);
  struct pbuf *packet;

  (void)state;
  for (unsigned i = 0; i < ARP_QUEUE_LEN; i++) {
    packet = pbuf_alloc(PBUF_LINK, 1400, PBUF_RAM);
    assert_non_null(packet);
    (void)etharp_output(&netif, packet, &to);
    pbuf_free(packet);
  }
  assert_in_range(lwip_stats.etharp.memerr - errors, 1, 4);
  packet = pbuf_alloc(PBUF_TRANSPORT, 400, PBUF_RAM);
  assert_non_null(packet);
  pbuf_free(packet);
}

/* Data of the application's own, of which a copy waits. */
static void what_is_copied_to_wait_leaves_as_much(void **state) {
  static const uint16_t lengths[] = {1400, 1400, 1400, 1400, 1400, 1400, 700, 350, 170, 80, 40};
  static uint8_t data[1400];
  const uint32_t errors = lwip_stats.etharp.memerr;

  (void)state;
  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct pbuf *packet = pbuf_alloc_reference(data, lengths[i], PBUF_REF);
    const ip4_addr_t to = address_of(2 + i % 2);

    assert_non_null(packet);
    (void)etharp_output(&netif, packet, &to);
    pbuf_free(packet);
    assert_true(lwip_stats.mem.used <= MEM_SIZE - MEM_QUEUE_RESERVE);
  }
  assert_true(lwip_stats.etharp.memerr != errors);
}

/* A station that merely asks, when all others are in use. */
static void who_asks_waits_for_an_entry_that_is_not_used(void **state) {
  (void)state;
  for (unsigned i = 0; i < ARP_TABLE_SIZE; i++) {
    asks_for_us(2 + i);
    send_to(2 + i);
  }
  for (unsigned second = 0; second < NEIGHBOR_UNUSED_S; second++) {
    asks_for_us(100);
    assert_false(knows(100));
    etharp_tmr();
  }
  asks_for_us(100);
  assert_true(knows(100));
}

/* lwIP need not look that one up each time. */
static void the_only_one_that_is_talked_to_stays(void **state) {
  (void)state;
  asks_for_us(2);
  for (unsigned second = 0; second <= NEIGHBOR_UNUSED_S; second++) {
    send_to(2);
    etharp_tmr();
  }
  for (unsigned i = 1; i < ARP_TABLE_SIZE; i++) {
    asks_for_us(2 + i);
    send_to(2 + i);
  }
  asks_for_us(100);
  assert_false(knows(100));
  neighbor_must_be_reached(2);
}

#define ETHARP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      ETHARP_TEST(a_request_is_answered_if_it_is_whole),
      ETHARP_TEST(what_waits_in_vain_is_counted),
      ETHARP_TEST(what_waits_leaves_some_of_the_heap),
      ETHARP_TEST(what_is_copied_to_wait_leaves_as_much),
      ETHARP_TEST(who_asks_does_not_displace_them),
      ETHARP_TEST(who_is_asked_for_does_not_displace_them),
      ETHARP_TEST(who_was_not_talked_to_makes_room),
      ETHARP_TEST(who_was_not_talked_to_for_a_minute_makes_room),
      ETHARP_TEST(the_one_that_was_idle_for_longest_makes_room),
      ETHARP_TEST(who_asks_waits_for_an_entry_that_is_not_used),
      ETHARP_TEST(the_only_one_that_is_talked_to_stays),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
