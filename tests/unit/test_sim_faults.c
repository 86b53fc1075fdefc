/* Each fault of the simulated NIC, under real lwIP: nothing is lost for good, and when the fault
 * stops, everything is as before. */
#include "unit.h"

#include <stdio.h>

#include "datapath.h"
#include "log.h"
#include "lwip/init.h"
#include "sim_rig.h"

enum { PERIOD_MS = 50 };

static struct sim_device *const device = &sim_rig.device;
static struct nic *const nic = &sim_rig.sim.nic;

/* All answers are right again, at most a second after the last fault. A stalled tx ring is detected
 * after NIC_TX_TIMEOUT_MS. */
static void check_recovery(const char *name) {
  struct sim_peer_report before;

  memset(device->faults.probability, 0, sizeof device->faults.probability);
  run_for_ms(NIC_TX_TIMEOUT_MS + 1000);
  before = device->peer.report;
  run_for_ms(100 * PERIOD_MS);
  if (device->peer.report.right - before.right < 99 * 8)
    fail_msg("%s: only %u of 100 ticks' answers came after it", name,
             (device->peer.report.right - before.right) / 8);
  assert_int_equal(device->peer.report.wrong, before.wrong);
  assert_int_equal(device->peer.report.missing, before.missing);
}

static void each_fault_is_survived(void **state) {
  (void)state;
  for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++) {
    static const uint16_t probabilities[] = {20, 200, SIM_FAULT_ALWAYS};

    for (unsigned i = 0; i < sizeof probabilities / sizeof *probabilities; i++) {
      const char *name = sim_fault_name((enum sim_fault)fault);

      sim_rig_setup(100, PERIOD_MS);
      sim_faults_seed(&device->faults, 7 * fault + i + 1);
      device->faults.probability[fault] = probabilities[i];
      run_for_ms(20000);
      if (device->faults.struck[fault] < 3)
        fail_msg("%s at %u of 1000 has struck %u times only", name, probabilities[i],
                 device->faults.struck[fault]);
      check_recovery(name);
      sim_rig_teardown();
    }
  }
}

static void all_faults_at_once_are_survived(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 10; seed++) {
    sim_rig_setup(100, PERIOD_MS);
    sim_faults_seed(&device->faults, seed);
    for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
      device->faults.probability[fault] = 30;
    run_for_ms(20000);
    check_recovery("all faults");
    sim_rig_teardown();
  }
}

static void the_same_seed_is_the_same_run(void **state) {
  uint32_t counters[2][NIC_COUNTER_COUNT], struck[2][SIM_FAULT_COUNT];
  struct sim_peer_report reports[2];

  (void)state;
  for (unsigned run = 0; run < 2; run++) {
    sim_rig_setup(100, PERIOD_MS);
    sim_faults_seed(&device->faults, 42);
    for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
      device->faults.probability[fault] = 30;
    run_for_ms(10000);
    memcpy(counters[run], nic->counters, sizeof counters[run]);
    memcpy(struck[run], device->faults.struck, sizeof struck[run]);
    reports[run] = device->peer.report;
    check_recovery("all faults");
    sim_rig_teardown();
  }
  assert_memory_equal(counters[0], counters[1], sizeof counters[0]);
  assert_memory_equal(struck[0], struck[1], sizeof struck[0]);
  assert_memory_equal(&reports[0], &reports[1], sizeof reports[0]);
}

/* What each fault looks like from the driver's side. */
static void faults_are_seen_and_counted(void **state) {
  static const struct {
    enum sim_fault fault;
    enum nic_counter counter;
  } seen[] = {
      {SIM_FAULT_BAD_STATUS, NIC_IN_ERROR},
      {SIM_FAULT_OVERRUN, NIC_IN_OVERFLOW},
      {SIM_FAULT_STUCK, NIC_RECOVERIES},
      {SIM_FAULT_STORM, NIC_INTERRUPTS},
  };

  (void)state;
  for (unsigned i = 0; i < sizeof seen / sizeof *seen; i++) {
    sim_rig_setup(100, PERIOD_MS);
    device->faults.probability[seen[i].fault] = 200;
    run_for_ms(2000);
    assert_true(nic->counters[seen[i].counter] > 0);
    if (seen[i].fault == SIM_FAULT_BAD_STATUS)
      assert_int_equal(nic->counters[NIC_IN_ERROR], device->faults.struck[SIM_FAULT_BAD_STATUS]);
    if (seen[i].fault == SIM_FAULT_OVERRUN)
      assert_int_equal(nic->counters[NIC_IN_OVERFLOW], sim_device_read(device, SIM_RX_MISSED));
    check_recovery(sim_fault_name(seen[i].fault));
    sim_rig_teardown();
  }
}

/* No further frame arrives that could raise an interrupt: the watch finds those that wait. */
static void a_lost_interrupt_delays_by_a_watch_at_most(void **state) {
  uint32_t right;

  (void)state;
  sim_rig_setup(100, PERIOD_MS);
  run_for_ms(175);
  device->peer.config.period_ms = 10000; /* after the tick that is already set */
  right = device->peer.report.right;
  device->faults.probability[SIM_FAULT_LOST_INTERRUPT] = SIM_FAULT_ALWAYS;
  for (unsigned i = 0; i < PERIOD_MS && device->faults.struck[SIM_FAULT_LOST_INTERRUPT] == 0; i++)
    run_for_ms(1);
  assert_int_equal(device->faults.struck[SIM_FAULT_LOST_INTERRUPT], 1);
  assert_int_equal(device->peer.report.right, right);
  device->faults.probability[SIM_FAULT_LOST_INTERRUPT] = 0;
  run_for_ms(NIC_WATCH_MS + 5);
  assert_int_equal(device->peer.report.right, right + 8);
  sim_rig_teardown();
}

/* To another station, which does not answer. */
static void send(unsigned frames) {
  for (unsigned i = 0; i < frames; i++) {
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);

    memset(frame->payload, 2, frame->len);
    assert_int_equal(datapath_transmit(nic, frame), 0);
    pbuf_free(frame);
  }
  run_for_ms(2);
}

/* A round of a ring whose descriptors are all stuck ends where the second half began; when they all
 * come back at once nothing reports it, and what is sent next is not where the device looks. */
static void a_transmitter_out_of_step_is_reset_within_a_second(void **state) {
  (void)state;
  sim_rig_setup(60000, PERIOD_MS);
  run_for_ms(5000); /* groups and addresses have been announced */
  device->faults.probability[SIM_FAULT_STUCK] = SIM_FAULT_ALWAYS;
  send(SIM_TX_DESCRIPTORS / 2);
  send(SIM_TX_DESCRIPTORS / 2);
  device->faults.probability[SIM_FAULT_STUCK] = 0;
  nic->ops->doorbell(nic, NIC_TX);
  run_for_ms(NIC_WATCH_MS);
  assert_true(ring_empty(&nic->tx_ring.ring));
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
  send(1);
  assert_int_equal(ring_count(&nic->tx_ring.ring), 1);
  run_for_ms(500); /* a peer may hold it by PAUSE for 335 ms */
  assert_int_equal(nic->counters[NIC_RECOVERIES], 0);
  run_for_ms(500);
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 1);
  assert_int_equal(nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(nic->counters[NIC_OUT_STOPPED], 1);
  send(1);
  assert_true(ring_empty(&nic->tx_ring.ring));
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 1);
  sim_rig_teardown();
}

/* A device that was reset has not been waited for yet. */
static void a_reset_device_has_its_own_time(void **state) {
  (void)state;
  sim_rig_setup(60000, PERIOD_MS);
  device->faults.probability[SIM_FAULT_STUCK] = SIM_FAULT_ALWAYS;
  for (unsigned reset = 0; reset < 4; reset++) {
    send(1);
    run_for_ms(740);
    assert_int_equal(nic_recover(nic), 0);
  }
  assert_int_equal(nic->counters[NIC_TX_TIMEOUTS], 0);
  sim_rig_teardown();
}

static void names_and_faults_belong_together(void **state) {
  (void)state;
  for (unsigned fault = 0; fault < SIM_FAULT_COUNT; fault++)
    assert_int_equal(sim_fault_parse(sim_fault_name((enum sim_fault)fault)), fault);
  assert_int_equal(sim_fault_parse("nosuch"), SIM_FAULT_COUNT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_faults_belong_together),
      cmocka_unit_test(faults_are_seen_and_counted),
      cmocka_unit_test(a_lost_interrupt_delays_by_a_watch_at_most),
      cmocka_unit_test(a_transmitter_out_of_step_is_reset_within_a_second),
      cmocka_unit_test(a_reset_device_has_its_own_time),
      cmocka_unit_test(each_fault_is_survived),
      cmocka_unit_test(all_faults_at_once_are_survived),
      cmocka_unit_test(the_same_seed_is_the_same_run),
  };

  host_reset();
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests_name("sim_faults", tests, NULL, NULL);
}
