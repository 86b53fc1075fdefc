/* lwIP's memory: denies allocations at random, and detects double frees. */
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/priv/memp_priv.h"
#include "lwip/stats.h"
#include "node_parts.h"

enum { HEAP_ROOM = 2000 }; /* bytes */

void *__real_mem_malloc(mem_size_t size);
void *__wrap_mem_malloc(mem_size_t size);
void *__real_memp_malloc(memp_t type);
void *__wrap_memp_malloc(memp_t type);

bool node_heap_has_room(uint32_t length) {
  return lwip_stats.mem.used + length + HEAP_ROOM <= lwip_stats.mem.avail;
}

static bool lacks(void) {
  if (!node.may_lack || !dice_chance(&node.lack_dice, node.weather.no_memory))
    return false;
  node.report.no_memory++;
  return true;
}

void *__wrap_mem_malloc(mem_size_t size) { return lacks() ? NULL : __real_mem_malloc(size); }

/* lwIP asserts that there is a timeout, as many as its options say: those are never denied. */
void *__wrap_memp_malloc(memp_t type) {
  void *memory = type != MEMP_SYS_TIMEOUT && lacks() ? NULL : __real_memp_malloc(type);

  if (memory == NULL && type == MEMP_TCP_PCB)
    world_excuse_flows(); /* lwIP gives up a connection that is being closed for a new one */
  return memory;
}

void __real_memp_free(memp_t type, void *memory);
void __wrap_memp_free(memp_t type, void *memory);

void __wrap_memp_free(memp_t type, void *memory) {
  for (const struct memp *at = *memp_pools[type]->tab; at != NULL; at = at->next) {
    if (at == memory)
      world_fail("node %u: an element of lwIP's pool %d is freed twice", node.config.id, type);
  }
  __real_memp_free(type, memory);
}
