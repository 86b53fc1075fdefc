/* A register-level fake of the i.MX ENET: it behaves as the manual (IMX6ULRM, chapter ENET) says,
 * and where the emulator's model is less forgiving, as that. */
#ifndef FAKE_IMX_ENET_H
#define FAKE_IMX_ENET_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"

enum {
  FAKE_ENET_BASE = 0x52188000,
  FAKE_ENET2_BASE = 0x520b4000, /* of another one */
  FAKE_ENET_IRQ = 50,
  FAKE_ENET2_IRQ = 51,
  FAKE_ENET_FRAME_BYTES = 2048,
};

struct fake_imx_enet {
  uint32_t registers[0x400 / 4];
  unsigned irq;
  uint32_t rx_descriptor; /* where it goes on receiving */
  uint32_t tx_descriptor; /* where it goes on sending */
  uint32_t rx_errors;     /* flags of the next frame that it receives */
  uint32_t options;       /* of the last frame that it sent, all its descriptors' */
  bool hold_tx;           /* sends only by fake_imx_enet_send() */
  bool lose_kick;         /* the next write of TDAR is lost */
  bool stop_hangs;        /* a graceful stop never ends */
  uint32_t reset_hangs;   /* nor a reset */
  uint32_t mdio_hangs;    /* nor a management frame */
  uint32_t without_power; /* it is not there */
  bool link;              /* of its PHYs */
  uint32_t phy_addresses; /* where its management interface has a PHY, a bit each */
  uint16_t phy[32];       /* the registers that all of them share */
  uint32_t mdio_writes;   /* the PHYs that were written to, a bit each */
  unsigned bad_accesses;  /* accesses to no register, and what the manual forbids */
};

/* Resets the fake and puts it on the host's bus, at one of the addresses above. */
void fake_imx_enet_attach(struct fake_imx_enet *fake, uintptr_t base);

/* Its power goes. */
void fake_imx_enet_forget(struct fake_imx_enet *fake);

/* A frame comes in from the wire. */
enum fake_verdict fake_imx_enet_receive(struct fake_imx_enet *fake, const uint8_t *frame,
                                        uint32_t length);

/* Sends up to `frames` of what is posted, where hold_tx is set. */
void fake_imx_enet_send(struct fake_imx_enet *fake, unsigned frames);

/* Fails to send the next frame, whose last descriptor then has the given flags of errors, and
 * reports `event`. False where it sends none. */
bool fake_imx_enet_fail(struct fake_imx_enet *fake, uint32_t errors, uint32_t event);

/* Reports `event`; a bus error also stops the device. False where it is off. */
bool fake_imx_enet_report(struct fake_imx_enet *fake, uint32_t event);

/* The bit of the group hash registers that the manual gives an address. */
unsigned fake_imx_enet_hash(const uint8_t *address);

#endif
