/* The registers of the Cadence GEM and the flags of its descriptors that are used here (Xilinx
 * UG585, appendix B.18, and tables 16-2 and 16-3). */
#ifndef CADENCE_GEM_REGS_H
#define CADENCE_GEM_REGS_H

#include <stdint.h>

/* Registers, by their names in appendix B.18 (without "reg"), and their bits. */
enum {
  NWCTRL = 0x00, /* net_ctrl */
  NWCTRL_RX_EN = 1 << 2,
  NWCTRL_TX_EN = 1 << 3,
  NWCTRL_MDIO_EN = 1 << 4,
  NWCTRL_CLEAR_STATISTICS = 1 << 5,
  NWCTRL_START_TX = 1 << 9,
  NWCFG = 0x04, /* net_cfg */
  NWCFG_100 = 1 << 0,
  NWCFG_FULL_DUPLEX = 1 << 1,
  NWCFG_COPY_ALL = 1 << 4,
  NWCFG_MULTICAST_HASH = 1 << 6,
  NWCFG_RX_1536 = 1 << 8,
  NWCFG_1000 = 1 << 10,
  NWCFG_STRIP_FCS = 1 << 17,
  NWCFG_MDC_DIV_64 = 4 << 18, /* of a clock of at most 160 MHz makes at most 2.5 MHz */
  NWCFG_SPEED = NWCFG_100 | NWCFG_1000 | NWCFG_FULL_DUPLEX,
  NWSTATUS = 0x08, /* net_status */
  NWSTATUS_MDIO_IDLE = 1 << 2,
  DMACFG = 0x10,                            /* dma_cfg */
  DMACFG_BURST_16 = 1 << 4,                 /* words; after a reset 4 */
  DMACFG_BUFFERS = 0x700 | DMACFG_BURST_16, /* and all of the packet buffers both ways */
  DMACFG_TX_CHECKSUM = 1 << 11,
  DMACFG_BUFFER_SHIFT = 16, /* of a receive buffer's size, in CADENCE_GEM_BUFFER_UNIT */
  TXSTATUS = 0x14,          /* tx_status; written ones clear, here and in RXSTATUS */
  TXSTATUS_GO = 1 << 3,
  TXSTATUS_FAULTS = 0x1d4, /* retry limit, corrupted frame, underrun, late collision, bus error */
  RXQBASE = 0x18,          /* rx_qbar */
  TXQBASE = 0x1c,          /* tx_qbar */
  RXSTATUS = 0x20,         /* rx_status */
  RXSTATUS_NO_BUFFER = 1 << 0,
  RXSTATUS_HRESP = 1 << 3,
  ISR = 0x24, /* intr_status */
  IER = 0x28, /* intr_en, intr_dis: written ones set and clear bits of the mask */
  IDR = 0x2c,
  INTERRUPT_RX = 1 << 1,
  INTERRUPT_RX_USED = 1 << 2,
  INTERRUPT_TX_FAULTS = 7 << 4,   /* underrun; retry limit or late collision; frame corrupted */
  INTERRUPT_TX = 1 << 7 | 1 << 3, /* sent; found no more to send */
  INTERRUPT_RX_FAULTS = 3 << 10,  /* overrun; bus error */
  INTERRUPT_ALL = 0x7ffffff,
  INTERRUPT_PACKETS = INTERRUPT_RX | INTERRUPT_TX,
  PHYMNTNC = 0x34, /* phy_maint */
  HASHLO = 0x80,
  HASHHI = 0x84,
  SPADDR1LO = 0x88, /* specific address 1: valid once its high half is written */
  SPADDR1HI = 0x8c,
  MODID = 0xfc,      /* 2 in its upper half */
  FRAMES_RX = 0x158, /* good frames received, cleared by reading as all statistics */

  RX_USED = 1 << 0, /* flags in an rx descriptor's address */
  RX_WRAP = 1 << 1,
  RX_LENGTH = 0x1fff, /* in its status */
  RX_FIRST = 1 << 14,
  RX_LAST = 1 << 15,
  TX_LAST = 1 << 15, /* in a tx descriptor's status */
  TX_WRAP = 1 << 30,
  TX_ERRORS = 0xf << 26, /* late collision, bus error, underrun, retry limit */
};
static const uint32_t TX_USED = UINT32_C(1) << 31;

#endif
