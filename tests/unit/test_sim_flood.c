/* Floods on the wire of the simulated NIC, under real lwIP: a TCP session that was open survives,
 * and a second after the flood every ping is answered. */
#include "unit.h"

#include "log.h"
#include "lwip/init.h"
#include "lwip/ip6_addr.h"
#include "lwip/stats.h"
#include "lwip/priv/tcp_priv.h"
#include "sim_rig.h"

enum { PERIOD_MS = 50, BURST = 4, BACKLOG = 2 };

static struct sim_device *const device = &sim_rig.device;
static struct nic *const nic = &sim_rig.sim.nic;
static struct tcp_pcb *service;

static err_t echo(void *unused, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)unused;
  (void)error;
  if (data == NULL)
    return tcp_close(pcb);
  assert_ptr_equal(data->next, NULL);
  assert_int_equal(tcp_write(pcb, data->payload, data->len, TCP_WRITE_FLAG_COPY), ERR_OK);
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return tcp_output(pcb);
}

static err_t accept_echo(void *unused, struct tcp_pcb *pcb, err_t error) {
  (void)unused;
  if (error == ERR_OK)
    tcp_recv(pcb, echo);
  return error;
}

/* An open session, and pings, on a network of 2^16 addresses. */
static int setup(void **state) {
  struct sim_peer_config session;
  ip4_addr_t netmask;

  (void)state;
  sim_rig_setup(100, PERIOD_MS);
  IP4_ADDR(&netmask, 255, 255, 0, 0);
  netif_set_netmask(&sim_rig.netif, &netmask);
  netif_create_ip6_linklocal_address(&sim_rig.netif, 1);
  service = tcp_new();
  assert_int_equal(tcp_bind(service, IP_ADDR_ANY, 7), ERR_OK);
  service = tcp_listen_with_backlog(service, BACKLOG);
  assert_non_null(service);
  tcp_accept(service, accept_echo);
  session = device->peer.config;
  session.profile = SIM_PEER_SESSION;
  session.burst = BURST;
  sim_device_set_peer(device, &session);
  run_for_ms(2000);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  tcp_close(service);
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  run_for_ms(20000); /* reassembly has its timeout as well */
  sim_rig_teardown();
  return 0;
}

/* `last` is from a second after the trouble. */
static void check_all_is_well(const char *name, const struct sim_peer_report *last) {
  const struct sim_peer_report *now = &device->peer.report;

  assert_true(now->ticks - last->ticks >= 19);
  if (now->missing != last->missing || now->right - last->right < 19 * BURST)
    fail_msg("%s: pings are missing after it: %u of %u", name, now->missing - last->missing,
             now->requests - last->requests);
  if (now->echoed - last->echoed < 19)
    fail_msg("%s: the TCP session stands: %u segments came back", name, now->echoed - last->echoed);
  assert_int_equal(now->lost, 0);
  assert_int_equal(now->wrong, 0);
}

static void a_session_goes_on_and_on(void **state) {
  struct sim_peer_report before = device->peer.report;

  (void)state;
  run_for_ms(1000);
  check_all_is_well("nothing", &before);
  assert_int_equal(device->peer.report.echoed - before.echoed, 20);
}

/* Both sides retransmit; nothing ends up in the wrong place. */
static void a_session_survives_what_is_lost(void **state) {
  static const enum sim_fault faults[] = {SIM_FAULT_DROP, SIM_FAULT_CORRUPT, SIM_FAULT_TRUNCATE,
                                          SIM_FAULT_STUCK, SIM_FAULT_LINK_FLAP};

  (void)state;
  for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
    struct sim_peer_report before = device->peer.report;

    device->faults.probability[faults[i]] = faults[i] == SIM_FAULT_STUCK ? 20 : 200;
    run_for_ms(20000);
    assert_true(device->peer.report.echoed > before.echoed);
    device->faults.probability[faults[i]] = 0;
    run_for_ms(10000); /* the station's retransmission time has grown */
    before = device->peer.report;
    run_for_ms(1000);
    check_all_is_well(sim_fault_name(faults[i]), &before);
  }
}

/* What the stack must have seen of each kind, so that the frames are what they claim to be. */
static uint32_t seen_by_the_stack(enum sim_flood_kind kind) {
  switch (kind) {
  case SIM_FLOOD_BROADCAST:
    return nic->counters[NIC_IN_BROADCAST_PKTS];
  case SIM_FLOOD_UDP:
    return (uint32_t)lwip_stats.udp.drop;
  case SIM_FLOOD_FRAGMENTS:
    return (uint32_t)lwip_stats.ip_frag.recv;
  case SIM_FLOOD_SYN:
    return (uint32_t)lwip_stats.tcp.recv;
  case SIM_FLOOD_ARP:
    return (uint32_t)lwip_stats.etharp.recv;
  case SIM_FLOOD_ND:
    return (uint32_t)lwip_stats.nd6.recv;
  case SIM_FLOOD_COUNT:
    break;
  }
  return 0;
}

static void each_flood_is_survived(void **state) {
  (void)state;
  for (unsigned kind = 0; kind < SIM_FLOOD_COUNT; kind++) {
    struct sim_flood *flood = &device->peer.flood;
    uint32_t seen = seen_by_the_stack((enum sim_flood_kind)kind);
    uint32_t bad = (uint32_t)(lwip_stats.ip.chkerr + lwip_stats.tcp.chkerr + lwip_stats.udp.chkerr +
                              lwip_stats.icmp6.chkerr);
    struct sim_peer_report before;

    sim_device_set_flood(device, (enum sim_flood_kind)kind, SIM_FLOOD_LINE_RATE);
    run_for_ms(2000);
    assert_true(flood->sent >= SIM_FLOOD_SOURCES);
    assert_in_range(flood->sent + flood->lost, 2 * SIM_FLOOD_LINE_RATE - 8,
                    2 * SIM_FLOOD_LINE_RATE);
    /* the last ones are in the ring */
    assert_true(seen_by_the_stack((enum sim_flood_kind)kind) - seen + 8 >= flood->sent);
    assert_int_equal(lwip_stats.ip.chkerr + lwip_stats.tcp.chkerr + lwip_stats.udp.chkerr +
                         lwip_stats.icmp6.chkerr,
                     bad);
    sim_device_set_flood(device, (enum sim_flood_kind)kind, 0);
    run_for_ms(1000);
    before = device->peer.report;
    run_for_ms(1000);
    check_all_is_well(sim_flood_name((enum sim_flood_kind)kind), &before);
  }
}

/* A flood of one port leaves the others their PCBs. */
static void connections_that_are_opened_are_limited_by_port(void **state) {
  (void)state;
  sim_device_set_flood(device, SIM_FLOOD_SYN, SIM_FLOOD_LINE_RATE);
  run_for_ms(500);
  assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, 1 + BACKLOG);
  sim_device_set_flood(device, SIM_FLOOD_SYN, 0);
}

static void a_flood_keeps_its_rate(void **state) {
  static const uint32_t rates[] = {1, 999, SIM_FLOOD_LINE_RATE, SIM_FLOOD_RATE_MAX};
  struct sim_flood flood = {.kind = SIM_FLOOD_ARP};

  (void)state;
  assert_true(sim_flood_next(&flood) == UINT64_MAX);
  for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++) {
    uint64_t now_us = 1000;
    uint32_t frames = 0;

    sim_flood_start(&flood, SIM_FLOOD_ARP, rates[i], now_us);
    while (frames < 1000) {
      assert_true(sim_flood_next(&flood) > now_us);
      now_us = sim_flood_next(&flood);
      sim_flood_tick(&flood, now_us);
      assert_true(flood.due != 0);
      for (; flood.due != 0; frames++)
        sim_flood_drop(&flood);
    }
    assert_int_equal(flood.lost, frames);
    assert_in_range(now_us - 1000, UINT64_C(1000000) * frames / rates[i],
                    UINT64_C(1000000) * (frames + 1) / rates[i] + 1);
  }
}

static void what_nobody_looks_at_is_lost(void **state) {
  struct sim_flood flood;

  (void)state;
  sim_flood_start(&flood, SIM_FLOOD_UDP, 1000, 0);
  sim_flood_tick(&flood, 1000000);
  assert_int_equal(flood.due + flood.lost, 1000);
  assert_in_range(flood.due, 8, 100);
  sim_flood_start(&flood, SIM_FLOOD_UDP, 0, 0);
  assert_int_equal(flood.due, 0);
}

/* Where the address of its sender ends in a frame of IP, ARP or neighbor discovery. */
static unsigned end_of_source(enum sim_flood_kind kind) {
  return kind == SIM_FLOOD_ARP ? 32 : kind == SIM_FLOOD_ND ? 38 : 30;
}

static void each_frame_is_of_another_host(void **state) {
  static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, address[4] = {10, 1, 0, 1};
  uint8_t frame[128];

  (void)state;
  for (unsigned kind = 0; kind < SIM_FLOOD_COUNT; kind++) {
    static bool known[1 << 16];
    unsigned end = end_of_source((enum sim_flood_kind)kind);
    uint32_t length = kind == SIM_FLOOD_ND ? 86 : 60;
    struct sim_flood flood;

    memset(known, 0, sizeof known);
    sim_flood_start(&flood, (enum sim_flood_kind)kind, 1000, 0);
    for (unsigned i = 0; i < SIM_FLOOD_SOURCES; i++) {
      flood.due = 1;
      assert_int_equal(sim_flood_send(&flood, frame, sizeof frame, mac, address), length);
      if (kind != SIM_FLOOD_ND)
        assert_memory_equal(frame + end - 4, address, 2);
      assert_false(known[frame[end - 2] << 8 | frame[end - 1]]);
      known[frame[end - 2] << 8 | frame[end - 1]] = true;
      assert_memory_equal(frame + 10, frame + end - 2, 2); /* and its Ethernet address */
    }
    flood.due = 1;
    assert_int_equal(sim_flood_send(&flood, frame, length - 1, mac, address), 0); /* no room */
  }
}

/* Else the stack would reassemble them, and take one connection for another. */
static void fragments_and_connections_are_others_each_time(void **state) {
  static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1}, address[4] = {10, 1, 0, 1};
  uint8_t frames[2][60];

  (void)state;
  for (unsigned fragments = 0; fragments < 2; fragments++) {
    struct sim_flood flood;

    sim_flood_start(&flood, fragments != 0 ? SIM_FLOOD_FRAGMENTS : SIM_FLOOD_SYN, 1000, 0);
    for (unsigned i = 0; i < 2; i++) {
      flood.due = 1;
      assert_int_equal(sim_flood_send(&flood, frames[i], 60, mac, address), 60);
    }
    if (fragments != 0)
      assert_memory_not_equal(frames[0] + 18, frames[1] + 18, 2); /* the identification */
    else
      assert_memory_not_equal(frames[0] + 34, frames[1] + 34, 2); /* the port */
  }
}

static void names_and_floods_belong_together(void **state) {
  (void)state;
  for (unsigned kind = 0; kind < SIM_FLOOD_COUNT; kind++)
    assert_int_equal(sim_flood_parse(sim_flood_name((enum sim_flood_kind)kind)), kind);
  assert_int_equal(sim_flood_parse("nosuch"), SIM_FLOOD_COUNT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_floods_belong_together),
      cmocka_unit_test(a_flood_keeps_its_rate),
      cmocka_unit_test(what_nobody_looks_at_is_lost),
      cmocka_unit_test(each_frame_is_of_another_host),
      cmocka_unit_test(fragments_and_connections_are_others_each_time),
      cmocka_unit_test_setup_teardown(a_session_goes_on_and_on, setup, teardown),
      cmocka_unit_test_setup_teardown(a_session_survives_what_is_lost, setup, teardown),
      cmocka_unit_test_setup_teardown(each_flood_is_survived, setup, teardown),
      cmocka_unit_test_setup_teardown(connections_that_are_opened_are_limited_by_port, setup,
                                      teardown),
  };

  host_reset();
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests_name("sim_flood", tests, NULL, NULL);
}
