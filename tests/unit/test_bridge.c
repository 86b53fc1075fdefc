/* lwIP's bridge over two NICs of the kit: what goes on from one to the other, what the stack gets,
 * what it answers. */
#include "unit.h"

#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/prot/etharp.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/udp.h"
#include "lwip/udp.h"

/* It keeps a pointer to each port, for which lwIP's interfaces have no room here. */
static void *port_data[UINT8_MAX];
#undef LWIP_NUM_NETIF_CLIENT_DATA
#undef netif_set_client_data
#undef netif_get_client_data
#define LWIP_NUM_NETIF_CLIENT_DATA              1
#define netif_alloc_client_data_id()            0
#define netif_set_client_data(netif, id, value) (port_data[(netif)->num] = (value))
#define netif_get_client_data(netif, id)        port_data[(netif)->num]
#include "lwip/../../netif/bridgeif.c"
#include "lwip/../../netif/bridgeif_fdb.c"

#include "netif/ethernet.h"
#include "paper_nic.h"
#include "ringif.h"

enum { PORTS = 2, PACKETS = 12, BUFFER = 1536, DEPTH = 8, FRAME_BYTES = 60 };

static struct paper_nic nics[PORTS];
static struct netif ports[PORTS], bridge;
static struct dispatch_queue dispatch;
static _Alignas(32) uint8_t memory[PORTS][NIC_MEMORY_BYTES(PACKETS, BUFFER, 0, 32, DEPTH)];

#define CONFIG(number)                                                                             \
  {                                                                                                \
    .ops = &paper_ops, .irq = PAPER_IRQ + (number),                                                \
    .pool = {.packets = PACKETS, .buffer_size = BUFFER, .alignment = 32, .held_max = 8},           \
    .memory = memory[number], .memory_size = sizeof memory[number], .queue_depth = DEPTH,          \
    .batch = 4, .budget = 8, .mac = {2, 0, 0, 0, 0, 1 + (number)},                                 \
  }
static const struct nic_config configs[PORTS] = {CONFIG(0), CONFIG(1)};

static void run(void) {
  while (dispatch_run(&dispatch)) {
  }
}

static int set_up(void **state) {
  static bridgeif_initdata_t data = BRIDGEIF_INITDATA1(PORTS, 4, 0, ETH_ADDR(2, 0, 0, 0, 0, 9));
  const ip4_addr_t address = {PP_HTONL(0x0a010001)}, mask = {PP_HTONL(0xffffff00)};

  (void)state;
  assert_non_null(netif_add(&bridge, &address, &mask, NULL, &data, bridgeif_init, ethernet_input));
  for (unsigned i = 0; i < PORTS; i++) {
    struct nic *nic = &nics[i].nic;

    nics[i].link = true;
    assert_int_equal(nic_init(nic, &configs[i], &dispatch), 0);
    assert_non_null(netif_add_noaddr(&ports[i], nic, ringif_init, ethernet_input));
    assert_int_equal(nic_set_promiscuous(nic, true), 0);
    assert_int_equal(bridgeif_add_port(&bridge, &ports[i]), ERR_OK);
    assert_int_equal(nic_set_interface_enable(nic, true), 0);
  }
  netif_set_up(&bridge);
  run();
  for (unsigned i = 0; i < PORTS; i++)
    nics[i].sent = 0;
  return 0;
}

/* What the stack has, and what is under way, is given back. */
static void check_packets(void) {
  run();
  for (unsigned i = 0; i < PORTS; i++) {
    assert_int_equal(nics[i].nic.pool.held, 0);
    assert_int_equal(nic_dropped(&nics[i].nic), 0);
  }
}

/* A frame comes in by the first port; its sender is 10.1.0.2, at 02:...:77. */
static void frame_comes(const uint8_t to[ETH_ADDRESS_BYTES], uint16_t type, const void *data,
                        size_t size) {
  uint8_t frame[FRAME_BYTES] = {0};
  const uint8_t from[ETH_ADDRESS_BYTES] = {2, 0, 0, 0, 0, 0x77};

  memcpy(frame, to, ETH_ADDRESS_BYTES);
  memcpy(frame + 6, from, sizeof from);
  frame[12] = (uint8_t)(type >> 8);
  frame[13] = (uint8_t)type;
  memcpy(frame + ETH_HEADER_BYTES, data, size);
  assert_true(paper_receive(&nics[0], frame, sizeof frame));
  run();
  assert_int_equal(memcmp(nics[1].sent_data[0], frame, nics[1].sent != 0 ? sizeof frame : 0), 0);
}

static const uint8_t all[] = {255, 255, 255, 255, 255, 255}, other[] = {2, 0, 0, 0, 0, 0x88},
                     own[] = {2, 0, 0, 0, 0, 9};

/* An ARP request for `address`. */
static void request_comes(uint32_t address) {
  struct etharp_hdr request = {.hwtype = PP_HTONS(1),
                               .proto = PP_HTONS(ETHTYPE_IP),
                               .hwlen = 6,
                               .protolen = 4,
                               .opcode = PP_HTONS(ARP_REQUEST)};
  const uint32_t from = PP_HTONL(0x0a010002), to = lwip_htonl(address);

  memcpy(&request.shwaddr, (const uint8_t[]){2, 0, 0, 0, 0, 0x77}, ETH_ADDRESS_BYTES);
  memcpy(&request.sipaddr, &from, sizeof from);
  memcpy(&request.dipaddr, &to, sizeof to);
  frame_comes(all, ETHTYPE_ARP, &request, sizeof request);
}

/* The header of a packet from there to the bridge, of `size` bytes in all. */
static void make_header(struct ip_hdr *ip, uint8_t protocol, size_t size) {
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons((u16_t)size));
  IPH_TTL_SET(ip, 64);
  IPH_PROTO_SET(ip, protocol);
  ip->src.addr = PP_HTONL(0x0a010002);
  ip->dest.addr = PP_HTONL(0x0a010001);
  IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
}

/* ---- tests ---- */

static void a_frame_for_another_goes_on_in_its_buffer(void **state) {
  const uint32_t copies = nics[1].nic.counters[NIC_OUT_COPIES];

  (void)state;
  nics[1].hold_tx = true;
  frame_comes(other, ETHTYPE_IP, "", 1);
  assert_int_equal(nics[0].nic.pool.held, 1);
  assert_int_equal(nics[1].nic.counters[NIC_OUT_COPIES], copies);
  nics[1].hold_tx = false;
  nics[1].done = nics[1].nic.tx_ring.ring.head;
  nic_interrupt(&nics[1].nic);
  run();
  assert_int_equal(nics[0].sent, 0);
}

/* The device is slow: the stack has looked at its own before the frame is sent. */
static void a_frame_for_all_goes_on_as_it_came_and_to_the_stack(void **state) {
  (void)state;
  request_comes(0x0a010001);
  assert_int_equal(nics[1].sent, 1);
  assert_int_equal(nics[0].sent, 1); /* the answer */
  assert_memory_equal(nics[0].sent_data[0] + 6, own, sizeof own);
}

static void what_the_stack_answers_in_the_same_buffer_goes_back(void **state) {
  struct {
    struct ip_hdr ip;
    struct icmp_echo_hdr icmp;
  } ping = {.icmp = {.type = ICMP_ECHO, .chksum = PP_HTONS(0xf7ff)}};

  (void)state;
  request_comes(0x0a010001);
  nics[0].sent = nics[1].sent = 0;
  make_header(&ping.ip, IP_PROTO_ICMP, sizeof ping);
  frame_comes(own, ETHTYPE_IP, &ping, sizeof ping);
  assert_int_equal(nics[0].sent, 1);
  assert_int_equal(nics[0].sent_data[0][ETH_HEADER_BYTES + IP_HLEN], ICMP_ER);
  assert_int_equal(nics[1].sent, 0);
}

static void send_back(void *unused, struct udp_pcb *by, struct pbuf *data, const ip_addr_t *from,
                      u16_t port) {
  (void)unused;
  assert_int_equal(udp_sendto(by, data, from, port), ERR_OK);
  pbuf_free(data);
}

/* lwIP itself makes a ping's buffer look like a new one, but not what an application sends. */
static void so_does_what_an_application_answers_in_it(void **state) {
  enum { ECHO = 7 };
  struct {
    struct ip_hdr ip;
    struct udp_hdr udp;
    uint8_t data[4];
  } datagram = {.udp = {.src = PP_HTONS(5000),
                        .dest = PP_HTONS(ECHO),
                        .len = PP_HTONS(sizeof datagram.udp + sizeof datagram.data)},
                .data = "abc"};
  struct udp_pcb *pcb = udp_new();

  (void)state;
  assert_int_equal(udp_bind(pcb, IP_ANY_TYPE, ECHO), ERR_OK);
  udp_recv(pcb, send_back, NULL);
  request_comes(0x0a010001);
  nics[0].sent = nics[1].sent = 0;
  make_header(&datagram.ip, IP_PROTO_UDP, sizeof datagram);
  frame_comes(own, ETHTYPE_IP, &datagram, sizeof datagram);
  udp_remove(pcb);
  assert_int_equal(nics[0].sent, 1);
  assert_memory_equal(nics[0].sent_data[0] + ETH_HEADER_BYTES + IP_HLEN + UDP_HLEN, "abc", 4);
  assert_int_equal(nics[1].sent, 0);
}

/* The bridge is no NIC of the kit, and has none of its counters. */
static void an_unknown_protocol_is_dropped(void **state) {
  const uint16_t before = (uint16_t)lwip_stats.etharp.proterr;

  (void)state;
  frame_comes(own, 0x8809, "", 1);
  assert_int_equal((uint16_t)lwip_stats.etharp.proterr, before + 1);
}

static int tear_down(void **state) {
  (void)state;
  check_packets();
  for (unsigned i = 0; i < PORTS; i++) {
    assert_int_equal(ringif_remove(&ports[i]), 0);
    assert_int_equal(nic_free(&nics[i].nic), 0);
  }
  netif_remove(&bridge);
  memset(nics, 0, sizeof nics);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
      TEST(a_frame_for_another_goes_on_in_its_buffer),
      TEST(a_frame_for_all_goes_on_as_it_came_and_to_the_stack),
      TEST(what_the_stack_answers_in_the_same_buffer_goes_back),
      TEST(so_does_what_an_application_answers_in_it),
      TEST(an_unknown_protocol_is_dropped),
  };

  lwip_init();
  paper_ops.caps.promiscuous = true;
  return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
