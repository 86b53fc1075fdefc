/* The subjects of the watchdog that a NIC has: its reception and its transmission.
 *
 * Reception is idle while the ring has buffers for the device, the kit has delivered all that it
 * took off it, and the device has not been left stopped. That a frame lies on the ring is none of
 * this: nic_watch() has a turn take it, as long as main loop and timers run, which are subjects of
 * their own. Transmission is idle while no frame waits, or none can be sent for want of a link; a
 * device that nic_watch() has found to send nothing, and has reset, counts as moved. A NIC that is
 * not enabled is idle. */
#ifndef NIC_PROGRESS_H
#define NIC_PROGRESS_H

#include "watchdog.h"

/* Of a subject's device. */
extern const struct watchdog_kind nic_rx_progress, nic_tx_progress;

#endif
