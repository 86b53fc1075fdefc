/* The simulated NIC, seen from its bus: the datasheet of its registers and descriptors.
 *
 * A DMA Ethernet controller in software, the other side of driver/nic/sim.c. All it does happens in
 * the interrupt of a hardware timer, which is its clock: it walks the descriptors it owns, moves
 * frames between them and the host on its wire (sim_peer.h), gives the descriptors back and raises
 * its interrupt line. A write to the DOORBELL register only winds the timer.
 *
 * Registers are of 32 bits: enum sim_register.
 *
 * Descriptor, 8 bytes: word 0 the address of the buffer; word 1 bit 31 OWN (1: the device's), bit
 * 30 ERROR (written back: the frame is bad), bits 15..0 the length in bytes: of the buffer or of
 * the frame to be sent while the device owns it, of the received frame once it has given it back.
 * Frames have no FCS. A frame is one descriptor. */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim_fault.h"
#include "sim_peer.h"
#include "timer_source.h"

/* Offsets from the base; ro: writes are ignored, wo: reads as 0, w1c: writing 1 clears. */
enum sim_register {
  SIM_ID = 0x00,     /* ro: SIM_ID_VALUE */
  SIM_CTRL = 0x04,   /* rw: ENABLE, from 0 to 1: starts both rings at their base; RESET: all to 0 */
  SIM_STATUS = 0x08, /* ro: LINK, there is a carrier */
  SIM_IRQ_STATUS = 0x0c, /* w1c: RX, TX, OVERRUN, ERROR */
  SIM_IRQ_MASK = 0x10,   /* rw: the same bits; the line is up while one is set in both */
  SIM_MAC_HIGH = 0x14,   /* rw: station address, octets 1 to 4 from bit 31 down */
  SIM_MAC_LOW = 0x18,    /* rw: octets 5 and 6 from bit 31 down */
  SIM_RX_BASE = 0x1c,    /* rw: address of the rx ring, a multiple of 8 */
  SIM_RX_SIZE = 0x20,    /* rw: its descriptors, a power of two from 2 to 256 */
  SIM_TX_BASE = 0x24,    /* rw: the same for the tx ring */
  SIM_TX_SIZE = 0x28,
  SIM_DOORBELL = 0x2c,    /* wo: RX, buffers were posted; TX, frames were posted */
  SIM_RX_MISSED = 0x30,   /* ro: frames lost for want of a descriptor, modulo 2^32 */
  SIM_FILTER = 0x34,      /* rw: PROMISCUOUS, all frames come in */
  SIM_HASH_LOW = 0x38,    /* rw: groups that come in, a bit for each hash, 0 to 31 */
  SIM_HASH_HIGH = 0x3c,   /* rw: for hashes 32 to 63 */
  SIM_RX_FILTERED = 0x40, /* ro: frames to other groups, modulo 2^32 */
  SIM_REGISTER_BYTES = 0x44,
};

#define SIM_ID_VALUE           UINT32_C(0x51d00001)
#define SIM_CTRL_ENABLE        UINT32_C(0x1)
#define SIM_CTRL_RESET         UINT32_C(0x2)
#define SIM_STATUS_LINK        UINT32_C(0x1)
#define SIM_IRQ_RX             UINT32_C(0x1) /* a frame was received */
#define SIM_IRQ_TX             UINT32_C(0x2) /* a frame was sent */
#define SIM_IRQ_OVERRUN        UINT32_C(0x4) /* a frame was lost: no rx descriptor was the device's */
#define SIM_IRQ_ERROR          UINT32_C(0x8) /* a ring makes no sense: the device is disabled */
#define SIM_DOORBELL_RX        UINT32_C(0x1)
#define SIM_DOORBELL_TX        UINT32_C(0x2)
#define SIM_FILTER_PROMISCUOUS UINT32_C(0x1)
#define SIM_DESCRIPTOR_OWN     UINT32_C(0x80000000)
#define SIM_DESCRIPTOR_ERROR   UINT32_C(0x40000000)
#define SIM_DESCRIPTOR_LENGTH  UINT32_C(0x0000ffff)

enum { SIM_HELD_MAX = 128 }; /* longest frame that can be delayed or overtaken, in bytes */

struct sim_descriptor {
  volatile uint32_t address; /* of the buffer */
  volatile uint32_t control; /* OWN, ERROR, length */
};

struct sim_device {
  uint32_t registers[SIM_REGISTER_BYTES / 4];
  uint16_t rx_index; /* the rx descriptor it looks at next, free-running */
  uint16_t tx_index; /* the tx descriptor it looks at next, free-running */
  unsigned irq;      /* its interrupt line */
  struct timer_source receive_timer;
  struct sim_peer peer; /* the host at the other end of its wire */

  /* What goes wrong, and its state. */
  struct sim_faults faults;
  uint64_t held_until_us;   /* when the held frame is received; 0: after the next one */
  uint32_t held_length;     /* of the held frame, delayed or overtaken; 0: none */
  uint64_t carrier_back_us; /* when the carrier comes back after a flap; 0: no flap */
  uint16_t storm_left;      /* interrupts without a cause still to come */
  uint8_t held[SIM_HELD_MAX];
};

/* Makes a device that raises interrupt line `irq`, with `peer` on its wire. Main loop, once. */
void sim_device_init(struct sim_device *device, const struct sim_peer_config *peer, unsigned irq);

/* The device's bus: reads or writes one register. Any context. */
uint32_t sim_device_read(struct sim_device *device, enum sim_register reg);
void sim_device_write(struct sim_device *device, enum sim_register reg, uint32_t value);

/* The hash of a destination address, 0 to 63: which bit of HASH lets it in. Any context. */
unsigned sim_device_hash(const uint8_t address[6]);

/* Changes what the peer does from its next tick on; what is under way counts as missing. Main
 * loop. */
void sim_device_set_peer(struct sim_device *device, const struct sim_peer_config *config);

/* Floods the wire with `per_second` frames of `kind` a second; 0 ends it. Main loop. */
void sim_device_set_flood(struct sim_device *device, enum sim_flood_kind kind, uint32_t per_second);

/* Plugs the cable in or pulls it out. Any context. */
void sim_device_set_carrier(struct sim_device *device, bool carrier);

#endif
