/* A register-level fake of the SmartFusion2 Ethernet MAC, as the emulator models it. */
#ifndef FAKE_MSF2_EMAC_H
#define FAKE_MSF2_EMAC_H

#include <stdbool.h>
#include <stdint.h>

enum {
  FAKE_MSF2_BASE = 0x40041000,
  FAKE_MSF2_IRQ = 12,
  FAKE_MSF2_SENT_MAX = 64,
  FAKE_MSF2_FRAME_BYTES = 2048,
};

struct fake_msf2_emac {
  uint32_t registers[0x1a0 / 4];
  uint32_t rx_descriptor; /* where it goes on receiving */
  uint32_t tx_descriptor; /* where it goes on sending */
  bool hold_tx;           /* sends only by fake_msf2_emac_send() */
  bool link;              /* of its PHY */
  unsigned phy_address;   /* of its PHY */
  bool modules_dead;      /* the FIFO modules do not answer */
  unsigned bad_accesses;  /* accesses to no register, and register values that make no sense */
  unsigned rx_dropped;    /* frames that found no descriptor */
  unsigned sent;          /* frames sent */
  struct {
    uint32_t length;
    uint8_t data[FAKE_MSF2_FRAME_BYTES];
  } frames[FAKE_MSF2_SENT_MAX]; /* the last ones sent, by number modulo its size */
};

/* Resets the fake and puts it on the host's bus. */
void fake_msf2_emac_attach(struct fake_msf2_emac *fake);

/* A frame comes in from the wire. Returns false where the MAC is not ready, and the wire keeps it.
 */
bool fake_msf2_emac_receive(struct fake_msf2_emac *fake, const uint8_t *frame, uint32_t length);

/* Sends up to `frames` of what is posted, where hold_tx is set. */
void fake_msf2_emac_send(struct fake_msf2_emac *fake, unsigned frames);

/* Reports a bus error of the rx DMA. */
void fake_msf2_emac_bus_error(struct fake_msf2_emac *fake);

#endif
