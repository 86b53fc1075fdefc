/* Semihosting: a debugger or emulator, if one listens, ends the run and keeps files (Arm,
 * Semihosting for AArch32 and AArch64). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

/* Finds out whether a semihosting host listens: if none does, the call faults, and the core's fault
 * handler steps over it. Main loop, once, before the other functions and port_file_create(). */
void semihosting_start(void);

/* Ends the run with exit status `status`. Returns only if no host listens. Any context. */
void semihosting_exit(int status);

#endif
