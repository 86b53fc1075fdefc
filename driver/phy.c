/* An Ethernet PHY behind a MAC's management interface (IEEE 802.3 clause 22). */
#include "phy.h"

#include <errno.h>

enum {
  PHY_ADDRESSES = 32,

  BMCR = 0, /* basic mode control, 22.2.4.1 */
  BMCR_FULL_DUPLEX = 1 << 8,
  BMCR_RESTART_AN = 1 << 9,
  BMCR_ISOLATE = 1 << 10,
  BMCR_POWER_DOWN = 1 << 11,
  BMCR_AN_ENABLE = 1 << 12,
  BMCR_SPEED_100 = 1 << 13,
  BMSR = 1, /* basic mode status, 22.2.4.2 */
  BMSR_LINK = 1 << 2,
  BMSR_AN_COMPLETE = 1 << 5,
  BMSR_EXTENDED_STATUS = 1 << 8, /* it can do more than 100 Mbit/s */
  PHYID1 = 2,
  PHYID2 = 3,
  ANAR = 4,   /* what we offer, 28.2.4.1 */
  ANLPAR = 5, /* what the partner offers */
  AN_10_FULL = 1 << 6,
  AN_100_HALF = 1 << 7,
  AN_100_FULL = 1 << 8,
  AN_ALL = 0x01e1, /* 10 and 100 Mbit/s, and the selector of IEEE 802.3 */
  AN_NONE = 0x0001,
  GBCR = 9, /* 1000BASE-T control and status, 40.5.1.1 */
  GBCR_1000_HALF = 1 << 8,
  GBCR_1000_FULL = 1 << 9,
  GBSR = 10,
  GBSR_PARTNER_1000_FULL = 1 << 11,
};

/* True if the MAC can do 1000 Mbit/s, and so the board's PHYs can, too. */
static bool has_1000(const struct nic *nic) {
  return (nic->ops->caps.media & NIC_MEDIA_1000_FULL) != 0;
}

/* What a PHY that can more than 100 Mbit/s has to offer of that: it may be more than its MAC can.
 */
static uint16_t offer_of_1000(const struct nic *nic) { return has_1000(nic) ? GBCR_1000_FULL : 0; }

static uint16_t read_reg(struct nic *nic, const struct phy *phy, unsigned reg) {
  return phy->read(nic, phy->address, reg);
}

/* Bits 3 to 18 of a vendor's number may all be 0, which is all that the first register has: then
 * the second one, with the rest and the model, is not. */
static bool answers(struct nic *nic, const struct phy *phy, unsigned address) {
  const uint16_t id = phy->read(nic, address, PHYID1);

  return id != 0xffff && (id != 0 || phy->read(nic, address, PHYID2) != 0);
}

/* Address 0 comes last: a PHY may answer there besides its own address, as may all that share the
 * interface (22.2.4.5.5). What is written there would be written to each of them. */
int phy_start(struct nic *nic, struct phy *phy) {
  for (unsigned next = 1; next <= PHY_ADDRESSES; next++) {
    const unsigned address = next % PHY_ADDRESSES;

    if (!answers(nic, phy, address))
      continue;
    phy->address = (uint8_t)address;
    phy_set_media(nic, phy, nic->media);
    return 0;
  }
  return -ENODEV;
}

static bool is_100(enum nic_media media) {
  return (media & (NIC_MEDIA_100_HALF | NIC_MEDIA_100_FULL)) != 0;
}

static bool is_full(enum nic_media media) {
  return (media & (NIC_MEDIA_10_FULL | NIC_MEDIA_100_FULL)) != 0;
}

static bool is_negotiated(enum nic_media media) {
  return (media & (NIC_MEDIA_AUTO | NIC_MEDIA_1000_FULL)) != 0;
}

static uint16_t control_of(enum nic_media media) {
  if (is_negotiated(media)) /* 1000 Mbit/s can only be had so (40.5.1) */
    return BMCR_AN_ENABLE | BMCR_RESTART_AN;
  return (uint16_t)((is_100(media) ? BMCR_SPEED_100 : 0) | (is_full(media) ? BMCR_FULL_DUPLEX : 0));
}

/* What is offered is said each time: else it is what a boot loader, or the system before, has left
 * there. */
void phy_set_media(struct nic *nic, const struct phy *phy, enum nic_media media) {
  phy->write(nic, phy->address, ANAR, media == NIC_MEDIA_1000_FULL ? AN_NONE : AN_ALL);
  if ((read_reg(nic, phy, BMSR) & BMSR_EXTENDED_STATUS) != 0)
    phy->write(nic, phy->address, GBCR, offer_of_1000(nic));
  phy->write(nic, phy->address, BMCR, control_of(media));
}

/* False if the PHY has lost what phy_set_media() selected: it was reset, or without power. Whether
 * it is set to negotiate is not checked: QEMU's PHYs clear that bit once they have, and a reset
 * sets it. A reset also brings back the offer of what the MAC cannot do; in QEMU's Allwinner EMAC
 * it leaves none, not even the selector: phy_link() looks. */
static bool has_media(struct nic *nic, const struct phy *phy, uint16_t status) {
  uint16_t stay = BMCR_ISOLATE | BMCR_POWER_DOWN;

  if ((status & BMSR_EXTENDED_STATUS) != 0 &&
      ((read_reg(nic, phy, GBCR) ^ offer_of_1000(nic)) & (GBCR_1000_HALF | GBCR_1000_FULL)) != 0)
    return false;
  if (!is_negotiated(nic->media))
    stay |= BMCR_AN_ENABLE | BMCR_SPEED_100 | BMCR_FULL_DUPLEX;
  return ((read_reg(nic, phy, BMCR) ^ control_of(nic->media)) & stay) == 0;
}

void phy_link(struct nic *nic, const struct phy *phy, struct nic_link *link) {
  uint16_t status;
  uint16_t offer, common;
  bool is_fast;

  /* A lost link latches low until it is read: the second read shows the present state. */
  (void)read_reg(nic, phy, BMSR);
  status = read_reg(nic, phy, BMSR);
  *link = (struct nic_link){.status = NIC_LINK_INACTIVE};
  if (status == 0xffff)
    return;
  if (!has_media(nic, phy, status)) {
    phy_set_media(nic, phy, nic->media);
    return;
  }
  if ((status & BMSR_LINK) == 0)
    return;
  if (!is_negotiated(nic->media)) {
    *link = (struct nic_link){.status = NIC_LINK_ACTIVE,
                              .speed_mbps = is_100(nic->media) ? 100 : 10,
                              .full_duplex = is_full(nic->media)};
    return;
  }
  if ((status & BMSR_AN_COMPLETE) == 0)
    return;
  /* A PHY that can do no more than 100 Mbit/s may have anything in the registers of 1000BASE-T. */
  if (has_1000(nic) && (status & BMSR_EXTENDED_STATUS) != 0 &&
      (read_reg(nic, phy, GBSR) & GBSR_PARTNER_1000_FULL) != 0) {
    *link = (struct nic_link){.status = NIC_LINK_ACTIVE, .speed_mbps = 1000, .full_duplex = true};
    return;
  }
  offer = read_reg(nic, phy, ANAR);
  if (offer == 0) {
    phy_set_media(nic, phy, nic->media);
    return;
  }
  common = offer & read_reg(nic, phy, ANLPAR);
  is_fast = (common & (AN_100_FULL | AN_100_HALF)) != 0;
  *link = (struct nic_link){.status = NIC_LINK_ACTIVE,
                            .speed_mbps = is_fast ? 100 : 10,
                            .full_duplex = (common & (is_fast ? AN_100_FULL : AN_10_FULL)) != 0};
}
