/* A register-level fake of the i.MX ENET. It behaves as the manual (IMX6ULRM, chapter ENET) says
 * and, where the emulator's model is stricter, as the model. */
#ifndef FAKE_IMX_ENET_H
#define FAKE_IMX_ENET_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_mac.h"

enum {
  FAKE_ENET_BASE = 0x52188000,
  FAKE_ENET2_BASE = 0x520b4000, /* a second ENET's */
  FAKE_ENET_IRQ = 50,
  FAKE_ENET2_IRQ = 51,
  FAKE_ENET_FRAME_BYTES = 2048,
};

struct fake_imx_enet {
  uint32_t registers[0x400 / 4];
  unsigned irq;
  uint32_t rx_descriptor; /* the next one to fill */
  uint32_t tx_descriptor; /* the next one to send */
  uint32_t rx_errors;     /* error flags of the next frame that it receives */
  uint32_t options;       /* of all descriptors of the last frame that it sent */
  unsigned parts_taken;   /* of the frame that is being sent */
  uint32_t frame_length;  /* of these */
  uint8_t frame[FAKE_ENET_FRAME_BYTES];
  bool hold_tx;           /* sends only by fake_imx_enet_send() */
  bool lose_kick;         /* the next write of TDAR is lost */
  bool stop_hangs;        /* a graceful stop never ends */
  uint32_t reset_hangs;   /* a reset never ends */
  uint32_t mdio_hangs;    /* a management frame never ends */
  uint32_t without_power; /* it does not answer */
  bool link;              /* its PHYs' */
  uint32_t phy_addresses; /* of PHYs on its management interface, a bit each */
  uint16_t phy[32];       /* the registers, which all of them share */
  uint32_t mdio_writes;   /* the PHYs that were written to, a bit each */
  unsigned bad_accesses;  /* to no register, or forbidden by the manual */
};

/* Resets the fake and puts it on the host's bus, at one of the addresses above. */
void fake_imx_enet_attach(struct fake_imx_enet *fake, uintptr_t base);

/* The device loses its power. */
void fake_imx_enet_forget(struct fake_imx_enet *fake);

/* A frame arrives from the wire. */
enum fake_verdict fake_imx_enet_receive(struct fake_imx_enet *fake, const uint8_t *frame,
                                        uint32_t length);

/* Sends up to `frames` of the posted frames; for use while hold_tx is set. */
void fake_imx_enet_send(struct fake_imx_enet *fake, unsigned frames);

/* Is done with one more descriptor of what is posted. */
void fake_imx_enet_send_part(struct fake_imx_enet *fake);

/* Fails to send the next frame: sets the error flags `errors` in its last descriptor and reports
 * `event`. False if there is no frame to send. */
bool fake_imx_enet_fail(struct fake_imx_enet *fake, uint32_t errors, uint32_t event);

/* Reports `event`; a bus error also stops the device. False if it is off. */
bool fake_imx_enet_report(struct fake_imx_enet *fake, uint32_t event);

/* The bit in the group hash registers that the manual assigns to an address. */
unsigned fake_imx_enet_hash(const uint8_t *address);

#endif
