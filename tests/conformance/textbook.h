/* The textbook MAC: its datasheet, and a driver that does everything right except for one thing at
 * a time.
 *
 * It tests the suite: the driver passes, and each of its defects is found.
 *
 * A descriptor has three words: address; length, with bit 31 LAST (of a frame to be sent) and bit
 * 30 BAD (written back: a received frame with an error); owner, 1 while the MAC owns it. A frame
 * that is longer than the next buffer is not received. */
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

/* ro: not written, wo: not read, w1c: writing a 1 clears. */
enum textbook_register {
  TEXTBOOK_ID = 0x00,           /* ro: TEXTBOOK_ID_VALUE */
  TEXTBOOK_CONTROL = 0x04,      /* rw: bit 0 ENABLE: DMA is on, both rings start at their base */
  TEXTBOOK_LINK = 0x08,         /* ro: bit 0: a carrier is there */
  TEXTBOOK_CAUSE = 0x0c,        /* w1c: RECEIVED, SENT, STALL, ERROR */
  TEXTBOOK_MASK = 0x10,         /* rw: the same bits; the line is up while one is set in both */
  TEXTBOOK_RX_RING = 0x14,      /* rw: address of TEXTBOOK_RX descriptors */
  TEXTBOOK_TX_RING = 0x18,      /* rw: address of TEXTBOOK_TX descriptors */
  TEXTBOOK_ADDRESS_HIGH = 0x1c, /* rw: octets 1 to 4 of an address, from bit 31 down */
  TEXTBOOK_ADDRESS_LOW = 0x20,  /* rw: octets 5 and 6, from bit 31 down */
  TEXTBOOK_ACCEPT = 0x24,       /* wo: 1: the station's address; 2: one more group; 3: no group */
  TEXTBOOK_FILTER = 0x28,       /* rw: bit 0: accept everything, bit 1: accept every group */
  TEXTBOOK_KICK = 0x2c,         /* wo: bit 0: receive again, bit 1: send what is posted */
  TEXTBOOK_REGISTER_BYTES = 0x40,
};

enum {
  TEXTBOOK_RECEIVED = 1,
  TEXTBOOK_SENT = 2,
  TEXTBOOK_STALL = 4, /* a frame was lost, reception waits for a kick */
  TEXTBOOK_ERROR = 8, /* the MAC has disabled itself */
  TEXTBOOK_CAUSES = 15,
  TEXTBOOK_BAD = 1 << 30,
  TEXTBOOK_LENGTH = 0xffff,
};
#define TEXTBOOK_LAST UINT32_C(0x80000000)

struct textbook_descriptor {
  volatile uint32_t address, length, owner;
};

struct textbook {
  struct nic nic; /* first: the kit's pointer is also ours */
  struct textbook_descriptor rx[TEXTBOOK_RX];
  struct textbook_descriptor tx[TEXTBOOK_TX];
  uint8_t scratch[20];       /* for the one defect that needs it */
  uint32_t tx_head, tx_tail; /* filled descriptors, reclaimed descriptors: free-running */
  bool was_empty;            /* for one more */
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
  DEFECT_TX_FIRST_PART,
  DEFECT_BAD_UNCOUNTED,
  DEFECT_BAD_LEAKED,
  DEFECT_STOP_LOSES,
  DEFECT_STOP_FORGETS,
  DEFECT_STOP_UNCOUNTED,
  DEFECT_NOT_OFF,
  DEFECT_NOT_FROM_BASE,
  DEFECT_NO_DOORBELL,
  DEFECT_IDLE_DOORBELL,
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
  DEFECT_LONG_BUFFER,
  DEFECT_RESET_UNSEEN,
  DEFECT_FIRST_ADDRESS,
  DEFECT_UNBOUNDED,
  DEFECT_LOST_TWICE,
  DEFECT_OPEN_MASK,
  DEFECT_LEFT_ON,
  DEFECT_EARLY_DMA,
  DEFECT_LATE_CLEAR,
  DEFECT_CLEARS_ALL,
  DEFECT_COUNTED_EARLY,
  DEFECT_CAUSE_LEFT,
  DEFECT_FILTER_CACHED,
  DEFECT_LOSS_RESETS,
  DEFECT_BAD_RESETS,
  DEFECT_COUNTS_SENT,
  DEFECT_NARROW_INDEX,
  DEFECT_KEEPS_MTU,
  DEFECT_RX_OWNED_FIRST,
  DEFECT_EMPTY_IS_LOSS,
  DEFECT_FEW_GROUPS,
};

extern enum textbook_defect textbook_defect;

/* The MAC raises its line only for a moment, as a cause arises that MASK lets through. */
extern bool textbook_edge;

/* When the MAC has filled its last buffer it rests until a kick: it does not see what is posted. */
extern bool textbook_rests;

extern struct textbook textbook;
extern const struct nic_ops textbook_ops;
extern const struct fake_mac fake_mac_textbook;

/* The same with as little as a fake can have: it reports no error, and neither it nor its link is
 * ever absent. */
extern const struct fake_mac fake_mac_bare;

/* The MAC, for a driver of another name: tests/out-of-tree has one. */
#define TEXTBOOK_BARE_MEMBERS                                                                      \
  .base = TEXTBOOK_BASE, .irq = TEXTBOOK_IRQ, .unit = 4, .bad_accesses = &textbook_bad_accesses,   \
  .power_on = textbook_power_on, .receive = textbook_receive, .send = textbook_send,               \
  .send_part = textbook_send_part, .hold_tx = &textbook_held
#define TEXTBOOK_FAKE_MEMBERS                                                                      \
  TEXTBOOK_BARE_MEMBERS, .set_link = textbook_set_link, .errors = textbook_errors,                 \
                         .absences = textbook_absences, .power = &textbook_missing,                \
                         .forget = textbook_forget

void textbook_power_on(void);
enum fake_verdict textbook_receive(const uint8_t *frame, uint32_t length);
void textbook_send(unsigned frames);
void textbook_send_part(void);
void textbook_set_link(bool up);
void textbook_forget(void);
extern const struct fake_error textbook_errors[];
extern const struct fake_absence textbook_absences[];
extern unsigned textbook_bad_accesses;
extern bool textbook_held;
extern uint32_t textbook_missing; /* 0, or how it reads without power */

#endif
