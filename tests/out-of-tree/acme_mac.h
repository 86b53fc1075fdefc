/* The ACME MAC, a soft MAC in the product's FPGA fabric: a template for the driver of a MAC. */
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
  volatile uint32_t address; /* of a buffer */
  volatile uint32_t length;  /* of it, with flags */
  volatile uint32_t owner;   /* 1: the MAC's */
};

struct acme_mac {
  struct nic nic; /* first: the kit's pointer is ours */
  struct acme_descriptor rx[ACME_RX_DESCRIPTORS];
  struct acme_descriptor tx[ACME_TX_DESCRIPTORS];
  uint32_t tx_head, tx_tail; /* descriptors filled and taken back, free-running */
  struct pbuf *rx_slots[ACME_RX_DESCRIPTORS];
  struct pbuf *tx_slots[ACME_TX_DESCRIPTORS]; /* frames: at most one a descriptor */
};

extern const struct nic_ops acme_mac_ops;

#endif
