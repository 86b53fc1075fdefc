/* lwIP's timeouts, run by the event of a hardware timer. */
#include "lwip_timers.h"

#include <stddef.h>
#include <stdint.h>

#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "port.h"
#include "timer_source.h"

#if !LWIP_TESTMODE
#error "lwipopts.h: LWIP_TESTMODE has to be 1: else lwIP does not say which timeout is first"
#endif

static struct dispatch_source due_event;
static struct timer_source due_timer = {.event = &due_event};

/* The time of the timeout that the timer was last wound for; a time that is past if it is to be
 * wound for any. */
static uint32_t wound_for;

/* Twelve days ago: a timeout may be overdue as the timers start, but not by that. */
static void wind_for_any(void) { wound_for = sys_now() - (UINT32_C(1) << 30); }

struct lwip_timers_report lwip_timers_report;

static void report_lateness(void) {
  const struct sys_timeo *next = *sys_timeouts_get_next_timeout();
  int32_t late_ms;

  lwip_timers_report.runs++;
  if (next == NULL)
    return;
  late_ms = (int32_t)(sys_now() - next->time);
  if (late_ms > (int32_t)lwip_timers_report.late_most_ms)
    lwip_timers_report.late_most_ms = (uint32_t)late_ms;
}

/* The timer may be early: then it is wound again for what is not due yet. */
static void run_due(void *context) {
  (void)context;
  report_lateness();
  wind_for_any();
  sys_check_timeouts(); /* what is left is due later */
}

int lwip_timers_start(struct dispatch_queue *queue) {
  wind_for_any();
  return dispatch_add(queue, &due_event, run_due, NULL);
}

/* Leaves alone a timer that is wound for an earlier time: waking early costs less than winding. */
static void wind(void) {
  uint64_t deadline_us = port_clock_us() + UINT64_C(1000) * sys_timeouts_sleeptime();

  if (!due_timer.armed || deadline_us < due_timer.deadline_us)
    timer_source_wake_at(&due_timer, deadline_us);
}

void lwip_timers_arm(void) {
  const struct sys_timeo *first = *sys_timeouts_get_next_timeout();

  if (first == NULL || first->time == wound_for)
    return;
  wound_for = first->time;
  wind();
}

/* Looks at all of them, since a first one whose time is wrong keeps those behind it from
 * running. */
static bool timers_move(struct watchdog_subject *subject) {
  uint32_t now = port_clock_ms();

  (void)subject;
  for (const struct sys_timeo *timeout = *sys_timeouts_get_next_timeout(); timeout != NULL;
       timeout = timeout->next) {
    if ((int32_t)(now - timeout->time) > LWIP_TIMERS_LATE_MS)
      return false;
  }
  return true;
}

const struct watchdog_kind lwip_timers_progress = {"timers", timers_move};
