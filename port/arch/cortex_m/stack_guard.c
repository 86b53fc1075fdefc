/* A guard below the stack, for boards whose bus gives no error there.
 *
 * The stack is at the bottom of the RAM, so that one that runs over leaves the RAM. If the bus
 * gives no error for that, the memory protection unit does: one region without any access. The unit
 * is off in a HardFault (HFNMIENA is clear), whose handler has a stack of its own. */
#include "stack_guard.h"

#include <stdint.h>

#include "cortex_m.h"
#include "port.h"

enum { GUARD_BYTES = 4096 };

void stack_guard_start(void) {
  extern uint8_t ram_start[];
  const uint32_t base = (uint32_t)(uintptr_t)ram_start - GUARD_BYTES;

  mmio_write(MPU_RBAR, base | MPU_RBAR_VALID);
  mmio_write(MPU_RASR, MPU_RASR_SIZE_4K | MPU_RASR_ENABLE);
  mmio_write(MPU_CTRL, MPU_CTRL_ENABLE | MPU_CTRL_PRIVDEFENA);
  __asm volatile("dsb\n\tisb" ::: "memory"); /* from here on (B3.5.1) */
}
