/* Start-up of a Cortex-M: memory is laid out, main runs, each vector has a handler. */
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "cortex_m.h"
#include "fault.h"
#include "stack.h"
#include "systick_clock.h"

/* From the linker script. */
extern uint32_t stack_top[];
extern uint8_t data_load[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);
_Noreturn void reset_handler(void);

_Noreturn void reset_handler(void) {
  stack_paint();
  memcpy(data_start, data_load, (size_t)(data_end - data_start));
  memset(bss_start, 0, (size_t)(bss_end - bss_start));
  (void)main();
  for (;;) /* main does not return; where it does, stay where a debugger can see it */
    __asm volatile("wfi");
}

typedef void (*vector)(void);

#define INTERRUPT_VECTOR(line, handler) [EXCEPTIONS + (line)] = (handler),

/* The unused lines are filled first and then overridden by those that the board names. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
__attribute__((section(".vectors"),
               used)) static const vector vectors[EXCEPTIONS + BOARD_IRQ_LINES] = {
    [0] = (vector)(uintptr_t)stack_top,
    [1] = reset_handler,
    [2] = nmi_handler,
    [3] = hard_fault_handler,
    [4] = mem_manage_handler,
    [5] = bus_fault_handler,
    [6] = usage_fault_handler,
    [11] = sv_call_handler,
    [12] = debug_monitor_handler,
    [14] = pend_sv_handler,
    [15] = systick_handler,
    [EXCEPTIONS... EXCEPTIONS + BOARD_IRQ_LINES - 1] = unexpected_interrupt_handler,
    BOARD_INTERRUPTS(INTERRUPT_VECTOR)};
#pragma GCC diagnostic pop
