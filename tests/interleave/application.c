/* The application that the demo's main loop has when the explorer runs it: what app/main.c calls
 * besides the driver kit, in place of consoles, services and lwIP's timeouts. */
#include "application.h"

#include "board.h"
#include "chargen.h"
#include "console.h"
#include "control_page.h"
#include "explore.h"
#include "interfaces.h"
#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/timeouts.h"
#include "machine.h"
#include "port.h"
#include "packet_queue.h"
#include "services.h"
#include "sim_wire.h"
#include "supervision.h"
#include "timer_source.h"

enum { TIMEOUT_MS = 10, QUEUE_DEPTH = 2, BYTES_MAX = 16 };

struct application application;

/* Bytes between the serial line's interrupt and the main loop, as packets: this tests both ends of
 * a queue, the producer in the interrupt and the consumer. */
static struct pbuf *in_slots[QUEUE_DEPTH], *out_slots[QUEUE_DEPTH];
static struct packet_queue in, out;
static struct pbuf bytes[BYTES_MAX];
static struct dispatch_source in_event;
static unsigned received, read_count, sent, given; /* bytes so far, in order */
static unsigned ready;                             /* in the serial line's hardware */
static struct dispatch_source bell_event;
static struct timer_source bell = {.event = &bell_event};
static bool started;
static uint32_t due_ms;

/* ---- the serial line ---- */

void application_type(void) {
  ready++;
  machine_pulse(MACHINE_CONSOLE);
}

static void console_interrupt(void *context) {
  struct pbuf *byte;

  (void)context;
  for (; ready != 0; ready--)
    (void)packet_queue_put(&in, &bytes[received++]);
  byte = packet_queue_get(&out);
  if (byte != NULL && byte != &bytes[sent++])
    explore_fail("byte %u is sent in the place of byte %u", (unsigned)(byte - bytes), sent - 1);
}

/* Received bytes are read in order, except those that found the queue full. */
static void read_bytes(void *context) {
  struct pbuf *byte;

  (void)context;
  while ((byte = packet_queue_get(&in)) != NULL) {
    if (byte < &bytes[read_count] || byte >= &bytes[received])
      explore_fail("byte %u is read after byte %u", (unsigned)(byte - bytes), read_count - 1);
    read_count = (unsigned)(byte - bytes) + 1;
    if (application.answer != NULL)
      application.answer();
  }
}

unsigned application_unread(void) { return received - in.dequeued - in.refused; }

unsigned application_unsent(void) { return given - sent; }

/* ---- timeouts of the stack, in place of lwIP's functions ---- */

struct sys_timeo **__wrap_sys_timeouts_get_next_timeout(void);
u32_t __wrap_sys_timeouts_sleeptime(void);
void __wrap_sys_check_timeouts(void);

/* The main loop asks the stack for its next timeout in each turn: the application takes its turn
 * here, too. */
struct sys_timeo **__wrap_sys_timeouts_get_next_timeout(void) {
  static struct sys_timeo timeout, *next;

  application.turn();
  while (given < application.echoes && packet_queue_put(&out, &bytes[given]))
    given++;
  timeout.time = due_ms;
  next = application.timeouts != 0 ? &timeout : NULL;
  return &next;
}

u32_t __wrap_sys_timeouts_sleeptime(void) {
  uint32_t now_ms = port_clock_ms();

  return now_ms >= due_ms ? 0 : due_ms - now_ms;
}

void __wrap_sys_check_timeouts(void) {
  if (application.timeouts == 0 || port_clock_ms() < due_ms)
    return;
  application.timeouts--;
  due_ms = port_clock_ms() + TIMEOUT_MS;
}

static void answer_bell(void *context) { (void)context; }

void application_wind(void) {
  timer_source_wake_at(&bell, port_clock_us() + 1000 * TIMEOUT_MS / 2);
}

bool application_waits(void) {
  bool due = (application.timeouts != 0 && machine_now_us() / 1000 >= due_ms) ||
             (bell.armed && machine_now_us() >= bell.deadline_us);

  return ready != 0 || packet_queue_count(&in) != 0 || (due && !machine_can_expire(0));
}

/* ---- what is started ---- */

static void timer_interrupt(void *context) {
  (void)context;
  timer_source_interrupt();
}

void board_init(void) {}

/* The main loop is entered anew for each run. */
void lwip_init(void) {
  if (started)
    return;
  mem_init();
  memp_init();
}

void sim_wire_start(struct dispatch_queue *dispatch) { (void)dispatch; }

void interfaces_start(struct dispatch_queue *dispatch) {
  if (started)
    return;
  application.start(dispatch);
  machine_connect(MACHINE_TIMER, timer_interrupt, NULL);
  machine_connect(MACHINE_CONSOLE, console_interrupt, NULL);
  (void)packet_queue_init(&in, in_slots, QUEUE_DEPTH, &in_event);
  (void)packet_queue_init(&out, out_slots, QUEUE_DEPTH, NULL);
  packet_queue_set_enable(&in, true);
  packet_queue_set_enable(&out, true);
  (void)dispatch_add(dispatch, &in_event, read_bytes, NULL);
  (void)dispatch_add(dispatch, &bell_event, answer_bell, NULL);
  due_ms = TIMEOUT_MS;
  started = true;
}

void services_start(void) {}

void chargen_start(void) {}

void supervision_start(void) {}

/* The watchdog's looks are further timeouts, which would get in the way of everything else. */
int __wrap_watchdog_start(struct dispatch_queue *dispatch);

int __wrap_watchdog_start(struct dispatch_queue *dispatch) {
  (void)dispatch;
  return 0;
}

void control_page_start(struct dispatch_queue *dispatch) { (void)dispatch; }

void console_start(struct dispatch_queue *dispatch) { (void)dispatch; }
