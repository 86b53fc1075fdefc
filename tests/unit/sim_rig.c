/* The simulated NIC under real lwIP, in virtual time. */
#include "sim_rig.h"

#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "ringif.h"
#include "unit.h"

enum {
  IRQ = 34,
  PACKETS = 10, /* the ring's eight, and two for arrivals while the stack holds eight */
  BUFFER = 1536,
  DEPTH = 16,
};

struct sim_rig sim_rig;

static struct nic *const nic = &sim_rig.sim.nic;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, BUFFER, 32, 32, DEPTH)];

static const struct nic_config config = {
    .ops = &sim_ops,
    .base = (uintptr_t)&sim_rig.device,
    .irq = IRQ,
    .pool =
        {.packets = PACKETS, .buffer_size = BUFFER, .headroom = 32, .alignment = 32, .held_max = 8},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = DEPTH,
    .batch = 8,
    .budget = 16,
    .mac = {2, 0, 0, 0x51, 0xd0, 1},
};

static void interrupt(void *context) { nic_interrupt(context); }

void run_for_ms(unsigned duration) {
  while (duration-- != 0) {
    for (unsigned turns = 0; dispatch_run(&sim_rig.dispatch); turns++)
      assert_true(turns < 1000);
    sys_check_timeouts();
    for (unsigned turns = 0; dispatch_run(&sim_rig.dispatch); turns++)
      assert_true(turns < 1000);
    assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                         ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                         nic->pool.held,
                     PACKETS);
    host_run_for_us(1000);
  }
}

void sim_rig_setup(uint32_t first_ms, uint32_t period_ms) {
  const struct sim_peer_config peer = {
      .mac = {2, 0, 0, 0x51, 0xd0, 2},
      .address = {10, 1, 0, 2},
      .station = {10, 1, 0, 1},
      .burst = 8,
      .first_ms = first_ms,
      .period_ms = period_ms,
  };
  ip4_addr_t address, netmask;

  sim_device_init(&sim_rig.device, &peer, IRQ);
  host_connect_irq(IRQ, interrupt, nic);
  IP4_ADDR(&address, 10, 1, 0, 1);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  assert_int_equal(nic_init(nic, &config, &sim_rig.dispatch), 0);
  assert_non_null(
      netif_add(&sim_rig.netif, &address, &netmask, NULL, nic, ringif_init, ethernet_input));
  netif_set_up(&sim_rig.netif);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
}

void sim_rig_teardown(void) {
  if (nic->state != NIC_INIT)
    assert_int_equal(nic_stop(nic), 0);
  assert_int_equal(ringif_remove(&sim_rig.netif), 0);
  run_for_ms(1);
  assert_int_equal(nic_free(nic), 0);
  assert_int_equal(timer_source_armed(), 0);
}
