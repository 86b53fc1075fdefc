/* IPv4 datagrams that arrive in fragments: separate for each protocol; and whether a source gets an
 * error when some are missing. */
#include "unit.h"

#include "lwip/icmp.h"
#include "lwip/igmp.h"
#include "lwip/init.h"
#include "lwip/ip4_frag.h"
#include "lwip/memp.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "lwip/raw.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"

enum {
  DATA = 8, /* a fragment's */
  NOT_KNOWN = 253,
  TIME_EXCEEDED_S = IP_REASS_MAXAGE + 1,
};

static mem_size_t heap_at_rest; /* bytes: TCP's room for an acknowledgement */
static const uint8_t mac[ETH_HWADDR_LEN] = {2, 0, 0, 0, 0, 1};
static struct netif wire;
static unsigned errors; /* that it sent */
static struct {
  unsigned count;
  uint8_t data[2 * DATA];
} received;

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  struct ip_hdr ip;

  (void)netif;
  (void)to;
  (void)pbuf_copy_partial(packet, &ip, sizeof ip, 0);
  if (IPH_PROTO(&ip) == IP_PROTO_ICMP && pbuf_get_at(packet, IP_HLEN) == ICMP_TE)
    errors++;
  return ERR_OK;
}

static err_t linkoutput(struct netif *netif, struct pbuf *frame) {
  (void)netif;
  (void)frame;
  return ERR_OK;
}

static err_t start(struct netif *netif) {
  memcpy(netif->hwaddr, mac, sizeof mac);
  netif->hwaddr_len = sizeof mac;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  netif->output = output;
  netif->linkoutput = linkoutput; /* just for ARP */
  NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_DISABLE_ALL);
  return ERR_OK;
}

static u8_t receive(void *unused, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from) {
  (void)unused;
  (void)pcb;
  (void)from;
  received.count++;
  assert_int_equal(pbuf_copy_partial(packet, received.data, sizeof received.data, IP_HLEN),
                   sizeof received.data);
  pbuf_free(packet);
  return 1;
}

/* A fragment of datagram 1, with that many bytes of that value; `place` is its offset. */
static void fragment_comes(uint8_t protocol, uint16_t place, uint8_t byte, unsigned bytes,
                           uint32_t to, const uint8_t station[ETH_HWADDR_LEN]) {
  struct frame {
    struct eth_hdr eth;
    struct ip_hdr ip;
    uint8_t data[DATA];
  };
  struct pbuf *p = pbuf_alloc(PBUF_RAW, sizeof(struct frame), PBUF_RAM);
  struct frame *frame;

  assert_non_null(p);
  frame = p->payload;
  memset(frame, 0, sizeof *frame);
  memcpy(&frame->eth.dest, station, ETH_HWADDR_LEN);
  frame->eth.type = PP_HTONS(ETHTYPE_IP);
  IPH_VHL_SET(&frame->ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(&frame->ip, lwip_htons((u16_t)(IP_HLEN + bytes)));
  IPH_ID_SET(&frame->ip, PP_HTONS(1));
  IPH_OFFSET_SET(&frame->ip, lwip_htons(place));
  IPH_TTL_SET(&frame->ip, 64);
  IPH_PROTO_SET(&frame->ip, protocol);
  frame->ip.src.addr = PP_HTONL(0x0a000002);
  frame->ip.dest.addr = to;
  memset(frame->data, byte, DATA);
  assert_int_equal(wire.input(p, &wire), ERR_OK);
}

/* The first fragment, or the second and last. */
static void comes(uint8_t protocol, bool first, uint8_t byte, uint32_t to,
                  const uint8_t station[ETH_HWADDR_LEN]) {
  fragment_comes(protocol, first ? IP_MF : DATA / 8, byte, DATA, to, station);
}

static void comes_to_us(uint8_t protocol, bool first, uint8_t byte) {
  comes(protocol, first, byte, ip4_addr_get_u32(netif_ip4_addr(&wire)), mac);
}

static void time_passes(void) {
  for (unsigned i = 0; i < TIME_EXCEEDED_S; i++)
    ip_reass_tmr();
}

static int set_up(void **state) {
  ip4_addr_t address, netmask;

  (void)state;
  errors = 0;
  memset(&received, 0, sizeof received);
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  netif_add(&wire, &address, &netmask, NULL, NULL, start, ethernet_input);
  netif_set_up(&wire);
  netif_set_link_up(&wire);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  netif_remove(&wire);
  assert_int_equal(lwip_stats.mem.used, heap_at_rest);
  return 0;
}

static void an_empty_fragment_takes_nobodys_place(void **state) {
  struct raw_pcb *pcb = raw_new(NOT_KNOWN);
  const uint32_t own = ip4_addr_get_u32(netif_ip4_addr(&wire));

  (void)state;
  assert_non_null(pcb);
  raw_recv(pcb, receive, NULL);
  fragment_comes(NOT_KNOWN, IP_MF, 0, 0, own, mac);
  fragment_comes(NOT_KNOWN, IP_MF | DATA / 8, 0, 0, own, mac);
  comes_to_us(NOT_KNOWN, true, 2);
  comes_to_us(NOT_KNOWN, false, 3);
  assert_int_equal(received.count, 1);
  raw_remove(pcb);
}

static void protocols_have_numbers_of_their_own(void **state) {
  struct raw_pcb *pcb = raw_new(NOT_KNOWN);

  (void)state;
  assert_non_null(pcb);
  raw_recv(pcb, receive, NULL);
  comes_to_us(IP_PROTO_ICMP, true, 1);
  comes_to_us(NOT_KNOWN, false, 3);
  assert_int_equal(received.count, 0);
  comes_to_us(NOT_KNOWN, true, 2);
  assert_int_equal(received.count, 1);
  for (unsigned i = 0; i < 2 * DATA; i++)
    assert_int_equal(received.data[i], i < DATA ? 2 : 3);
  raw_remove(pcb);
  time_passes();
}

static void of_what_is_missing_the_source_is_told(void **state) {
  (void)state;
  comes_to_us(IP_PROTO_UDP, true, 1);
  time_passes();
  assert_int_equal(errors, 1);
  comes_to_us(IP_PROTO_UDP, false, 1); /* but not without the first */
  time_passes();
  assert_int_equal(errors, 1);
}

static void of_what_came_to_all_it_is_not(void **state) {
  static const uint8_t all[ETH_HWADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  (void)state;
  comes(IP_PROTO_UDP, true, 1, IPADDR_BROADCAST, all);
  time_passes();
  assert_int_equal(errors, 0);
}

static void nor_of_what_came_to_a_group(void **state) {
  static const uint8_t group[ETH_HWADDR_LEN] = {0x01, 0x00, 0x5e, 1, 2, 3};
  const ip4_addr_t address = {PP_HTONL(0xe1010203)};

  (void)state;
  wire.flags |= NETIF_FLAG_IGMP;
  assert_int_equal(igmp_start(&wire), ERR_OK);
  assert_int_equal(igmp_joingroup_netif(&wire, &address), ERR_OK);
  comes(IP_PROTO_UDP, true, 1, address.addr, group);
  assert_int_equal(lwip_stats.memp[MEMP_REASSDATA]->used, 1);
  time_passes();
  assert_int_equal(errors, 0);
}

#define REASS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      REASS_TEST(an_empty_fragment_takes_nobodys_place),
      REASS_TEST(protocols_have_numbers_of_their_own),
      REASS_TEST(of_what_is_missing_the_source_is_told),
      REASS_TEST(of_what_came_to_all_it_is_not),
      REASS_TEST(nor_of_what_came_to_a_group),
  };

  host_reset();
  lwip_init();
  heap_at_rest = lwip_stats.mem.used;
  return cmocka_run_group_tests_name("ip4_reass", tests, NULL, NULL);
}
