/* An Ethernet PHY behind a MAC's management interface (IEEE 802.3 clause 22). */
#ifndef PHY_H
#define PHY_H

#include <stdint.h>

#include "nic.h"

struct phy {
  /* The MAC driver's functions to read and write a 16-bit register of the PHY at `address` (0 to
   * 31). */
  uint16_t (*read)(struct nic *nic, unsigned address, unsigned reg);
  void (*write)(struct nic *nic, unsigned address, unsigned reg, uint16_t value);
  uint8_t address; /* where phy_start() found it */
};

/* Finds the PHY by reading the identifier (22.2.4.3.1) at each address, 0 last, and selects
 * nic->media, so that it negotiates anew or is set again. All ones or all zeros are no identifier:
 * nobody drives the line. Returns 0, or -ENODEV if no address answers. Main loop. */
int phy_start(struct nic *nic, struct phy *phy);

/* Selects a medium: negotiation of all that the MAC can do, without PAUSE frames, or one speed and
 * duplex without negotiation (22.2.4.1). 1000 Mbit/s, offered only if nic_caps.media has it, is
 * selected by offering nothing else. Main loop. */
void phy_set_media(struct nic *nic, const struct phy *phy, enum nic_media media);

/* Reads the link's state into `*link`: active once there is a carrier and any negotiation is
 * complete, with the best speed and duplex that both sides offer (28.2.3.3). A PHY that has lost
 * its medium, by a reset or a loss of power, is given nic->media again, and has no link this time.
 * Main loop. */
void phy_link(struct nic *nic, const struct phy *phy, struct nic_link *link);

#endif
