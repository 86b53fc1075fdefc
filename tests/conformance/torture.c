/* Torture: anything that can happen to a NIC and its driver, in an order that a seed determines. */
#include "torture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dice.h"
#include "pcap.h"
#include "port.h"
#include "suite.h"

enum {
  HOGS_MAX = 64, /* pieces of lwIP's heap that the stack may hold */
  HEALING_WATCHES = 10,
  BUFFER_MIN = 320,
  FRAMES = 200, /* that pass afterwards, each a byte longer than the one before; a buffer holds the
                   last */
  MOMENT_MAX = 300, /* of a driver's turn, in which something may happen */
};

struct event {
  const char *name;
  void (*happen)(void);
  uint32_t weight; /* how likely it is drawn, relative to the others of its table */
};

#define EVENT(weight, name)                                                                        \
  { #name, name, weight }
#define EVENTS(table) (table), sizeof(table) / sizeof *(table)

static_assert(RIG_FRAME_MIN + FRAMES <= BUFFER_MIN, "in one buffer");

static struct dice dice;
static bool telling;
static bool carrier;
static const struct fake_absence *absence; /* of device or PHY, now; NULL: they are present */
static bool absences, errors;              /* whether these happen in this run */
static uint32_t present; /* what the fake's variable holds when it is not absent */
static struct pbuf *hogs[HOGS_MAX];
static unsigned hog_count;
static bool acted;          /* within a call of the kit's */
static uint32_t frees_left; /* in which the application still acts */

static bool one_in(uint32_t count) { return dice_below(&dice, count) == 0; }

static const struct event *drawn_from(const struct event *table, size_t count) {
  uint32_t total = 0, drawn;

  for (size_t i = 0; i < count; i++)
    total += table[i].weight;
  for (drawn = dice_below(&dice, total); drawn >= table->weight; table++)
    drawn -= table->weight;
  return table;
}

static void happens(const struct event *event) {
  if (telling)
    print_message("%s\n", event->name);
  event->happen();
}

/* ---- the wire and the device ---- */

/* The longest frame that a buffer can hold. */
static uint32_t longest(void) {
  const uint16_t buffer_size = rig.nic->config->pool.buffer_size;

  return buffer_size < RIG_FRAME_MAX ? buffer_size : RIG_FRAME_MAX;
}

static uint32_t any_length(void) {
  return one_in(4) ? dice_from(&dice, RIG_FRAME_MIN, longest())
                   : RIG_FRAME_MIN + dice_below(&dice, 200);
}

static void a_frame_comes(void) { (void)rig_wire(any_length()); }

static void a_frame_comes_for_others(void) {
  static const uint8_t others[][ETH_ADDRESS_BYTES] = {
      {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
      {1, 0, 0x5e, 0, 0, 1},
      {1, 0, 0x5e, 0x7f, 1, 2},
      {0x33, 0x33, 0, 0, 0, 1},
      {2, 0, 0, 0x12, 0x34, 0x57},
  };

  (void)rig_wire_to(others[dice_below(&dice, sizeof others / sizeof *others)], any_length());
}

static void a_frame_comes_that_no_buffer_holds(void) {
  if (longest() != RIG_FRAME_MAX)
    (void)rig_wire_bad(dice_from(&dice, longest() + 1, RIG_FRAME_MAX));
}

static void a_burst_comes(void) {
  for (unsigned i = dice_below(&dice, RIG_PACKETS); i != 0; i--)
    (void)rig_wire(RIG_FRAME_MIN);
}

static void frames_come_at_the_next_moments(void) { rig.backlog = dice_below(&dice, 20); }

static void the_device_pauses_or_goes_on(void) { rig_hold_tx(!*rig.mac->hold_tx); }

static void the_device_sends_some(void) {
  if (*rig.mac->hold_tx)
    rig_send(dice_below(&dice, 6));
}

static void the_carrier_comes_or_goes(void) { carrier = rig_set_link(one_in(2)); }

/* NULL: none shall happen, or the MAC can report none. */
static const struct fake_error *any_error(void) {
  unsigned count = 0;

  while (rig.mac->errors[count].name != NULL)
    count++;
  return errors && count != 0 ? &rig.mac->errors[dice_below(&dice, count)] : NULL;
}

/* The driver cannot always know what became of frames before it. */
static void note_error(const struct fake_error *error, bool happened) {
  rig.confused = rig.confused || happened;
  if (telling)
    print_message("  %s%s\n", happened ? "" : "not ", error->name);
}

static void an_error_happens(void) {
  const struct fake_error *error = any_error();

  if (error != NULL)
    note_error(error, rig_inject(error));
}

static void something_comes_back(void) {
  if (absence == NULL)
    return;
  *absence->where = present;
  absence = NULL;
  if (!rig.nic->recovering)
    return;
  rig.on_link = NULL; /* who might switch it off */
  nic_watch(rig.nic);
  if (rig.nic->state != NIC_ENABLED)
    fail_msg("a device that could not be reset is not tried again");
}

/* Until something_comes_back(). */
static void something_is_not_there(void) {
  unsigned count = 0;

  if (!absences)
    return;
  something_comes_back();
  while (rig.mac->absences[count].name != NULL)
    count++;
  if (count == 0)
    return;
  absence = &rig.mac->absences[dice_below(&dice, count)];
  present = rig_take_away(absence);
  if (telling)
    print_message("  %s\n", absence->name);
}

/* ---- at a moment of the driver's work ---- */

static void one_comes_in(void) { (void)rig_come_in(RIG_FRAME_MIN); }

static void all_are_sent(void) { rig.mac->send(UINT32_MAX); }

static void many_come_in(void) {
  for (unsigned i = 0; i < RIG_PACKETS && rig_come_in(RIG_FRAME_MIN) == FAKE_RECEIVED; i++) {
  }
}

static void the_carrier_flips(void) {
  if (rig.mac->set_link == NULL)
    return;
  carrier = !carrier;
  rig.mac->set_link(carrier);
}

static void one_error(void) {
  const struct fake_error *error = any_error();

  if (error != NULL)
    note_error(error, error->inject(error));
}

static const struct event *at_moment;

static void it_happens_at_its_moment(void) {
  if (telling)
    print_message("  at a moment: ");
  happens(at_moment);
}

static void something_is_to_happen_at_a_moment(void) {
  static const struct event acts[] = {
      EVENT(3, one_comes_in),      EVENT(1, all_are_sent), EVENT(1, many_come_in),
      EVENT(1, the_carrier_flips), EVENT(2, one_error),
  };

  at_moment = drawn_from(EVENTS(acts));
  rig_at(dice_below(&dice, MOMENT_MAX), it_happens_at_its_moment);
}

/* ---- the stack and the application ---- */

static void the_stack_sends(void) {
  (void)rig_transmit(200 + dice_below(&dice, 300), 1 + dice_below(&dice, rig.fragments_max),
                     one_in(2) ? 1 : 8);
}

static void the_stack_sends_many(void) {
  for (unsigned i = dice_below(&dice, RIG_DEPTH); i != 0; i--)
    the_stack_sends();
}

static void the_stack_keeps_frames_or_not(void) { rig.hoard = !rig.hoard; }

static void the_stack_answers_frames_or_not(void) { rig.echo = !rig.echo; }

static void the_stack_gives_frames_back(void) { rig_give_back(dice_below(&dice, RIG_PACKETS)); }

static void fragments_become_ragged_or_even(void) { rig.ragged = !rig.ragged; }

static void the_heap_is_taken(void) {
  struct pbuf *hog;

  while (hog_count != HOGS_MAX && (hog = pbuf_alloc(PBUF_RAW, 1500, PBUF_RAM)) != NULL)
    hogs[hog_count++] = hog;
}

static void the_heap_is_given_back(void) {
  while (hog_count != 0)
    pbuf_free(hogs[--hog_count]);
}

/* ---- the operator ---- */

/* While frames are given back no step is taken. */
static void check(const char *what, int error, int expected) {
  if (acted) { /* since the last check: the state may be another than was thought */
    acted = false;
    return;
  }
  if (rig.nic->state == NIC_STOPPING)
    expected = -EPERM;
  if (error != expected && (absence == NULL || error >= 0))
    fail_msg("%s: %d, should be %d", what, error, expected);
}

static void the_interface_is_switched(void) {
  int expected = rig.nic->state < NIC_STARTED ? -EPERM : 0;
  bool on = rig.nic->state != NIC_ENABLED && rig.nic->state != NIC_LOW;

  check("the interface is switched", nic_set_interface_enable(rig.nic, on), expected);
}

static void power_is_switched(void) {
  enum nic_power power = rig.nic->state == NIC_LOW ? NIC_POWER_ON : NIC_POWER_LOW;
  int expected = rig.nic->state < NIC_ENABLED ? -EPERM : 0;

  check("power is switched", nic_set_power_state(rig.nic, power), expected);
}

static uint16_t up_to(uint32_t most) { return (uint16_t)dice_from(&dice, 1, most); }

static void change_sizes(void) {
  uint16_t queue_depth = (uint16_t)(1U << dice_from(&dice, 1, 5));

  rig_resize(&(struct rig_sizes){.packets = up_to(RIG_PACKETS),
                                 .buffer_size =
                                     (uint16_t)(dice_from(&dice, BUFFER_MIN, RIG_BUFFER) / 64 * 64),
                                 .held_max = up_to(RIG_PACKETS),
                                 .queue_depth = queue_depth,
                                 .batch = up_to(queue_depth),
                                 .budget = up_to(40)});
}

static void it_is_started_anew(void) {
  int expected;

  if (rig.nic->state != NIC_INIT)
    check("it is stopped", nic_stop(rig.nic), 0);
  if (rig.nic->state != NIC_INIT)
    return; /* within a stop, or who saw the link go has switched it on */
  rig_check();
  expected = rig.nic->pool.held != 0 ? -EBUSY : 0;
  if (expected == 0)
    change_sizes();
  check("it is started", nic_start(rig.nic), expected);
}

/* From any state, with a link, and with nobody who interferes. */
static void it_is_brought_up(void) {
  struct nic *nic = rig.nic;

  rig.on_link = NULL;
  carrier = rig_set_link(true);
  if (nic->state == NIC_INIT && nic->pool.held != 0)
    return;
  if (nic->state == NIC_INIT)
    check("it is started", nic_start(nic), 0);
  if (nic->state == NIC_LOW)
    check("it is woken", nic_set_power_state(nic, NIC_POWER_ON), 0);
  check("the interface is switched on", nic_set_interface_enable(nic, true), 0);
  nic_poll_link(nic);
}

static void a_setting_changes(void) {
  static const uint8_t group[ETH_ADDRESS_BYTES] = {1, 0, 0x5e, 0, 0, 1};
  bool on = one_in(2);

  switch (dice_below(&dice, 5)) {
  case 0:
    (void)nic_set_promiscuous(rig.nic, on);
    break;
  case 1:
    nic_set_all_multicast(rig.nic, on);
    break;
  case 2:
    (void)(on ? nic_join_group(rig.nic, group) : nic_leave_group(rig.nic, group));
    break;
  case 3:
    (void)nic_set_mtu(rig.nic, (uint16_t)dice_from(&dice, NIC_MTU_MIN, ETH_MTU));
    break;
  default:
    (void)nic_set_media(rig.nic, (enum nic_media)(1u << dice_below(&dice, 6)));
  }
}

static struct pcap_tap tap;

static void write_capture(const void *data, size_t length) { (void)data, (void)length; }

/* A driver around the driver. */
static void a_tap_is_put_on_or_taken_off(void) {
  static const struct pcap_filter all = {.kind = PCAP_ALL};

  if (tap.nic != NULL)
    pcap_stop(&tap);
  else
    (void)pcap_start(&tap, rig.nic, PCAP_SNAPLEN_MAX, &all, write_capture);
}

/* ---- time ---- */

static void the_main_loop_runs(void) {
  rig_run();
  rig_check();
}

static void it_is_watched(void) {
  for (unsigned i = 1 + dice_below(&dice, 4); i != 0; i--) {
    nic_watch(rig.nic);
    the_main_loop_runs();
  }
}

static void the_link_is_polled(void) {
  bool was_there = carrier; /* it may go just after the look */

  nic_poll_link(rig.nic);
  if (!was_there && !carrier && nic_link_is_active(rig.nic))
    fail_msg("the carrier is gone, and the link is active");
}

static void act(void) {
  static const struct event acts[] = {
      EVENT(2, the_stack_sends),
      EVENT(1, the_stack_sends_many),
      EVENT(1, the_stack_gives_frames_back),
      EVENT(1, the_interface_is_switched),
      EVENT(1, power_is_switched),
      EVENT(1, a_setting_changes),
      EVENT(1, the_link_is_polled),
      EVENT(1, the_carrier_comes_or_goes),
      EVENT(1, it_is_started_anew),
      EVENT(1, a_tap_is_put_on_or_taken_off),
  };

  happens(drawn_from(EVENTS(acts)));
  acted = true;
}

/* Once, and not within itself. */
static void act_within_input(void) {
  rig.on_input = NULL;
  act();
}

static void the_application_is_to_act_within_input(void) { rig.on_input = act_within_input; }

/* Until `frees_left` frames have been freed. */
static void act_within_free(void) {
  if (--frees_left == 0)
    rig.on_free = NULL;
  if (telling)
    print_message("  freed: ");
  act();
}

static void the_application_is_to_act_as_its_frames_are_freed(void) {
  frees_left = dice_from(&dice, 1, 20);
  rig.on_free = act_within_free;
}

static void act_on_link(void) {
  rig.on_link = NULL;
  act();
}

static void the_application_is_to_act_when_the_link_changes(void) { rig.on_link = act_on_link; }

/* The interrupts of what happens meanwhile come together. */
static void interrupts_are_masked_for_a_while(void) {
  static const struct event acts[] = {
      EVENT(3, a_frame_comes),    EVENT(1, a_burst_comes),
      EVENT(2, the_stack_sends),  EVENT(2, the_device_sends_some),
      EVENT(1, an_error_happens), EVENT(1, the_carrier_comes_or_goes),
  };
  uint32_t state = port_irq_save();

  for (unsigned i = dice_below(&dice, 5); i != 0; i--)
    happens(drawn_from(EVENTS(acts)));
  port_irq_restore(state);
}

static const struct event events[] = {
    EVENT(12, the_main_loop_runs),
    EVENT(10, a_frame_comes),
    EVENT(3, a_frame_comes_for_others),
    EVENT(1, a_frame_comes_that_no_buffer_holds),
    EVENT(2, a_burst_comes),
    EVENT(4, frames_come_at_the_next_moments),
    EVENT(3, the_device_pauses_or_goes_on),
    EVENT(4, the_device_sends_some),
    EVENT(2, the_carrier_comes_or_goes),
    EVENT(2, an_error_happens),
    EVENT(1, something_is_not_there),
    EVENT(3, something_comes_back),
    EVENT(6, something_is_to_happen_at_a_moment),
    EVENT(10, the_stack_sends),
    EVENT(2, the_stack_sends_many),
    EVENT(2, the_stack_keeps_frames_or_not),
    EVENT(2, the_stack_answers_frames_or_not),
    EVENT(4, the_stack_gives_frames_back),
    EVENT(1, fragments_become_ragged_or_even),
    EVENT(1, the_heap_is_taken),
    EVENT(1, the_heap_is_given_back),
    EVENT(1, the_interface_is_switched),
    EVENT(1, power_is_switched),
    EVENT(1, it_is_started_anew),
    EVENT(5, it_is_brought_up),
    EVENT(1, a_setting_changes),
    EVENT(1, a_tap_is_put_on_or_taken_off),
    EVENT(3, it_is_watched),
    EVENT(2, the_link_is_polled),
    EVENT(1, the_application_is_to_act_within_input),
    EVENT(1, the_application_is_to_act_as_its_frames_are_freed),
    EVENT(1, the_application_is_to_act_when_the_link_changes),
    EVENT(2, interrupts_are_masked_for_a_while),
};

/* ---- afterwards ---- */

static void put_right(void) {
  struct nic *nic = rig.nic;

  (void)rig_at_cancel();
  something_comes_back();
  if (tap.nic != NULL)
    pcap_stop(&tap);
  rig.backlog = 0;
  rig.on_input = rig.on_free = rig.on_link = NULL;
  rig.hoard = rig.echo = rig.ragged = false;
  acted = false;
  the_heap_is_given_back();
  rig_give_back(RIG_PACKETS);
  rig_hold_tx(false);
  rig_run();
  it_is_brought_up();
  check("the medium", nic_set_media(nic, NIC_MEDIA_AUTO), 0);
  check("the MTU", nic_set_mtu(nic, nic_mtu_max(nic)), 0);
  (void)nic_set_promiscuous(nic, false);
  nic_set_all_multicast(nic, false);
  an_error_happens(); /* a last one, with nothing after it that resets the device anyway */
  for (unsigned i = 0; i < HEALING_WATCHES; i++) {
    (void)rig_wire(RIG_FRAME_MIN); /* an error may wait for it */
    nic_watch(nic);
    rig_run();
  }
}

/* One at a time: there may be just one packet. */
static void check_traffic(void) {
  unsigned delivered = rig.delivered, sent = rig.sent;

  rig_check_idle();
  for (unsigned i = 0; i < FRAMES; i++) {
    dma_publish(); /* now the device sees the last buffer, which may be the only one */
    if (rig_wire(RIG_FRAME_MIN + i) != FAKE_RECEIVED)
      fail_msg("frame %u does not come in", i);
    rig_run();
    rig_must_transmit(RIG_FRAME_MIN + i, 1, 8);
    rig_run();
  }
  rig_check_equal("frames that came through", rig.delivered - delivered, FRAMES);
  rig_check_equal("frames that went out", rig.sent - sent, FRAMES);
  rig_check_idle();
}

void torture(uint64_t seed, unsigned count, bool tell) {
  dice = dice_of(seed, 1);
  srand((unsigned)dice_next(&dice)); /* the rig uses it */
  telling = tell;
  carrier = true;
  acted = false;
  absence = NULL;
  absences = one_in(4); /* what is lost with a device looks like what its driver loses */
  errors = absences || one_in(2);
  for (unsigned i = 0; i < count; i++)
    happens(drawn_from(EVENTS(events)));
  put_right();
  check_traffic();
}

/* ---- one driver, by many seeds ---- */

enum { EVENTS_A_RUN = 600 };

static struct {
  const struct fake_mac *mac;
  uint64_t first_seed;
  unsigned runs, done;
  bool tell;
} runs;

static uint64_t seed_of_run(void) { return runs.first_seed + runs.done; }

static void run_all(void **state) {
  uint64_t in = 0, out = 0, dropped = 0, recoveries = 0;

  (void)state;
  for (runs.done = 0; runs.done < runs.runs; runs.done++) {
    rig_build(runs.mac, &suite_buses[seed_of_run() % SUITE_BUSES]);
    rig_enable();
    torture(seed_of_run(), EVENTS_A_RUN, runs.tell);
    in += rig.delivered;
    out += rig.sent;
    dropped += nic_dropped(rig.nic);
    recoveries += rig.nic->counters[NIC_RECOVERIES];
    rig_end();
  }
  print_message(
      "%u runs of %u events from seed %llu on: %llu frames in, %llu out, %llu dropped and "
      "counted, %llu recoveries\n",
      runs.runs, EVENTS_A_RUN, (unsigned long long)runs.first_seed, (unsigned long long)in,
      (unsigned long long)out, (unsigned long long)dropped, (unsigned long long)recoveries);
}

/* A variable given to make is also in the environment. */
static void name_variable(const char *name, const char *otherwise) {
  const char *value = getenv(name);

  if (value == NULL)
    value = otherwise;
  if (value != NULL)
    print_error(" %s='%s'", name, value);
}

static int name_seed(void **state) {
  (void)state;
  if (runs.done != runs.runs) {
    print_error("shown by: make torture");
    name_variable("PRODUCT_DIR", NULL);
    name_variable("PRODUCT_SOURCES", NULL);
    name_variable("DRIVER", runs.mac->ops->name);
    print_error(" SEED=%llu RUNS=1\n", (unsigned long long)seed_of_run());
  }
  return 0;
}

int torture_run_all(const struct fake_mac *mac, uint64_t first_seed, unsigned count, bool tell) {
  const struct CMUnitTest test = {mac->ops->name, run_all, NULL, name_seed, NULL};

  runs.mac = mac;
  runs.first_seed = first_seed;
  runs.runs = count;
  runs.tell = tell;
  return _cmocka_run_group_tests(mac->ops->name, &test, 1, NULL, NULL);
}
