/* The board of the main loop under the explorer. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "explorer"

void board_init(void);

#endif
