/* What can be set on a NIC: media, MTU, station address, address filter, and its attachment to
 * lwIP. */
#include "unit.h"

#include <errno.h>

#include "log.h"
#include "lwip/igmp.h"
#include "lwip/init.h"
#include "lwip/mld6.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/snmp.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "paper_nic.h"
#include "ringif.h"

enum { PACKETS = 8, DEPTH = 8 };

static struct paper_nic paper;
static struct nic *const nic = &paper.nic;
static struct dispatch_queue dispatch;
static struct netif netif;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, 1024, 0, 32, DEPTH)];

static const struct nic_config config = {
    .ops = &paper_ops,
    .pool = {.packets = PACKETS, .buffer_size = 1024, .alignment = 32, .held_max = 6},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = DEPTH,
    .batch = 4,
    .budget = 8,
    .mac = {2, 0, 0, 0, 0, 1},
};

static int setup(void **state) {
  (void)state;
  memset(&dispatch, 0, sizeof dispatch);
  memset(&paper, 0, sizeof paper);
  paper.link = true;
  paper_ops.caps.promiscuous = true;
  paper_ops.caps.offloads = 0;
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  return 0;
}

static void media_are_those_of_the_mac(void **state) {
  (void)state;
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_AUTO), -EPERM);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_AUTO), 0);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_100_FULL), -EINVAL);
  assert_int_equal(nic_set_media(nic, NIC_MEDIA_AUTO | NIC_MEDIA_10_HALF), -EINVAL);
  assert_string_equal(nic_media_name(NIC_MEDIA_100_FULL), "100-full");
  assert_string_equal(nic_media_name(NIC_MEDIA_1000_FULL << 1), "?");
}

static void link_status_is_invalid_inactive_or_active(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_string_equal(nic_link_name(nic->link.status), "invalid");
  paper.link = false;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_string_equal(nic_link_name(nic->link.status), "inactive");
  paper.link = true;
  nic_poll_link(nic);
  assert_string_equal(nic_link_name(nic->link.status), "active");
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_string_equal(nic_link_name(nic->link.status), "inactive");
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_string_equal(nic_link_name(nic->link.status), "invalid");
}

static void mtu_is_limited_by_mac_and_buffer(void **state) {
  (void)state;
  assert_int_equal(nic->mtu, 1010); /* the buffer minus the header */
  assert_int_equal(nic_set_mtu(nic, 67), -EINVAL);
  assert_int_equal(nic_set_mtu(nic, 1011), -EINVAL);
  assert_int_equal(nic_set_mtu(nic, 68), 0);
  assert_int_equal(nic->mtu, 68);
  assert_int_equal(nic_set_mtu(nic, 1010), 0);
}

static void the_address_is_set_while_down(void **state) {
  static const uint8_t good[6] = {2, 0, 0, 0, 0, 9}, group[6] = {3}, zeros[6] = {0};

  (void)state;
  assert_int_equal(nic_set_mac(nic, group), -EINVAL);
  assert_int_equal(nic_set_mac(nic, zeros), -EINVAL);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(nic_set_mac(nic, good), -EBUSY);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_set_mac(nic, good), -EBUSY);
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic_set_mac(nic, good), 0);
  assert_memory_equal(nic->mac, good, 6);
}

static void group_of(uint8_t group[6], unsigned number) {
  memcpy(group, "\x01\x00\x5e\x00\x00\x00", 6);
  group[5] = (uint8_t)number;
}

static void groups_are_joined_and_left_by_count(void **state) {
  static const uint8_t station[6] = {2};
  uint8_t group[6];

  (void)state;
  group_of(group, 1);
  assert_int_equal(nic_join_group(nic, station), -EINVAL);
  assert_false(nic_group_passes(nic, group));
  assert_int_equal(nic_leave_group(nic, group), -ENOENT);
  assert_int_equal(nic_join_group(nic, group), 0);
  assert_int_equal(nic_join_group(nic, group), 0);
  assert_int_equal(nic_leave_group(nic, group), 0);
  assert_true(nic_group_passes(nic, group));
  assert_int_equal(nic_leave_group(nic, group), 0);
  assert_false(nic_group_passes(nic, group));
}

/* More often than a byte can count. */
static void a_group_is_joined_as_often_as_it_is_left(void **state) {
  uint8_t group[6];

  (void)state;
  group_of(group, 1);
  for (unsigned i = 0; i < 600; i++)
    assert_int_equal(nic_join_group(nic, group), 0);
  for (unsigned i = 0; i < 600; i++) {
    assert_true(nic_group_passes(nic, group));
    assert_int_equal(nic_leave_group(nic, group), 0);
  }
  assert_false(nic_group_passes(nic, group));
  assert_int_equal(nic_leave_group(nic, group), -ENOENT);
}

static void more_groups_than_fit_let_every_group_in(void **state) {
  uint8_t group[6];
  uint8_t other[6];

  (void)state;
  group_of(other, 200);
  for (unsigned i = 0; i < NIC_GROUPS_MAX + 3; i++) {
    assert_false(i <= NIC_GROUPS_MAX && i != 0 && nic_group_passes(nic, other));
    group_of(group, i);
    assert_int_equal(nic_join_group(nic, group), 0);
  }
  assert_true(nic_group_passes(nic, other));
  for (unsigned i = 0; i < NIC_GROUPS_MAX + 3; i++) {
    group_of(group, i);
    assert_int_equal(nic_leave_group(nic, group), 0);
  }
  assert_false(nic_group_passes(nic, other));
  assert_int_equal(nic->filter.group_count, 0);
  assert_int_equal(nic->filter.unlisted, 0);
  assert_int_equal(nic_leave_group(nic, other), -ENOENT);
}

static void promiscuous_and_all_multicast(void **state) {
  uint8_t group[6];

  (void)state;
  group_of(group, 1);
  nic_set_all_multicast(nic, true);
  assert_true(nic_group_passes(nic, group));
  nic_set_all_multicast(nic, false);
  assert_false(nic_group_passes(nic, group));
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  assert_true(nic_group_passes(nic, group));
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  paper_ops.caps.promiscuous = false;
  assert_int_equal(nic_set_promiscuous(nic, true), -ENOTSUP);
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  assert_false(nic->filter.promiscuous);
}

/* As is IPv6's group of all nodes, which nobody leaves. */
static void groups_and_modes_are_gone_with_the_nic(void **state) {
  uint8_t group[6];

  (void)state;
  group_of(group, 1);
  assert_int_equal(nic_join_group(nic, group), 0);
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  nic_set_all_multicast(nic, true);
  assert_int_equal(nic_free(nic), 0);
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  assert_int_equal(nic->filter.group_count, 0);
  assert_false(nic_group_passes(nic, group));
}

/* ---- through lwIP ---- */

static void add_netif(void) {
  assert_non_null(netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, ethernet_input));
  netif_set_up(&netif);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
}

static int setup_netif(void **state) {
  setup(state);
  add_netif();
  return 0;
}

static int teardown_netif(void **state) {
  (void)state;
  assert_int_equal(ringif_remove(&netif), 0);
  assert_int_equal(nic_free(nic), 0);
  return 0;
}

static void igmp_and_mld_drive_the_filter(void **state) {
  static const uint8_t all_systems[6] = {0x01, 0, 0x5e, 0, 0, 1};
  static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
  static const uint8_t mdns[6] = {0x01, 0, 0x5e, 0, 0, 0xfb};
  static const uint8_t mdns6[6] = {0x33, 0x33, 0, 0, 0, 0xfb};
  ip4_addr_t group;
  ip6_addr_t group6;

  (void)state;
  assert_true(nic_group_passes(nic, all_systems));
  assert_true(nic_group_passes(nic, all_nodes));
  assert_false(nic_group_passes(nic, mdns));
  IP4_ADDR(&group, 224, 128, 0, 251); /* the top bit of the 24 is not in the address */
  assert_int_equal(igmp_joingroup_netif(&netif, &group), ERR_OK);
  assert_true(nic_group_passes(nic, mdns));
  assert_int_equal(igmp_leavegroup_netif(&netif, &group), ERR_OK);
  assert_false(nic_group_passes(nic, mdns));
  assert_true(ip6addr_aton("ff02::fb", &group6));
  assert_int_equal(mld6_joingroup_netif(&netif, &group6), ERR_OK);
  assert_true(nic_group_passes(nic, mdns6));
  assert_int_equal(mld6_leavegroup_netif(&netif, &group6), ERR_OK);
  assert_false(nic_group_passes(nic, mdns6));
}

static void an_own_address_brings_its_solicited_node_group(void **state) {
  static const uint8_t solicited[6] = {0x33, 0x33, 0xff, 0, 0, 1};

  (void)state;
  assert_false(nic_group_passes(nic, solicited));
  netif_create_ip6_linklocal_address(&netif, 1);
  netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED); /* as after duplicate detection */
  assert_true(nic_group_passes(nic, solicited));
  netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_INVALID);
  assert_false(nic_group_passes(nic, solicited));
}

static void netif_and_nic_agree_on_mtu_and_address(void **state) {
  static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};

  (void)state;
  assert_int_equal(netif.mtu, 1010);
  assert_int_equal(ringif_set_mtu(&netif, 2000), -EINVAL);
  assert_int_equal(netif.mtu, 1010);
  assert_int_equal(ringif_set_mtu(&netif, 576), 0);
  assert_int_equal(netif.mtu, 576);
  assert_int_equal(netif.mtu6, 576);
  assert_int_equal(ringif_set_mac(&netif, mac), -EBUSY);
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(ringif_set_mac(&netif, mac), 0);
  assert_memory_equal(netif.hwaddr, mac, 6);
  assert_memory_equal(nic->mac, mac, 6);
}

static err_t refuse(struct pbuf *frame, struct netif *from) {
  (void)frame;
  (void)from;
  return ERR_MEM;
}

static void run(void) {
  while (dispatch_run(&dispatch)) {
  }
}

static void a_frame_that_the_stack_refuses_is_counted_and_comes_home(void **state) {
  static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  netif.input = refuse;
  for (unsigned i = 0; i < 3 * PACKETS; i++) {
    assert_true(paper_receive(&paper, frame, sizeof frame));
    run();
    assert_int_equal(nic->counters[NIC_IN_REFUSED], i + 1);
    assert_int_equal(nic->pool.held, 0);
  }
  assert_int_equal(nic_dropped(nic), 3 * PACKETS);
}

/* Each byte counts. */
static void what_is_nearly_a_broadcast_is_a_group(void **state) {
  (void)state;
  nic_set_all_multicast(nic, true);
  for (unsigned i = 0; i < ETH_ADDRESS_BYTES; i++) {
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    frame[i] = 0xfd;
    paper_receive(&paper, frame, sizeof frame);
    run();
    assert_int_equal(nic->counters[NIC_IN_MULTICAST_PKTS], i + 1);
  }
  assert_int_equal(nic->counters[NIC_IN_BROADCAST_PKTS], 0);
}

static err_t send(uint16_t length) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
  err_t error;

  assert_non_null(frame);
  memset(frame->payload, 0, length);
  error = netif.linkoutput(&netif, frame);
  pbuf_free(frame);
  return error;
}

/* Why a frame is not sent, as lwIP's error codes. */
static void what_cannot_be_sent_is_an_error_of_lwips(void **state) {
  (void)state;
  assert_int_equal(send(60), ERR_OK);
  assert_int_equal(send((uint16_t)(netif.mtu + ETH_HEADER_BYTES + 1)), ERR_VAL);
  run();
  paper.hold_tx = true;
  for (unsigned i = 0; i < PAPER_RING; i++) {
    assert_int_equal(send(60), ERR_OK);
    run();
  }
  for (unsigned i = 0; i < DEPTH; i++)
    assert_int_equal(send(60), ERR_OK);
  assert_int_equal(send(60), ERR_MEM); /* ring and queue are full */
  paper.link = false;
  nic_poll_link(nic);
  assert_int_equal(send(60), ERR_IF);
}

static void the_link_is_lwips_and_is_told(void **state) {
  (void)state;
  log_set_level("nic", LOG_INFO);
  (void)host_console();
  paper.link = false;
  nic_poll_link(nic);
  assert_false(netif_is_link_up(&netif));
  assert_non_null(strstr(host_console(), " link down"));
  paper.link = paper.full_duplex = true;
  nic_poll_link(nic);
  assert_true(netif_is_link_up(&netif));
  assert_non_null(strstr(host_console(), " link up, 100 Mbit/s full duplex"));
  paper.full_duplex = false; /* another link, though it is up as before */
  nic_poll_link(nic);
  assert_true(netif_is_link_up(&netif));
  assert_non_null(strstr(host_console(), " link up, 100 Mbit/s half duplex"));
  paper.slow = true;
  nic_poll_link(nic);
  assert_non_null(strstr(host_console(), " link up, 10 Mbit/s half duplex"));
  nic_poll_link(nic);
  assert_string_equal(host_console(), "");
  log_set_level(NULL, LOG_ERROR);
}

/* For SNMP (RFC 1213): each counter of the NIC is included in one of the interface's, except what a
 * filter leaves out. */
static void what_is_counted_is_in_lwips_mib(void **state) {
  static const struct {
    enum nic_counter counter;
    size_t of;
  } counted[] = {
#define IN_MIB(counter, of) {counter, offsetof(struct stats_mib2_netif_ctrs, of)}
      IN_MIB(NIC_IN_OCTETS, ifinoctets),
      IN_MIB(NIC_IN_UCAST_PKTS, ifinucastpkts),
      IN_MIB(NIC_IN_MULTICAST_PKTS, ifinnucastpkts),
      IN_MIB(NIC_IN_BROADCAST_PKTS, ifinnucastpkts),
      IN_MIB(NIC_OUT_OCTETS, ifoutoctets),
      IN_MIB(NIC_OUT_UCAST_PKTS, ifoutucastpkts),
      IN_MIB(NIC_OUT_MULTICAST_PKTS, ifoutnucastpkts),
      IN_MIB(NIC_OUT_BROADCAST_PKTS, ifoutnucastpkts),
      IN_MIB(NIC_IN_RUNT, ifinerrors),
      IN_MIB(NIC_IN_TOO_LONG, ifinerrors),
      IN_MIB(NIC_IN_ERROR, ifinerrors),
      IN_MIB(NIC_IN_OVERFLOW, ifindiscards),
      IN_MIB(NIC_IN_NO_BUFFER, ifindiscards),
      IN_MIB(NIC_IN_UNKNOWN_PROTOS, ifinunknownprotos),
      IN_MIB(NIC_IN_REFUSED, ifindiscards),
      IN_MIB(NIC_IN_STOPPED, ifindiscards),
      IN_MIB(NIC_OUT_LINK_DOWN, ifoutdiscards),
      IN_MIB(NIC_OUT_RUNT, ifouterrors),
      IN_MIB(NIC_OUT_TOO_LONG, ifouterrors),
      IN_MIB(NIC_OUT_QUEUE_FULL, ifoutdiscards),
      IN_MIB(NIC_OUT_NO_BUFFER, ifoutdiscards),
      IN_MIB(NIC_OUT_ERROR, ifouterrors),
      IN_MIB(NIC_OUT_STOPPED, ifoutdiscards),
#undef IN_MIB
  };
  struct stats_mib2_netif_ctrs expected = {0};

  (void)state;
  static_assert(sizeof counted / sizeof *counted + 1 == NIC_OUT_STOPPED + 1, "all but IN_FILTERED");
  memset(nic->counters, 0, sizeof nic->counters);
  nic->counters[NIC_IN_FILTERED] = 1;
  for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++) {
    nic->counters[counted[i].counter] = 3U << i;
    *(u32_t *)(void *)((uint8_t *)&expected + counted[i].of) += 3U << i;
  }
  host_run_for_us(NIC_WATCH_MS * UINT64_C(1000));
  sys_check_timeouts();
  assert_memory_equal(&netif.mib2_counters, &expected, sizeof expected);
  assert_int_equal(netif.link_type, snmp_ifType_ethernet_csmacd);
  assert_int_equal(netif.link_speed, 100000000);
}

static void remove_without_link(struct netif *of) {
  if (!netif_is_link_up(of))
    assert_int_equal(ringif_remove(of), 0);
}

/* Its watch reports the link, and ends with it. */
static void an_interface_may_be_removed_when_its_link_goes(void **state) {
  unsigned timeouts;

  (void)state;
  timeouts = lwip_stats.memp[MEMP_SYS_TIMEOUT]->used;
  add_netif();
  assert_int_equal(lwip_stats.memp[MEMP_SYS_TIMEOUT]->used, timeouts + 1);
  netif_set_link_callback(&netif, remove_without_link);
  paper.link = false;
  for (unsigned watches = 0; watches < 3; watches++) {
    host_run_for_us(NIC_WATCH_MS * UINT64_C(1000));
    sys_check_timeouts();
    assert_int_equal(nic->state, NIC_INIT);
    assert_int_equal(lwip_stats.memp[MEMP_SYS_TIMEOUT]->used, timeouts);
  }
  assert_int_equal(nic_free(nic), 0);
}

static void what_is_not_ready_is_no_interface(void **state) {
  struct netif other;

  (void)state;
  assert_null(netif_add(&other, NULL, NULL, NULL, NULL, ringif_init, ethernet_input));
  assert_int_equal(nic_start(nic), 0); /* by somebody else */
  assert_null(netif_add(&other, NULL, NULL, NULL, nic, ringif_init, ethernet_input));
  assert_int_equal(nic_stop(nic), 0);
  paper.start_error = -ENOMEM;
  assert_null(netif_add(&other, NULL, NULL, NULL, nic, ringif_init, ethernet_input));
  assert_non_null(strstr(host_console(), "E nic: paper at 0 does not start: error 12"));
  paper.start_error = 0;
  assert_non_null(netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, ethernet_input));
}

static u16_t flags_at_input;

static err_t note_flags(struct pbuf *frame, struct netif *from) {
  flags_at_input = from->chksum_flags;
  pbuf_free(frame);
  return ERR_OK;
}

static void what_the_mac_sums_lwip_does_not(void **state) {
  const u16_t sent = NETIF_CHECKSUM_GEN_IP | NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP;
  const u16_t received =
      NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP;
  const uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  assert_int_equal(netif.chksum_flags, NETIF_CHECKSUM_ENABLE_ALL);
  teardown_netif(NULL);
  setup(NULL);
  paper_ops.caps.offloads =
      NIC_OFFLOAD_TX_IP4 | NIC_OFFLOAD_TX_TCP_UDP | NIC_OFFLOAD_RX_IP4 | NIC_OFFLOAD_RX_TCP_UDP;
  assert_non_null(netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, note_flags));
  assert_int_equal(netif.chksum_flags & sent, 0);
  assert_true((netif.chksum_flags & NETIF_CHECKSUM_GEN_ICMP) != 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  for (unsigned i = 0; i < 4; i++) { /* each frame has to be vouched for by itself */
    paper.checked = i % 2 == 0;
    assert_true(paper_receive(&paper, frame, sizeof frame));
    while (dispatch_run(&dispatch)) {
    }
    assert_int_equal(flags_at_input & received, paper.checked ? 0 : received);
    assert_int_equal(flags_at_input & sent, 0);
  }
}

static void what_the_device_turns_out_to_lack_lwip_does(void **state) {
  (void)state;
  paper_ops.caps.offloads = NIC_OFFLOAD_TX_IP4 | NIC_OFFLOAD_TX_TCP_UDP;
  paper.lacks = NIC_OFFLOAD_TX_TCP_UDP;
  assert_non_null(netif_add(&netif, NULL, NULL, NULL, nic, ringif_init, ethernet_input));
  assert_int_equal(nic->offloads, NIC_OFFLOAD_TX_IP4);
  assert_int_equal(netif.chksum_flags & (NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP),
                   NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP);
  assert_int_equal(netif.chksum_flags & NETIF_CHECKSUM_GEN_IP, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(media_are_those_of_the_mac, setup),
      cmocka_unit_test_setup(link_status_is_invalid_inactive_or_active, setup),
      cmocka_unit_test_setup(mtu_is_limited_by_mac_and_buffer, setup),
      cmocka_unit_test_setup(the_address_is_set_while_down, setup),
      cmocka_unit_test_setup(groups_are_joined_and_left_by_count, setup),
      cmocka_unit_test_setup(a_group_is_joined_as_often_as_it_is_left, setup),
      cmocka_unit_test_setup(more_groups_than_fit_let_every_group_in, setup),
      cmocka_unit_test_setup(promiscuous_and_all_multicast, setup),
      cmocka_unit_test_setup(groups_and_modes_are_gone_with_the_nic, setup),
      cmocka_unit_test_setup_teardown(igmp_and_mld_drive_the_filter, setup_netif, teardown_netif),
      cmocka_unit_test_setup_teardown(an_own_address_brings_its_solicited_node_group, setup_netif,
                                      teardown_netif),
      cmocka_unit_test_setup_teardown(netif_and_nic_agree_on_mtu_and_address, setup_netif,
                                      teardown_netif),
      cmocka_unit_test_setup_teardown(a_frame_that_the_stack_refuses_is_counted_and_comes_home,
                                      setup_netif, teardown_netif),
      cmocka_unit_test_setup_teardown(what_is_nearly_a_broadcast_is_a_group, setup_netif,
                                      teardown_netif),
      cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_an_error_of_lwips, setup_netif,
                                      teardown_netif),
      cmocka_unit_test_setup_teardown(the_link_is_lwips_and_is_told, setup_netif, teardown_netif),
      cmocka_unit_test_setup_teardown(what_is_counted_is_in_lwips_mib, setup_netif, teardown_netif),
      cmocka_unit_test_setup(an_interface_may_be_removed_when_its_link_goes, setup),
      cmocka_unit_test_setup_teardown(what_is_not_ready_is_no_interface, setup, teardown_netif),
      cmocka_unit_test_setup_teardown(what_the_mac_sums_lwip_does_not, setup_netif, teardown_netif),
      cmocka_unit_test_setup_teardown(what_the_device_turns_out_to_lack_lwip_does, setup,
                                      teardown_netif),
  };

  host_reset();
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests_name("nic_settings", tests, NULL, NULL);
}
