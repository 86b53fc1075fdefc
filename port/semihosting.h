/* Semihosting: a debugger or emulator, where one listens, ends the run (Arm, Semihosting for
 * AArch32 and AArch64). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

/* Finds out whether a semihosting host listens: without one the call faults, which the core's fault
 * handler steps over. Main loop, once, before the other functions. */
void semihosting_start(void);

/* Ends the run with exit status `status`. Returns only where no host listens. Any context. */
void semihosting_exit(int status);

#endif
