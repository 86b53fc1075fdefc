/* The program's variables as they were saved, to begin each run with. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/* Saves them, once. */
void memory_save(void);

/* Sets them back. */
void memory_restore(void);

/* A hash of what they are now. */
uint64_t memory_hash(void);

#endif
