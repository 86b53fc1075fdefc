/* The ACME MAC, a soft MAC in the product's FPGA fabric: a template for a MAC driver. */
#ifndef ACME_MAC_H
#define ACME_MAC_H

#include "nic.h"

enum {
  ACME_RX_DESCRIPTORS = 8, /* powers of two */
  ACME_TX_DESCRIPTORS = 16,
  ACME_TX_FRAGMENTS = 4,
};

/* As the MAC's datasheet lays it out. */
struct acme_descriptor {
  volatile uint32_t address; /* the buffer's */
  volatile uint32_t length;  /* the buffer's, with flags */
  volatile uint32_t owner;   /* 1: owned by the MAC */
};

struct acme_mac {
  struct nic nic; /* first: the kit's pointer is also ours */
  struct acme_descriptor rx[ACME_RX_DESCRIPTORS];
  struct acme_descriptor tx[ACME_TX_DESCRIPTORS];
  uint32_t tx_head, tx_tail; /* filled descriptors, reclaimed descriptors: free-running */
  struct pbuf *rx_slots[ACME_RX_DESCRIPTORS];
  struct pbuf *tx_slots[ACME_TX_DESCRIPTORS]; /* frames: at most one per descriptor */
};

extern const struct nic_ops acme_mac_ops;

#endif
