/* The simulated NIC under real lwIP, from the device's timer to the peer's verdict, in virtual
 * time. */
#include "unit.h"

#include <stdio.h>

#include "log.h"
#include "lwip/etharp.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/raw.h"
#include "lwip/stats.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "port.h"
#include "sim_rig.h"

static struct sim_device *const device = &sim_rig.device;
static struct nic *const nic = &sim_rig.sim.nic;
static struct netif *const netif = &sim_rig.netif;
static struct dispatch_source burst_done;
static unsigned bursts_done;
static uint64_t burst_done_at[8];

static void count_burst(void *context) {
  (void)context;
  burst_done_at[bursts_done++ % 8] = port_clock_us();
}

static int setup(void **state) {
  (void)state;
  bursts_done = 0;
  sim_rig_setup(1000, 5000);
  assert_int_equal(dispatch_add(&sim_rig.dispatch, &burst_done, count_burst, NULL), 0);
  device->peer.burst_done = &burst_done;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  sim_rig_teardown();
  dispatch_remove(&burst_done);
  return 0;
}

static void ticks_come_when_the_seed_has_them(void **state) {
  uint64_t enabled_at = port_clock_us();

  (void)state;
  run_for_ms(999);
  assert_int_equal(device->peer.report.ticks, 0);
  run_for_ms(2);
  assert_int_equal(device->peer.report.ticks, 1);
  run_for_ms(10002);
  assert_int_equal(device->peer.report.ticks, 3);
  assert_int_equal(bursts_done, 3);
  for (unsigned i = 0; i < 3; i++)
    assert_in_range(burst_done_at[i] - enabled_at, 1000000 + i * 5000000,
                    1000000 + i * 5000000 + 1000);
}

static void every_answer_is_right(void **state) {
  (void)state;
  run_for_ms(100000);
  assert_int_equal(device->peer.report.ticks, 20);
  assert_int_equal(device->peer.report.requests, 160);
  assert_int_equal(device->peer.report.right, 160);
  assert_int_equal(device->peer.report.wrong, 0);
  assert_int_equal(device->peer.report.missing, 0);
  assert_int_equal(nic->counters[NIC_COPY_OUTS], 0);
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  assert_int_equal(nic_dropped(nic), 0);
  assert_int_equal(nic->pool.held, 0);
}

static void the_clock_may_wrap(void **state) {
  (void)state;
  /* Setup has armed the first tick; sys_now wraps 2^32 ms later. */
  teardown(NULL);
  host_start_clock_at_us((UINT64_C(1) << 32) * 1000 - 3000000);
  setup(NULL);
  run_for_ms(21500);
  assert_int_equal(device->peer.report.right, 40);
  assert_true(sys_now() < 30000);
}

static void an_answer_that_is_wrong_is_counted_wrong(void **state) {
  static uint8_t frame[98];

  (void)state;
  run_for_ms(1001);
  assert_int_equal(device->peer.report.right, 8);
  sim_peer_receive(&device->peer, frame, 5); /* less than a header */
  assert_int_equal(device->peer.report.wrong, 1);
  memcpy(frame + 12, "\x08\x00\x45", 3);
  frame[23] = 1; /* ICMP echo reply, of all zeros */
  sim_peer_receive(&device->peer, frame, sizeof frame);
  assert_int_equal(device->peer.report.wrong, 2);
}

/* Each byte of a right answer matters, except those of the identification and the time to live. */
static uint8_t answer[98];
static err_t (*linkoutput)(struct netif *, struct pbuf *);

static err_t keep_answer(struct netif *to, struct pbuf *frame) {
  (void)to;
  if (frame->tot_len == sizeof answer)
    pbuf_copy_partial(frame, answer, sizeof answer, 0);
  return ERR_OK;
}

static void put_sum(uint8_t *at, const uint8_t *data, uint16_t length) {
  uint16_t sum;

  memset(at, 0, sizeof sum);
  sum = inet_chksum(data, length);
  memcpy(at, &sum, sizeof sum);
}

/* The peer's verdict on an answer with another byte; its checksums are made right, or left as they
 * are. */
static bool is_right_with(unsigned at, bool summed) {
  uint8_t changed[sizeof answer];
  uint32_t right = device->peer.report.right;

  memcpy(changed, answer, sizeof answer);
  changed[at] ^= 0x10;
  if (summed) {
    put_sum(changed + 24, changed + 14, 20);
    put_sum(changed + 36, changed + 34, sizeof answer - 34);
  }
  sim_peer_receive(&device->peer, changed, sizeof changed);
  return device->peer.report.right != right;
}

static void every_byte_of_an_answer_is_checked(void **state) {
  unsigned accepted = 0;

  (void)state;
  run_for_ms(900);
  linkoutput = netif->linkoutput;
  netif->linkoutput = keep_answer; /* the answers are not sent, but tried here */
  run_for_ms(102);
  assert_int_equal(device->peer.report.requests, 8);
  assert_int_equal(device->peer.report.right, 0);
  for (unsigned i = 0; i < sizeof answer; i++) {
    /* With right sums, the type of service, the fragment fields and the time to live may have any
     * value. */
    bool may_differ = i == 15 || (i >= 18 && i <= 22) || i == 24 || i == 25 || i == 36 || i == 37;

    if (is_right_with(i, false) || (!may_differ && is_right_with(i, true))) {
      accepted++;
      fprintf(stderr, "byte %u does not matter\n", i);
    }
  }
  assert_int_equal(accepted, 0);
  sim_peer_receive(&device->peer, answer, sizeof answer);
  assert_int_equal(device->peer.report.right, 1);
  sim_peer_receive(&device->peer, answer, sizeof answer); /* the same once more */
  assert_int_equal(device->peer.report.right, 1);
  netif->linkoutput = linkoutput;
}

static void what_is_not_answered_is_missing(void **state) {
  (void)state;
  run_for_ms(900);
  netif->linkoutput = keep_answer;
  run_for_ms(5200);
  assert_int_equal(device->peer.report.ticks, 2);
  assert_int_equal(device->peer.report.missing, 8);
  assert_int_equal(bursts_done, 1);
}

static void pulling_the_cable_stops_and_plugging_it_in_goes_on(void **state) {
  (void)state;
  run_for_ms(1100);
  sim_device_set_carrier(device, false);
  run_for_ms(300);
  assert_false(netif_is_link_up(netif));
  run_for_ms(5000);
  assert_int_equal(device->peer.report.requests, 8);
  sim_device_set_carrier(device, true);
  run_for_ms(300);
  assert_true(netif_is_link_up(netif));
  run_for_ms(10000);
  assert_int_equal(device->peer.report.right + device->peer.report.missing,
                   device->peer.report.requests);
  assert_true(device->peer.report.right >= 16);
}

static void a_burst_fills_the_buffers_that_are_posted(void **state) {
  (void)state;
  device->peer.config.burst = 12; /* 8 buffers */
  run_for_ms(1100);
  assert_int_equal(device->peer.report.requests, 8);
  assert_int_equal(device->peer.report.right, 8);
  assert_int_equal(sim_device_read(device, SIM_RX_MISSED), 1);
  assert_int_equal(nic->counters[NIC_IN_OVERFLOW], 1);
  run_for_ms(5000);
  assert_int_equal(device->peer.report.right, 16);
}

static void each_profile_is_answered_right(void **state) {
  static const enum sim_peer_profile profiles[] = {SIM_PEER_ECHO, SIM_PEER_FLOOD, SIM_PEER_IMIX};

  (void)state;
  run_for_ms(1100);
  for (unsigned i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    struct sim_peer_config wanted = device->peer.config;
    struct sim_peer_report before;
    uint32_t octets;

    wanted.profile = profiles[i];
    wanted.period_ms = 100;
    sim_device_set_peer(device, &wanted);
    run_for_ms(5); /* late answers to the burst before */
    before = device->peer.report;
    octets = nic->counters[NIC_IN_OCTETS];
    run_for_ms(10000);
    assert_true(device->peer.report.requests - before.requests >= 8 * 45);
    assert_int_equal(device->peer.report.missing, before.missing);
    assert_int_equal(device->peer.report.right - before.right,
                     device->peer.report.requests - before.requests -
                         (uint32_t)__builtin_popcount(device->peer.outstanding));
    assert_int_equal(device->peer.report.wrong, before.wrong);
    octets =
        (nic->counters[NIC_IN_OCTETS] - octets) / (device->peer.report.requests - before.requests);
    if (profiles[i] == SIM_PEER_FLOOD)
      assert_int_equal(octets, 60);
    if (profiles[i] == SIM_PEER_IMIX)
      assert_in_range(octets, 330, 370); /* (7 * 60 + 4 * 572 + 1514) / 12 = 351 */
  }
}

static void a_capture_is_replayed_round_and_round(void **state) {
  static uint8_t capture[24 + 2 * 16 + 60 + 70];
  struct sim_peer_config wanted = device->peer.config;

  (void)state;
  memcpy(capture, "\xd4\xc3\xb2\xa1", 4);
  capture[24 + 8] = 60;
  memset(capture + 40, 0xff, 60);
  capture[100 + 8] = 70;
  memset(capture + 116, 0xff, 70);
  capture[40 + 12] = capture[116 + 12] = 0x88; /* an ethertype that nobody speaks */
  wanted.profile = SIM_PEER_REPLAY;
  wanted.replay = capture;
  wanted.replay_length = sizeof capture;
  wanted.burst = 4;
  sim_device_set_peer(device, &wanted);
  run_for_ms(1100);
  assert_int_equal(device->peer.report.requests, 4);
  assert_int_equal(nic->counters[NIC_IN_UNKNOWN_PROTOS], 4);
  assert_int_equal(nic->counters[NIC_IN_OCTETS], 2 * 130 + 60); /* and an ARP request */
  assert_int_equal(bursts_done, 1);

  /* Something that is no capture, or is cut short, is not sent, and nothing hangs. */
  for (uint32_t length = 0; length < sizeof capture; length++) {
    wanted.replay_length = length;
    wanted.period_ms = 10;
    sim_device_set_peer(device, &wanted);
    run_for_ms(15);
  }
  capture[0] = 0;
  wanted.replay_length = sizeof capture;
  sim_device_set_peer(device, &wanted);
  run_for_ms(5100); /* the last tick set with the old period */
  uint32_t requests = device->peer.report.requests;
  run_for_ms(100);
  assert_int_equal(device->peer.report.requests, requests);
}

static struct pbuf *pong;

static u8_t take_pong(void *argument, struct raw_pcb *pcb, struct pbuf *packet,
                      const ip_addr_t *from) {
  (void)argument;
  (void)pcb;
  (void)from;
  if (pbuf_get_at(packet, 20) != 0)
    return 0; /* no echo reply: the stack answers it */
  pong = packet;
  return 1;
}

static void the_peer_answers_pings(void **state) {
  struct raw_pcb *pcb = raw_new(IP_PROTO_ICMP);
  ip_addr_t to = IPADDR4_INIT_BYTES(10, 1, 0, 2);

  (void)state;
  raw_recv(pcb, take_pong, NULL);
  raw_bind(pcb, IP_ADDR_ANY);
  for (uint16_t size = 8; size <= 64; size += 7) { /* odd and even, padded and not */
    struct pbuf *ping = pbuf_alloc(PBUF_IP, size, PBUF_RAM);
    uint8_t *icmp = ping->payload;

    for (uint16_t i = 0; i < size; i++)
      icmp[i] = (uint8_t)(i * size);
    memcpy(icmp, "\x08\0\0\0", 4);
    uint16_t sum = inet_chksum(icmp, size);
    memcpy(icmp + 2, &sum, 2);
    pong = NULL;
    assert_int_equal(raw_sendto(pcb, ping, &to), ERR_OK);
    pbuf_free(ping);
    run_for_ms(5);
    assert_non_null(pong);
    assert_int_equal(pbuf_remove_header(pong, 20), 0);
    assert_int_equal(pong->tot_len, size);
    assert_int_equal(inet_chksum_pbuf(pong), 0);
    for (uint16_t i = 4; i < size; i++)
      assert_int_equal(pbuf_get_at(pong, i), (uint8_t)(i * size));
    pbuf_free(pong);
  }
  raw_remove(pcb);
}

static err_t echo_back(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  (void)error;
  if (data == NULL)
    return tcp_close(pcb);
  if (argument != NULL)
    ((uint8_t *)data->payload)[data->len / 2] ^= 1; /* a service that gets a bit wrong */
  for (struct pbuf *part = data; part != NULL; part = part->next)
    assert_int_equal(tcp_write(pcb, part->payload, part->len, TCP_WRITE_FLAG_COPY), ERR_OK);
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return tcp_output(pcb);
}

static err_t accept_echo(void *argument, struct tcp_pcb *pcb, err_t error) {
  assert_int_equal(error, ERR_OK);
  tcp_arg(pcb, argument);
  tcp_recv(pcb, echo_back);
  return ERR_OK;
}

static void the_peer_checks_the_tcp_echo(void **state) {
  struct sim_peer_config wanted = device->peer.config;
  struct tcp_pcb *pcb = tcp_new();
  static int wrong;

  (void)state;
  assert_int_equal(tcp_bind(pcb, IP_ADDR_ANY, 7), ERR_OK);
  pcb = tcp_listen(pcb);
  tcp_accept(pcb, accept_echo);
  wanted.profile = SIM_PEER_PEER;
  wanted.period_ms = 1000;
  sim_device_set_peer(device, &wanted);
  run_for_ms(20900);
  assert_int_equal(device->peer.report.requests, 20);
  assert_int_equal(device->peer.report.right, 20);
  assert_int_equal(device->peer.report.wrong, 0);

  tcp_arg(pcb, &wrong); /* now it answers with a wrong bit */
  run_for_ms(3000);
  assert_int_equal(device->peer.report.wrong, 3);
  assert_int_equal(device->peer.report.right, 20);
  tcp_arg(pcb, NULL);
  run_for_ms(3000);
  assert_true(device->peer.report.right >= 22);

  /* Frames are lost: sessions fail, are reset, and later work again. */
  device->faults.probability[SIM_FAULT_DROP] = 100;
  run_for_ms(30000);
  assert_true(device->peer.report.missing > 3);
  memset(device->faults.probability, 0, sizeof device->faults.probability);
  run_for_ms(3000);
  struct sim_peer_report before = device->peer.report;
  run_for_ms(10000);
  assert_true(device->peer.report.right - before.right >= 9);
  assert_int_equal(device->peer.report.missing, before.missing);
  tcp_close(pcb);
}

static void suspends_and_resumes(void **state) {
  (void)state;
  run_for_ms(1100);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_false(netif_is_link_up(netif));
  assert_int_equal(timer_source_armed(), 0); /* the device's clock has stopped */
  run_for_ms(20000);
  assert_int_equal(device->peer.report.ticks, 1);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
  run_for_ms(1100);
  assert_int_equal(device->peer.report.right, 16);
}

static void installs_and_removes_a_thousand_times(void **state) {
  mem_size_t heap = lwip_stats.mem.used;
  unsigned timeouts = lwip_stats.memp[MEMP_SYS_TIMEOUT]->used;

  (void)state;
  for (unsigned i = 0; i < 1000; i++) {
    run_for_ms(i % 3);
    teardown(NULL);
    setup(NULL);
  }
  assert_int_equal(lwip_stats.mem.used, heap);
  assert_int_equal(lwip_stats.memp[MEMP_SYS_TIMEOUT]->used, timeouts);
  run_for_ms(1100);
  assert_int_equal(device->peer.report.right, 8);
}

/* A frame after a descriptor that the device never gives back was received: a stop counts it. */
static void a_stop_counts_what_is_behind_a_stuck_descriptor(void **state) {
  struct sim_descriptor *ring = sim_rig.sim.rx_descriptors;
  unsigned tail = ring_slot(&nic->rx_ring.ring, nic->rx_ring.ring.tail);

  (void)state;
  for (unsigned i = 1; i < 4; i++)
    ring[(tail + i) % SIM_RX_DESCRIPTORS].control = i == 2 ? SIM_DESCRIPTOR_ERROR : 60;
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic->counters[NIC_IN_STOPPED], 2);
  assert_int_equal(nic->counters[NIC_IN_ERROR], 1);
  assert_int_equal(nic->pool.free_count, nic->pool.options.packets);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(ticks_come_when_the_seed_has_them, setup, teardown),
      cmocka_unit_test_setup_teardown(every_answer_is_right, setup, teardown),
      cmocka_unit_test_setup_teardown(an_answer_that_is_wrong_is_counted_wrong, setup, teardown),
      cmocka_unit_test_setup_teardown(every_byte_of_an_answer_is_checked, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_not_answered_is_missing, setup, teardown),
      cmocka_unit_test_setup_teardown(pulling_the_cable_stops_and_plugging_it_in_goes_on, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(a_burst_fills_the_buffers_that_are_posted, setup, teardown),
      cmocka_unit_test_setup_teardown(each_profile_is_answered_right, setup, teardown),
      cmocka_unit_test_setup_teardown(a_capture_is_replayed_round_and_round, setup, teardown),
      cmocka_unit_test_setup_teardown(the_peer_answers_pings, setup, teardown),
      cmocka_unit_test_setup_teardown(the_peer_checks_the_tcp_echo, setup, teardown),
      cmocka_unit_test_setup_teardown(suspends_and_resumes, setup, teardown),
      cmocka_unit_test_setup_teardown(a_stop_counts_what_is_behind_a_stuck_descriptor, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(installs_and_removes_a_thousand_times, setup, teardown),
      cmocka_unit_test_setup_teardown(the_clock_may_wrap, setup, teardown),
  };

  host_reset();
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
