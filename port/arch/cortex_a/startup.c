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
  fault_take_over();
  neon_enable();
  cp15_write_pmcr(cp15_read_pmcr() | PMCR_ENABLE);
  cp15_write_pmcntenset(PMCNTEN_CYCLES);
  gic_start();
  __asm volatile("cpsie if" ::: "memory");
  (void)main();
  for (;;) /* main does not return; where it does, stay where a debugger can see it */
    __asm volatile("wfi");
}

/* Turns off the data caches and the MMU, where a boot loader has left them on, with an address for
 * itself as they are here. What it has written, such as this image, goes to memory, level by level
 * (CLIDR, CCSIDR: ARM DDI 0406C, B4.1.20, B4.1.19), by set and way (B4.2.1); caches that were off
 * hold nothing. In registers alone: what is stored meanwhile could be overwritten. A Cortex-A7 has
 * an operation on its second level overtake those on the first, unless a DSB keeps them apart
 * (erratum 814220): a line would arrive there when it is too late for memory. Without the MMU
 * a Cortex-A9 may follow its branch predictor to anywhere, to registers that change as they are
 * read, too: it is emptied and turned off first (erratum 794073). */
A32_ENTRY __attribute__((used)) static void caches_off(void) {
  __asm volatile("mrc p15, 0, r0, c1, c0, 0\n\t" /* SCTLR: C is 4, the MMU's M is 1 */
                 "bic r1, r0, #4\n\t"
                 "mcr p15, 0, r1, c1, c0, 0\n\t"
                 "isb\n\t"
                 "tst r0, #4\n\t"
                 "beq 5f\n\t"
                 "mrc p15, 1, r0, c0, c0, 1\n\t" /* CLIDR: three bits a level */
                 "mov r2, #0\n"                  /* the level, in bits 3 to 1 */
                 "1: add r3, r2, r2, lsr #1\n\t"
                 "lsr r3, r0, r3\n\t"
                 "and r3, r3, #7\n\t"
                 "cmp r3, #2\n\t" /* none, or for instructions only */
                 "blo 4f\n\t"
                 "mcr p15, 2, r2, c0, c0, 0\n\t" /* CSSELR */
                 "isb\n\t"
                 "mrc p15, 1, r3, c0, c0, 0\n\t" /* CCSIDR */
                 "and r4, r3, #7\n\t"
                 "add r4, r4, #4\n\t"         /* where a set's number stands */
                 "ubfx r5, r3, #3, #10\n\t"   /* the last way */
                 "clz r6, r5\n"               /* where a way's number stands */
                 "2: ubfx r7, r3, #13, #15\n" /* the last set */
                 "3: orr r8, r2, r5, lsl r6\n\t"
                 "orr r8, r8, r7, lsl r4\n\t"
                 "mcr p15, 0, r8, c7, c14, 2\n\t" /* DCCISW: clean and invalidate */
                 "subs r7, r7, #1\n\t"
                 "bpl 3b\n\t"
                 "subs r5, r5, #1\n\t"
                 "bpl 2b\n\t"
                 "dsb\n"
                 "4: add r2, r2, #2\n\t"
                 "cmp r2, #14\n\t"
                 "blo 1b\n"
                 "5: mov r2, #0\n\t"
                 "mcr p15, 0, r2, c7, c5, 6\n\t" /* BPIALL */
                 "dsb\n\t"
                 "bic r1, r1, #1\n\t"
                 "bic r1, r1, #0x800\n\t" /* Z */
                 "mcr p15, 0, r1, c1, c0, 0\n\t"
                 "isb\n\t"
                 "bx lr");
}

/* On some chips all cores come here: the primary one, 0 in its cluster (MPIDR: ARM DDI 0406C,
 * B4.1.106), goes on, and any other waits for ever, without a stack. */
A32_ENTRY void reset_handler(void) {
  __asm volatile("cpsid aif, #0x12\n\t" /* IRQ */
                 "mrc p15, 0, r0, c0, c0, 5\n\t"
                 "ands r0, r0, #0xff\n"
                 "1: wfine\n\t"
                 "bne 1b\n\t"
                 "bl caches_off\n\t"
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
