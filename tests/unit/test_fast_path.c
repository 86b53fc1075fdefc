/* The fast path does what lwIP's general path does, for all frames; and takes those that it is
 * for. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "netif/ethernet.h"
#include "lwip/udp.h"
#include "reply.h"
#include "two_paths.h"

enum { FRAMES = 200000, MTU_DATA = 1472, MTU_DATA6 = 1452 };
enum { AT_IP = SIZEOF_ETH_HDR, AT_UDP = SIZEOF_ETH_HDR + IP_HLEN };
enum { AT_IP6 = SIZEOF_ETH_HDR, AT_UDP6 = SIZEOF_ETH_HDR + IP6_HLEN };

static uint8_t frame[TWO_PATHS_FRAME_MAX + 64];

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

/* The linker uses this in place of lwIP's. */
err_t __real_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif);
err_t __wrap_ethernet_input(struct pbuf *packet, struct netif *netif) {
  two_paths.general++;
  return __real_ethernet_input(packet, netif);
}

static int setup(void **state) {
  (void)state;
  two_paths_setup();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  two_paths_teardown();
  return 0;
}

/* Both paths agree; returns whether the fast one has taken the frame. */
static bool is_fast(size_t length) {
  if (!two_paths_agree(frame, length))
    fail_msg("%s is not the same", two_paths.difference);
  return two_paths.fast;
}

/* After a change of one byte, with right checksums. */
static bool is_fast_with(size_t length, size_t at, uint8_t value) {
  uint8_t old = frame[at];
  bool fast;

  frame[at] = value;
  two_paths_sum(frame, length);
  fast = is_fast(length);
  frame[at] = old;
  return fast;
}

static void test_pings_of_all_sizes(void **state) {
  (void)state;
  for (size_t size = 0; size <= MTU_DATA; size++)
    assert_true(is_fast(two_paths_ping(frame, size)));
}

static void test_datagrams_of_all_sizes(void **state) {
  (void)state;
  for (size_t size = 0; size <= MTU_DATA; size++) {
    assert_true(is_fast(two_paths_datagram(frame, size, TWO_PATHS_ECHO_PORT)));
    assert_true(is_fast(two_paths_datagram(frame, size, TWO_PATHS_CHANGE_PORT)));
  }
}

/* What follows is up to TCP: a reset, or the beginning of a connection. */
static void test_segments_of_all_sizes(void **state) {
  (void)state;
  for (size_t size = 0; size <= 1460; size++)
    assert_true(is_fast(two_paths_segment(frame, size, 99, TCP_ACK)));
  for (uint8_t flags = 0; flags < 0x40; flags++) {
    assert_true(is_fast(two_paths_segment(frame, 0, TWO_PATHS_LISTEN_PORT, flags)));
    assert_true(is_fast(two_paths_segment(frame, 7, TWO_PATHS_LISTEN_PORT, flags)));
  }
  assert_true(is_fast(two_paths_segment(frame, 0, TWO_PATHS_LISTEN_PORT, TCP_SYN)));
  assert_int_equal(two_paths.sent[AT_UDP + 13], TCP_SYN | TCP_ACK);
}

static void test_padding_of_a_short_frame_is_cut_off(void **state) {
  size_t length = two_paths_datagram(frame, 4, TWO_PATHS_ECHO_PORT);

  (void)state;
  assert_true(is_fast(length + 14));
  assert_int_equal(two_paths.sent_length, length);
}

static void test_a_checksum_that_is_left_out_is_made_for_the_answer(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  frame[AT_UDP + 6] = frame[AT_UDP + 7] = 0;
  assert_true(is_fast(length));
  assert_true(two_paths.sent[AT_UDP + 6] != 0 || two_paths.sent[AT_UDP + 7] != 0);
}

static void test_the_device_s_checksums_are_left_to_it(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif,
                          (u16_t) ~(NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_GEN_UDP));
  frame[AT_UDP + 6] ^= 1; /* the device has said that it is right */
  assert_true(is_fast(length));
  assert_true(two_paths.sent[AT_UDP + 6] == 0 && two_paths.sent[AT_UDP + 7] == 0);
}

static void test_sums_of_ip_and_icmp_are_left_to_the_device_too(void **state) {
  size_t length = two_paths_ping(frame, 56);

  (void)state;
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif,
                          (u16_t) ~(NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_ICMP |
                                    NETIF_CHECKSUM_GEN_IP | NETIF_CHECKSUM_GEN_ICMP));
  frame[AT_IP + 10] ^= 1;
  frame[AT_UDP + 2] ^= 1;
  assert_true(is_fast(length));
  assert_int_equal(two_paths.sent[AT_UDP + 2] | two_paths.sent[AT_UDP + 3], 0);
}

/* Among all the answers to different ports, some have a sum of 0, which would mean that there is
 * none (RFC 768). */
static void test_a_sum_of_0_is_sent_as_all_ones(void **state) {
  unsigned ones = 0;

  (void)state;
  for (unsigned port = 1; port <= UINT16_MAX; port++) {
    size_t length = two_paths_datagram(frame, 2, TWO_PATHS_CHANGE_PORT);

    frame[AT_UDP] = (uint8_t)(port >> 8);
    frame[AT_UDP + 1] = (uint8_t)port;
    two_paths_sum(frame, length);
    assert_true(is_fast(length));
    assert_true(two_paths.sent[AT_UDP + 6] != 0 || two_paths.sent[AT_UDP + 7] != 0);
    ones += two_paths.sent[AT_UDP + 6] == 0xff && two_paths.sent[AT_UDP + 7] == 0xff;
  }
  assert_true(ones != 0);
}

static struct udp_pcb *pcb_of(uint16_t port) {
  for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
    if (pcb->local_port == port)
      return pcb;
  }
  fail_msg("nobody has port %u", port);
  return NULL;
}

/* The same after a change of one byte; returns whether lwIP's receivers answer in the same buffer,
 * and with the same result as without. */
static bool is_in_place_with(size_t length, size_t at, uint8_t value) {
  (void)is_fast_with(length, at, value);
  return two_paths.in_place;
}

static void test_an_answer_in_place_needs_no_fast_path(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_CHANGE_PORT);

  (void)state;
  (void)is_fast(length);
  assert_true(two_paths.in_place);
  assert_int_equal(two_paths.sent[AT_IP + 6], 0x40); /* don't fragment */
  length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);
  (void)is_fast(length);
  assert_true(two_paths.in_place);
  assert_true(is_in_place_with(length, AT_IP + 12, 11));   /* from a station that is no neighbor */
  assert_true(is_in_place_with(length, AT_UDP + 5, 47));   /* shorter than its packet */
  assert_false(is_in_place_with(length, AT_UDP + 5, 49));  /* longer */
  assert_false(is_in_place_with(length, AT_IP + 19, 255)); /* to all */
  assert_false(is_in_place_with(length, AT_IP, 0x46));     /* options */
  two_paths.by_reference = true;
  (void)is_fast(two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT));
  assert_false(two_paths.in_place);
  assert_int_equal(two_paths.sent_length, length);
}

/* Over IPv6 as well, where nothing is fast. */
static void test_answers_in_place_by_ip6(void **state) {
  size_t length;

  (void)state;
  for (size_t size = 0; size <= MTU_DATA6; size++) {
    assert_false(is_fast(two_paths_datagram6(frame, size, TWO_PATHS_ECHO_PORT)));
    assert_true(two_paths.in_place);
    (void)is_fast(two_paths_datagram6(frame, size, TWO_PATHS_CHANGE_PORT));
    assert_true(two_paths.in_place);
  }
  length = two_paths_datagram6(frame, 40, TWO_PATHS_ECHO_PORT);
  (void)is_fast(length);
  assert_int_equal(two_paths.sent_length, length);
  assert_true(is_in_place_with(length, AT_UDP6 + 5, 47)); /* shorter than its packet */
  assert_false(is_in_place_with(length, AT_IP6 + 39, 9)); /* to another */
  assert_true(is_in_place_with(length, AT_IP6 + 23, 7)); /* from one that is still being resolved */
  frame[AT_IP6 + 24] = 0xff;                             /* to all nodes, ff02::1 */
  frame[AT_IP6 + 25] = 0x02;
  two_paths_sum(frame, length);
  (void)is_fast(length);
  assert_true(two_paths.sent_length != 0 && !two_paths.in_place);
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif, (u16_t)~NETIF_CHECKSUM_GEN_UDP);
  (void)is_fast(two_paths_datagram6(frame, 40, TWO_PATHS_ECHO_PORT));
  assert_int_equal(two_paths.sent[AT_UDP6 + 6] | two_paths.sent[AT_UDP6 + 7], 0);
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif, NETIF_CHECKSUM_ENABLE_ALL);
  two_paths.netif.mtu6 = 1280;
  (void)is_fast(two_paths_datagram6(frame, 1232, TWO_PATHS_ECHO_PORT));
  assert_true(two_paths.in_place);
  (void)is_fast(two_paths_datagram6(frame, 1233, TWO_PATHS_ECHO_PORT));
  assert_false(two_paths.in_place);
}

/* Data that the request did not come in: that of another pbuf, with the same headers in front of
 * it, and that of a chain. */
static void other_data_received(void *argument, struct udp_pcb *pcb, struct pbuf *data,
                                const ip_addr_t *from, u16_t port) {
  struct pbuf *other = pbuf_clone(PBUF_TRANSPORT, PBUF_RAM, data);

  (void)from;
  (void)port;
  *(bool *)argument = true;
  memcpy((uint8_t *)other->payload - (IP_HLEN + UDP_HLEN),
         (uint8_t *)data->payload - (IP_HLEN + UDP_HLEN), IP_HLEN + UDP_HLEN);
  assert_false(reply_to_datagram(pcb, other, false));
  pbuf_cat(data, other);
  assert_false(reply_to_datagram(pcb, data, false));
  pbuf_free(data);
}

static void test_other_data_than_the_questions_is_lwips_to_send(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_DISCARD_PORT);
  struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
  bool received = false;

  (void)state;
  assert_int_equal(pbuf_take(packet, frame, (u16_t)length), ERR_OK);
  udp_recv(pcb_of(TWO_PATHS_DISCARD_PORT), other_data_received, &received);
  (void)ethernet_input(packet, &two_paths.netif);
  assert_true(received);
}

/* The device vouches for a checksum that may not be there yet, and makes none. */
static void test_a_sum_that_nobody_has_looked_at_is_made(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  NETIF_SET_CHECKSUM_CTRL(&two_paths.netif, (u16_t)~NETIF_CHECKSUM_CHECK_UDP);
  frame[AT_UDP + 6] ^= 1;
  assert_true(is_fast(length)); /* and the answer's sum is that of lwIP */
  assert_true(two_paths.in_place);
}

/* A receiver that does not take everything that comes to its port, or is not the only one there. */
static void test_a_particular_receiver_is_lwips_to_find(void **state) {
  const size_t length = two_paths_datagram(frame, 40, TWO_PATHS_DISCARD_PORT);
  const ip_addr_t from = IPADDR4_INIT_BYTES(10, 2, 0, 2);

  assert_true(is_fast(length));
  for (unsigned i = 0; i < 5; i++) {
    struct udp_pcb *pcb;

    teardown(state);
    setup(state);
    pcb = pcb_of(TWO_PATHS_DISCARD_PORT);
    switch (i) {
    case 0:
      udp_recv(pcb, NULL, NULL);
      break;
    case 1:
      udp_bind_netif(pcb, &two_paths.netif);
      break;
    case 2:
      assert_int_equal(udp_connect(pcb, &from, 5000), ERR_OK);
      break;
    case 3:
      ip_addr_copy(pcb->local_ip, *IP6_ADDR_ANY);
      break;
    default: /* as two that share it */
      pcb_of(TWO_PATHS_ECHO_PORT)->local_port = TWO_PATHS_DISCARD_PORT;
      break;
    }
    if (is_fast(length))
      fail_msg("receiver %u is particular, and the fast path has taken it for any", i);
  }
}

/* An echo by a PCB that leaves its checksums out. */
static void test_an_answer_without_a_checksum_is_lwips_to_send(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next)
    pcb->flags |= UDP_FLAGS_NOCHKSUM;
  (void)is_fast(length);
  assert_false(two_paths.in_place);
  assert_int_equal(two_paths.sent_length, length);
  assert_int_equal(two_paths.sent[AT_UDP + 6] | two_paths.sent[AT_UDP + 7], 0);
}

static void test_an_interface_without_an_address_answers_nothing(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  memset(frame + AT_IP + 16, 0, 4); /* to 0.0.0.0, which is its address */
  two_paths_sum(frame, length);
  netif_set_addr(&two_paths.netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
  assert_false(is_fast(length));
}

static void test_nobody_is_answered_by_lwip(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  memset(frame + AT_IP + 12, 0, 4); /* from 0.0.0.0 */
  two_paths_sum(frame, length);
  assert_false(is_fast(length));
}

static void test_wrong_checksums_are_for_lwip_to_count(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  for (size_t at = AT_IP; at < length; at++) {
    frame[at] ^= 0x10;
    (void)is_fast(length);
    assert_int_equal(two_paths.sent_length, 0);
    frame[at] ^= 0x10;
  }
}

static void test_what_is_not_plain_is_for_lwip(void **state) {
  size_t length = two_paths_datagram(frame, 40, TWO_PATHS_ECHO_PORT);

  (void)state;
  assert_true(is_fast(length));
  assert_false(is_fast_with(length, 0, 3));            /* to a group of stations */
  assert_false(is_fast_with(length, 12, 0x86));        /* another ethertype */
  assert_false(is_fast_with(length, AT_IP, 0x46));     /* options */
  assert_false(is_fast_with(length, AT_IP + 6, 0x20)); /* a fragment, the first */
  assert_false(is_fast_with(length, AT_IP + 7, 1));    /* another */
  assert_true(is_fast_with(length, AT_IP + 6, 0x40));  /* "don't fragment" is not one */
  assert_false(is_fast_with(length, AT_IP + 3, 255));  /* longer than it is */
  assert_false(is_fast_with(length, AT_IP + 3, 60));   /* longer than the datagram */
  assert_true(is_fast_with(length, AT_IP + 12, 11));   /* from no neighbor is, ... */
  assert_false(is_fast_with(length, AT_IP + 12, 225)); /* from a group, ... */
  assert_false(is_fast_with(length, AT_IP + 15, 255)); /* from all, ... */
  assert_false(is_fast_with(length, AT_IP + 19, 9));   /* to another */
  assert_false(is_fast_with(length, AT_UDP + 3, TWO_PATHS_BOUND_PORT));
  assert_false(is_fast_with(length, AT_UDP + 3, 99)); /* to a port that nobody has */
}

/* ARP's entry differs from the address that the frame comes from: the answer goes where ARP
 * says. */
static void test_the_answer_goes_where_arp_says(void **state) {
  size_t length = two_paths_ping(frame, 56);

  (void)state;
  assert_true(is_fast_with(length, AT_IP + 15, 3));
  assert_int_equal(two_paths.sent[5], 3);
  assert_true(is_fast_with(length, AT_IP + 15, 77)); /* ARP has yet to resolve this one */
  assert_memory_equal(two_paths.sent, "\xff\xff\xff\xff\xff\xff", ETH_HWADDR_LEN);
}

static void test_an_answer_beyond_the_mtu_is_for_lwip(void **state) {
  (void)state;
  two_paths.netif.mtu = 100;
  assert_false(is_fast(two_paths_ping(frame, 200)));
  (void)is_fast(two_paths_datagram(frame, 200, TWO_PATHS_ECHO_PORT)); /* in fragments */
  assert_false(two_paths.in_place);
  assert_in_range(two_paths.sent_length, 1, SIZEOF_ETH_HDR + 100);
}

static void test_an_interface_that_is_down_answers_nothing(void **state) {
  (void)state;
  netif_set_down(&two_paths.netif);
  assert_false(is_fast(two_paths_ping(frame, 56)));
  assert_int_equal(two_paths.sent_length, 0);
}

static void test_raw_pcbs_see_all(void **state) {
  (void)state;
  for (unsigned eats = 0; eats < 2; eats++) {
    two_paths.raw_eats = eats != 0;
    two_paths.raw_protocol = IP_PROTO_ICMP;
    (void)is_fast(two_paths_ping(frame, 56));
    assert_int_equal(two_paths.sent_length == 0, eats);
    (void)is_fast(two_paths_datagram(frame, 56, TWO_PATHS_ECHO_PORT));
    two_paths.raw_protocol = IP_PROTO_UDP;
    (void)is_fast(two_paths_ping(frame, 56));
    (void)is_fast(two_paths_datagram(frame, 56, TWO_PATHS_ECHO_PORT));
    assert_int_equal(two_paths.sent_length == 0, eats);
  }
}

static size_t some_frame(void) {
  static const uint16_t ports[] = {TWO_PATHS_ECHO_PORT, TWO_PATHS_CHANGE_PORT,
                                   TWO_PATHS_DISCARD_PORT, TWO_PATHS_BOUND_PORT, 99};
  const size_t size = random_below(8) == 0 ? random_below(MTU_DATA6 + 1) : random_below(64);

  switch (random_below(8)) {
  case 0:
  case 1:
    return two_paths_ping(frame, size);
  case 2:
    return two_paths_segment(frame, size, random_below(2) == 0 ? TWO_PATHS_LISTEN_PORT : 99,
                             (uint8_t)random_below(256));
  case 3:
    return two_paths_datagram6(frame, size, ports[random_below(5)]);
  default:
    return two_paths_datagram(frame, size, ports[random_below(5)]);
  }
}

/* A frame with up to three bytes changed, mostly in its headers, and usually with right
 * checksums. */
static void test_all_frames_have_the_same_answers(void **state) {
  static const uint8_t values[] = {0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x45, 0x80, 0xff};
  unsigned fast = 0;

  (void)state;
  for (unsigned i = 0; i < FRAMES; i++) {
    size_t length = some_frame();

    two_paths.raw_protocol =
        random_below(8) == 0 ? (random_below(2) == 0 ? IP_PROTO_UDP : IP_PROTO_ICMP) : 0;
    two_paths.raw_eats = random_below(2) == 0;
    for (unsigned changes = random_below(4); changes != 0; changes--)
      frame[random_below(random_below(4) == 0 ? (uint32_t)length : 42)] =
          random_below(2) == 0 ? (uint8_t)random_below(256) : values[random_below(sizeof values)];
    if (random_below(4) != 0)
      two_paths_sum(frame, length);
    if (random_below(16) == 0)
      length = random_below((uint32_t)length + 1);
    if (is_fast(length))
      fast++;
  }
  assert_in_range(fast, FRAMES / 10, FRAMES); /* enough of them to count as tested */
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(pings_of_all_sizes),
      TEST(datagrams_of_all_sizes),
      TEST(segments_of_all_sizes),
      TEST(padding_of_a_short_frame_is_cut_off),
      TEST(a_checksum_that_is_left_out_is_made_for_the_answer),
      TEST(the_device_s_checksums_are_left_to_it),
      TEST(sums_of_ip_and_icmp_are_left_to_the_device_too),
      TEST(a_sum_of_0_is_sent_as_all_ones),
      TEST(an_answer_in_place_needs_no_fast_path),
      TEST(answers_in_place_by_ip6),
      TEST(other_data_than_the_questions_is_lwips_to_send),
      TEST(a_sum_that_nobody_has_looked_at_is_made),
      TEST(a_particular_receiver_is_lwips_to_find),
      TEST(an_answer_without_a_checksum_is_lwips_to_send),
      TEST(an_interface_without_an_address_answers_nothing),
      TEST(nobody_is_answered_by_lwip),
      TEST(wrong_checksums_are_for_lwip_to_count),
      TEST(what_is_not_plain_is_for_lwip),
      TEST(the_answer_goes_where_arp_says),
      TEST(an_answer_beyond_the_mtu_is_for_lwip),
      TEST(an_interface_that_is_down_answers_nothing),
      TEST(raw_pcbs_see_all),
      TEST(all_frames_have_the_same_answers),
  };

  lwip_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
