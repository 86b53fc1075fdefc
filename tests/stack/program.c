/* A program whose stack is known, for the tests of tools/stack: each function says what it
 * tests. */
#include <stdint.h>

extern uint32_t report_stack[16];
uint32_t report_stack[16];

volatile uint32_t sink;

#define APART __attribute__((noinline, noipa))

APART static uint32_t fill(volatile uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    bytes[i] = (uint8_t)sink;
  return bytes[count - 1];
}

APART static uint32_t deep(void) {
  volatile uint8_t bytes[400];

  return fill(bytes, sizeof bytes);
}

APART static uint32_t shallow(void) {
  volatile uint8_t bytes[40];

  return fill(bytes, sizeof bytes);
}

/* A tail call: the caller's frame is gone when the callee's comes. */
APART static uint32_t leads_on(void) {
  (void)shallow();
  return deep();
}

/* Calls of different depth, by a table. */
APART static uint32_t chooses(uint32_t which) {
  switch (which) {
  case 0:
    return deep() + 1;
  case 1:
    return shallow() + 2;
  case 2:
    return sink + 3;
  case 3:
    return shallow() * sink;
  case 4:
    return sink / 5;
  default:
    return 0;
  }
}

/* The registers are restored, and the return is made, on a condition; else two calls at other
 * depths, the deeper one first. It adds 8 and 64 bytes. */
void returns_early(void);
__attribute__((naked)) void returns_early(void) {
  __asm volatile("push {r4, lr}\n\t"
                 "cmp r0, #0\n\t"
                 "itt ne\n\t"
                 "popne {r4, lr}\n\t"
                 "bxne lr\n\t"
                 "sub sp, sp, #64\n\t"
                 "bl deep\n\t"
                 "add sp, sp, #64\n\t"
                 "bl deep\n\t"
                 "pop {r4, pc}");
}

#ifdef WITH_ADDRESS
uint32_t (*volatile hook)(void) = shallow;
#endif

#ifdef WITH_RECURSION
APART static uint32_t recurs(uint32_t depth) {
  return depth == 0 ? 0 : recurs(depth - 1) * sink + depth;
}
#endif

#ifdef WITH_VARIABLE_ARRAY
APART static uint32_t varies(uint32_t count) {
  volatile uint8_t bytes[count];

  return fill(bytes, count);
}
#endif

void systick_handler(void);
void systick_handler(void) { sink = shallow(); }

#ifdef WITH_NMI
void nmi_handler(void);
void nmi_handler(void) { sink = shallow(); }
#endif

int main(void);
int main(void) {
  sink = chooses(sink) + leads_on();
#ifdef WITH_POINTER
  sink = hook();
#endif
#ifdef WITH_RECURSION
  sink = recurs(sink);
#endif
#ifdef WITH_VARIABLE_ARRAY
  sink = varies(sink);
#endif
  return 0;
}

void bus_fault_handler(void);
void bus_fault_handler(void) { sink++; }

_Noreturn void reset_handler(void);
_Noreturn void reset_handler(void) {
  (void)main();
  for (;;) {
  }
}
