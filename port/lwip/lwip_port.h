/* Start-up of lwIP's port: the seed of its random numbers and of TCP's sequence numbers. */
#ifndef LWIP_PORT_H
#define LWIP_PORT_H

#include <stdint.h>

/* Seeds the random numbers and the secret of the TCP sequence numbers (RFC 6528) from `seed`, which
 * a product takes from a random number generator or a device secret, mixed with the board's
 * port_entropy(). Main loop, before lwip_init(). */
void lwip_port_init(uint32_t seed);

#endif
