/* The SMSC LAN9118: the state of its driver. */
#ifndef LAN9118_H
#define LAN9118_H

#include "nic.h"
#include "phy.h"

enum {
  LAN9118_RX_BUFFERS = 16, /* posted at a time, at most */
  LAN9118_TX_FRAMES = 16,  /* in the MAC at a time, at most; its status FIFO holds 128 */
};

struct lan9118 {
  struct nic nic; /* first: the kit's pointer is ours */
  struct phy phy;
  uint32_t mac_cr;   /* MAC_CR as last written */
  uint8_t rx_offset; /* bytes in front of a frame in its buffer */
  struct pbuf *rx_slots[LAN9118_RX_BUFFERS];
  struct pbuf *tx_slots[LAN9118_TX_FRAMES];
};

extern const struct nic_ops lan9118_ops;

#endif
