/* The stack is painted at start-up: what was never used keeps the paint. */
#include "stack.h"

#include <stddef.h>
#include <stdint.h>

#include "port.h"

extern uint32_t ram_start[], stack_top[]; /* from the linker script: the stack's two ends */

#define PAINT UINT32_C(0xa5a5a5a5)

void stack_paint(void) {
  uintptr_t sp;

  __asm volatile("mov %0, sp" : "=r"(sp));
  for (volatile uint32_t *word = ram_start; (uintptr_t)word < sp; word++)
    *word = PAINT;
}

size_t port_stack_size(void) { return (size_t)(stack_top - ram_start) * sizeof *stack_top; }

size_t port_stack_most(void) {
  const uint32_t *word = ram_start;

  while (word < stack_top && *word == PAINT)
    word++;
  return (size_t)(stack_top - word) * sizeof *word;
}
