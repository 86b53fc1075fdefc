/* The services of the demo: echo (RFC 862) over UDP and TCP, discard (863) and chargen (864). */
#ifndef SERVICES_H
#define SERVICES_H

/* Listens on ports 7, 9 and 19. Main loop, once. */
void services_start(void);

#endif
