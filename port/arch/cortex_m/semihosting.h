/* Semihosting: a debugger or emulator, where one listens, ends the run and passes the command line
 * (Arm IHI 0014, semihosting for AArch32 and AArch64). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if a semihosting host listens. The first call finds out: without one the breakpoint faults,
 * which the HardFault handler steps over. Main loop, thread mode. */
bool semihosting_present(void);

/* Ends the run with exit status `status`. Returns only where no host listens. Any context. */
void semihosting_exit(int status);

/* Copies the command line into `text` of `size` bytes; false where there is none. Main loop. */
bool semihosting_command_line(char *text, size_t size);

/* Not 0 while a fault by the breakpoint is expected. */
extern volatile uint32_t semihosting_probing;

#endif
