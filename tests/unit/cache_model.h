/* The coprocessor that port/arch/cortex_a/cache.c works through, as functions of test_port_cache.c:
 * cache.c is compiled for the host with this header in place of cp15.h. */
#ifndef CACHE_MODEL_H
#define CACHE_MODEL_H

#define CP15_H

#include <stddef.h>
#include <stdint.h>

uint32_t cp15_read_ctr(void);
void cp15_write_dccmvac(uintptr_t address);
void cp15_write_dcimvac(uintptr_t address);
void cp15_write_dccimvac(uintptr_t address);
void cp15_dsb(void);

/* The functions of cache.c, under their own names. */
void cache_dma_clean(const void *start, size_t length);
void cache_dma_invalidate(void *start, size_t length);

#endif
