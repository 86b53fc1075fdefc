/* A register-level fake of the SMSC LAN9118, after its manual (Microchip DS00002266). */
#ifndef FAKE_LAN9118_H
#define FAKE_LAN9118_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"

enum {
  FAKE_LAN9118_BASE = 0x40200000,
  FAKE_LAN9118_IRQ = 13,
  FAKE_LAN9118_SENT_MAX = 64,
  FAKE_LAN9118_FRAME_BYTES = 2048,
  FAKE_LAN9118_RX_BYTES = 10560, /* the rx data FIFO's size */
  FAKE_LAN9118_TX_BYTES = 4608,  /* the tx data FIFO's size */
  FAKE_LAN9118_RX_STATUSES = 176,
  FAKE_LAN9118_TX_STATUSES = 128,
};

struct fake_lan9118 {
  uint32_t registers[0x100 / 4];
  uint32_t mac[16];     /* the registers behind MAC_CSR_CMD */
  uint16_t phy_control; /* its PHY's BMCR */
  unsigned busy;        /* reads until a busy operation ends */
  unsigned rx_settle;   /* reads of BYTE_TEST since an rx FIFO was popped */
  unsigned tx_settle;   /* the same since a tx FIFO was written or popped */

  uint32_t rx_data[FAKE_LAN9118_RX_BYTES / 4];
  uint32_t rx_status[FAKE_LAN9118_RX_STATUSES];
  unsigned rx_data_head, rx_data_used; /* in words */
  unsigned rx_status_head, rx_status_used;
  unsigned rx_owed; /* words left of the frame whose status was popped */

  uint32_t tx_status[FAKE_LAN9118_TX_STATUSES];
  unsigned tx_status_head, tx_status_used;
  unsigned tx_used;                     /* bytes used in the tx data FIFO */
  uint32_t command_a, command_b;        /* of the buffer that is being written */
  unsigned tx_state;                    /* 0: command A comes next, 1: command B, 2: data */
  unsigned tx_left;                     /* bytes still to come of the buffer */
  unsigned written, sent;               /* complete frames, sent frames */
  uint32_t tags[FAKE_LAN9118_SENT_MAX]; /* command B of each, by frame number modulo the size */
  struct {
    uint32_t length;
    uint8_t data[FAKE_LAN9118_FRAME_BYTES];
  } frames[FAKE_LAN9118_SENT_MAX]; /* the last ones written, by number modulo the size */

  /* What the test sets. */
  uint32_t revision; /* A and B, 0 and 1, may be told a filter only while they receive nothing */
  unsigned filter_writes_on; /* words of a filter that came while it was receiving */
  bool link;                 /* its PHY's */
  uint16_t partner;          /* its PHY's ANLPAR */
  uint32_t phy_address;      /* its PHY's */
  bool asleep;               /* in D1 or D2, until BYTE_TEST is written */
  bool phy_saves_energy;     /* its PHY has seen no energy, and stopped its clocks */
  bool edges;   /* RSFL and TSFL are raised only as a status arrives, as in the emulator, and not
                   again while one waits */
  bool hold_tx; /* sends only by fake_lan9118_send() */
  uint32_t rx_errors; /* bits of the next received frame's status */
  uint32_t tx_error;  /* bits that are wrong in the next sent frame's status, tag included */
  uint32_t absent, never_ready, reset_hangs, csr_hangs, mii_hangs;

  /* What it has seen. */
  unsigned bad_accesses; /* to no register, out of step, or too soon after another */
};

/* Resets the fake and puts it on the host's bus. */
void fake_lan9118_attach(struct fake_lan9118 *fake);

/* The device loses its power. */
void fake_lan9118_forget(struct fake_lan9118 *fake);

/* A frame (without FCS) arrives from the wire. */
enum fake_verdict fake_lan9118_receive(struct fake_lan9118 *fake, const uint8_t *frame,
                                       uint32_t length);

/* Sends up to `frames` of the complete frames; for use while hold_tx is set. */
void fake_lan9118_send(struct fake_lan9118 *fake, unsigned frames);

/* Fails to send the next frame: its status is the right one with the bits of `error` inverted.
 * False if there is no frame to send. */
bool fake_lan9118_fail(struct fake_lan9118 *fake, uint32_t error);

/* Raises causes in INT_STS. False if it is off. */
bool fake_lan9118_raise(struct fake_lan9118 *fake, uint32_t causes);

#endif
