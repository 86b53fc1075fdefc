/* A NIC on paper: rings in plain memory, and a device that does what the test says. */
#ifndef PAPER_NIC_H
#define PAPER_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

enum {
  PAPER_RING = 8,
  PAPER_SENT_MAX = 64,
  PAPER_IRQ = 5,
};

struct paper_nic {
  struct nic nic;
  struct pbuf *rx_slots[PAPER_RING], *tx_slots[PAPER_RING];
  uint32_t filled;   /* rx buffers that the device has filled, free-running like the ring's head */
  uint32_t done;     /* tx frames that it has sent */
  bool hold_tx;      /* the device sends nothing */
  bool error_frames; /* it flags received frames as bad */
  bool unmasked;     /* its interrupt is unmasked */
  bool checked;      /* it vouches for the checksums of received frames */
  bool link;         /* its carrier */
  bool full_duplex;  /* its link's */
  bool slow;         /* that is one of 10 Mbit/s */
  uint8_t lacks;     /* bits of caps.offloads that it turns out not to have */
  int start_error;   /* what start returns */
  int enable_error;  /* what enable returns */
  unsigned doorbells_rx, doorbells_tx;
  unsigned starts, enables, disables;
  unsigned sent; /* frames sent; their bytes follow, concatenated */
  uint16_t sent_length[PAPER_SENT_MAX];
  uint8_t sent_data[PAPER_SENT_MAX][2048];
  void (*before_unmask)(struct paper_nic *paper); /* a last chance for the device; or NULL */
};

extern struct nic_ops paper_ops; /* not const: tests change the capabilities */

/* The device receives a frame; false if no buffer is posted. It interrupts if it may. */
bool paper_receive(struct paper_nic *paper, const void *frame, uint16_t length);

#endif
