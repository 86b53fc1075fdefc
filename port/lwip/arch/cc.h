/* lwIP's view of the compiler: byte order, checksum, diagnostics (gcc and clang). */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <stdlib.h>

#include "internet_checksum.h"

#define LWIP_TIMEVAL_PRIVATE  0
#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_NO_CTYPE_H       1 /* the C library's is a table, of 257 bytes */

#define LWIP_RAND() ((u32_t)lwip_port_rand())
unsigned lwip_port_rand(void);

#define LWIP_RARE                __attribute__((noinline, cold))
#define LWIP_EXPECT(value, most) __builtin_expect(value, most)

/* lwIP's own macro has spare room, to align the memory at run time. */
#define LWIP_DECLARE_MEMORY_ALIGNED(name, size) _Alignas(MEM_ALIGNMENT) u8_t name[size]

/* The clock of TCP's initial sequence numbers, in units of 4 us (RFC 6528, 3). */
#define LWIP_TCP_ISN_TIME() ((u32_t)lwip_port_isn_time())
uint32_t lwip_port_isn_time(void);

/* One instruction each on ARM (rev, rev16). */
#define lwip_htons(x) ((u16_t)__builtin_bswap16(x))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32(x))
#define lwip_ntohs(x) lwip_htons(x)
#define lwip_ntohl(x) lwip_htonl(x)
#ifndef __arm__ /* a host's headers have htons(); lwIP's applications use it */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1
#endif

#define LWIP_CHKSUM               internet_checksum
#define LWIP_CHKSUM_ADD           internet_checksum_add
#define LWIP_CHKSUM_COPY          internet_checksum_copy
#define LWIP_IP4_HDR_CHKSUM(h, l) ((u16_t)~internet_checksum_ip4_header(h, l))

/* A failed assertion of the stack ends the run with its text: going on would hide it. One is a
 * false alarm: lwIP 2.2.1's mem_trim() asserts that what it shortens is not the last block of the
 * heap, which it may well be, and does the right thing if it is. */
_Noreturn void lwip_port_assert(const char *message, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(x)                                                                    \
  do {                                                                                             \
    if (__builtin_strcmp(x, "invalid next ptr") != 0)                                              \
      lwip_port_assert(x, __FILE__, __LINE__);                                                     \
  } while (0)
#define LWIP_PLATFORM_DIAG(x)                                                                      \
  do {                                                                                             \
    lwip_port_diag x;                                                                              \
  } while (0)
void lwip_port_diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
