/* The demo: the board's NICs under lwIP in one loop that sleeps whenever there is nothing to do. */
#include "board.h"
#include "console.h"
#include "control_page.h"
#include "dispatch.h"
#include "interfaces.h"
#include "log.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"
#include "lwip_port.h"
#include "port.h"
#include "services.h"
#include "sim_wire.h"
#include "timer_source.h"

static struct dispatch_queue dispatch;
static struct dispatch_source wake_event;
static struct timer_source wake_timer = {.event = &wake_event};

/* Nothing to do: the timer ends the sleep, and the loop then looks at lwIP's timeouts anyway. */
static void wake(void *context) { (void)context; }

/* Winds the timer for the stack's next timeout. One that is due earlier anyway is left alone:
 * waking early costs less than winding at each turn. */
static void arm_wake_timer(void) {
  uint32_t sleep_ms = sys_timeouts_sleeptime();
  uint64_t deadline_us;

  if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
    return;
  deadline_us = port_clock_us() + UINT64_C(1000) * sleep_ms;
  if (!wake_timer.armed || deadline_us < wake_timer.deadline_us)
    timer_source_wake_at(&wake_timer, deadline_us);
}

/* Interrupts stay masked from the last look to the sleep, which a pending one ends. */
static void sleep_until_event(void) {
  uint32_t state;

  arm_wake_timer();
  state = port_irq_save();
  if (!dispatch_pending(&dispatch) && !console_pending())
    port_sleep();
  port_irq_restore(state);
}

int main(void) {
  board_init();
  log_info("main", "ringif on " BOARD_NAME ", lwIP " LWIP_VERSION_STRING);
  lwip_port_init(0);
  lwip_init();
  (void)dispatch_add(&dispatch, &wake_event, wake, NULL);
  sim_wire_start(&dispatch);
  interfaces_start(&dispatch);

  services_start();
  control_page_start(&dispatch);
  console_start();
  for (;;) {
    (void)dispatch_run(&dispatch);
    sys_check_timeouts();
    console_poll();
    sleep_until_event();
  }
}
