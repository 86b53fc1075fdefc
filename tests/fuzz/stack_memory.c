/* lwIP's pools and heap, in the fuzzer: each object is one of the host's heap, with the pools'
 * limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/stats.h"
#include "stack_parts.h"

enum { HEAP_OVERHEAD = 16 }; /* of lwIP's heap for each block */

static unsigned heap_objects, pool_objects;
static uint32_t failing;

struct block {
  size_t size;
  max_align_t data[];
};

void memory_is_scarce(uint32_t which_fail) { failing = which_fail; }

static bool fails_now(void) {
  const bool fails = (failing & 1) != 0;

  failing >>= 1;
  return fails;
}

struct memory_use memory_used(void) {
  return (struct memory_use){pool_objects, heap_objects, (unsigned)lwip_stats.mem.used};
}

void memory_print(void) {
  for (unsigned i = 0; i < MEMP_MAX; i++)
    if (memp_pools[i]->stats->used != 0)
      fprintf(stderr, "pool %u: %u\n", i, (unsigned)memp_pools[i]->stats->used);
}

/* The linker uses these in place of lwIP's. */
void *__wrap_memp_malloc_pool(const struct memp_desc *pool);
void __wrap_memp_free_pool(const struct memp_desc *pool, void *object);
void *__wrap_memp_malloc(memp_t type);
void __wrap_memp_free(memp_t type, void *object);
void *__wrap_mem_malloc(mem_size_t size);
void *__wrap_mem_calloc(mem_size_t count, mem_size_t size);
void *__wrap_mem_trim(void *object, mem_size_t size);
void __wrap_mem_free(void *object);

/* The pool of timeouts is as large as it has to be: lwIP asserts that there is one. */
void *__wrap_memp_malloc_pool(const struct memp_desc *pool) {
  if (pool->stats->used >= pool->num || (pool != memp_pools[MEMP_SYS_TIMEOUT] && fails_now())) {
    pool->stats->err++;
    return NULL;
  }
  pool->stats->used++;
  pool_objects++;
  return malloc(pool->size);
}

void __wrap_memp_free_pool(const struct memp_desc *pool, void *object) {
  if (object == NULL)
    return;
  if (pool->stats->used == 0)
    stack_fails("more is freed than a pool has");
  pool->stats->used--;
  pool_objects--;
  free(object);
}

void *__wrap_memp_malloc(memp_t type) { return __wrap_memp_malloc_pool(memp_pools[type]); }

void __wrap_memp_free(memp_t type, void *object) {
  __wrap_memp_free_pool(memp_pools[type], object);
}

static mem_size_t cost(size_t size) {
  return (mem_size_t)(LWIP_MEM_ALIGN_SIZE(size) + HEAP_OVERHEAD);
}

void *__wrap_mem_malloc(mem_size_t size) {
  struct block *block;

  if (size == 0)
    return NULL;
  if (lwip_stats.mem.used + cost(size) > MEM_SIZE || fails_now()) {
    lwip_stats.mem.err++;
    return NULL;
  }
  block = malloc(sizeof *block + size);
  if (block == NULL)
    abort();
  block->size = size;
  lwip_stats.mem.used = (mem_size_t)(lwip_stats.mem.used + cost(size));
  heap_objects++;
  return block->data;
}

void *__wrap_mem_calloc(mem_size_t count, mem_size_t size) {
  void *object = __wrap_mem_malloc((mem_size_t)(count * size));

  return object == NULL ? NULL : memset(object, 0, (size_t)count * size);
}

static struct block *block_of(void *object) {
  return (void *)((uint8_t *)object - offsetof(struct block, data));
}

/* In place, as lwIP relies on it. */
void *__wrap_mem_trim(void *object, mem_size_t size) {
  struct block *block = block_of(object);

  if (size > block->size)
    return NULL;
  lwip_stats.mem.used = (mem_size_t)(lwip_stats.mem.used - cost(block->size) + cost(size));
  block->size = size;
  return object;
}

void __wrap_mem_free(void *object) {
  struct block *block;

  if (object == NULL)
    return;
  block = block_of(object);
  lwip_stats.mem.used = (mem_size_t)(lwip_stats.mem.used - cost(block->size));
  heap_objects--;
  free(block);
}
