/* The demo: the board's NICs under lwIP in one loop that sleeps whenever there is nothing to do. */
#include "board.h"
#include "chargen.h"
#include "console.h"
#include "control_page.h"
#include "dispatch.h"
#include "interfaces.h"
#include "log.h"
#include "lwip/init.h"
#include "lwip_port.h"
#include "lwip_timers.h"
#include "port.h"
#include "services.h"
#include "sim_wire.h"
#include "supervision.h"
#include "watchdog.h"

static struct dispatch_queue dispatch;

/* Interrupts stay masked from the last look at the events to the sleep, which a pending one
 * ends. */
static void sleep_until_event(void) {
  uint32_t state = port_irq_save();

  if (!dispatch_pending(&dispatch))
    port_sleep();
  port_irq_restore(state);
}

int main(void) {
  board_init();
  log_info("main", "ringif on " BOARD_NAME ", lwIP " LWIP_VERSION_STRING);
  (void)watchdog_start(&dispatch);
  lwip_port_init(0);
  lwip_init();
  (void)lwip_timers_start(&dispatch);
  sim_wire_start(&dispatch);
  interfaces_start(&dispatch);

  services_start();
  chargen_start();
  control_page_start(&dispatch);
  console_start(&dispatch);
  supervision_start();
  for (;;) {
    (void)dispatch_run(&dispatch);
    lwip_timers_arm();
    sleep_until_event();
  }
}
