/* A register-level fake of the Cadence GEM: it behaves as the manual (UG585, chapter 16) says, and
 * where the emulator's model is less forgiving, as that. */
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
  uint32_t rx_descriptor; /* where it goes on receiving */
  uint32_t tx_descriptor; /* where it goes on sending */
  bool rx_waits;          /* it has met a descriptor without a buffer */
  bool tx_halted;         /* by an error, until it is turned off */
  bool going;             /* it sends, as long as it finds something */
  bool lose_kick;         /* the next START_TX crosses the look at a descriptor, and is lost */
  bool has_looked;        /* and finds at the next fake_cadence_gem_send() what was there before */
  bool rx_hangs;          /* it receives nothing, and says nothing, until it is turned off */
  unsigned rx_stops;      /* times that it was written to be off */
  bool hold_tx;           /* sends only by fake_cadence_gem_send() */
  bool link;              /* of its PHY */
  bool partner_1000;      /* the link's partner can 1000 Mbit/s */
  uint32_t phy_address;   /* of its PHY */
  uint16_t phy[16];       /* its registers that can be written */
  uint32_t without_power; /* it is not there */
  bool was_reset;         /* and has not been enabled since */
  uint32_t mdio_dead;     /* the management interface never gets idle */
  unsigned bad_accesses;  /* accesses to no register, and what the manual forbids */
};

/* Resets the fake and puts it on the host's bus. */
void fake_cadence_gem_attach(struct fake_cadence_gem *fake);

/* Its power goes. */
void fake_cadence_gem_forget(struct fake_cadence_gem *fake);

/* A frame comes in from the wire. */
enum fake_verdict fake_cadence_gem_receive(struct fake_cadence_gem *fake, const uint8_t *frame,
                                           uint32_t length);

/* Sends up to `frames` of what is posted, where hold_tx is set. */
void fake_cadence_gem_send(struct fake_cadence_gem *fake, unsigned frames);

/* Fails to send the next frame: writes `descriptor_status` back to its first descriptor (nothing
 * where it is 0), sets bits of tx_status and interrupts for `cause`. False where it sends none. */
bool fake_cadence_gem_fail(struct fake_cadence_gem *fake, uint32_t descriptor_status,
                           uint32_t tx_status, uint32_t cause);

/* Sets bits of rx_status and interrupts for `cause`. False where it does not receive. */
bool fake_cadence_gem_report(struct fake_cadence_gem *fake, uint32_t rx_status, uint32_t cause);

#endif
