/* Arm's MPS2 with the AN500 image: as with AN385, but for what its board.h says. */
#include "board.h"

#include "../mps2-an385/board.c"
