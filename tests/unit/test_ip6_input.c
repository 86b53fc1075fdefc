/* IPv6 input: errors go to whom they may, with the whole packet; fragments are reassembled,
 * whatever headers come with them; and a datagram has a checksum. */
#include "unit.h"

#include "lwip/icmp.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/ip6_frag.h"
#include "lwip/memp.h"
#include "lwip/prot/nd6.h"
#include "lwip/prot/udp.h"
#include "lwip/stats.h"
#include "lwip/udp.h"
#include "ip6_wire.h"
#include "netif/ethernet.h"

enum {
  PEER = 2,
  NOT_KNOWN = 253, /* a next header (RFC 3692) */
  ASKING = 0x9e,   /* an option that requests an error (RFC 8200, 4.2) */
  PORT = 7,
  REASSEMBLY_S = IPV6_REASS_MAXAGE + 1,
};

/* The last of its messages other than neighbor discovery. */
static mem_size_t heap_at_rest; /* bytes: TCP's room for an acknowledgement */

static struct {
  unsigned count;
  size_t bytes;
  struct icmp6_hdr icmp;
  uint8_t data[256];
} sent;

static ip6_addr_t peer(void) { return ip6_wire_address(PEER); }
static ip6_addr_t own(void) { return ip6_wire_address(IP6_WIRE_OWN); }

static ip6_addr_t all_nodes(void) {
  ip6_addr_t all;

  ip6_addr_set_allnodes_linklocal(&all);
  return all;
}

static void peer_answers(void) {
  const ip6_addr_t from = peer();
  struct {
    struct na_header na;
    uint8_t lladdr[8];
  } message = {
      .na = {.type = ICMP6_TYPE_NA, .flags = ND6_FLAG_SOLICITED | ND6_FLAG_OVERRIDE},
      .lladdr = {ND6_OPTION_TYPE_TARGET_LLADDR, 1, 2, [7] = PEER},
  };

  ip6_addr_copy_to_packed(message.na.target_address, from);
  ip6_wire_comes(&from, &message, sizeof message);
}

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  struct ip6_hdr ip;
  struct icmp6_hdr icmp;

  (void)from;
  (void)pbuf_copy_partial(frame, &ip, sizeof ip, SIZEOF_ETH_HDR);
  (void)pbuf_copy_partial(frame, &icmp, sizeof icmp, IP6_WIRE_HEADERS);
  if (IP6H_NEXTH(&ip) != IP6_NEXTH_ICMP6)
    return ERR_OK;
  if (icmp.type == ICMP6_TYPE_NS) {
    peer_answers();
    return ERR_OK;
  }
  sent.count++;
  sent.icmp = icmp;
  sent.bytes = pbuf_copy_partial(frame, sent.data, sizeof sent.data,
                                 (u16_t)(IP6_WIRE_HEADERS + sizeof icmp));
  return ERR_OK;
}

static void comes_to(ip6_addr_t to, uint8_t next_header, const void *payload, size_t bytes) {
  const ip6_addr_t from = peer();

  ip6_wire_packet_comes(&from, &to, next_header, payload, bytes);
}

/* The peer gets a problem reported at that byte of the packet, with the packet from its start
 * on. */
static void assert_problem(enum icmp6_pp_code code, unsigned at, uint8_t next_header,
                           const void *payload, size_t bytes) {
  struct ip6_hdr header;

  assert_int_equal(sent.count, 1);
  assert_int_equal(sent.icmp.type, ICMP6_TYPE_PP);
  assert_int_equal(sent.icmp.code, code);
  assert_int_equal(lwip_ntohl(sent.icmp.data), at);
  assert_int_equal(sent.bytes, IP6_HLEN + bytes);
  memcpy(&header, sent.data, sizeof header);
  assert_int_equal(IP6H_V(&header), 6);
  assert_int_equal(IP6H_NEXTH(&header), next_header);
  assert_memory_equal(sent.data + IP6_HLEN, payload, bytes);
}

static void time_goes_by(unsigned ms) { host_run_for_us(ms * UINT64_C(1000)); }

static int set_up(void **state) {
  (void)state;
  time_goes_by(1000); /* errors may be sent again */
  ip6_wire_setup(linkoutput);
  memset(&sent, 0, sizeof sent);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static void an_error_has_the_whole_packet(void **state) {
  static const uint8_t option[16] = {IP6_NEXTH_NONE, 1, ASKING, 12};
  static const uint8_t second[24] = {
      IP6_NEXTH_DESTOPTS, 0, 1, 4, [8] = IP6_NEXTH_NONE, 1, 1, 1, 0, ASKING, 9};
  static const uint8_t late[16] = {IP6_NEXTH_HOPBYHOP, 0, 1, 4, [8] = IP6_NEXTH_NONE, 0, 1, 4};
  static const uint8_t unknown[16] = {NOT_KNOWN, 0, 1, 4};

  (void)state;
  comes_to(own(), IP6_NEXTH_HOPBYHOP, option, sizeof option);
  assert_problem(ICMP6_PP_OPTION, IP6_HLEN + 2, IP6_NEXTH_HOPBYHOP, option, sizeof option);
  sent.count = 0;
  comes_to(own(), IP6_NEXTH_HOPBYHOP, second, sizeof second);
  assert_problem(ICMP6_PP_OPTION, IP6_HLEN + 13, IP6_NEXTH_HOPBYHOP, second, sizeof second);
  sent.count = 0;
  comes_to(own(), IP6_NEXTH_DESTOPTS, late, sizeof late);
  assert_problem(ICMP6_PP_HEADER, IP6_HLEN, IP6_NEXTH_DESTOPTS, late, sizeof late);
  sent.count = 0;
  comes_to(own(), IP6_NEXTH_DESTOPTS, unknown, sizeof unknown);
  assert_problem(ICMP6_PP_HEADER, IP6_HLEN, IP6_NEXTH_DESTOPTS, unknown, sizeof unknown);
}

/* A header in the wrong place, one that is unknown, and a fragment that nothing follows. */
static void of_what_came_to_a_group_nobody_is_told(void **state) {
  static const uint8_t late[16] = {IP6_NEXTH_HOPBYHOP, 0, 1, 4, [8] = IP6_NEXTH_NONE, 0, 1, 4};
  static const uint8_t first[16] = {IP6_NEXTH_UDP, 0, 0, 1, 1, 2, 3, 4};

  (void)state;
  comes_to(all_nodes(), IP6_NEXTH_DESTOPTS, late, sizeof late);
  comes_to(all_nodes(), NOT_KNOWN, late, sizeof late);
  comes_to(all_nodes(), IP6_NEXTH_FRAGMENT, first, sizeof first);
  for (unsigned i = 0; i < REASSEMBLY_S; i++)
    ip6_reass_tmr();
  assert_int_equal(sent.count, 0);
}

/* Except for an option that requests it. */
static void of_an_option_that_asks_for_it_its_sender_is_told(void **state) {
  static const uint8_t option[16] = {IP6_NEXTH_NONE, 1, ASKING, 12};

  (void)state;
  comes_to(all_nodes(), IP6_NEXTH_HOPBYHOP, option, sizeof option);
  assert_problem(ICMP6_PP_OPTION, IP6_HLEN + 2, IP6_NEXTH_HOPBYHOP, option, sizeof option);
}

static void of_fragments_that_are_missing_their_sender_is_told(void **state) {
  static const uint8_t first[16] = {IP6_NEXTH_UDP, 0, 0, 1, 1, 2, 3, 4};

  (void)state;
  comes_to(own(), IP6_NEXTH_FRAGMENT, first, sizeof first);
  for (unsigned i = 0; i < REASSEMBLY_S; i++)
    ip6_reass_tmr();
  assert_int_equal(sent.count, 1);
  assert_int_equal(sent.icmp.type, ICMP6_TYPE_TE);
  assert_memory_equal(sent.data + IP6_HLEN, first, sizeof first);
}

/* For how many of that many datagrams to a closed port the sender gets an error. */
static unsigned told_of(unsigned datagrams) {
  const struct udp_hdr datagram = {PP_HTONS(1234), PP_HTONS(PORT), PP_HTONS(UDP_HLEN), 1};

  sent.count = 0;
  for (unsigned i = 0; i < datagrams; i++)
    comes_to(own(), IP6_NEXTH_UDP, &datagram, sizeof datagram);
  return sent.count;
}

static void errors_have_a_rate(void **state) {
  const uint32_t dropped = lwip_stats.icmp6.drop;

  (void)state;
  assert_int_equal(told_of(25), 10);
  assert_int_equal(lwip_stats.icmp6.drop - dropped, 15);
  time_goes_by(99);
  assert_int_equal(told_of(1), 0);
  time_goes_by(1);
  assert_int_equal(told_of(2), 1);
  time_goes_by(500);
  assert_int_equal(told_of(9), 5);
  time_goes_by(1000);
  assert_int_equal(told_of(25), 10);
  host_start_clock_at_us((UINT64_C(1) << 32) * 1000 - 100000); /* 100 ms before sys_now() wraps */
  assert_int_equal(told_of(25), 10);
  time_goes_by(200);
  assert_int_equal(told_of(25), 2);
  time_goes_by(UINT32_MAX / 2 + 2000); /* long enough ago to look like a time to come */
  assert_int_equal(told_of(25), 10);
  time_goes_by(1000);
  while (icmp_error_allowed()) { /* IPv4's have the same one */
  }
  assert_int_equal(told_of(1), 0);
}

/* A ping in two fragments, each after a header with options of that kind. */
static void a_ping_in_fragments_is_answered(uint8_t options) {
  static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const struct {
    uint8_t options[8];
    struct ip6_frag_hdr fragment;
    struct icmp6_hdr echo;
  } first = {{IP6_NEXTH_FRAGMENT, 0, 1, 4},
             {IP6_NEXTH_ICMP6, 0, PP_HTONS(IP6_FRAG_MORE_FLAG), PP_HTONL(options)},
             {.type = ICMP6_TYPE_EREQ}};
  const struct {
    uint8_t options[8];
    struct ip6_frag_hdr fragment;
    uint8_t data[8];
  } last = {{IP6_NEXTH_FRAGMENT, 0, 1, 4},
            {IP6_NEXTH_ICMP6, 0, PP_HTONS(8), PP_HTONL(options)},
            {1, 2, 3, 4, 5, 6, 7, 8}};

  sent.count = 0;
  comes_to(own(), options, &first, sizeof first);
  assert_int_equal(sent.count, 0);
  comes_to(own(), options, &last, sizeof last);
  assert_int_equal(sent.count, 1);
  assert_int_equal(sent.icmp.type, ICMP6_TYPE_EREP);
  assert_int_equal(sent.bytes, sizeof data);
  assert_memory_equal(sent.data, data, sizeof data);
}

static void fragments_may_have_options(void **state) {
  (void)state;
  a_ping_in_fragments_is_answered(IP6_NEXTH_DESTOPTS);
  a_ping_in_fragments_is_answered(IP6_NEXTH_HOPBYHOP);
}

enum {
  PIECE = 8, /* the least data in a fragment */
  LAST = 0x8000,
};

/* A fragment of a ping of three pieces: those from `first` on, up to `end`; LAST says that nothing
 * follows. The answer has the pieces' data: 1 in the second, 2 in the third. */
static void pieces_come(unsigned first, unsigned end_and_last) {
  const unsigned end = end_and_last & ~(unsigned)LAST;
  struct {
    struct ip6_frag_hdr header;
    uint8_t bytes[4 * PIECE];
  } fragment = {
      {IP6_NEXTH_ICMP6, 0, lwip_htons((uint16_t)(first * PIECE | ((end_and_last & LAST) == 0))), 1},
      {0}};

  for (unsigned i = first; i < end; i++)
    memset(fragment.bytes + (i - first) * PIECE, (int)i, PIECE);
  if (first == 0) {
    memset(fragment.bytes, 0, PIECE);
    fragment.bytes[0] = ICMP6_TYPE_EREQ;
  }
  comes_to(own(), IP6_NEXTH_FRAGMENT, &fragment,
           sizeof fragment.header + (end - first) * (size_t)PIECE);
}

static void assert_answered(void) {
  static const uint8_t data[2 * PIECE] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2};

  assert_int_equal(sent.count, 1);
  assert_int_equal(sent.icmp.type, ICMP6_TYPE_EREP);
  assert_int_equal(sent.bytes, sizeof data);
  assert_memory_equal(sent.data, data, sizeof data);
  sent.count = 0;
}

static void a_fragment_may_come_twice_and_in_any_order(void **state) {
  (void)state;
  pieces_come(2, 3 | LAST);
  pieces_come(0, 1);
  pieces_come(2, 3 | LAST);
  pieces_come(0, 1);
  pieces_come(1, 2);
  assert_answered();
}

/* Nothing of them is kept, nobody gets an error, and what follows is a datagram of its own. */
static void assert_given_up(void) {
  assert_int_equal(lwip_stats.mem.used, heap_at_rest);
  for (unsigned i = 0; i < REASSEMBLY_S; i++)
    ip6_reass_tmr();
  assert_int_equal(sent.count, 0);
  pieces_come(0, 1);
  pieces_come(1, 3 | LAST);
  assert_answered();
}

static void fragments_that_overlap_are_given_up(void **state) {
  (void)state;
  pieces_come(0, 2);
  pieces_come(1, 3 | LAST); /* overlaps what is there */
  assert_given_up();
  pieces_come(1, 3 | LAST);
  pieces_come(0, 2); /* overlaps what follows */
  assert_given_up();
  pieces_come(0, 2);
  pieces_come(3, 4 | LAST);
  pieces_come(1, 3); /* overlaps both */
  assert_given_up();
  pieces_come(0, 1);
  pieces_come(0, 2); /* where another one begins */
  assert_given_up();
}

static void a_datagram_has_one_end(void **state) {
  (void)state;
  pieces_come(2, 3 | LAST);
  pieces_come(3, 4); /* after the end */
  assert_given_up();
  pieces_come(3, 4);
  pieces_come(2, 3 | LAST); /* ends before what is there */
  assert_given_up();
  pieces_come(2, 3 | LAST);
  pieces_come(1, 2 | LAST);
  assert_given_up();
}

static void an_empty_fragment_takes_nobodys_place(void **state) {
  (void)state;
  pieces_come(1, 1);
  pieces_come(0, 1);
  pieces_come(1, 3 | LAST);
  assert_answered();
}

/* A frame each of whose last bytes is a pbuf of its own. */
static err_t comes_in_many_pbufs(struct pbuf *frame, struct netif *netif) {
  const u16_t front = (u16_t)(frame->tot_len - 2 * IP_REASS_MAX_PBUFS);
  struct pbuf *chain = pbuf_alloc(PBUF_RAW, front, PBUF_RAM);

  assert_non_null(chain);
  assert_int_equal(pbuf_copy_partial(frame, chain->payload, front, 0), front);
  for (u16_t at = front; at < frame->tot_len; at++) {
    struct pbuf *last = pbuf_alloc(PBUF_RAW, 1, PBUF_RAM);

    assert_non_null(last);
    assert_int_equal(pbuf_copy_partial(frame, last->payload, 1, at), 1);
    pbuf_cat(chain, last);
  }
  pbuf_free(frame);
  return ethernet_input(chain, netif);
}

static void a_fragment_of_too_many_pbufs_leaves_nothing(void **state) {
  const uint32_t used = memp_pools[MEMP_IP6_REASSDATA]->stats->used;
  const netif_input_fn input = ip6_wire_netif.input;

  (void)state;
  ip6_wire_netif.input = comes_in_many_pbufs;
  pieces_come(1, 3);
  ip6_wire_netif.input = input;
  assert_int_equal(memp_pools[MEMP_IP6_REASSDATA]->stats->used, used);
  assert_given_up();
}

static unsigned received;

static void receive(void *unused, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                    u16_t port) {
  (void)unused;
  (void)pcb;
  (void)from;
  (void)port;
  received++;
  pbuf_free(data);
}

static uint16_t checksum_of(struct udp_hdr datagram) {
  const ip6_addr_t from = peer(), to = own();
  struct pbuf *p = pbuf_alloc(PBUF_RAW, sizeof datagram, PBUF_RAM);
  uint16_t checksum;

  assert_non_null(p);
  memcpy(p->payload, &datagram, sizeof datagram);
  checksum = ip6_chksum_pseudo(p, IP6_NEXTH_UDP, p->tot_len, &from, &to);
  pbuf_free(p);
  return checksum;
}

static void a_datagram_has_a_checksum(void **state) {
  struct udp_hdr datagram = {PP_HTONS(1234), PP_HTONS(PORT), PP_HTONS(UDP_HLEN), 0};
  struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_V6);

  (void)state;
  assert_non_null(pcb);
  assert_int_equal(udp_bind(pcb, IP6_ADDR_ANY, PORT), ERR_OK);
  udp_recv(pcb, receive, NULL);
  NETIF_SET_CHECKSUM_CTRL(&ip6_wire_netif, NETIF_CHECKSUM_CHECK_UDP);
  received = 0;
  comes_to(own(), IP6_NEXTH_UDP, &datagram, sizeof datagram);
  assert_int_equal(received, 0);
  datagram.chksum = checksum_of(datagram);
  comes_to(own(), IP6_NEXTH_UDP, &datagram, sizeof datagram);
  assert_int_equal(received, 1);
  datagram.chksum = (uint16_t)~datagram.chksum;
  comes_to(own(), IP6_NEXTH_UDP, &datagram, sizeof datagram);
  assert_int_equal(received, 1);
  udp_remove(pcb);
}

#define IP6_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      IP6_TEST(an_error_has_the_whole_packet),
      IP6_TEST(of_what_came_to_a_group_nobody_is_told),
      IP6_TEST(of_an_option_that_asks_for_it_its_sender_is_told),
      IP6_TEST(of_fragments_that_are_missing_their_sender_is_told),
      IP6_TEST(errors_have_a_rate),
      IP6_TEST(fragments_may_have_options),
      IP6_TEST(a_fragment_may_come_twice_and_in_any_order),
      IP6_TEST(fragments_that_overlap_are_given_up),
      IP6_TEST(a_datagram_has_one_end),
      IP6_TEST(an_empty_fragment_takes_nobodys_place),
      IP6_TEST(a_fragment_of_too_many_pbufs_leaves_nothing),
      IP6_TEST(a_datagram_has_a_checksum),
  };

  host_reset();
  lwip_init();
  heap_at_rest = lwip_stats.mem.used;
  return cmocka_run_group_tests_name("ip6_input", tests, NULL, NULL);
}
