/* The textbook MAC: a driver that does everything right, but one thing at a time, and the MAC's
 * datasheet.
 *
 * With it the suite is tried: the driver passes, and with each of its defects it is found out.
 *
 * Registers:
 *
 *   0x00 ID           ro   TEXTBOOK_ID_VALUE
 *   0x04 CONTROL      rw   bit 0 ENABLE: DMA is on, both rings start at their base
 *   0x08 LINK         ro   bit 0: a carrier is there
 *   0x0c CAUSE        w1c  bit 0 RX, bit 1 TX, bit 2 STALL: a frame was lost, reception waits for a
 * kick; bit 3 ERROR: the MAC has disabled itself 0x10 MASK         rw   as CAUSE; the line is up
 * while CAUSE & MASK is not 0 0x14 RX_RING      rw   address of TEXTBOOK_RX descriptors 0x18
 * TX_RING      rw   address of TEXTBOOK_TX descriptors 0x1c ADDRESS_HIGH rw   octets 1 to 4 of an
 * address, from bit 31 down 0x20 ADDRESS_LOW  rw   octets 5 and 6, from bit 31 down 0x24 ACCEPT wo
 * 1: the address is the station's; 2: it is one more group's; 3: forget groups 0x28 FILTER       rw
 * bit 0: everything, bit 1: every group 0x2c KICK         wo   bit 0: receive again, bit 1: send
 * what is posted
 *
 * A descriptor is three words: address; length, with bit 31 LAST (of a frame to be sent) and bit 30
 * BAD (written back: a received frame with an error); owner, 1 while it is the MAC's. */
#ifndef TEXTBOOK_H
#define TEXTBOOK_H

#include "fake_mac.h"

enum {
  TEXTBOOK_BASE = 0x50000000,
  TEXTBOOK_IRQ = 7,
  TEXTBOOK_RX = 8,
  TEXTBOOK_TX = 16,
  TEXTBOOK_FRAGMENTS = 4,
  TEXTBOOK_ID_VALUE = 0x7e87b00c,
};

enum textbook_register {
  TEXTBOOK_ID = 0x00,
  TEXTBOOK_CONTROL = 0x04,
  TEXTBOOK_LINK = 0x08,
  TEXTBOOK_CAUSE = 0x0c,
  TEXTBOOK_MASK = 0x10,
  TEXTBOOK_RX_RING = 0x14,
  TEXTBOOK_TX_RING = 0x18,
  TEXTBOOK_ADDRESS_HIGH = 0x1c,
  TEXTBOOK_ADDRESS_LOW = 0x20,
  TEXTBOOK_ACCEPT = 0x24,
  TEXTBOOK_FILTER = 0x28,
  TEXTBOOK_KICK = 0x2c,
  TEXTBOOK_REGISTER_BYTES = 0x40,
};

enum {
  TEXTBOOK_RECEIVED = 1,
  TEXTBOOK_SENT = 2,
  TEXTBOOK_STALL = 4,
  TEXTBOOK_ERROR = 8,
  TEXTBOOK_CAUSES = 15,
  TEXTBOOK_BAD = 1 << 30,
  TEXTBOOK_LENGTH = 0xffff,
};
#define TEXTBOOK_LAST UINT32_C(0x80000000)

struct textbook_descriptor {
  volatile uint32_t address, length, owner;
};

struct textbook {
  struct nic nic; /* first: the kit's pointer is ours */
  struct textbook_descriptor rx[TEXTBOOK_RX];
  struct textbook_descriptor tx[TEXTBOOK_TX];
  uint8_t scratch[20];       /* for the one defect that needs it */
  uint16_t tx_head, tx_tail; /* descriptors filled and taken back, free-running */
  struct pbuf *rx_slots[TEXTBOOK_RX];
  struct pbuf *tx_slots[TEXTBOOK_TX];
};

/* What the driver may do wrong. */
enum textbook_defect {
  DEFECT_NONE,
  DEFECT_NO_PUBLISH,
  DEFECT_OWNED_FIRST,
  DEFECT_FRONT_TO_BACK,
  DEFECT_TX_WRITES,
  DEFECT_RX_WRITES,
  DEFECT_SHARED_LINE,
  DEFECT_NO_OBSERVE,
  DEFECT_RX_REORDER,
  DEFECT_TX_FREED_EARLY,
  DEFECT_BAD_UNCOUNTED,
  DEFECT_BAD_LEAKED,
  DEFECT_STOP_LOSES,
  DEFECT_STOP_FORGETS,
  DEFECT_STOP_UNCOUNTED,
  DEFECT_NOT_OFF,
  DEFECT_NOT_FROM_BASE,
  DEFECT_NO_DOORBELL,
  DEFECT_EARLY_DOORBELL,
  DEFECT_STALLED,
  DEFECT_NOT_QUIET,
  DEFECT_LOST_WAKE_UP,
  DEFECT_NO_ROOM_CHECK,
  DEFECT_OPEN_FILTER,
  DEFECT_DEAF,
  DEFECT_BLIND_START,
  DEFECT_OLD_LINK,
  DEFECT_NO_RECOVERY,
  DEFECT_UNKNOWN_REGISTER,
  DEFECT_OUTSIDE_MAP,
};

extern enum textbook_defect textbook_defect;

/* The MAC raises its line for a moment when a cause comes that MASK lets through, and at no other
 * time. */
extern bool textbook_edge;

extern struct textbook textbook;
extern const struct nic_ops textbook_ops;
extern const struct fake_mac fake_mac_textbook;

#endif
