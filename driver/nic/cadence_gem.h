/* The Cadence Gigabit Ethernet MAC (GEM): the state of its driver. */
#ifndef CADENCE_GEM_H
#define CADENCE_GEM_H

#include "nic.h"
#include "phy.h"

enum {
  CADENCE_GEM_RX_DESCRIPTORS = 64,
  CADENCE_GEM_TX_DESCRIPTORS = 64,
  CADENCE_GEM_BUFFER_UNIT = 64, /* packet_pool_options.buffer_size must be a multiple of it */
  CADENCE_GEM_TX_SLACK = 2,     /* the emulator writes 24 bytes back, even to the last descriptor */
};

/* A DMA descriptor (UG585, tables 16-2 and 16-3). */
struct cadence_gem_descriptor {
  volatile uint32_t address; /* of the buffer; rx: with the flags USED and WRAP */
  volatile uint32_t status;  /* length and flags */
};

/* The rings, in uncached memory: the device writes a descriptor while the processor writes its
 * neighbours in what would be the same cache line. */
struct cadence_gem_rings {
  struct cadence_gem_descriptor rx[CADENCE_GEM_RX_DESCRIPTORS];
  struct cadence_gem_descriptor tx[CADENCE_GEM_TX_DESCRIPTORS + CADENCE_GEM_TX_SLACK];
};

struct cadence_gem {
  struct nic nic; /* first: the kit's pointer is ours */

  /* Set by the board: the rings, and a function that sets the transmitter's clock, which is not the
   * MAC's own, for 10, 100 or 1000 Mbit/s (NULL: there is nothing to set). */
  struct cadence_gem_rings *rings;
  void (*set_tx_clock)(unsigned speed_mbps);
  unsigned tx_clock_mbps; /* the speed that it was last called with; 0: none */

  struct phy phy;
  volatile bool all_masked; /* by an interrupt, whose cause is in the status registers */
  bool used_masked;       /* RX_USED is masked while there is no buffer; RXSTATUS still shows it */
  uint8_t looks_left;     /* at a receiver that has no frames any more */
  uint32_t control;       /* of NWCTRL, whose commands read as 0 */
  uint32_t configuration; /* of NWCFG */
  struct ring tx; /* of tx descriptors; nic.tx_ring holds frames, of one or more descriptors each */
  uint8_t tx_parts[CADENCE_GEM_TX_DESCRIPTORS]; /* descriptors of the frame in a slot */
  struct pbuf *rx_slots[CADENCE_GEM_RX_DESCRIPTORS];
  struct pbuf *tx_slots[CADENCE_GEM_TX_DESCRIPTORS];
};

extern const struct nic_ops cadence_gem_ops;

#endif
