/* What each board of this tree lists for the demo: its devices and drivers, and the simulated NICs,
 * whose numbers board.h defines. Included by board.h, at its end. */
#ifndef BOARD_LISTS_H
#define BOARD_LISTS_H

#include "registry.h"
#include "sim_device.h"

/* The devices, for the registry: the MACs, then the simulated ones. */
extern const struct nic_device board_devices[BOARD_DEVICES];

/* The drivers that the board can use. */
extern const struct nic_driver board_drivers[BOARD_DRIVERS];

/* The names of the drivers to install at start-up, once for each device that is to be used. */
extern const char *const board_installed[BOARD_INSTALLED];

/* The devices of the simulated NICs, and the NICs, by which their interrupt handlers find them. The
 * application that uses them sets the latter; a firmware without them spends no memory on any. */
extern struct sim_device board_sim_devices[BOARD_SIMS];
extern struct nic *board_sim_nics[BOARD_SIMS];

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

#endif
