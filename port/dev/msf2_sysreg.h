/* The SmartFusion2's system registers (UG0331, SYSREG): what its devices need to work at all. */
#ifndef MSF2_SYSREG_H
#define MSF2_SYSREG_H

/* Lets the UARTs, the timers and the MAC out of reset, and sets the MAC's interface to its PHY to
 * MII. Main loop, before any of them is used. */
void msf2_sysreg_start(void);

#endif
