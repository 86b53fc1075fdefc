/* What the conformance suite has to know of a MAC: its driver, and a fake of it at register level.
 *
 * A fake reads and writes memory by host_dma_read(), host_dma_write() and host_dma_give_back()
 * (tests/host/dma.h), hands each frame that it sends to wire_sent(), and sets its interrupt line by
 * host_set_irq_level(). */
#ifndef FAKE_MAC_H
#define FAKE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#include "nic.h"

/* The table: a line for each driver. FAKE(msf2_emac) is the `const struct fake_mac` that is named
 * fake_mac_msf2_emac. */
#ifndef FAKE_MACS /* a product's driver is alone */
#define FAKE_MACS(FAKE)                                                                            \
  FAKE(cadence_gem) FAKE(imx_enet) FAKE(lan9118) FAKE(msf2_emac) FAKE(sim) FAKE(virtio_net)
#endif

/* What became of a frame on the wire. */
enum fake_verdict {
  FAKE_RECEIVED,  /* the MAC has it: the stack will see it, or a counter will */
  FAKE_FILTERED,  /* its address filter, or a limit of length, kept it out */
  FAKE_LOST,      /* the MAC had no room, and has noted that it lost one */
  FAKE_NOT_READY, /* reception is off: the wire may try again */
};

/* An error that the MAC can report. */
struct fake_error {
  const char *name;
  bool (*inject)(const struct fake_error *error); /* it happens now, or to the next frame that is
                                                      received; false: to nothing that is there */
  enum nic_counter counter;                       /* what moves: NIC_IN_ERROR, NIC_RECOVERIES... */
  uint32_t bits[3]; /* for `inject`: what the registers and descriptors tell of it */
};

/* A way in which the MAC or its PHY may not be there: nic_start() has to return -ENODEV.
 *
 * What is at `where` changes till it comes back, and all else stays as it is: a PHY that is not
 * connected, a reset that hangs. Where it is the MAC's `power`, that is all there is of it: its
 * registers read as zeros or as ones, writes are ignored and it touches no memory; it has forgotten
 * what it was told, and is back as after a reset, of which no interrupt tells. */
struct fake_absence {
  const char *name;
  uint32_t *where; /* what the fake has there */
  uint32_t value;  /* and has there where it is absent */
};

struct suite_test;

struct fake_mac {
  const struct nic_ops *ops; /* the driver under test */
  struct nic *nic;           /* its state, of which this is the first member */
  size_t nic_size;           /* bytes of that state */
  uintptr_t base;            /* for nic_config: of its registers */
  unsigned irq;              /* for nic_config: its interrupt line */
  unsigned irq_last;         /* where it has several, they are `irq` to this one; else 0 */

  void *rings;       /* where its descriptors are, which is not cached; NULL: it has none */
  size_t rings_size; /* bytes of them */
  unsigned unit;     /* bytes of a descriptor's smallest field: 2 or 4 */

  /* Power on: everything as after a reset, link up, on the host's bus. The driver's state is zeros;
   * what a board gives it beside nic_config is given here. */
  void (*power_on)(void);

  /* A frame without FCS comes in from the wire: 60 bytes or more, but where one of `tests` has it
   * otherwise. */
  enum fake_verdict (*receive)(const uint8_t *frame, uint32_t length);

  /* Looks at its rings and sends up to `frames` of what is posted. */
  void (*send)(unsigned frames);
  bool *hold_tx; /* true: it sends by this alone, and not by itself */

  /* The carrier comes or goes. NULL: nobody sees it, and the link is always up. */
  void (*set_link)(bool up);

  /* The device counts as the kit's rings do, and sees their indices: the rig cannot have them begin
   * just before their wrap, and goes there frame by frame. */
  bool shares_indices;

  uint32_t *power;      /* `where` of the absences without power; NULL: it has none, which leaves
                           untried what becomes of a MAC that was reset */
  void (*forget)(void); /* called as its power goes: registers and DMA are as after a reset, its
                           interrupt line is down; till it is enabled again, what a driver does that
                           does not know of it is no bad access */

  bool sends_at_once; /* a frame that is alone is sent and freed without an interrupt */

  const unsigned *bad_accesses;        /* accesses to no register, values without a meaning: 0 */
  const struct fake_error *errors;     /* ends with a name of NULL */
  const struct fake_absence *absences; /* ends with a name of NULL */
  const struct suite_test *tests;      /* of what no other driver has to do; NULL: none */
};

/* These, where a fake calls them what they are called here, and its driver's state `driver`. */
#define FAKE_MAC_MEMBERS                                                                           \
  .nic = &driver.nic, .nic_size = sizeof driver, .power_on = power_on, .receive = receive,         \
  .send = send, .set_link = set_link, .errors = errors, .absences = absences

/* The fake has sent a frame of `length` bytes, without FCS. */
void wire_sent(const uint8_t *frame, uint32_t length);

#define FAKE_MAC_DECLARE(name) extern const struct fake_mac fake_mac_##name;
FAKE_MACS(FAKE_MAC_DECLARE)
#undef FAKE_MAC_DECLARE

#endif
