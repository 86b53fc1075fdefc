/* A NIC's subjects of the watchdog: its reception and its transmission.
 *
 * Reception is idle while the ring has buffers for the device, the kit has delivered all that it
 * took off the ring, and the device has not been left stopped. A frame that lies on the ring does
 * not matter: nic_watch() has a turn take it, as long as main loop and timers run, which are
 * subjects of their own. Transmission is idle while no frame waits, or none can be sent for want of
 * a link; a device that nic_watch() has found to send nothing, and has reset, counts as moved. A
 * NIC that is not enabled is idle. */
#ifndef NIC_PROGRESS_H
#define NIC_PROGRESS_H

#include "watchdog.h"

/* For subjects with a device, whose NIC they look at. */
extern const struct watchdog_kind nic_rx_progress, nic_tx_progress;

#endif
