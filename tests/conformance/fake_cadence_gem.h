/* A register-level fake of the Cadence GEM. It behaves as the manual (UG585, chapter 16) says and,
 * where the emulator's model is stricter, as the model. */
#ifndef FAKE_CADENCE_GEM_H
#define FAKE_CADENCE_GEM_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"

enum {
  FAKE_GEM_BASE = 0x5000b000,
  FAKE_GEM_IRQ = 54,
  FAKE_GEM_FRAME_BYTES = 2048,
};

struct fake_cadence_gem {
  uint32_t registers[0x200 / 4];
  uint32_t rx_descriptor; /* the next one to fill */
  uint32_t tx_descriptor; /* the next one to send */
  bool rx_waits;          /* it has met a descriptor without a buffer */
  bool tx_halted;         /* by an error, until tx is turned off */
  bool going;             /* it sends for as long as it finds frames */
  bool lose_kick;         /* the next START_TX crosses the look at a descriptor, and is lost */
  bool has_looked; /* its next look, in fake_cadence_gem_send(), finds only what was there before */
  bool rx_hangs;   /* it receives nothing, and reports nothing, until it is turned off */
  unsigned rx_stops;      /* times that rx was written to be off */
  bool hold_tx;           /* sends only by fake_cadence_gem_send() */
  bool link;              /* its PHY's */
  bool partner_1000;      /* the link partner is capable of 1000 Mbit/s */
  uint32_t phy_address;   /* its PHY's */
  uint16_t phy[16];       /* the PHY's writable registers */
  uint32_t without_power; /* it does not answer */
  bool was_reset;         /* and it has not been enabled since */
  uint32_t mdio_dead;     /* the management interface never becomes idle */
  unsigned bad_accesses;  /* to no register, or forbidden by the manual */
};

/* Resets the fake and puts it on the host's bus. */
void fake_cadence_gem_attach(struct fake_cadence_gem *fake);

/* The device loses its power. */
void fake_cadence_gem_forget(struct fake_cadence_gem *fake);

/* A frame arrives from the wire. */
enum fake_verdict fake_cadence_gem_receive(struct fake_cadence_gem *fake, const uint8_t *frame,
                                           uint32_t length);

/* Sends up to `frames` of the posted frames; for use while hold_tx is set. */
void fake_cadence_gem_send(struct fake_cadence_gem *fake, unsigned frames);

/* Fails to send the next frame: writes `descriptor_status` back to its first descriptor (unless it
 * is 0), sets bits of tx_status and interrupts for `cause`. False if there is no frame to send. */
bool fake_cadence_gem_fail(struct fake_cadence_gem *fake, uint32_t descriptor_status,
                           uint32_t tx_status, uint32_t cause);

/* Sets bits of rx_status and interrupts for `cause`. False if it is not receiving. */
bool fake_cadence_gem_report(struct fake_cadence_gem *fake, uint32_t rx_status, uint32_t cause);

#endif
