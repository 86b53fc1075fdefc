/* A register-level fake of the SMSC LAN9118, as the manual has it (Microchip DS00002266). */
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
  FAKE_LAN9118_RX_BYTES = 10560, /* of the rx data FIFO */
  FAKE_LAN9118_TX_BYTES = 4608,  /* of the tx data FIFO */
  FAKE_LAN9118_RX_STATUSES = 176,
  FAKE_LAN9118_TX_STATUSES = 128,
};

struct fake_lan9118 {
  uint32_t registers[0x100 / 4];
  uint32_t mac[16];     /* the registers behind MAC_CSR_CMD */
  uint16_t phy_control; /* BMCR of its PHY */
  unsigned busy;        /* reads until what is busy has ended */
  unsigned rx_settle;   /* reads of BYTE_TEST since an rx FIFO was popped */
  unsigned tx_settle;   /* the same for a tx FIFO, which was written or popped */

  uint32_t rx_data[FAKE_LAN9118_RX_BYTES / 4];
  uint32_t rx_status[FAKE_LAN9118_RX_STATUSES];
  unsigned rx_data_head, rx_data_used; /* in words */
  unsigned rx_status_head, rx_status_used;
  unsigned rx_owed; /* words of the frame whose status was popped */

  uint32_t tx_status[FAKE_LAN9118_TX_STATUSES];
  unsigned tx_status_head, tx_status_used;
  unsigned tx_used;                     /* bytes of the tx data FIFO */
  uint32_t command_a, command_b;        /* of the buffer that is being written */
  unsigned tx_state;                    /* 0: command A comes next, 1: command B, 2: data */
  unsigned tx_left;                     /* bytes of the buffer to come */
  unsigned written, sent;               /* frames that are whole, frames sent */
  uint32_t tags[FAKE_LAN9118_SENT_MAX]; /* command B of each, by number modulo its size */
  struct {
    uint32_t length;
    uint8_t data[FAKE_LAN9118_FRAME_BYTES];
  } frames[FAKE_LAN9118_SENT_MAX]; /* the last ones written, by number modulo its size */

  /* What the test sets. */
  bool link;             /* of its PHY */
  uint16_t partner;      /* ANLPAR of its PHY */
  uint32_t phy_address;  /* of its PHY */
  bool asleep;           /* in D1 or D2, until BYTE_TEST is written */
  bool phy_saves_energy; /* its PHY has seen none, and stopped its clocks */
  bool edges;            /* RSFL and TSFL come with a status only, as in the emulator, and not again
                            while one waits */
  bool hold_tx;          /* sends only by fake_lan9118_send() */
  uint32_t rx_errors;    /* bits of the next received frame's status */
  uint32_t tx_error; /* bits that are wrong in the next sent frame's status, the tag's included */
  uint32_t absent, never_ready, reset_hangs, csr_hangs, mii_hangs;

  /* What it has seen. */
  unsigned bad_accesses; /* to no register, out of step, too early after another */
};

/* Resets the fake and puts it on the host's bus. */
void fake_lan9118_attach(struct fake_lan9118 *fake);

/* Its power goes. */
void fake_lan9118_forget(struct fake_lan9118 *fake);

/* A frame (without FCS) comes in from the wire. */
enum fake_verdict fake_lan9118_receive(struct fake_lan9118 *fake, const uint8_t *frame,
                                       uint32_t length);

/* Sends up to `frames` of what is whole, where hold_tx is set. */
void fake_lan9118_send(struct fake_lan9118 *fake, unsigned frames);

/* Fails to send the next frame: its status is the right one with the bits of `error` turned over.
 * False where it sends none. */
bool fake_lan9118_fail(struct fake_lan9118 *fake, uint32_t error);

/* Raises causes of INT_STS. False where it is off. */
bool fake_lan9118_raise(struct fake_lan9118 *fake, uint32_t causes);

#endif
