/* lwIP's options for the bench's guests: those of the demo, with room for more of everything. */
#ifndef GUEST_LWIPOPTS_H
#define GUEST_LWIPOPTS_H

#include "../../../port/lwip/lwipopts.h"

#undef MEM_SIZE
#undef MEMP_NUM_TCP_PCB
#undef MEMP_NUM_TCP_SEG
#undef MEMP_NUM_PBUF
#define MEM_SIZE         (1024 * 1024)
#define MEMP_NUM_TCP_PCB 300
#define MEMP_NUM_TCP_SEG 600
#define MEMP_NUM_PBUF    600

#endif
