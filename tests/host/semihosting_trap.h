/* Calls the semihosting host, which is the test. */
#ifndef SEMIHOSTING_TRAP_H
#define SEMIHOSTING_TRAP_H

#include <stdint.h>

int semihosting_trap(uint32_t operation, const void *block);

#endif
