/* Arm's MPS2 with the AN500 image: all but what its board.h says is as with AN385. */
#include "board.h"

#include "../mps2-an385/board.c"
