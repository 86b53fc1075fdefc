/* What each board of this tree lists for the demo, its board.h having said how much of each: its
 * devices and drivers, and the simulated NICs. Included by board.h, at its end. */
#ifndef BOARD_LISTS_H
#define BOARD_LISTS_H

#include "registry.h"
#include "sim_device.h"

/* The devices, for the registry: the MACs, then the simulated ones. */
extern const struct nic_device board_devices[BOARD_DEVICES];

/* The drivers that the board has a use for. */
extern const struct nic_driver board_drivers[BOARD_DRIVERS];

/* The names of the drivers that are installed at start-up, once for each device that is wanted. */
extern const char *const board_installed[BOARD_INSTALLED];

/* The other side of the simulated NICs, and these as their interrupts find them: who uses them sets
 * it, and a firmware without them has no memory for any. */
extern struct sim_device board_sim_devices[BOARD_SIMS];
extern struct nic *board_sim_nics[BOARD_SIMS];

/* Starts clock, console and timer. Main loop, once, first. */
void board_init(void);

#endif
