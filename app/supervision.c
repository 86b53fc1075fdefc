/* What the watchdog looks at in the demo: timers, console, and both directions of each NIC. */
#include "supervision.h"

#include <stddef.h>

#include "board.h"
#include "console.h"
#include "lwip_timers.h"
#include "nic_progress.h"

/* For each device, whether a driver has it or not: one that is not enabled is idle. */
static struct watchdog_subject rx[BOARD_DEVICES], tx[BOARD_DEVICES];
static struct watchdog_subject timers, console;

void supervision_start(void) {
  for (unsigned i = 0; i < BOARD_DEVICES; i++) {
    watchdog_add(&tx[i], &nic_tx_progress, &board_devices[i]);
    watchdog_add(&rx[i], &nic_rx_progress, &board_devices[i]);
  }
  watchdog_add(&console, &console_progress, NULL);
  watchdog_add(&timers, &lwip_timers_progress, NULL);
}
