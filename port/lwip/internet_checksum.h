/* The Internet checksum (RFC 1071), which lwIP takes as its LWIP_CHKSUM. */
#ifndef INTERNET_CHECKSUM_H
#define INTERNET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The one's complement sum of `length` bytes from any address on, not inverted. Stored as it is,
 * its bytes are in the network's order. Any context. */
uint16_t internet_checksum(const void *data, size_t length);

#endif
