/* A page of registers that remember what was written, and in which order, and read as the test sets
 * them. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { REGISTERS_BYTES = 0x2000, REGISTERS_WRITES_MAX = 256 };

struct registers {
  uint32_t word[REGISTERS_BYTES / 4]; /* the values to be read */
  unsigned write_count;
  struct {
    unsigned offset;
    uint32_t value;
  } writes[REGISTERS_WRITES_MAX];
  void (*written)(unsigned offset, uint32_t value); /* the device's reaction; NULL: none */
  uint32_t (*read)(unsigned offset);                /* NULL: the word */
};

extern struct registers registers;

/* All zero, at `base`, on a host that is reset. */
void registers_attach(uintptr_t base);

/* The last value that was written there; fails if there is none. */
uint32_t registers_last(unsigned offset);

/* Checks that the writes so far are these `count` pairs of offset and value, and no others; forgets
 * them. */
void registers_check(const uint32_t (*pairs)[2], unsigned count);
#define registers_check_writes(...)                                                                \
  registers_check((const uint32_t[][2]){__VA_ARGS__},                                              \
                  sizeof((const uint32_t[][2]){__VA_ARGS__}) / 8)

#endif
