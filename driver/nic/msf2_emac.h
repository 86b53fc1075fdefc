/* The SmartFusion2 Ethernet MAC: the state of its driver. */
#ifndef MSF2_EMAC_H
#define MSF2_EMAC_H

#include "nic.h"
#include "phy.h"

/* Powers of two from 2 to 256; a product may define others. */
#ifndef MSF2_EMAC_RX_DESCRIPTORS
#define MSF2_EMAC_RX_DESCRIPTORS 16
#endif
#ifndef MSF2_EMAC_TX_DESCRIPTORS
#define MSF2_EMAC_TX_DESCRIPTORS 16
#endif

/* A DMA descriptor, little-endian like the core (UG0331, Ethernet MAC, DMA descriptors). */
struct msf2_emac_descriptor {
  volatile uint32_t packet_start; /* address of the frame */
  volatile uint32_t packet_size;  /* length, and the EMPTY flag in bit 31 */
  volatile uint32_t next;         /* address of the next descriptor */
};

struct msf2_emac {
  struct nic nic; /* first: the kit's pointer is ours */
  struct phy phy;
  volatile uint32_t mask; /* as in INTERRUPT_MASK; the interrupt changes it, too */
  struct msf2_emac_descriptor rx_descriptors[MSF2_EMAC_RX_DESCRIPTORS];
  struct msf2_emac_descriptor tx_descriptors[MSF2_EMAC_TX_DESCRIPTORS];
  struct pbuf *rx_slots[MSF2_EMAC_RX_DESCRIPTORS];
  struct pbuf *tx_slots[MSF2_EMAC_TX_DESCRIPTORS];
};

extern const struct nic_ops msf2_emac_ops;

#endif
