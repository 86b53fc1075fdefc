/* What the patches of port/lwip/patches must not change; holds even without them. */
#include "unit.h"

#include "lwip/etharp.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

static uint32_t random_state = 1;

/* xorshift32, from a fixed seed: each run does the same. */
static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

/* ---- headers ---- */

static void assert_pbuf(const struct pbuf *p, const uint8_t *payload, unsigned length) {
  assert_ptr_equal(p->payload, payload);
  assert_int_equal(p->len, length);
  assert_int_equal(p->tot_len, length);
}

static void headers_go_on_and_off(void **state) {
  struct pbuf *p = pbuf_alloc(PBUF_RAW, 100, PBUF_RAM);
  uint8_t *start = p->payload;

  (void)state;
  assert_int_equal(pbuf_remove_header(p, 0), 0);
  assert_int_equal(pbuf_remove_header(p, 14), 0);
  assert_pbuf(p, start + 14, 86);
  assert_int_equal(pbuf_remove_header(p, 87), 1);
  assert_int_equal(pbuf_remove_header(p, 0x10000), 1);
  assert_pbuf(p, start + 14, 86);
  assert_int_equal(pbuf_remove_header(p, 86), 0);
  assert_pbuf(p, start + 100, 0);
  assert_int_equal(pbuf_add_header(p, 100), 0);
  assert_pbuf(p, start, 100);
  assert_int_equal(pbuf_add_header(p, 0), 0);
  assert_int_equal(pbuf_add_header(p, 1), 1); /* the struct is there */
  assert_int_equal(pbuf_add_header(p, 0x10001), 1);
  assert_int_equal(pbuf_add_header_force(p, 1), 1);
  assert_int_equal(pbuf_header(p, -20), 0);
  assert_int_equal(pbuf_header(p, 20), 0);
  assert_pbuf(p, start, 100);
  pbuf_free(p);
}

static void data_elsewhere_takes_no_header_but_by_force(void **state) {
  uint8_t data[8];
  struct pbuf *p = pbuf_alloc(PBUF_RAW, 4, PBUF_REF);

  (void)state;
  p->payload = data + 4;
  assert_int_equal(pbuf_add_header(p, 0), 0);
  assert_int_equal(pbuf_add_header(p, 4), 1);
  assert_pbuf(p, data + 4, 4);
  assert_int_equal(pbuf_add_header_force(p, 4), 0);
  assert_pbuf(p, data, 8);
  p->tot_len = 0xfff0;
  assert_int_equal(pbuf_add_header_force(p, 0x10), 1); /* the length would wrap */
  p->tot_len = 8;
  pbuf_free(p);
}

/* ---- checksums ---- */

/* A packet of `length` bytes in up to three pieces. */
static struct pbuf *chain_of(const uint8_t *data, uint16_t length) {
  struct pbuf *chain = NULL;

  for (uint16_t at = 0, piece; at < length || chain == NULL; at = (uint16_t)(at + piece)) {
    struct pbuf *p;

    piece = (uint16_t)(length - at);
    if (pbuf_clen(chain) < 2)
      piece = (uint16_t)random_below(piece + 1u);
    p = pbuf_alloc(PBUF_RAW, piece, PBUF_RAM);
    memcpy(p->payload, data + at, piece);
    if (chain == NULL)
      chain = p;
    else
      pbuf_cat(chain, p);
  }
  return chain;
}

/* RFC 1071, byte by byte. */
static uint16_t sum_of(const uint8_t *data, unsigned length, uint32_t sum) {
  for (unsigned i = 0; i < length; i++)
    sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
  while (sum > UINT16_MAX)
    sum = (sum & UINT16_MAX) + (sum >> 16);
  return (uint16_t)sum;
}

static void one_piece_or_three_have_the_same_sum(void **state) {
  (void)state;
  for (unsigned round = 0; round < 3000; round++) {
    uint8_t data[300];
    uint16_t length = (uint16_t)random_below(sizeof data + 1),
             part = (uint16_t)random_below(length + 1u);
    struct pbuf *whole = pbuf_alloc(PBUF_RAW, length, PBUF_RAM), *chain;
    ip_addr_t from, to;
    bool v6 = random_below(2) != 0;
    uint32_t pseudo = IP_PROTO_UDP + length;

    memset(&from, 0, sizeof from);
    memset(&to, 0, sizeof to);
    for (unsigned i = 0; i < length; i++)
      data[i] = round % 3 == 0 ? 0xff : (uint8_t)random_below(256);
    for (unsigned i = 0; i < 4; i++) {
      ip_2_ip6(&from)->addr[i] = i == 0 || v6 ? random_below(UINT32_MAX) : 0;
      ip_2_ip6(&to)->addr[i] = i == 0 || v6 ? UINT32_MAX - random_below(9) : 0;
    }
    IP_SET_TYPE_VAL(from, v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
    IP_SET_TYPE_VAL(to, v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
    pseudo += sum_of((const uint8_t *)ip_2_ip6(&from)->addr, 16, 0);
    pseudo += sum_of((const uint8_t *)ip_2_ip6(&to)->addr, 16, 0);
    memcpy(whole->payload, data, length);
    chain = chain_of(data, length);
    for (const struct pbuf *p = chain; p != NULL; p = p == chain ? whole : NULL) {
      struct pbuf *packet = (struct pbuf *)(uintptr_t)p;

      assert_int_equal(ip_chksum_pseudo(packet, IP_PROTO_UDP, length, &from, &to),
                       lwip_htons((uint16_t)~sum_of(data, length, pseudo)));
      assert_int_equal(ip_chksum_pseudo_partial(packet, IP_PROTO_UDP, length, part, &from, &to),
                       lwip_htons((uint16_t)~sum_of(data, part, pseudo)));
      assert_int_equal(inet_chksum_pbuf(packet), lwip_htons((uint16_t)~sum_of(data, length, 0)));
    }
    pbuf_free(chain);
    pbuf_free(whole);
  }
}

/* ---- broadcasts ---- */

static void what_a_broadcast_is(void **state) {
  static const uint32_t masks[] = {0, 0xff000000, 0xffffff00, 0xfffffffe, 0xffffffff};
  struct netif netif;

  (void)state;
  memset(&netif, 0, sizeof netif);
  for (unsigned m = 0; m < sizeof masks / sizeof *masks; m++)
    for (unsigned flags = 0; flags < 2; flags++) {
      uint32_t mask = masks[m], own = 0x0a0200fe;
      uint32_t addresses[] = {0,       UINT32_MAX, own,       own | ~mask, (own & mask),
                              own ^ 1, 0x0b0200ff, 0x0affffff};

      netif.flags = flags != 0 ? NETIF_FLAG_BROADCAST : 0;
      ip_addr_set_ip4_u32_val(netif.ip_addr, lwip_htonl(own));
      ip_addr_set_ip4_u32_val(netif.netmask, lwip_htonl(mask));
      for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        uint32_t it = addresses[i];
        ip4_addr_t address = {lwip_htonl(it)};
        bool right =
            it == 0 || it == UINT32_MAX ||
            (flags != 0 && it != own && (it & mask) == (own & mask) && (it | mask) == UINT32_MAX);

        assert_int_equal(ip4_addr_isbroadcast(&address, &netif) != 0, right);
      }
    }
}

/* ---- an interface that ends here ---- */

static struct netif wire;
static struct eth_addr last_to;
static unsigned frames;
static bool loop; /* IP packets come back, as if the other side had sent them */

static err_t transmit(struct netif *netif, struct pbuf *frame) {
  const struct eth_hdr *header = frame->payload;

  (void)netif;
  frames++;
  last_to = header->dest;
  return ERR_OK;
}

/* Packets on their way back, oldest first. */
enum { LOOPED_MAX = 64 };
static struct looped {
  struct pbuf_custom custom;
  bool used;
  _Alignas(8) uint8_t data[1500];
} looped[LOOPED_MAX];
static unsigned looped_first, looped_count;

static void looped_free(struct pbuf *packet) { ((struct looped *)(void *)packet)->used = false; }

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  struct looped *copy = &looped[(looped_first + looped_count) % LOOPED_MAX];

  if (!loop)
    return etharp_output(netif, packet, to);
  assert_false(copy->used);
  copy->used = true;
  copy->custom.custom_free_function = looped_free;
  assert_int_equal(pbuf_copy_partial(packet, copy->data, packet->tot_len, 0), packet->tot_len);
  assert_non_null(pbuf_alloced_custom(PBUF_RAW, packet->tot_len, PBUF_REF, &copy->custom,
                                      copy->data, sizeof copy->data));
  looped_count++;
  return ERR_OK;
}

static err_t wire_init(struct netif *netif) {
  netif->output = output;
  netif->linkoutput = transmit;
  netif->mtu = 1500;
  netif->hwaddr_len = 6;
  memcpy(netif->hwaddr, "\2\0\0\0\0\1", 6);
  netif->flags =
      NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static int wire_up(void **state) {
  ip4_addr_t own, mask, gateway;

  (void)state;
  IP4_ADDR(&own, 10, 2, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 2, 0, 254);
  loop = false;
  frames = 0;
  looped_count = 0;
  netif_add(&wire, &own, &mask, &gateway, NULL, wire_init, ip_input);
  netif_set_default(&wire);
  netif_set_up(&wire);
  return 0;
}

static int wire_down(void **state) {
  (void)state;
  netif_remove(&wire);
  return 0;
}

/* ---- neighbors ---- */

static void neighbor_is(unsigned last, const char *mac) {
  struct pbuf *p = pbuf_alloc(PBUF_RAW, SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR, PBUF_RAM);
  struct etharp_hdr *reply = (void *)((uint8_t *)p->payload + SIZEOF_ETH_HDR);
  struct eth_hdr *header = p->payload;
  ip4_addr_t from;

  memset(p->payload, 0, p->len);
  IP4_ADDR(&from, 10, 2, 0, last);
  header->type = PP_HTONS(ETHTYPE_ARP);
  reply->hwtype = PP_HTONS(1);
  reply->proto = PP_HTONS(ETHTYPE_IP);
  reply->hwlen = 6;
  reply->protolen = 4;
  reply->opcode = PP_HTONS(ARP_REPLY);
  memcpy(&reply->shwaddr, mac, 6);
  memcpy(&reply->sipaddr, &from, 4);
  memcpy(&reply->dipaddr, netif_ip4_addr(&wire), 4);
  assert_int_equal(ethernet_input(p, &wire), ERR_OK);
}

/* Sends a packet to 10.2.0.`last`, and returns how many frames went out for it. */
static unsigned send_to(unsigned last) {
  struct pbuf *p = pbuf_alloc(PBUF_LINK, 20, PBUF_RAM);
  unsigned before = frames;
  ip4_addr_t to;

  IP4_ADDR(&to, 10, 2, 0, last);
  assert_int_equal(etharp_output(&wire, p, &to), ERR_OK);
  pbuf_free(p);
  return frames - before;
}

static void packets_go_to_the_neighbor_that_they_are_for(void **state) {
  (void)state;
  neighbor_is(7, "\2\0\0\0\0\7");
  send_to(8); /* asks for it, and keeps the packet for a while */
  neighbor_is(8, "\2\0\0\0\0\10");
  for (unsigned round = 0; round < 4; round++)
    for (unsigned last = 7; last <= 8; last++) {
      if (last == 7 && round == 0)
        (void)send_to(7), neighbor_is(7, "\2\0\0\0\0\7");
      assert_int_equal(send_to(last), 1);
      assert_int_equal(send_to(last), 1);
      assert_int_equal(last_to.addr[5], last);
    }
  assert_int_equal(send_to(255), 1);
  assert_memory_equal(&last_to, &ethbroadcast, 6);
  assert_int_equal(send_to(8), 1);
  assert_int_equal(last_to.addr[5], 8);
}

static void a_neighbor_that_is_none_any_more_is_reached_by_the_gateway(void **state) {
  ip4_addr_t mask;

  (void)state;
  send_to(8);
  neighbor_is(8, "\2\0\0\0\0\10");
  send_to(254);
  neighbor_is(254, "\2\0\0\0\0\376");
  assert_int_equal(send_to(8), 1);
  assert_int_equal(last_to.addr[5], 8);
  IP4_ADDR(&mask, 255, 255, 255, 254);
  netif_set_netmask(&wire, &mask);
  assert_int_equal(send_to(8), 1);
  assert_int_equal(last_to.addr[5], 0xfe);
}

/* Not sent to the entry's former address. */
static void a_neighbor_that_is_forgotten_is_asked_for(void **state) {
  (void)state;
  send_to(8);
  neighbor_is(8, "\2\0\0\0\0\10");
  assert_int_equal(send_to(8), 1);
  assert_int_equal(last_to.addr[5], 8);
  netif_set_down(&wire);
  netif_set_up(&wire);
  frames = 0;
  assert_int_equal(send_to(8), 1);
  assert_memory_equal(&last_to, &ethbroadcast, 6);
}

static void a_neighbor_of_one_interface_is_none_of_another(void **state) {
  ip4_addr_t own, mask;
  struct netif other = {0};
  struct pbuf *packet = pbuf_alloc(PBUF_LINK, 20, PBUF_RAM);

  (void)state;
  IP4_ADDR(&own, 10, 2, 0, 2);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  assert_non_null(netif_add(&other, &own, &mask, NULL, NULL, wire_init, ip_input));
  netif_set_up(&other);
  send_to(8);
  neighbor_is(8, "\2\0\0\0\0\10");
  assert_int_equal(send_to(8), 1);
  IP4_ADDR(&own, 10, 2, 0, 8);
  assert_int_equal(etharp_output(&other, packet, &own), ERR_OK);
  assert_memory_equal(&last_to, &ethbroadcast, 6);
  pbuf_free(packet);
  netif_remove(&other);
}

/* A packet without room for the header is not sent, and is unchanged. */
static void a_header_without_room_is_an_error(void **state) {
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, 20, PBUF_RAM);
  uint32_t errors = lwip_stats.link.lenerr;
  void *payload = packet->payload;
  ip4_addr_t to;

  (void)state;
  send_to(8);
  neighbor_is(8, "\2\0\0\0\0\10");
  assert_int_equal(send_to(8), 1);
  frames = 0;
  IP4_ADDR(&to, 10, 2, 0, 8);
  assert_int_equal(etharp_output(&wire, packet, &to), ERR_BUF);
  assert_int_equal(lwip_stats.link.lenerr, errors + 1);
  assert_int_equal(frames, 0);
  assert_ptr_equal(packet->payload, payload);
  assert_int_equal(packet->tot_len, 20);
  pbuf_free(packet);
}

static void a_neighbor_is_asked_again_before_it_is_too_old(void **state) {
  (void)state;
  send_to(8);
  neighbor_is(8, "\2\0\0\0\0\10");
  for (unsigned seconds = 0; seconds < ARP_MAXAGE - 31; seconds++)
    etharp_tmr();
  assert_int_equal(send_to(8), 1);
  etharp_tmr();
  assert_int_equal(send_to(8), 2); /* a request, only to it, and the packet */
  assert_int_equal(last_to.addr[5], 8);
  assert_int_equal(send_to(8), 1); /* no second request */
  neighbor_is(8, "\2\0\0\0\0\10");
  assert_int_equal(send_to(8), 1);
}

/* ---- TCP ---- */

enum { STREAM = 100000 };
static uint8_t stream[STREAM];
static unsigned received, written;
static struct tcp_pcb *client;

static err_t take(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)argument;
  (void)error;
  if (data == NULL)
    return tcp_close(pcb);
  for (const struct pbuf *p = data; p != NULL; p = p->next) {
    assert_memory_equal(p->payload, stream + received, p->len);
    received += p->len;
  }
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return ERR_OK;
}

static err_t accept_taker(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)argument;
  assert_int_equal(error, ERR_OK);
  tcp_recv(pcb, take);
  return ERR_OK;
}

/* Copied and uncopied pieces, of all lengths and from any address. */
static void write_some(void) {
  while (written < STREAM) {
    uint16_t length = (uint16_t)(1 + random_below(random_below(4) == 0 ? 2000 : 40));

    if (length > STREAM - written)
      length = (uint16_t)(STREAM - written);
    if (length > tcp_sndbuf(client) ||
        tcp_write(client, stream + written, length, (uint8_t)random_below(2)) != ERR_OK)
      break;
    written += length;
    if (random_below(8) == 0)
      assert_int_equal(tcp_output(client), ERR_OK);
  }
  assert_int_equal(tcp_output(client), ERR_OK);
}

static void deliver(void) {
  while (looped_count != 0) {
    struct pbuf *packet = &looped[looped_first].custom.pbuf;

    looped_first = (looped_first + 1) % LOOPED_MAX;
    looped_count--;
    assert_int_equal(ip_input(packet, &wire), ERR_OK);
  }
}

static void data_that_is_copied_and_that_is_not_has_its_checksum(void **state) {
  struct tcp_pcb *listening = tcp_new();
  unsigned wrong = lwip_stats.tcp.chkerr;

  (void)state;
  loop = true;
  received = written = 0;
  for (unsigned i = 0; i < STREAM; i++)
    stream[i] = (uint8_t)random_below(256);
  assert_int_equal(tcp_bind(listening, IP_ADDR_ANY, 7), ERR_OK);
  listening = tcp_listen(listening);
  tcp_accept(listening, accept_taker);
  client = tcp_new();
  assert_int_equal(tcp_connect(client, &wire.ip_addr, 7, NULL), ERR_OK);
  deliver();
  assert_int_equal(client->state, ESTABLISHED);
  for (unsigned turns = 0; received < STREAM; turns++) {
    assert_true(turns < STREAM);
    write_some();
    deliver();
    if (looped_count == 0)
      tcp_tmr(); /* delayed acknowledgements */
    deliver();
  }
  assert_int_equal(client->nrtx, 0);
  assert_int_equal(lwip_stats.tcp.chkerr, wrong);
  tcp_abort(client);
  deliver();
  tcp_close(listening);
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, wire_up, wire_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(headers_go_on_and_off),
      cmocka_unit_test(data_elsewhere_takes_no_header_but_by_force),
      cmocka_unit_test(one_piece_or_three_have_the_same_sum),
      cmocka_unit_test(what_a_broadcast_is),
      WIRE_TEST(packets_go_to_the_neighbor_that_they_are_for),
      WIRE_TEST(a_neighbor_that_is_none_any_more_is_reached_by_the_gateway),
      WIRE_TEST(a_neighbor_that_is_forgotten_is_asked_for),
      WIRE_TEST(a_neighbor_of_one_interface_is_none_of_another),
      WIRE_TEST(a_header_without_room_is_an_error),
      WIRE_TEST(a_neighbor_is_asked_again_before_it_is_too_old),
      WIRE_TEST(data_that_is_copied_and_that_is_not_has_its_checksum),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
