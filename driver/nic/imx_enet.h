/* The i.MX Ethernet MAC (ENET): the state of its driver. */
#ifndef IMX_ENET_H
#define IMX_ENET_H

#include "nic.h"
#include "phy.h"

enum {
  IMX_ENET_RX_DESCRIPTORS = 64,
  IMX_ENET_TX_DESCRIPTORS = 64,
  IMX_ENET_ALIGNMENT = 64, /* of the rings, for speed; of the packets' buffers, at least */
  IMX_ENET_MDIO_MAX = 2,
  IMX_ENET_STATISTICS = 4,
};

/* An enhanced buffer descriptor, little-endian like the core (IMX6ULRM, chapter ENET, Enhanced
 * buffer descriptors). */
struct imx_enet_descriptor {
  volatile uint32_t control; /* length in the lower half, flags in the upper one */
  volatile uint32_t data;    /* address of the buffer */
  volatile uint32_t option;  /* what the device is to do, and the errors of sending */
  volatile uint32_t checksum;
  volatile uint32_t update;
  volatile uint32_t timestamp;
  volatile uint32_t reserved[2];
};

/* The rings, in uncached memory: the device writes a descriptor while the processor writes its
 * neighbour in what would be the same cache line. */
struct imx_enet_rings {
  struct imx_enet_descriptor rx[IMX_ENET_RX_DESCRIPTORS];
  struct imx_enet_descriptor tx[IMX_ENET_TX_DESCRIPTORS];
};

struct imx_enet {
  struct nic nic; /* first: the kit's pointer is ours */

  /* Set by the board: the rings, aligned to IMX_ENET_ALIGNMENT; the rate of the module clock
   * (ipg_clk); the addresses that the PHY may have, a bit each; and the bases of the MACs over
   * whose management interface the PHY may be reached, in the order in which they are tried (0:
   * none). */
  struct imx_enet_rings *rings;
  uint32_t module_hz;
  uint32_t phy_addresses;
  uintptr_t mdio_bases[IMX_ENET_MDIO_MAX];

  struct phy phy;
  uintptr_t mdio_base; /* of the MAC over which the PHY was found */
  struct nic_link set; /* the speed and duplex that the MAC is set to */
  struct ring tx; /* of tx descriptors; nic.tx_ring holds frames, of one or more descriptors each */
  bool in_parts;  /* the last rx descriptor was not the last of its frame */
  uint32_t overflows_told, overflows_seen; /* by the statistics, and in the descriptors of frames */
  uint16_t statistics[IMX_ENET_STATISTICS];  /* as last read */
  uint8_t tx_parts[IMX_ENET_TX_DESCRIPTORS]; /* descriptors of the frame in a slot */
  struct pbuf *rx_slots[IMX_ENET_RX_DESCRIPTORS];
  struct pbuf *tx_slots[IMX_ENET_TX_DESCRIPTORS];
};

extern const struct nic_ops imx_enet_ops;

#endif
