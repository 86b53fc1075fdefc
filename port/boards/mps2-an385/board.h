/* Arm's MPS2 with the FPGA image of application note AN385, a Cortex-M3. */
#ifndef BOARD_H
#define BOARD_H

#include "mps2.h"

#define BOARD_NAME          "mps2-an385"
#define BOARD_ETHERNET_BASE UINT32_C(0x40200000)

#endif
