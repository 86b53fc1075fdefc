/* The registers of the i.MX Ethernet MAC (ENET), and the flags of its descriptors, as far as they
 * are used here, by their names in NXP's IMX6ULRM, chapter ENET. */
#ifndef IMX_ENET_REGS_H
#define IMX_ENET_REGS_H

#include <stdint.h>

/* Registers and their bits (Memory map/register definition). */
enum {
  EIR = 0x004, /* written ones clear */
  EIMR = 0x008,
  EVENT_UN = 1 << 19, /* these three lose one frame, whose descriptor shows it, and go on */
  EVENT_RL = 1 << 20,
  EVENT_LC = 1 << 21,
  EVENT_EBERR = 1 << 22, /* stops the device */
  EVENT_MII = 1 << 23,
  EVENT_RXF = 1 << 25,
  EVENT_TXF = 1 << 27,
  EVENT_GRA = 1 << 28,
  EVENTS_RX = EVENT_RXF | EVENT_EBERR,
  EVENTS_TX = EVENT_TXF | EVENT_LC | EVENT_RL | EVENT_UN,
  RDAR = 0x010,
  TDAR = 0x014,
  DESCRIPTOR_ACTIVE = 1 << 24, /* in RDAR and TDAR */
  ECR = 0x024,
  ECR_RESET = 1 << 0,
  ECR_ETHEREN = 1 << 1,
  ECR_EN1588 = 1 << 4, /* enhanced descriptors */
  ECR_DBSWP = 1 << 8,  /* little-endian ones */
  ECR_RESERVED = 7 << 28,
  MMFR = 0x040,
  MMFR_READ = 0x60020000, /* start, operation, turn around */
  MMFR_WRITE = 0x50020000,
  MSCR = 0x044,
  MSCR_SPEED_SHIFT = 1,
  MDC_HZ_MAX = 2500000,
  MIBC = 0x064,
  RCR = 0x084,
  RCR_DRT = 1 << 1,
  RCR_MII_MODE = 1 << 2,
  RCR_PROM = 1 << 3,
  RCR_RMII_MODE = 1 << 8,
  RCR_RMII_10T = 1 << 9,
  RCR_MAX_FL_SHIFT = 16,
  TCR = 0x0c4,
  TCR_GTS = 1 << 0,
  TCR_FDEN = 1 << 2,
  PALR = 0x0e4,
  PAUR = 0x0e8,
  OPD = 0x0ec,
  IAUR = 0x118,
  IALR = 0x11c,
  GAUR = 0x120,
  GALR = 0x124,
  TFWR = 0x144,
  TFWR_STRFWD = 1 << 8, /* checksums are inserted into whole frames only; and no underruns */
  RDSR = 0x180,
  TDSR = 0x184,
  MRBR = 0x188,
  FTRL = 0x1b0,
  RACC = 0x1c4,
  RMON_R_UNDERSIZE = 0x294, /* less than 64 bytes */
  RMON_R_FRAG = 0x29c,      /* and a bad FCS */
  IEEE_R_DROP = 0x2c8,      /* no start of frame delimiter */
  IEEE_R_MACERR = 0x2d8,    /* the receive FIFO ran over */
};

/* Flags in a descriptor's control word, and in its option word (Enhanced buffer descriptors). */
enum {
  CONTROL_TR = 1 << 16, /* truncated */
  CONTROL_OV = 1 << 17, /* overrun: the other error flags mean nothing */
  CONTROL_CR = 1 << 18, /* CRC or PHY error */
  CONTROL_NO = 1 << 20, /* not a whole number of bytes */
  CONTROL_LG = 1 << 21, /* longer than RCR's MAX_FL */
  CONTROL_TC = 1 << 26, /* append the FCS */
  CONTROL_L = 1 << 27,  /* last of a frame */
  CONTROL_W = 1 << 29,  /* last of the ring */
  OPTION_OE = 1 << 9,   /* sent: the FIFO ran over, which "must be addressed by resetting" */
  OPTION_TXE = 1 << 15, /* sent: any error */
  OPTION_RX_INT = 1 << 23,
  OPTION_IINS = 1 << 27, /* insert the checksum of IPv4's header, and TCP's, UDP's or ICMP's */
  OPTION_PINS = 1 << 28,
  OPTION_TX_INT = 1 << 30,
};
#define CONTROL_DEVICE (UINT32_C(1) << 31) /* the device's: E of rx, R of tx descriptors */

#endif
