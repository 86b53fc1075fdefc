/* The instruction that calls a semihosting host from T32 code (Arm, Semihosting for AArch32 and
 * AArch64). */
#ifndef SEMIHOSTING_TRAP_H
#define SEMIHOSTING_TRAP_H

#include <stdint.h>

static inline int semihosting_trap(uint32_t operation, const void *block) {
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = block;

  __asm volatile("svc 0xab" : "+r"(r0) : "r"(r1) : "memory", "cc");
  return (int)r0;
}

#endif
