/* The board of the main loop that the explorer runs. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "explorer"

void board_init(void);

#endif
