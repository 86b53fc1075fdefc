/* Arm's MPS2 with the FPGA image of application note AN500, a Cortex-M7. Its caches stay off, as
 * they are after a reset. */
#ifndef BOARD_H
#define BOARD_H

#include "../mps2-an385/mps2.h"

#define BOARD_NAME          "mps2-an500"
#define BOARD_ETHERNET_BASE UINT32_C(0xa0000000)

#endif
