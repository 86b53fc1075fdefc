/* The handlers of faults and of unexpected exceptions: they report, and end the run.
 *
 * The report is written by polling, on a stack of its own, since the fault may come of a stack that
 * ran over: the main stack is at the bottom of the RAM, and below it an access faults. */
#include "fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cortex_m.h"
#include "port.h"

enum { REPORT_STACK_WORDS = 96 };

/* What the core has pushed (B1.5.6). */
struct exception_frame {
  uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

__attribute__((used)) static uint64_t report_stack[REPORT_STACK_WORDS / 2];

static const char *const exception_names[] = {"?",         "reset",    "NMI",       "HardFault",
                                              "MemManage", "BusFault", "UsageFault"};

/* Bits of CFSR (B3.2.15), with the first thing to look at. */
static const struct {
  uint32_t bit;
  const char *hint;
} causes[] = {
    {UINT32_C(1) << 0, "fetch from memory that may not be executed: a wild call?"},
    {UINT32_C(1) << 1, "data access that the MPU forbids, at MMFAR"},
    {UINT32_C(1) << 4, "stack overflow: the core could not push its registers"},
    {UINT32_C(1) << 8, "instruction fetch failed: jump through a wild or null pointer?"},
    {UINT32_C(1) << 9, "bus error at BFAR: nothing answers there"},
    {UINT32_C(1) << 10, "bus error of a buffered store before PC"},
    {UINT32_C(1) << 12, "stack overflow: the core could not push its registers"},
    {UINT32_C(1) << 16, "undefined instruction: jump into data?"},
    {UINT32_C(1) << 17, "call of an even address: an overwritten function pointer?"},
    {UINT32_C(1) << 18, "return to nowhere: an overwritten stack?"},
    {UINT32_C(1) << 24, "unaligned access by an instruction that cannot"},
    {UINT32_C(1) << 25, "division by zero"},
};

static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void print(const char *format, ...) {
  char line[100];
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  port_console_write(line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
  port_console_flush();
}

static bool frame_is_readable(const struct exception_frame *frame) {
  extern uint8_t ram_start[], ram_end[];
  uintptr_t address = (uintptr_t)frame;

  return address % 4 == 0 && address >= (uintptr_t)ram_start &&
         address + sizeof *frame <= (uintptr_t)ram_end;
}

/* Called by the assembly below, on the report stack. */
__attribute__((used, noreturn)) static void report(const struct exception_frame *frame) {
  uint32_t ipsr;
  uint32_t cfsr = mmio_read(SCB_CFSR);
  uint32_t hfsr = mmio_read(SCB_HFSR);
  const char *hint = (hfsr & UINT32_C(1) << 1) != 0 ? "the vector table could not be read"
                                                    : "look at PC and LR in the map file";

  __asm volatile("mrs %0, ipsr" : "=r"(ipsr));
  for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
    if ((cfsr & causes[i].bit) != 0)
      hint = causes[i].hint;
  }
  print("\r\n*** fault: exception %lu (%s)\r\n", (unsigned long)ipsr,
        ipsr < sizeof exception_names / sizeof *exception_names ? exception_names[ipsr]
                                                                : "unexpected interrupt");
  if (frame_is_readable(frame)) {
    print("    pc   %08lx  lr   %08lx  xpsr %08lx  sp   %08lx\r\n", (unsigned long)frame->pc,
          (unsigned long)frame->lr, (unsigned long)frame->xpsr,
          (unsigned long)(uintptr_t)(frame + 1));
    print("    r0   %08lx  r1   %08lx  r2   %08lx  r3   %08lx  r12 %08lx\r\n",
          (unsigned long)frame->r0, (unsigned long)frame->r1, (unsigned long)frame->r2,
          (unsigned long)frame->r3, (unsigned long)frame->r12);
  } else {
    print("    sp   %08lx is outside of the RAM\r\n", (unsigned long)(uintptr_t)frame);
  }
  print("    cfsr %08lx  hfsr %08lx  bfar %08lx  mmfar %08lx\r\n", (unsigned long)cfsr,
        (unsigned long)hfsr, (unsigned long)mmio_read(SCB_BFAR),
        (unsigned long)mmio_read(SCB_MMFAR));
  print("    hint: %s\r\n", hint);
  port_exit(FAULT_EXIT_STATUS);
}

/* Reports on the frame of the interrupted stack. */
#define REPORTING_HANDLER(name)                                                                    \
  __attribute__((naked)) void name(void) {                                                         \
    __asm volatile("tst lr, #4\n\t"                                                                \
                   "ite eq\n\t"                                                                    \
                   "mrseq r0, msp\n\t"                                                             \
                   "mrsne r0, psp\n\t"                                                             \
                   "ldr r1, =report_stack + %c0\n\t"                                               \
                   "mov sp, r1\n\t"                                                                \
                   "b report\n\t"                                                                  \
                   ".ltorg" ::"i"(sizeof report_stack));                                           \
  }

/* The watchdog of a board that warns by the NMI has another. */
__attribute__((weak)) void nmi_handler(void);
REPORTING_HANDLER(nmi_handler)
REPORTING_HANDLER(mem_manage_handler)
REPORTING_HANDLER(bus_fault_handler)
REPORTING_HANDLER(usage_fault_handler)
REPORTING_HANDLER(sv_call_handler)
REPORTING_HANDLER(debug_monitor_handler)
REPORTING_HANDLER(pend_sv_handler)
REPORTING_HANDLER(unexpected_interrupt_handler)
REPORTING_HANDLER(fault_report_handler)

volatile uint32_t fault_probing;

/* While something is probed, the two bytes of the instruction that has faulted are stepped over,
 * with -1 in r0 and the fault's status cleared. */
__attribute__((naked)) void hard_fault_handler(void) {
  __asm volatile("ldr r0, =fault_probing\n\t"
                 "ldr r0, [r0]\n\t"
                 "cbz r0, 1f\n\t"
                 "ldr r1, [sp, #24]\n\t" /* pc */
                 "adds r1, #2\n\t"
                 "str r1, [sp, #24]\n\t"
                 "mov r0, #-1\n\t"
                 "str r0, [sp, #0]\n\t"
                 "ldr r1, =0xe000ed28\n\t" /* CFSR and HFSR: written ones clear */
                 "str r0, [r1]\n\t"
                 "str r0, [r1, #4]\n\t"
                 "bx lr\n"
                 "1:\n\t"
                 "b fault_report_handler\n\t"
                 ".ltorg");
}

bool fault_free_read(uint32_t address, uint32_t *value) {
  register uint32_t r0 __asm("r0") = address;

  fault_probing = 1;
  __asm volatile("ldr.n r0, [r0]\n\tdsb" : "+r"(r0)::"memory");
  fault_probing = 0;
  *value = r0;
  return r0 != UINT32_MAX;
}
