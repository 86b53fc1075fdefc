/* What the conformance suite needs to know of a MAC: its driver, and a register-level fake of it.
 *
 * A fake accesses memory by host_dma_read(), host_dma_write() and host_dma_give_back()
 * (tests/host/dma.h), hands each frame that it sends to wire_sent(), and sets its interrupt line by
 * host_set_irq_level(). */
#ifndef FAKE_MAC_H
#define FAKE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

/* The table: a line for each driver. FAKE(msf2_emac) stands for the `const struct fake_mac` named
 * fake_mac_msf2_emac. */
#ifndef FAKE_MACS /* a product tests only its own driver */
#define FAKE_MACS(FAKE)                                                                            \
  FAKE(cadence_gem) FAKE(imx_enet) FAKE(lan9118) FAKE(msf2_emac) FAKE(sim) FAKE(virtio_net)
#endif

/* What became of a frame on the wire. */
enum fake_verdict {
  FAKE_RECEIVED,  /* the MAC has it: the stack will see it, or a counter will count it */
  FAKE_FILTERED,  /* its address filter, or a length limit, kept it out */
  FAKE_LOST,      /* the MAC had no room, and has noted that it lost a frame */
  FAKE_NOT_READY, /* reception is off: the wire may try again */
};

/* An error that the MAC can report. */
struct fake_error {
  const char *name;
  bool (*inject)(const struct fake_error *error); /* strikes now, or the next received frame; false:
                                                     there is nothing to strike */
  enum nic_counter counter; /* the counter that moves: NIC_IN_ERROR, NIC_RECOVERIES... */
  uint32_t bits[3];         /* for `inject`: what the registers and descriptors report */
};

/* A way in which the MAC or its PHY may be absent: nic_start() has to return -ENODEV.
 *
 * What is at `where` changes until it comes back, and all else stays as it is: a PHY that is not
 * connected, a reset that hangs. If `where` is the MAC's `power`, the whole MAC is off: its
 * registers read as zeros or as ones, writes are ignored and it touches no memory. It loses its
 * state, and comes back as after a reset, without an interrupt to report it. */
struct fake_absence {
  const char *name;
  uint32_t *where; /* the fake's variable */
  uint32_t value;  /* the variable's value during the absence */
};

struct suite_test;

struct fake_mac {
  const struct nic_ops *ops; /* the driver under test */
  struct nic *nic;           /* its state; this is the state's first member */
  size_t nic_size;           /* the state's size in bytes */
  uintptr_t base;            /* for nic_config: the registers' address */
  unsigned irq;              /* for nic_config: the interrupt line */
  unsigned irq_last;         /* if it has several lines: `irq` to this one; else 0 */

  void *rings;       /* its descriptors, which are not cached; NULL: it has none */
  size_t rings_size; /* their size in bytes */
  unsigned unit;     /* bytes of a descriptor's smallest field: 2 or 4 */

  /* Power on: everything as after a reset, link up, on the host's bus. The driver's state is all
   * zeros; sets in it what a board gives it besides nic_config. */
  void (*power_on)(void);

  /* A frame without FCS arrives from the wire: 60 bytes or more, unless one of `tests` sends a
   * shorter one. */
  enum fake_verdict (*receive)(const uint8_t *frame, uint32_t length);

  /* Looks at its rings and sends up to `frames` of the posted frames. */
  void (*send)(unsigned frames);
  bool *hold_tx; /* true: it sends only by `send`, not by itself */

  /* Is done with one more descriptor of the frame at which it is, and gives that back. NULL: it
   * gives back all of a frame at once, or only one of its descriptors. */
  void (*send_part)(void);

  /* The carrier comes or goes. NULL: nobody sees the carrier; the link is always up. */
  void (*set_link)(bool up);

  /* The device counts as the kit's rings do, and sees their indices: the rig cannot start the rings
   * just before their wrap, and gets there frame by frame. */
  bool shares_indices;

  uint32_t *power; /* `where` of the absences without power; NULL: it has none, and what becomes of
                      a MAC that was reset is not tested */
  void (*forget)(void); /* called when it loses power: registers and DMA are as after a reset, its
                           interrupt line is down; until it is enabled again, what a driver does
                           that does not know of it is no bad access */

  /* No interrupt tells of a frame that finds no buffer: the driver reads the MAC's count of them in
   * `read_link`, with the next watch, and in `disable`. */
  bool losses_wait;

  bool sends_at_once; /* a single frame is sent and freed without an interrupt */

  const unsigned *bad_accesses;        /* accesses to no register, values without a meaning: 0 */
  const struct fake_error *errors;     /* ends with a name of NULL */
  const struct fake_absence *absences; /* ends with a name of NULL */
  const struct suite_test *tests;      /* of what only this driver has to do; NULL: none */
};

/* These members, for a fake that uses the names used here, and whose driver's state is `driver`. */
#define FAKE_MAC_MEMBERS                                                                           \
  .nic = &driver.nic, .nic_size = sizeof driver, .power_on = power_on, .receive = receive,         \
  .send = send, .set_link = set_link, .errors = errors, .absences = absences

/* The fake has sent a frame of `length` bytes, without FCS. */
void wire_sent(const uint8_t *frame, uint32_t length);

#define FAKE_MAC_DECLARE(name) extern const struct fake_mac fake_mac_##name;
FAKE_MACS(FAKE_MAC_DECLARE)
#undef FAKE_MAC_DECLARE

#endif
