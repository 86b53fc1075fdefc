/* What the watchdog looks at in the demo: timers, console, and both directions of each NIC. */
#ifndef SUPERVISION_H
#define SUPERVISION_H

/* Adds them to the watchdog. Main loop, once, after the registry and the console have started. */
void supervision_start(void);

#endif
