/* The registers of the LAN9118, as far as they are used here (Microchip DS00002266; sections in
 * brackets). */
#ifndef LAN9118_REGS_H
#define LAN9118_REGS_H

#include <stdint.h>

/* System registers [5.3], by their names in the manual. */
enum {
  RX_DATA_FIFO = 0x00,
  TX_DATA_FIFO = 0x20,
  TX_COMMAND_A_WHOLE = 1 << 13 | 1 << 12, /* a buffer that starts and ends a frame [3.12.2] */
  RX_STATUS_FIFO = 0x40,                  /* [3.13.3] */
  RX_STATUS_TOO_LONG = 1 << 7,
  RX_STATUS_BAD = 1 << 15 | 1 << 4 | 1 << 3, /* error status, watchdog, MII error */
  TX_STATUS_FIFO = 0x48,                     /* [3.12.4] */
  TX_STATUS_ERROR = 1 << 15,
  ID_REV = 0x50, /* the chip's number, and its revision: A is 0 */
  ID_REV_REVISION = 0xffff,
  ID_REV_B = 1,
  IRQ_CFG = 0x54,
  IRQ_CFG_HIGH = 1 << 8 | 1 << 4 | 1 << 0, /* enabled, active high, push-pull */
  INT_STS = 0x58,                          /* written 1 clears */
  INT_EN = 0x5c,
  INT_RSFL = 1 << 3, /* frames received */
  INT_RXDF = 1 << 6, /* frames dropped: a FIFO was full */
  INT_TSFL = 1 << 7, /* frames sent */
  INT_RXSTOP = 1 << 24,
  /* TXSO, RXE, TXE, TDFO: the two sides disagree on what is in a FIFO [3.12.7, 3.13.5], and only a
     reset brings them together again. */
  INT_FAULTS = 1 << 16 | 1 << 14 | 1 << 13 | 1 << 10,
  BYTE_TEST = 0x64,
  RX_CFG = 0x6c, /* the offset from bit 8 on */
  TX_CFG = 0x70,
  TX_CFG_STOP = 1 << 0,
  TX_CFG_ON = 1 << 1,
  HW_CFG = 0x74,
  HW_CFG_SOFT_RESET = 1 << 0,
  HW_CFG_SOFT_RESET_TIMEOUT = 1 << 1,
  HW_CFG_NORMAL = 1 << 20 | 5 << 16, /* must be one; FIFOs of 4608 bytes for tx, 10560 for rx */
  RX_FIFO_INF = 0x7c,                /* statuses that wait, from bit 16 on, and bytes */
  TX_FIFO_INF = 0x80,                /* statuses that wait, from bit 16 on, and free bytes */
  PMT_CTRL = 0x84,
  PMT_CTRL_READY = 1 << 0,
  PMT_CTRL_PHY_RESET = 1 << 10, /* clears itself */
  RX_DROP = 0xa0,               /* reading clears */
  MAC_CSR_CMD = 0xa4,
  MAC_CSR_CMD_READ = 1 << 30,
  MAC_CSR_DATA = 0xa8,
  E2P_CMD = 0xb0,
};

/* Registers of the MAC, behind MAC_CSR_CMD [5.4]. */
enum { MAC_CR = 1, MAC_ADDRH, MAC_ADDRL, MAC_HASHH, MAC_HASHL, MAC_MII_ACC, MAC_MII_DATA };
enum {
  MAC_CR_RX_ENABLE = 1 << 2,
  MAC_CR_TX_ENABLE = 1 << 3,
  MAC_CR_HASH_FILTER = 1 << 13, /* HPFILT: groups by the hash, stations still by the address */
  MAC_CR_PROMISCUOUS = 1 << 18,
  MAC_CR_ALL_GROUPS = 1 << 19, /* MCPAS */
  MAC_CR_FULL_DUPLEX = 1 << 20,
  MAC_CR_NOT_OWN = 1 << 23, /* RCVOWN: in half duplex, what is sent is not received */
  MAC_MII_ACC_BUSY = 1 << 0,
  MAC_MII_ACC_WRITE = 1 << 1,
};

static const uint32_t CSR_BUSY = UINT32_C(1) << 31; /* in MAC_CSR_CMD and E2P_CMD */
static const uint32_t BYTE_TEST_VALUE = UINT32_C(0x87654321);

#endif
