/* The handlers of faults and of unexpected exceptions: they report, and end the run.
 *
 * The report is written by polling, on a stack of its own, since the fault may come of a stack that
 * ran over: nothing is mapped below it. */
#include "fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "a32.h"
#include "cp15.h"
#include "port.h"
#include "semihosting.h"

enum exception { UNDEFINED, SUPERVISOR_CALL, PREFETCH_ABORT, DATA_ABORT, INTERRUPT };

static const char *const exception_names[] = {"undefined instruction", "supervisor call",
                                              "prefetch abort", "data abort",
                                              "unexpected interrupt"};

/* What the handlers below push: lr is where the exception was taken and a bit, by its kind. */
struct exception_frame {
  uint32_t spsr, sp, user_lr;
  uint32_t r[13];
  uint32_t lr;
};

enum {
  STATUS_WRITE = 1 << 11,
  SPSR_THUMB = 1 << 5,
  MODE = 0x1f, /* in a saved CPSR */
  MODE_IRQ = 0x12,
  STACK_GUARD_BYTES = 1 << 20, /* the section below the stack: mmu.h */
  SAVED_BYTES_MAX = 64,        /* r0 to r15 */
};

/* Values of the fault status, bits 10 and 3 to 0 (ARM DDI 0406C, B3.13.3), with the first thing to
 * look at. */
static const struct {
  uint8_t status;
  const char *hint;
} causes[] = {
    {0x01, "unaligned access to device memory, or by an instruction that cannot"},
    {0x02, "a breakpoint or watchpoint, and no debugger"},
    {0x05, "no memory and no device is mapped there: a wild pointer?"},
    {0x07, "no memory and no device is mapped there: a wild pointer?"},
    {0x08, "bus error: no memory and no device answers there"},
    {0x09, "the memory map's domain forbids it"},
    {0x0c, "bus error while the memory map was read"},
    {0x0d, "the memory map forbids it: code in device memory?"},
    {0x16, "bus error of a buffered store before PC"},
    {0x19, "parity error of a memory"},
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

/* The stack pointer has left the stack, or is about to with the registers that a function saves. */
static bool is_beyond(uint32_t sp, const uint8_t *bottom) {
  return sp < (uint32_t)(uintptr_t)bottom + SAVED_BYTES_MAX &&
         sp >= (uint32_t)(uintptr_t)bottom - STACK_GUARD_BYTES;
}

static bool was_interrupt(const struct exception_frame *frame) {
  return (frame->spsr & MODE) == MODE_IRQ;
}

static uint32_t interrupts_sp(void) {
  uint32_t cpsr, sp;

  __asm volatile("mrs %0, cpsr\n\tcps #0x12\n\tmov %1, sp\n\tmsr cpsr_c, %0"
                 : "=&r"(cpsr), "=&r"(sp));
  return sp;
}

static bool is_stack_overflow(const struct exception_frame *frame) {
  extern uint8_t ram_start[], irq_stack_start[];

  return was_interrupt(frame) ? is_beyond(interrupts_sp(), irq_stack_start)
                              : is_beyond(frame->sp, ram_start);
}

static const char *hint_of(enum exception exception, uint32_t status,
                           const struct exception_frame *frame) {
  uint32_t number = (status >> 10 & 1) << 4 | (status & 0xf);

  if (exception == UNDEFINED)
    return "undefined instruction: jump into data?";
  if (exception != PREFETCH_ABORT && exception != DATA_ABORT)
    return "look at PC and LR in the map file";
  if (exception == DATA_ABORT && is_stack_overflow(frame))
    return "stack overflow: the stack pointer has left the stack";
  if (exception == PREFETCH_ABORT && number != 0x02)
    return "instruction fetch failed: jump through a wild or null pointer?";
  for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
    if (number == causes[i].status)
      return causes[i].hint;
  }
  return "look at PC and LR in the map file";
}

/* Where it was taken: the instruction set's and the exception's offset (B1.8.3, table B1-7). */
static uint32_t pc_of(const struct exception_frame *frame, enum exception exception) {
  if (exception == DATA_ABORT)
    return frame->lr - 8;
  if (exception == UNDEFINED || exception == SUPERVISOR_CALL)
    return frame->lr - ((frame->spsr & SPSR_THUMB) != 0 ? 2 : 4);
  return frame->lr - 4;
}

_Noreturn static void report_end(void) {
  port_console_flush();
  port_exit(FAULT_EXIT_STATUS);
}

/* A fault of the report itself ends the run in silence. */
static void report_begin(void) {
  static volatile bool reporting;

  if (reporting) {
    semihosting_exit(FAULT_EXIT_STATUS);
    for (;;)
      __asm volatile("wfi");
  }
  reporting = true;
}

/* Called by the assembly below, on the fault stack. */
__attribute__((used, noreturn)) static void report(const struct exception_frame *frame,
                                                   enum exception exception) {
  bool prefetch = exception == PREFETCH_ABORT;
  uint32_t status = prefetch ? cp15_read_ifsr() : cp15_read_dfsr();
  uint32_t address = prefetch ? cp15_read_ifar() : cp15_read_dfar();

  report_begin();
  print("\r\n*** fault: exception %d (%s)\r\n", (int)exception, exception_names[exception]);
  print("    pc   %08lx  lr   %08lx  spsr %08lx  sp   %08lx\r\n",
        (unsigned long)pc_of(frame, exception), (unsigned long)frame->user_lr,
        (unsigned long)frame->spsr, (unsigned long)frame->sp);
  if (was_interrupt(frame))
    print("    in an interrupt, whose sp is %08lx; sp and lr are the main loop's\r\n",
          (unsigned long)interrupts_sp());
  for (unsigned i = 0; i < 12; i += 4)
    print("    r%-2u  %08lx  r%-2u  %08lx  r%-2u  %08lx  r%-2u  %08lx\r\n", i,
          (unsigned long)frame->r[i], i + 1, (unsigned long)frame->r[i + 1], i + 2,
          (unsigned long)frame->r[i + 2], i + 3, (unsigned long)frame->r[i + 3]);
  if (prefetch)
    print("    ifsr %08lx  ifar %08lx\r\n", (unsigned long)status, (unsigned long)address);
  else
    print("    dfsr %08lx  dfar %08lx%s\r\n", (unsigned long)status, (unsigned long)address,
          exception != DATA_ABORT        ? ""
          : (status & STATUS_WRITE) != 0 ? "  (a store)"
                                         : "  (a load)");
  print("    hint: %s\r\n", hint_of(exception, status, frame));
  report_end();
}

void fault_unexpected_interrupt(uint32_t line) {
  report_begin();
  print("\r\n*** fault: exception %d (%s)\r\n    line %lu\r\n", INTERRUPT,
        exception_names[INTERRUPT], (unsigned long)line);
  print("    hint: a line that was enabled and has no handler in the board's list\r\n");
  report_end();
}

/* Saves the registers, those of the interrupted code (System mode's, or IRQ mode's while its
 * registers are banked away: then they are the main loop's) included, and reports. */
#define REPORTING_HANDLER(name, number)                                                            \
  A32_ENTRY void name(void) {                                                                      \
    __asm volatile("ldr sp, =fault_stack_top\n\t"                                                  \
                   "push {r0-r12, lr}\n\t"                                                         \
                   "mrs r0, spsr\n\t"                                                              \
                   "sub sp, sp, #12\n\t"                                                           \
                   "str r0, [sp]\n\t"                                                              \
                   "add r0, sp, #4\n\t"                                                            \
                   "stm r0, {sp, lr}^\n\t"                                                         \
                   "mov r0, sp\n\t"                                                                \
                   "mov r1, %0\n\t"                                                                \
                   "bic sp, sp, #7\n\t"                                                            \
                   "b report\n\t"                                                                  \
                   ".ltorg" ::"i"(number));                                                        \
  }

REPORTING_HANDLER(undefined_handler, UNDEFINED)
REPORTING_HANDLER(prefetch_abort_handler, PREFETCH_ABORT)
REPORTING_HANDLER(unexpected_abort_handler, DATA_ABORT)
REPORTING_HANDLER(unexpected_call_handler, SUPERVISOR_CALL)

/* An asynchronous abort waits while it is masked: one of a boot loader, or of the boot ROM, comes
 * when it is unmasked for the first time, and is none of ours. */
static volatile uint32_t taking_over __attribute__((used));

/* Returns from the first abort, to where it was taken (table B1-7). */
A32_ENTRY void data_abort_handler(void) {
  __asm volatile("push {r0, r1}\n\t"
                 "ldr r1, =taking_over\n\t"
                 "ldr r0, [r1]\n\t"
                 "cmp r0, #0\n\t"
                 "mov r0, #0\n\t"
                 "str r0, [r1]\n\t"
                 "pop {r0, r1}\n\t"
                 "beq unexpected_abort_handler\n\t"
                 "subs pc, lr, #8\n\t"
                 ".ltorg");
}

void fault_take_over(void) {
  taking_over = 1;
  __asm volatile("cpsie a\n\tisb" ::: "memory");
  taking_over = 0;
}

volatile uint32_t fault_probing;

/* A call to a host that does not listen comes here: while one is tried, it returns with -1. */
A32_ENTRY void supervisor_call_handler(void) {
  __asm volatile("push {r0}\n\t"
                 "ldr r0, =fault_probing\n\t"
                 "ldr r0, [r0]\n\t"
                 "cmp r0, #0\n\t"
                 "pop {r0}\n\t"
                 "beq unexpected_call_handler\n\t"
                 "mvn r0, #0\n\t"
                 "movs pc, lr\n\t"
                 ".ltorg");
}
