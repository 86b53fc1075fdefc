/* What is explored: a driver over its fake under the demo's main loop, and what has to hold. */
#include "scenario.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "application.h"
#include "datapath.h"
#include "log.h"
#include "machine.h"
#include "port.h"
#include "rig.h"
#include "textbook.h"

enum { FRAME_BYTES = 60, TURNS_MAX = 60 };

static const struct scenario *now;
static const struct subject *subject;
static struct nic_config config;
static jmp_buf asleep;
static unsigned rx_left, errors_left, typed_left; /* that are still to happen */
static bool has_failed;                           /* the device has, and must be reset */
static unsigned to_send;                          /* at the start of the main loop */
static unsigned turns;

/* ---- what can happen at any moment ---- */

/* The simulated NIC's device is software, in a timer's interrupt. */
static bool device_can_step(void) { return !subject->software || machine_is_interruptible(); }

static bool can_come_in(unsigned unused) {
  (void)unused;
  return rx_left != 0 && device_can_step();
}

static bool come_in(unsigned unused) {
  (void)unused;
  if (rig_wire(FRAME_BYTES) == FAKE_NOT_READY)
    return false;
  rx_left--;
  return true;
}

static bool can_be_sent(unsigned unused) {
  (void)unused;
  return rig.sent != rig.accepted && device_can_step() &&
         (rig.sent != 0 || ring_count(&rig.nic->tx_ring.ring) >= now->sent_from);
}

static bool be_sent(unsigned unused) {
  unsigned sent = rig.sent;

  (void)unused;
  rig_send(now->sent_from != 0 ? UINT32_MAX : 1);
  return rig.sent != sent;
}

static bool can_type(unsigned unused) { return (void)unused, typed_left != 0; }

static bool type(unsigned unused) {
  (void)unused;
  typed_left--;
  application_type();
  return true;
}

static const struct fake_error *fatal_error(void) {
  const struct fake_error *error = subject->mac->errors;

  while (error->name != NULL && error->counter != NIC_RECOVERIES)
    error++;
  return error->name != NULL ? error : NULL;
}

static bool can_fail(unsigned unused) {
  (void)unused;
  return errors_left != 0 && device_can_step();
}

static bool fail_now(unsigned unused) {
  bool happens = rig_inject(fatal_error());

  (void)unused;
  errors_left--;
  has_failed = has_failed || happens;
  return happens;
}

static const struct explore_process processes[] = {
    {"the NIC's interrupt", 'i', false, MACHINE_NIC, machine_can_interrupt, machine_interrupt},
    {"the timer's interrupt", 'u', false, MACHINE_TIMER, machine_can_interrupt, machine_interrupt},
    {"the console's interrupt", 'k', false, MACHINE_CONSOLE, machine_can_interrupt,
     machine_interrupt},
    {"a frame comes in", 'r', true, 0, can_come_in, come_in},
    {"a frame is sent", 't', true, 0, can_be_sent, be_sent},
    {"the timer expires", 'e', true, 0, machine_can_expire, machine_expire},
    {"a byte is typed", 'c', true, 0, can_type, type},
    {"the device reports an error", 'x', true, 0, can_fail, fail_now},
};

/* ---- what has to hold ---- */

/* A device may touch only the buffers on its rings. */
static bool is_on_ring(const struct nic_ring *ring, uint32_t address, size_t length) {
  for (uint32_t i = ring->ring.tail; i != ring->ring.head; i++) {
    for (const struct pbuf *part = ring->slots[ring_slot(&ring->ring, i)]; part != NULL;
         part = part->next) {
      uint32_t start = (uint32_t)(uintptr_t)part->payload;

      if (address >= start && address + length <= start + part->len)
        return true;
    }
  }
  return false;
}

static void check_owner(uint32_t address, size_t length, bool write) {
  uint32_t memory = (uint32_t)(uintptr_t)config.memory;

  if (address < memory || address >= memory + config.memory_size)
    return;
  if (!is_on_ring(&rig.nic->rx_ring, address, length) &&
      (write || !is_on_ring(&rig.nic->tx_ring, address, length)))
    explore_fail("the device %s a buffer that is not its own", write ? "writes to" : "reads from");
}

static unsigned in_dropped(void) {
  unsigned dropped = 0;

  for (unsigned i = NIC_IN_RUNT; i <= NIC_IN_STOPPED; i++)
    dropped += i == NIC_IN_OVERFLOW ? 0 : rig.nic->counters[i];
  return dropped;
}

/* If the MAC gathers nothing, one more than the scenario says is at rest, but never the only
 * one. */
static bool one_is_kept(void) {
  return rig.nic->ops->caps.tx_fragments_max == 1 && now->packets > 1;
}

/* No interrupt is pending, and the main loop sleeps. A MAC with a FIFO keeps frames there that have
 * no buffer. */
static void at_sleep(bool for_ever) {
  if (!explore_is_running())
    longjmp(asleep, 1);
  if (rig.wired != rig.delivered + in_dropped() && !ring_empty(&rig.nic->rx_ring.ring))
    explore_fail("lost wake-up: asleep with %u received frame(s) that nobody delivers",
                 rig.wired - rig.delivered - in_dropped());
  if (application_waits())
    explore_fail("lost wake-up: asleep with a byte or a timeout that nobody answers");
  if (!for_ever)
    return;
  if (application.timeouts != 0)
    explore_fail("lost wake-up: asleep with a timeout that no timer is wound for");
  if (application_unread() != 0)
    explore_fail("%u byte(s) were lost", application_unread());
  if (rx_left != 0)
    explore_fail("reception has stopped, with %u buffer(s) on the ring",
                 ring_count(&rig.nic->rx_ring.ring));
  if (rig.sent + rig.nic->counters[NIC_OUT_STOPPED] + rig.nic->counters[NIC_OUT_ERROR] !=
      rig.accepted)
    explore_fail("lost wake-up: asleep with %u frame(s) that nobody sends",
                 rig.accepted - rig.sent);
  if (has_failed && rig.nic->counters[NIC_RECOVERIES] == 0)
    explore_fail("lost wake-up: asleep with an error that nobody has seen to");
  if (!ring_empty(&rig.nic->tx_ring.ring))
    explore_fail("lost wake-up: asleep with %u sent frame(s) that nobody reclaims",
                 ring_count(&rig.nic->tx_ring.ring));
  rig_check_idle();
  if (rig.nic->pool.free_count + packet_queue_count(&rig.nic->rx_submission) > one_is_kept() &&
      rig.nic->state == NIC_ENABLED && !ring_full(&rig.nic->rx_ring.ring))
    explore_fail("lost wake-up: asleep with a free buffer and room for it on the ring");
  explore_done();
}

static void check_packets(void) {
  const struct nic *nic = rig.nic;

  rig_check_equal("packets of the pool that are somewhere",
                  (unsigned)nic->pool.held + nic->pool.free_count +
                      packet_queue_count(&nic->rx_submission) + ring_count(&nic->rx_ring.ring) +
                      packet_queue_count(&nic->rx_completion),
                  config.pool.packets);
}

static void turn(void) {
  if (++turns == TURNS_MAX)
    explore_fail("the main loop finds no sleep");
  check_packets();
  for (; to_send != 0 && explore_is_running(); to_send--)
    (void)rig_transmit(FRAME_BYTES + 4 * now->fragments, now->fragments != 0 ? now->fragments : 1,
                       4);
}

/* ---- what the application does at a byte on the console ---- */

static void give_back(void) { rig_give_back(UINT32_MAX); }

static void transmit(void) { (void)rig_transmit(FRAME_BYTES, 1, 4); }

static void stop_and_go(void) {
  if (nic_set_interface_enable(rig.nic, false) != 0)
    explore_fail("the interface does not stop");
  if (rig.nic->pool.free_count + rig.nic->pool.held != config.pool.packets)
    explore_fail("after a stop %u packets are in the pool", rig.nic->pool.free_count);
  if (nic_set_interface_enable(rig.nic, true) != 0)
    explore_fail("the interface does not start again");
}

static void sleep_and_wake(void) {
  if (nic_set_power_state(rig.nic, NIC_POWER_LOW) != 0 ||
      nic_set_power_state(rig.nic, NIC_POWER_ON) != 0)
    explore_fail("no low power");
}

/* ---- the runs ---- */

static void start(struct dispatch_queue *dispatch) {
  static const struct rig_bus bus = {"none", 32, false, false};

  rig_build(subject->mac, &bus);
  config = *rig.nic->config;
  config.pool.packets = config.pool.held_max = (uint16_t)(now->packets + one_is_kept());
  config.budget = config.batch = (uint16_t)now->budget;
  rig.nic->config = &config;
  rig.nic->dispatch = dispatch;
  rig.hoard = now->hoard;
  rig_enable();
  *subject->mac->hold_tx = true;
}

static void run(void) { (void)firmware_main(); }

static unsigned grown(unsigned count, unsigned depth) { return count == 0 ? 0 : count + depth - 1; }

static void explore_here(unsigned depth, unsigned runs_max, const char *schedule, bool whole,
                         struct explore_result *result) {
  log_set_level(NULL, LOG_ERROR);
  textbook_edge = subject->edge;
  application =
      (struct application){start, turn, now->at_byte, grown(now->timeouts, depth), now->echoes};
  machine_asleep = at_sleep;
  machine_device_access = check_owner;
  rx_left = grown(now->rx, depth);
  to_send = grown(now->tx, depth);
  typed_left = now->typed;
  errors_left = now->errors;
  has_failed = false;
  if (setjmp(asleep) == 0)
    run(); /* up to its first sleep, where each run begins */
  port_irq_restore(0);
  explore_save();
  *result = explore(&(struct explore_options){.processes = processes,
                                              .count = sizeof processes / sizeof *processes,
                                              .run = run,
                                              .is_due = machine_interrupt_is_due,
                                              .runs_max = runs_max,
                                              .schedule = schedule,
                                              .whole = whole});
}

struct explore_result scenario_explore(const struct subject *over, const struct scenario *scenario,
                                       unsigned depth, unsigned runs_max, const char *schedule,
                                       bool whole) {
  struct explore_result result = {.failed = true};
  int ends[2], status;
  pid_t child;

  fflush(NULL);
  if (pipe(ends) != 0 || (child = fork()) < 0)
    exit(2);
  if (child == 0) {
    subject = over;
    now = scenario;
    explore_here(depth, runs_max, schedule, whole, &result);
    fflush(NULL);
    if (write(ends[1], &result, sizeof result) != sizeof result)
      _exit(2);
    _exit(0);
  }
  close(ends[1]);
  if (read(ends[0], &result, sizeof result) != sizeof result)
    result = (struct explore_result){.failed = true};
  close(ends[0]);
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    printf("violation: a crash, signal %d\n", WTERMSIG(status));
    result.failed = true;
  }
  return result;
}

bool scenario_is_long(const struct subject *over, const struct scenario *scenario) {
  return over->no_dma && scenario->rx != 0 && scenario->tx != 0;
}

bool scenario_suits(const struct subject *over, const struct scenario *scenario) {
  subject = over;
  if (scenario->alone && over != subjects)
    return false;
  return (scenario->errors == 0 || fatal_error() != NULL) &&
         (scenario->fragments == 0 || over->mac->ops->caps.tx_fragments_max >= scenario->fragments);
}

const struct subject subjects[] = {
    {"textbook", &fake_mac_textbook, false, false, false},
    {"textbook-edge", &fake_mac_textbook, true, false, false},
#define SUBJECT(name)                                                                              \
  {#name, &fake_mac_##name, false, &fake_mac_##name == &fake_mac_sim,                              \
   &fake_mac_##name == &fake_mac_lan9118},
    FAKE_MACS(SUBJECT)
#undef SUBJECT
        {.name = NULL},
};

const struct scenario scenarios[] = {
    {"receive", .rx = 2, .packets = 24, .budget = 8},
    {"budget of one", .rx = 2, .packets = 24, .budget = 1},
    {"send", .tx = 2, .packets = 24, .budget = 8},
    {"send later", .tx = 1, .typed = 1, .at_byte = transmit, .packets = 24, .budget = 8,
     .alone = true},
    {"both ways", .rx = 1, .tx = 1, .packets = 24, .budget = 8},
    {"one buffer", .rx = 2, .packets = 1, .budget = 8},
    {"starved", .rx = 2, .typed = 1, .at_byte = give_back, .packets = 2, .budget = 8,
     .hoard = true},
    {"stop receiving", .rx = 1, .typed = 1, .at_byte = stop_and_go, .packets = 4, .budget = 8},
    {"stop sending", .tx = 1, .typed = 1, .at_byte = stop_and_go, .packets = 4, .budget = 8},
    {"low power", .rx = 1, .typed = 1, .at_byte = sleep_and_wake, .packets = 4, .budget = 8},
    {"error", .rx = 1, .errors = 1, .packets = 4, .budget = 8},
    {"full ring", .tx = 5, .fragments = 4, .sent_from = 4, .packets = 4, .budget = 8,
     .alone = true},
    {"main loop", .typed = 1, .timeouts = 1, .at_byte = application_wind, .packets = 4, .budget = 8,
     .alone = true},
    {"queue in", .typed = 3, .packets = 4, .budget = 8, .alone = true},
    {"queue out", .typed = 3, .echoes = 3, .packets = 4, .budget = 8, .alone = true},
    {.name = NULL},
};
