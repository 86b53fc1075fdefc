/* A register-level fake of the SmartFusion2 Ethernet MAC, as the emulator models it. */
#ifndef FAKE_MSF2_EMAC_H
#define FAKE_MSF2_EMAC_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"
#include "msf2_emac.h"

struct fake_msf2_emac {
  uint32_t registers[0x1a0 / 4];
  uint32_t rx_descriptor; /* where it goes on receiving */
  uint32_t tx_descriptor; /* where it goes on sending */
  bool hold_tx;           /* it sends when it is told to */
  bool link;              /* of its PHY */
  unsigned phy_address;   /* of its PHY */
  bool modules_dead;      /* the FIFO modules do not answer */
  unsigned bad_accesses;  /* accesses to no register, and register values that make no sense */
};

extern struct fake_msf2_emac fake_msf2_emac;
extern struct msf2_emac fake_msf2_emac_driver;

#endif
