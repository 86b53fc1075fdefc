/* Puts the frames of the fuzzer of the whole stack together: bytes, headers, checksums. */
#ifndef STACK_BUILD_H
#define STACK_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/ip_addr.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"

enum { ETH = SIZEOF_ETH_HDR, DATA_MAX = 4000, HEADERS_MAX = ETH + IP6_HLEN };

/* The frame that is made; it may be longer than one, for fragments. */
extern uint8_t datagram[HEADERS_MAX + DATA_MAX];
extern size_t used;

/* Numbers are added in the order of the network. */
void add(const void *bytes, size_t length);
void add8(unsigned value);
void add16(unsigned value);
void add32(uint32_t value);
void add_zeroes(size_t length);
void add_pattern(size_t length);
void add_input(size_t length);
void put16(size_t at, unsigned value);

/* Begin a frame. */
void ethernet(const uint8_t *to, unsigned peer, unsigned type);
void headers(const ip_addr_t *from, const ip_addr_t *to, uint8_t protocol);

/* Complete it: the length of the packet, and all checksums. */
void set_lengths(void);
void sum_all(void);

/* The checksum over IPv6, in the order of the network, of `length` bytes behind the header. */
uint16_t sum6(const uint8_t *ip6, size_t length, uint8_t protocol);

/* Completes the frame, changes it if the input says so, and has it arrive. */
void comes(void);

/* One of the interface's addresses, or a group's or of all. */
ip_addr_t own_address(bool ip6, unsigned which);

/* A length of data, most often one at which something happens. */
size_t some_length(void);

#endif
