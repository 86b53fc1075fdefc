/* The simulated NIC: the state of its driver. */
#ifndef SIM_H
#define SIM_H

#include "nic.h"
#include "sim_device.h"

enum {
  SIM_RX_DESCRIPTORS = 8,
  SIM_TX_DESCRIPTORS = 8,
};

struct sim {
  struct nic nic;  /* first: the kit's pointer is ours */
  uint32_t missed; /* RX_MISSED as last counted */
  _Alignas(8) struct sim_descriptor rx_descriptors[SIM_RX_DESCRIPTORS];
  _Alignas(8) struct sim_descriptor tx_descriptors[SIM_TX_DESCRIPTORS];
  struct pbuf *rx_slots[SIM_RX_DESCRIPTORS];
  struct pbuf *tx_slots[SIM_TX_DESCRIPTORS];
};

/* nic_config.base is the address of a struct sim_device. */
extern const struct nic_ops sim_ops;

#endif
