/* The saved values of the program's variables, with which each run begins. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

/* Saves them, once. */
void memory_save(void);

/* Restores them. */
void memory_restore(void);

/* A hash of their present values. */
uint64_t memory_hash(void);

#endif
