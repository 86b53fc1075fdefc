/* The service chargen (RFC 864), over TCP. */
#ifndef CHARGEN_H
#define CHARGEN_H

/* Starts it on port 19. Main loop, once. */
void chargen_start(void);

#endif
