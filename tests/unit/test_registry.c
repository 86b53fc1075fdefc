/* The registry: install, list and uninstall while running, and nothing is left behind. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "log.h"
#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "paper_nic.h"
#include "registry.h"
#include "ringif.h"
#include "sim.h"

enum {
  SIMS = 2,
  DEVICES = SIMS + 1,
  PACKETS = 10,
  BUFFER = 608,
  DEPTH = 16,
  IRQ = 34,
};

static struct dispatch_queue dispatch;
static struct sim_device devices[SIMS];
static struct sim sims[SIMS];
static struct paper_nic paper;
static _Alignas(32) uint8_t memory[DEVICES][NIC_MEMORY_BYTES(PACKETS, BUFFER, 32, 32, DEPTH)];

#define CONFIG(number, driver_ops, registers)                                                      \
  {                                                                                                \
    .ops = driver_ops, .base = registers, .irq = IRQ + (number),                                   \
    .pool = {.packets = PACKETS,                                                                   \
             .buffer_size = BUFFER,                                                                \
             .headroom = 32,                                                                       \
             .alignment = 32,                                                                      \
             .held_max = PACKETS - 2},                                                             \
    .memory = memory[number], .memory_size = sizeof memory[number], .queue_depth = DEPTH,          \
    .batch = 8, .budget = 16, .mac = {2, 0, 0, 0, 1, number},                                      \
  }

static struct nic_config configs[DEVICES] = {
    CONFIG(0, &sim_ops, (uintptr_t)&devices[0]),
    CONFIG(1, &sim_ops, (uintptr_t)&devices[1]),
    CONFIG(2, &paper_ops, 0),
};

static const struct nic_device board[DEVICES] = {
    {"sim0", &configs[0], &sims[0].nic},
    {"sim1", &configs[1], &sims[1].nic},
    {"paper0", &configs[2], &paper.nic},
};

static const struct nic_driver drivers[] = {{"1.0", &sim_ops}, {"0.1", &paper_ops}};

static struct registry_entry entries[DEVICES];
static unsigned installs, uninstalls;

static void installed(struct registry_entry *entry) {
  unsigned number = (unsigned)(entry - entries);
  ip4_addr_t address, netmask;

  installs++;
  assert_null(entry->netif.hostname); /* nothing remains from its time */
  netif_set_hostname(&entry->netif, "registry");
  IP4_ADDR(&address, 10, 1, (u8_t)number, 1);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  netif_set_addr(&entry->netif, &address, &netmask, NULL);
  netif_set_up(&entry->netif);
}

static void uninstalling(struct registry_entry *entry) {
  uninstalls++;
  assert_ptr_equal(netif_get_by_index(netif_get_index(&entry->netif)), &entry->netif);
}

static const struct registry_hooks hooks = {installed, uninstalling};

static void interrupt(void *context) { nic_interrupt(context); }

static void run_for_ms(unsigned duration) {
  while (duration-- != 0) {
    while (dispatch_run(&dispatch)) {
    }
    sys_check_timeouts();
    while (dispatch_run(&dispatch)) {
    }
    host_run_for_us(1000);
  }
}

static int setup(void **state) {
  (void)state;
  memset(&paper, 0, sizeof paper);
  paper.link = true;
  for (unsigned i = 0; i < SIMS; i++) {
    const struct sim_peer_config peer = {.mac = {2, 0, 0, 0, 2, (uint8_t)i},
                                         .address = {10, 1, (uint8_t)i, 2},
                                         .station = {10, 1, (uint8_t)i, 1},
                                         .burst = 8,
                                         .first_ms = 1000,
                                         .period_ms = 5000};

    sim_device_init(&devices[i], &peer, IRQ + i);
    host_connect_irq(IRQ + i, interrupt, &sims[i].nic);
  }
  registry_start(&dispatch, &hooks, entries, board, DEVICES, drivers, 2);
  installs = uninstalls = 0;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  for (unsigned i = 0; i < DEVICES; i++) {
    char name[REGISTRY_NAME_BYTES];

    if (entries[i].state == REGISTRY_ACTIVATED)
      assert_int_equal(registry_uninstall(registry_name(&entries[i], name)), 0);
  }
  run_for_ms(1);
  for (unsigned i = 0; i < DEVICES; i++)
    assert_int_equal(registry_entry(i)->state, REGISTRY_AVAILABLE);
  assert_int_equal(timer_source_armed(), 0);
  return 0;
}

static void drivers_are_available_until_installed(void **state) {
  struct registry_entry *entry;
  char name[REGISTRY_NAME_BYTES];

  (void)state;
  assert_string_equal(registry_state_name(registry_entry(0)), "available");
  assert_null(registry_entry(DEVICES));
  assert_string_equal(registry_name(registry_entry(0), name), "-");
  assert_int_equal(registry_install("nosuch", &entry), -ENOENT);
  assert_int_equal(registry_install("sim", &entry), 0);
  assert_ptr_equal(entry, &entries[0]);
  assert_string_equal(registry_name(entry, name), "en0");
  assert_string_equal(registry_state_name(entry), "activated enabled");
  assert_ptr_equal(registry_find("en0"), entry);
  assert_null(registry_find("en1"));
  assert_int_equal(installs, 1);
}

static void a_second_instance_takes_the_second_device(void **state) {
  struct registry_entry *entry;
  char name[REGISTRY_NAME_BYTES];

  (void)state;
  assert_int_equal(registry_install("sim", &entry), 0);
  assert_int_equal(registry_install("sim", &entry), 0);
  assert_ptr_equal(entry, &entries[1]);
  assert_string_equal(registry_name(entry, name), "en1");
  assert_int_equal(registry_install("sim", &entry), -EBUSY);
  run_for_ms(1100);
  assert_int_equal(devices[0].peer.report.right, 8);
  assert_int_equal(devices[1].peer.report.right, 8);
  assert_int_equal(registry_uninstall("en0"), 0);
  assert_int_equal(entries[0].state, REGISTRY_AVAILABLE); /* at once, even if nobody looks */
  assert_null(registry_find("-"));
  run_for_ms(5000);
  assert_int_equal(devices[0].peer.report.right, 8); /* it is gone */
  assert_int_equal(devices[1].peer.report.right, 16);
  assert_int_equal(registry_install("sim", &entry), 0);
  assert_string_equal(registry_name(entry, name), "en0"); /* its name again */
  assert_int_equal(registry_uninstall("en7"), -ENOENT);
}

static void must_be_busy(struct pbuf *frame) {
  (void)frame;
  assert_int_equal(registry_uninstall("en0"), -EBUSY);
  assert_int_equal(ringif_remove(&entries[0].netif), -EBUSY);
}

static void nothing_is_uninstalled_while_it_gives_frames_back(void **state) {
  static uint8_t bytes[60];
  static struct pbuf_custom frame = {.custom_free_function = must_be_busy};
  struct nic *nic = &sims[0].nic;
  struct registry_entry *entry;

  (void)state;
  assert_int_equal(registry_install("sim", &entry), 0);
  assert_int_equal(datapath_transmit(nic, pbuf_alloced_custom(PBUF_RAW, sizeof bytes, PBUF_RAM,
                                                              &frame, bytes, sizeof bytes)),
                   0);
  pbuf_free(&frame.pbuf);
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(frame.pbuf.ref, 0);
  assert_int_equal(uninstalls, 0);
  assert_int_equal(registry_uninstall("en0"), 0);
  assert_int_equal(uninstalls, 1);
}

static void what_does_not_start_is_not_there(void **state) {
  struct registry_entry *entry;

  (void)state;
  paper.start_error = -ENODEV;
  assert_int_equal(registry_install("paper", &entry), -EIO);
  assert_string_equal(registry_state_name(&entries[2]), "available");
  assert_null(registry_find("en0"));
  paper.start_error = 0;
  paper.enable_error = -EIO;
  assert_int_equal(registry_install("paper", &entry), -EIO);
  assert_string_equal(registry_state_name(registry_entry(2)), "available");
  assert_int_equal(installs, 1);
  assert_int_equal(uninstalls, 1);
  paper.enable_error = 0;
  assert_int_equal(registry_install("paper", &entry), 0);
}

/* The board's configuration of it contradicts itself: nothing is touched. */
static void what_cannot_be_described_is_not_there(void **state) {
  struct registry_entry *entry = NULL;

  (void)state;
  configs[2].budget = 0;
  assert_int_equal(registry_install("paper", &entry), -EINVAL);
  configs[2].budget = 16;
  assert_null(entry);
  assert_int_equal(paper.starts, 0);
  assert_int_equal(installs, 0);
  assert_string_equal(registry_state_name(registry_entry(2)), "available");
  assert_int_equal(registry_install("paper", &entry), 0);
}

static void a_device_without_a_driver_is_not_installed_on(void **state) {
  struct registry_entry *entry;

  (void)state;
  registry_start(&dispatch, &hooks, entries, board, DEVICES, drivers, 1); /* just sim */
  assert_int_equal(registry_install("paper", &entry), -ENOENT);
  assert_int_equal(registry_install("sim", &entry), 0);
}

static void states_have_names(void **state) {
  struct registry_entry *entry;

  (void)state;
  assert_ptr_equal(registry_dispatch(), &dispatch);
  assert_int_equal(registry_install("paper", &entry), 0);
  assert_string_equal(registry_state_name(entry), "activated enabled");
  assert_int_equal(nic_set_power_state(&paper.nic, NIC_POWER_LOW), 0);
  assert_string_equal(registry_state_name(entry), "activated low power");
  assert_int_equal(nic_set_interface_enable(&paper.nic, false), 0);
  assert_string_equal(registry_state_name(entry), "activated disabled");
  assert_int_equal(nic_set_interface_enable(&paper.nic, true), 0);
  paper.enable_error = -EIO;
  assert_int_equal(nic_recover(&paper.nic), -EIO);
  assert_string_equal(registry_state_name(entry), "activated recovering");
}

/* lwIP would accept the interface without IGMP's first group, and assert at the second. */
static void without_memory_for_its_first_group_it_is_not_there(void **state) {
  void *groups[MEMP_NUM_IGMP_GROUP];
  struct registry_entry *entry;
  unsigned taken = 0;

  (void)state;
  while (taken < MEMP_NUM_IGMP_GROUP && (groups[taken] = memp_malloc(MEMP_IGMP_GROUP)) != NULL)
    taken++;
  assert_int_equal(registry_install("sim", &entry), -EIO);
  assert_string_equal(registry_state_name(registry_entry(0)), "available");
  while (taken != 0)
    memp_free(MEMP_IGMP_GROUP, groups[--taken]);
  assert_int_equal(registry_install("sim", &entry), 0);
}

static void time_is_over(void *unused) { (void)unused; }

/* Else nothing would ever look at its link. */
static void without_memory_for_its_timeout_it_is_not_there(void **state) {
  const struct stats_mem *timeouts = lwip_stats.memp[MEMP_SYS_TIMEOUT];
  struct registry_entry *entry;
  unsigned taken = 0;

  (void)state;
  for (; timeouts->used != timeouts->avail; taken++)
    sys_timeout(1000, time_is_over, NULL);
  assert_int_equal(registry_install("sim", &entry), -EIO);
  assert_string_equal(registry_state_name(registry_entry(0)), "available");
  sys_untimeout(time_is_over, NULL); /* one is enough */
  assert_int_equal(registry_install("sim", &entry), 0);
  while (--taken != 0)
    sys_untimeout(time_is_over, NULL);
}

static struct pbuf *kept;

static err_t keep(struct pbuf *frame, struct netif *netif) {
  (void)netif;
  assert_null(kept);
  kept = frame;
  return ERR_OK;
}

/* The application holds a packet of a driver that is gone: the packet stays valid, and the device
 * is busy until it comes home. */
static void a_packet_outlives_its_driver(void **state) {
  static const uint8_t frame[60] = {2, 0, 0, 0, 1, 2};
  struct registry_entry *entry;

  (void)state;
  assert_int_equal(registry_install("paper", &entry), 0);
  entry->netif.input = keep;
  assert_true(paper_receive(&paper, frame, sizeof frame));
  run_for_ms(1);
  assert_non_null(kept);
  assert_int_equal(registry_uninstall("en0"), 0);
  assert_string_equal(registry_state_name(registry_entry(2)), "draining");
  assert_int_equal(registry_install("paper", &entry), -EBUSY);
  assert_memory_equal(kept->payload, frame, sizeof frame);
  pbuf_free(kept);
  kept = NULL;
  assert_int_equal(registry_install("paper", &entry), 0);
}

static err_t connection_error;
static void failed(void *argument, err_t error) {
  (void)argument;
  connection_error = error;
}

static void connections_over_it_get_an_error(void **state) {
  struct registry_entry *entry;
  struct tcp_pcb *pcb = tcp_new();
  ip_addr_t peer = IPADDR4_INIT_BYTES(10, 1, 0, 2);

  (void)state;
  assert_int_equal(registry_install("sim", &entry), 0);
  connection_error = ERR_OK;
  tcp_err(pcb, failed);
  assert_int_equal(tcp_connect(pcb, &peer, 80, NULL), ERR_OK);
  run_for_ms(10);
  assert_int_equal(registry_uninstall("en0"), 0);
  assert_int_equal(connection_error, ERR_ABRT);
  assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, 0);
}

static unsigned sources_used(void) {
  unsigned used = 0;

  for (unsigned i = 0; i < DISPATCH_SOURCES_MAX; i++)
    used += dispatch.sources[i] != NULL;
  return used;
}

static void a_thousand_rounds_leave_everything_as_it_was(void **state) {
  mem_size_t heap;
  mem_size_t used[MEMP_MAX];
  unsigned sources = sources_used();
  struct registry_entry *entry;

  (void)state;
  run_for_ms(1000); /* TCP's timer has stopped after the previous test */
  heap = lwip_stats.mem.used;
  for (unsigned i = 0; i < MEMP_MAX; i++)
    used[i] = lwip_stats.memp[i]->used;
  for (unsigned round = 0; round < 1000; round++) {
    assert_int_equal(registry_install("sim", &entry), 0);
    if (round % 2 != 0)
      assert_int_equal(registry_install("sim", &entry), 0);
    run_for_ms(round % 5 == 0 ? 1005 : round % 4); /* into the middle of a burst */
    assert_int_equal(registry_uninstall("en0"), 0);
    if (round % 2 != 0)
      assert_int_equal(registry_uninstall("en1"), 0);
    run_for_ms(1);
    assert_int_equal(sims[0].nic.pool.free_count, PACKETS);
    assert_int_equal(timer_source_armed(), 0);
  }
  assert_int_equal(sources_used(), sources);
  assert_int_equal(lwip_stats.mem.used, heap);
  for (unsigned i = 0; i < MEMP_MAX; i++)
    assert_int_equal(lwip_stats.memp[i]->used, used[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(drivers_are_available_until_installed, setup, teardown),
      cmocka_unit_test_setup_teardown(a_second_instance_takes_the_second_device, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_is_uninstalled_while_it_gives_frames_back, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(what_does_not_start_is_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(what_cannot_be_described_is_not_there, setup, teardown),
      cmocka_unit_test_setup_teardown(a_device_without_a_driver_is_not_installed_on, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(states_have_names, setup, teardown),
      cmocka_unit_test_setup_teardown(without_memory_for_its_timeout_it_is_not_there, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(without_memory_for_its_first_group_it_is_not_there, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(a_packet_outlives_its_driver, setup, teardown),
      cmocka_unit_test_setup_teardown(connections_over_it_get_an_error, setup, teardown),
      cmocka_unit_test_setup_teardown(a_thousand_rounds_leave_everything_as_it_was, setup,
                                      teardown),
  };

  host_reset();
  log_set_level(NULL, LOG_ERROR);
  lwip_init();
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
