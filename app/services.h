/* The services echo (RFC 862), over UDP and TCP, and discard (863), over TCP. */
#ifndef SERVICES_H
#define SERVICES_H

/* Listens on ports 7 and 9. Main loop, once. */
void services_start(void);

#endif
