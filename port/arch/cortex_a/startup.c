/* Start-up of a Cortex-A: stacks, memory map, vectors; then main runs, in System mode.
 *
 * System mode shares its registers with no exception, so that a call to the host by SVC changes
 * nothing. Interrupts run on stacks of their own, in IRQ mode and in FIQ mode; all other exceptions
 * are faults, on one more. */
#include <stdint.h>
#include <string.h>

#include "a32.h"
#include "cp15.h"
#include "fault.h"
#include "gic.h"
#include "mmu.h"
#include "stack.h"

extern uint8_t bss_start[], bss_end[], dma_start[], dma_end[]; /* from the linker script */

int main(void);
_Noreturn void reset_handler(void);

/* Each is one instruction, at its offset from VBAR (ARM DDI 0406C, B1.8.1). */
A32_ENTRY __attribute__((section(".vectors"), aligned(32), used)) static void vectors(void) {
  __asm volatile("ldr pc, =reset_handler\n\t"
                 "ldr pc, =undefined_handler\n\t"
                 "ldr pc, =supervisor_call_handler\n\t"
                 "ldr pc, =prefetch_abort_handler\n\t"
                 "ldr pc, =data_abort_handler\n\t"
                 "nop\n\t"
                 "ldr pc, =irq_handler\n\t"
                 "ldr pc, =irq_handler\n\t" /* FIQ */
                 ".ltorg");
}

/* Of an IRQ and of an FIQ, each of which has a stack. The compiler saves what it uses of the other
 * registers. The stack is aligned to 8 bytes again after the six words. */
A32_ENTRY __attribute__((used)) static void irq_handler(void) {
  __asm volatile("sub lr, lr, #4\n\t"
                 "push {r0-r3, r12, lr}\n\t"
                 "bl gic_interrupt\n\t"
                 "ldm sp!, {r0-r3, r12, pc}^");
}

__attribute__((used, noreturn)) static void start(void) {
  stack_paint();
  mmu_start();
  memset(bss_start, 0, (size_t)(bss_end - bss_start));
  memset(dma_start, 0, (size_t)(dma_end - dma_start));
  cp15_write_vbar((uint32_t)(uintptr_t)vectors);
  cp15_write_cpacr(CPACR_NEON);
  cp15_isb();
  neon_enable();
  cp15_write_pmcr(cp15_read_pmcr() | PMCR_ENABLE);
  cp15_write_pmcntenset(PMCNTEN_CYCLES);
  gic_start();
  __asm volatile("cpsie aif" ::: "memory");
  (void)main();
  for (;;) /* main does not return; where it does, stay where a debugger can see it */
    __asm volatile("wfi");
}

/* On some chips all cores come here: the primary one, 0 in its cluster (MPIDR: ARM DDI 0406C,
 * B4.1.106), goes on, and any other waits for ever, without a stack. */
A32_ENTRY void reset_handler(void) {
  __asm volatile("cpsid aif, #0x12\n\t" /* IRQ */
                 "mrc p15, 0, r0, c0, c0, 5\n\t"
                 "ands r0, r0, #0xff\n"
                 "1: wfine\n\t"
                 "bne 1b\n\t"
                 "ldr sp, =irq_stack_top\n\t"
                 "cps #0x11\n\t" /* FIQ */
                 "ldr sp, =fiq_stack_top\n\t"
                 "cps #0x17\n\t" /* Abort */
                 "ldr sp, =fault_stack_top\n\t"
                 "cps #0x1b\n\t" /* Undefined */
                 "ldr sp, =fault_stack_top\n\t"
                 "cps #0x13\n\t" /* Supervisor */
                 "ldr sp, =fault_stack_top\n\t"
                 "cps #0x1f\n\t" /* System */
                 "ldr sp, =stack_top\n\t"
                 "b start\n\t"
                 ".ltorg");
}
