/* IPv6's neighbors: those in use stay known, whoever else turns up; neither packets that wait for
 * an address nor the group by which neighbors ask for ours is lost to a passing lack of memory; and
 * an address of ours stays ours. */
#include "unit.h"

#include "lwip/ethip6.h"
#include "lwip/icmp6.h"
#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/nd6.h"
#include "lwip/stats.h"
#include "ip6_wire.h"
#include "neighbor_cases.h"

static unsigned answered_to; /* the neighbor that the last advertisement went to */
static unsigned advertisements;

/* The last message by which it asked for its own address. */
static struct {
  uint8_t message[40];
  uint16_t length;
} probe;

static bool knows(unsigned number) {
  const ip6_addr_t address = ip6_wire_address(number);

  for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
    if (neighbor_cache[i].state != ND6_NO_ENTRY && neighbor_cache[i].state != ND6_INCOMPLETE &&
        ip6_addr_eq(&address, &neighbor_cache[i].next_hop_address))
      return true;
  }
  return false;
}

/* A neighbor's solicitation or advertisement, with its address. */
static void comes(unsigned number, uint8_t type) {
  struct message { /* RFC 4861, 4.3 and 4.4 */
    uint8_t type, code;
    uint16_t checksum;
    uint32_t flags;
    ip6_addr_p_t target;
    uint8_t option, option_eights, mac[ETH_HWADDR_LEN];
  };
  const ip6_addr_t from = ip6_wire_address(number), own = ip6_wire_address(IP6_WIRE_OWN);
  struct message message = {
      .type = type,
      .option =
          type == ICMP6_TYPE_NS ? ND6_OPTION_TYPE_SOURCE_LLADDR : ND6_OPTION_TYPE_TARGET_LLADDR,
      .option_eights = 1,
      .mac = {2, 0, 0, 1, (uint8_t)(number >> 8), (uint8_t)number},
  };

  if (type == ICMP6_TYPE_NS) {
    ip6_addr_copy_to_packed(message.target, own);
  } else {
    message.flags = PP_HTONL((uint32_t)(ND6_FLAG_SOLICITED | ND6_FLAG_OVERRIDE) << 24);
    ip6_addr_copy_to_packed(message.target, from);
  }
  ip6_wire_comes(&from, &message, sizeof message);
}

static void solicits_us(unsigned number) { comes(number, ICMP6_TYPE_NS); }
static void answers(unsigned number) { comes(number, ICMP6_TYPE_NA); }

static err_t linkoutput(struct netif *from, struct pbuf *frame) {
  uint8_t bytes[IP6_WIRE_HEADERS + 24] = {0};
  const uint8_t *icmp = bytes + IP6_WIRE_HEADERS;
  unsigned neighbor;

  (void)from;
  (void)pbuf_copy_partial(frame, bytes, sizeof bytes, 0);
  if ((bytes[0] & 1) == 0)
    neighbors.frames++;
  if (bytes[SIZEOF_ETH_HDR + 6] != IP6_NEXTH_ICMP6) {
    neighbors.reached = bytes[5];
  } else if (icmp[0] == ICMP6_TYPE_NA) {
    neighbor = (unsigned)(bytes[IP6_WIRE_HEADERS - 2] << 8 | bytes[IP6_WIRE_HEADERS - 1]);
    answered_to = neighbor;
    advertisements++;
  } else if (icmp[0] == ICMP6_TYPE_NS && bytes[SIZEOF_ETH_HDR + 8] == 0) {
    probe.length = pbuf_copy_partial(frame, probe.message, sizeof probe.message, IP6_WIRE_HEADERS);
  } else if (icmp[0] == ICMP6_TYPE_NS && neighbors.answering) {
    neighbor = (unsigned)(icmp[22] << 8 | icmp[23]);
    answers(neighbor);
  }
  return ERR_OK;
}

static void send_to(unsigned number) {
  const ip6_addr_t to = ip6_wire_address(number);

  ip6_wire_send(&to);
}

static int set_up(void **state) {
  (void)state;
  ip6_wire_setup(linkoutput);
  neighbors = (struct neighbors){
      .capacity = LWIP_ND6_NUM_NEIGHBORS,
      .asks_for_us = solicits_us,
      .answers = answers,
      .send_to = send_to,
      .knows = knows,
      .second = nd6_tmr,
  };
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ip6_wire_teardown();
  return 0;
}

static void who_solicits_us_is_answered(void **state) {
  (void)state;
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++) {
    solicits_us(100 + i);
    assert_int_equal(answered_to, 100 + i);
  }
}

/* Through all states of an entry within two minutes: reachable, stale, delayed and probed. */
static void nor_are_they_displaced_while_they_are_probed(void **state) {
  bool seen[ND6_PROBE + 1] = {false};

  (void)state;
  neighbors.answering = true;
  send_to(2);
  for (unsigned second = 0; second < 2 * NEIGHBOR_UNUSED_S; second++) {
    neighbors.answering = false;
    for (unsigned i = 0; i < 20; i++) {
      send_to(2000 + 20 * second + i);
      solicits_us(100 + 20 * second + i);
    }
    neighbors.answering = true;
    assert_true(knows(2));
    for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
      const ip6_addr_t address = ip6_wire_address(2);

      if (ip6_addr_eq(&address, &neighbor_cache[i].next_hop_address))
        seen[neighbor_cache[i].state] = true;
    }
    if (second % 40 == 0)
      neighbor_must_be_reached(2);
    nd6_tmr();
  }
  assert_true(seen[ND6_REACHABLE] && seen[ND6_STALE] && seen[ND6_DELAY] && seen[ND6_PROBE]);
}

/* While one is being resolved, some more may be looked for. */
static void who_is_asked_for_has_time_to_answer(void **state) {
  (void)state;
  for (unsigned i = 0; i < NEIGHBOR_OTHERS; i++)
    send_to(2000 + i);
  send_to(2);
  for (unsigned i = 1; i < LWIP_ND6_NUM_NEIGHBORS; i++)
    send_to(3000 + i);
  answers(2);
  assert_true(knows(2));
}

/* When all are in use, a station that merely solicits us is looked for, and gets its answer
 * then. */
static void who_solicits_us_finds_room(void **state) {
  (void)state;
  neighbors.answering = true;
  for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++)
    send_to(2 + i);
  solicits_us(100);
  assert_int_equal(answered_to, 100);
  assert_true(knows(100));
}

static unsigned waiting(void) { return lwip_stats.memp[MEMP_ND6_QUEUE]->used; }

static void packets_wait_after_a_time_without_memory(void **state) {
  void *taken[MEMP_NUM_ND6_QUEUE];

  (void)state;
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++)
    assert_non_null(taken[i] = memp_malloc(MEMP_ND6_QUEUE));
  for (unsigned i = 0; i < 2 * MEMP_NUM_ND6_QUEUE; i++)
    send_to(2);
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++)
    memp_free(MEMP_ND6_QUEUE, taken[i]);
  assert_int_equal(waiting(), 0);
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++) {
    send_to(2);
    assert_int_equal(waiting(), i + 1);
  }
  send_to(2); /* the oldest gives way */
  assert_int_equal(waiting(), MEMP_NUM_ND6_QUEUE);
  nd6_cleanup_netif(&ip6_wire_netif);
  assert_int_equal(waiting(), 0);
}

/* A packet from the unspecified address, to our solicited-node group, has an option that requests
 * an error; it is so large that a few errors take all memory. */
static void a_packet_without_source_holds_nothing(void **state) {
  static const uint8_t options[1300] = {[0] = IP6_NEXTH_NONE, [2] = 0x9e, [3] = 4};
  const ip6_addr_t group = ip6_wire_solicited_node(IP6_WIRE_OWN);
  const mem_size_t before = lwip_stats.mem.used;
  ip6_addr_t nobody;

  (void)state;
  ip6_addr_set_any(&nobody);
  ip6_wire_netif.flags |= NETIF_FLAG_MLD6;
  nd6_tmr();
  for (unsigned i = 0; i < 2 * MEMP_NUM_ND6_QUEUE; i++) {
    ip6_wire_packet_comes(&nobody, &group, IP6_NEXTH_HOPBYHOP, options, sizeof options);
    ip6_wire_send(&nobody);
    assert_int_equal(waiting(), 0);
    assert_int_equal(lwip_stats.mem.used, before);
  }
}

/* It asks whether we are still there, without its own address, which is optional then. */
static void who_solicits_us_without_its_address_is_answered(void **state) {
  const ip6_addr_t from = ip6_wire_address(100), own = ip6_wire_address(IP6_WIRE_OWN);
  struct {
    struct ns_header ns;
    uint8_t option[2]; /* of length 0, which is not allowed */
  } message = {.ns = {.type = ICMP6_TYPE_NS}, .option = {ND6_OPTION_TYPE_SOURCE_LLADDR}};

  (void)state;
  neighbors.answering = true;
  answered_to = 0;
  ip6_addr_copy_to_packed(message.ns.target_address, own);
  ip6_wire_comes(&from, &message, sizeof message);
  assert_int_equal(answered_to, 0);
  ip6_wire_comes(&from, &message, sizeof message.ns);
  assert_int_equal(answered_to, 100);
}

/* An advertisement to us, or to all, without its sender's address: the option is of another type,
 * or of length 0. What follows it in memory is no address. */
static void what_is_no_address_is_not_taken_for_one(void **state) {
  static const uint8_t options[][2] = {{ND6_OPTION_TYPE_TARGET_LLADDR, 0},
                                       {ND6_OPTION_TYPE_SOURCE_LLADDR, 1}};
  const ip6_addr_t from = ip6_wire_address(100), own = ip6_wire_address(IP6_WIRE_OWN);
  struct message {
    struct na_header na;
    uint8_t option[2], mac[ETH_HWADDR_LEN];
  } message = {.na = {.type = ICMP6_TYPE_NA, .flags = ND6_FLAG_SOLICITED | ND6_FLAG_OVERRIDE},
               .mac = {2, 0, 0, 9, 9, 9}};
  struct nd6_neighbor_cache_entry before[LWIP_ND6_NUM_NEIGHBORS];
  ip6_addr_t all;

  (void)state;
  ip6_addr_set_allnodes_linklocal(&all);
  solicits_us(100);
  assert_true(knows(100));
  ip6_addr_copy_to_packed(message.na.target_address, from);
  memcpy(before, neighbor_cache, sizeof before);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    memcpy(message.option, options[i], sizeof message.option);
    message.na.chksum = 0;
    ip6_wire_packet_comes(&from, &own, IP6_NEXTH_ICMP6, &message, sizeof message);
    message.na.chksum = 0;
    ip6_wire_packet_comes(&from, &all, IP6_NEXTH_ICMP6, &message, sizeof message);
    for (unsigned entry = 0; entry < LWIP_ND6_NUM_NEIGHBORS; entry++)
      assert_memory_equal(neighbor_cache[entry].lladdr, before[entry].lladdr, ETH_HWADDR_LEN);
  }
}

/* Somebody advertises an address as its own to all. */
static void advertises_to_all(unsigned number) {
  const ip6_addr_t from = ip6_wire_address(number);
  struct na_header message = {.type = ICMP6_TYPE_NA, .flags = ND6_FLAG_OVERRIDE};
  ip6_addr_t all;

  ip6_addr_set_allnodes_linklocal(&all);
  ip6_addr_copy_to_packed(message.target_address, from);
  ip6_wire_packet_comes(&from, &all, IP6_NEXTH_ICMP6, &message, sizeof message);
}

static void an_address_in_use_is_not_given_up(void **state) {
  (void)state;
  advertises_to_all(IP6_WIRE_OWN);
  assert_true(ip6_addr_ispreferred(netif_ip6_addr_state(&ip6_wire_netif, 0)));
}

static void one_that_is_asked_for_is_given_up(void **state) {
  (void)state;
  netif_ip6_addr_set_state(&ip6_wire_netif, 0, IP6_ADDR_TENTATIVE);
  nd6_tmr();
  advertises_to_all(2);
  assert_true(ip6_addr_istentative(netif_ip6_addr_state(&ip6_wire_netif, 0)));
  advertises_to_all(IP6_WIRE_OWN);
  assert_true(ip6_addr_isduplicated(netif_ip6_addr_state(&ip6_wire_netif, 0)));
  nd6_tmr();
  assert_true(ip6_addr_isduplicated(netif_ip6_addr_state(&ip6_wire_netif, 0)));
}

/* As with ARP. */
static void what_waits_leaves_some_of_the_heap(void **state) {
  const ip6_addr_t to = ip6_wire_address(2);
  struct pbuf *packet;

  (void)state;
  for (unsigned i = 0; i < MEMP_NUM_ND6_QUEUE; i++) {
    packet = pbuf_alloc(PBUF_LINK, 1400, PBUF_RAM);
    assert_non_null(packet);
    (void)ethip6_output(&ip6_wire_netif, packet, &to);
    pbuf_free(packet);
  }
  packet = pbuf_alloc(PBUF_TRANSPORT, 600, PBUF_RAM);
  assert_non_null(packet);
  pbuf_free(packet);
}

static void what_is_copied_to_wait_leaves_as_much(void **state) {
  static const uint16_t lengths[] = {1400, 1400, 1400, 1400, 1400, 1400};
  static uint8_t data[1400];
  const ip6_addr_t to = ip6_wire_address(2);

  (void)state;
  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct pbuf *packet = pbuf_alloc_reference(data, lengths[i], PBUF_REF);

    assert_non_null(packet);
    (void)ethip6_output(&ip6_wire_netif, packet, &to);
    pbuf_free(packet);
    assert_true(lwip_stats.mem.used <= MEM_SIZE - MEM_QUEUE_RESERVE);
  }
}

static void probe_comes(void) {
  const ip6_addr_t group = ip6_wire_solicited_node(IP6_WIRE_OWN);

  ip6_wire_packet_comes(IP6_ADDR_ANY6, &group, IP6_NEXTH_ICMP6, probe.message, probe.length);
}

/* Where a switch, or the MAC, loops back what is sent to a group (RFC 4862, 5.4.3; RFC 7527); but
 * the same of another station is for it to get the address, too. */
static void what_we_asked_ourselves_is_none_of_anothers(void **state) {
  (void)state;
  ip6_wire_netif.flags |= NETIF_FLAG_MLD6;
  netif_ip6_addr_set_state(&ip6_wire_netif, 0, IP6_ADDR_TENTATIVE);
  nd6_tmr();
  advertisements = 0;
  assert_int_equal(probe.length, sizeof(struct ns_header) + 8);
  probe_comes();
  assert_int_equal(advertisements, 0);
  nd6_tmr();
  assert_true(ip6_addr_ispreferred(netif_ip6_addr_state(&ip6_wire_netif, 0)));
  for (unsigned of_nonce = 0; of_nonce < 2; of_nonce++) {
    netif_ip6_addr_set_state(&ip6_wire_netif, 0, IP6_ADDR_TENTATIVE);
    nd6_tmr();
    if (of_nonce != 0)
      probe.message[probe.length - 1] ^= 1;
    else
      probe.length = sizeof(struct ns_header); /* from one that has no nonces */
    probe_comes();
    assert_true(ip6_addr_isduplicated(netif_ip6_addr_state(&ip6_wire_netif, 0)));
    assert_int_equal(advertisements, of_nonce + 1);
  }
}

static void it_is_asked_for_again_on_a_new_link(void **state) {
  one_that_is_asked_for_is_given_up(state);
  netif_set_link_down(&ip6_wire_netif);
  nd6_tmr();
  netif_set_link_up(&ip6_wire_netif);
  nd6_tmr();
  assert_true(ip6_addr_istentative(netif_ip6_addr_state(&ip6_wire_netif, 0)));
  nd6_tmr();
  assert_true(ip6_addr_ispreferred(netif_ip6_addr_state(&ip6_wire_netif, 0)));
}

/* How often the group is joined by which neighbors ask for our address. */
static unsigned memberships(void) {
  const ip6_addr_t own = ip6_wire_address(IP6_WIRE_OWN);
  const struct mld_group *group;
  ip6_addr_t solicited;

  ip6_addr_set_solicitednode(&solicited, own.addr[3]);
  ip6_addr_assign_zone(&solicited, IP6_MULTICAST, &ip6_wire_netif);
  group = mld6_lookfor_group(&ip6_wire_netif, &solicited);
  return group == NULL ? 0 : group->use;
}

static void set_state(u8_t state) { netif_ip6_addr_set_state(&ip6_wire_netif, 0, state); }

static void the_group_of_an_address_is_joined_once_there_is_memory(void **state) {
  void *taken[MEMP_NUM_MLD6_GROUP];

  (void)state;
  set_state(IP6_ADDR_INVALID);
  ip6_wire_netif.flags |= NETIF_FLAG_MLD6;
  for (unsigned i = 0; i < MEMP_NUM_MLD6_GROUP; i++)
    assert_non_null(taken[i] = memp_malloc(MEMP_MLD6_GROUP));
  set_state(IP6_ADDR_PREFERRED);
  nd6_tmr();
  assert_int_equal(memberships(), 0);
  memp_free(MEMP_MLD6_GROUP, taken[0]);
  nd6_tmr();
  assert_int_equal(memberships(), 1);
  nd6_tmr();
  assert_int_equal(memberships(), 1);
  set_state(IP6_ADDR_INVALID);
  assert_int_equal(memberships(), 0);
  for (unsigned i = 1; i < MEMP_NUM_MLD6_GROUP; i++)
    memp_free(MEMP_MLD6_GROUP, taken[i]);
}

/* An address that is invalid, another's, or yet to be checked; or where groups do not matter. */
static void an_address_without_a_group_joins_none(void **state) {
  static const u8_t states[] = {IP6_ADDR_INVALID, IP6_ADDR_DUPLICATED, IP6_ADDR_TENTATIVE};

  (void)state;
  ip6_wire_netif.flags |= NETIF_FLAG_MLD6;
  netif_set_link_down(&ip6_wire_netif); /* nothing changes by itself */
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    set_state(states[i]);
    nd6_tmr();
    assert_int_equal(memberships(), 0);
  }
  ip6_wire_netif.flags &= (u8_t)~NETIF_FLAG_MLD6;
  ip6_wire_netif.ip6_addr_state[0] = IP6_ADDR_PREFERRED; /* as a loopback interface's */
  nd6_tmr();
  assert_int_equal(memberships(), 0);
  ip6_wire_netif.ip6_addr_state[0] = IP6_ADDR_INVALID;
}

#define ND6_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      ND6_TEST(who_asks_does_not_displace_them),
      ND6_TEST(who_is_asked_for_does_not_displace_them),
      ND6_TEST(who_was_not_talked_to_makes_room),
      ND6_TEST(who_was_not_talked_to_for_a_minute_makes_room),
      ND6_TEST(the_one_that_was_idle_for_longest_makes_room),
      ND6_TEST(nor_are_they_displaced_while_they_are_probed),
      ND6_TEST(who_is_asked_for_has_time_to_answer),
      ND6_TEST(who_solicits_us_is_answered),
      ND6_TEST(who_solicits_us_finds_room),
      ND6_TEST(who_solicits_us_without_its_address_is_answered),
      ND6_TEST(what_is_no_address_is_not_taken_for_one),
      ND6_TEST(what_waits_leaves_some_of_the_heap),
      ND6_TEST(what_is_copied_to_wait_leaves_as_much),
      ND6_TEST(an_address_in_use_is_not_given_up),
      ND6_TEST(what_we_asked_ourselves_is_none_of_anothers),
      ND6_TEST(one_that_is_asked_for_is_given_up),
      ND6_TEST(it_is_asked_for_again_on_a_new_link),
      ND6_TEST(packets_wait_after_a_time_without_memory),
      ND6_TEST(a_packet_without_source_holds_nothing),
      ND6_TEST(the_group_of_an_address_is_joined_once_there_is_memory),
      ND6_TEST(an_address_without_a_group_joins_none),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
