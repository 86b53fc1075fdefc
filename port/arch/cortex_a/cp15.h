/* Registers of ARMv7-A's system control coprocessor that are used here (ARM DDI 0406C, B3.17). */
#ifndef CP15_H
#define CP15_H

#include <stdint.h>

#define CP15_READ(name, op1, crn, crm, op2)                                                        \
  static inline uint32_t cp15_read_##name(void) {                                                  \
    uint32_t value;                                                                                \
    __asm volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : "=r"(value)::"memory");    \
    return value;                                                                                  \
  }

#define CP15_WRITE(name, op1, crn, crm, op2)                                                       \
  static inline void cp15_write_##name(uint32_t value) {                                           \
    __asm volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 ::"r"(value) : "memory");    \
  }

/* Registers of 64 bits. A counter may be read early (ARM DDI 0406C, B8.1.2): the barrier keeps the
 * read behind what came before. */
#define CP15_READ64(name, op1, crm)                                                                \
  static inline uint64_t cp15_read_##name(void) {                                                  \
    uint64_t value;                                                                                \
    __asm volatile("isb\n\tmrrc p15, " #op1 ", %Q0, %R0, " #crm : "=r"(value)::"memory");          \
    return value;                                                                                  \
  }

#define CP15_WRITE64(name, op1, crm)                                                               \
  static inline void cp15_write_##name(uint64_t value) {                                           \
    __asm volatile("mcrr p15, " #op1 ", %Q0, %R0, " #crm ::"r"(value) : "memory");                 \
  }

CP15_READ(ctr, 0, c0, c0, 1)    /* cache type */
CP15_READ(clidr, 1, c0, c0, 1)  /* cache levels */
CP15_READ(ccsidr, 1, c0, c0, 0) /* size of the selected cache */
CP15_WRITE(csselr, 2, c0, c0, 0)
CP15_READ(sctlr, 0, c1, c0, 0) /* system control */
CP15_WRITE(sctlr, 0, c1, c0, 0)
CP15_READ(actlr, 0, c1, c0, 1) /* auxiliary control */
CP15_WRITE(actlr, 0, c1, c0, 1)
CP15_WRITE(cpacr, 0, c1, c0, 2) /* access to coprocessors */
CP15_WRITE(ttbr0, 0, c2, c0, 0) /* translation table base */
CP15_WRITE(ttbcr, 0, c2, c0, 2)
CP15_WRITE(dacr, 0, c3, c0, 0) /* domain access */
CP15_READ(dfsr, 0, c5, c0, 0)  /* data fault status, instruction fault status, their addresses */
CP15_READ(ifsr, 0, c5, c0, 1)
CP15_READ(dfar, 0, c6, c0, 0)
CP15_READ(ifar, 0, c6, c0, 2)
CP15_WRITE(iciallu, 0, c7, c5, 0)   /* instruction caches: invalidate all */
CP15_WRITE(bpiall, 0, c7, c5, 6)    /* branch predictors: invalidate all */
CP15_WRITE(dcimvac, 0, c7, c6, 1)   /* data line by address: invalidate */
CP15_WRITE(dcisw, 0, c7, c6, 2)     /* data line by set and way: invalidate */
CP15_WRITE(dccmvac, 0, c7, c10, 1)  /* data line by address: clean */
CP15_WRITE(dccimvac, 0, c7, c14, 1) /* data line by address: clean and invalidate */
CP15_WRITE(tlbiall, 0, c8, c7, 0)   /* translations: invalidate all */
CP15_READ(pmcr, 0, c9, c12, 0)      /* performance monitors: control, enable, cycle counter */
CP15_WRITE(pmcr, 0, c9, c12, 0)
CP15_WRITE(pmcntenset, 0, c9, c12, 1)
CP15_READ(pmccntr, 0, c9, c13, 0)
CP15_WRITE(vbar, 0, c12, c0, 0)  /* vector base */
CP15_READ(cntfrq, 0, c14, c0, 0) /* generic timer: its frequency */
CP15_READ64(cntpct, 0, c14)      /* its physical counter, and timer */
CP15_WRITE64(cntp_cval, 2, c14)
CP15_WRITE(cntp_ctl, 0, c14, c2, 1)
CP15_READ64(cntvct, 1, c14) /* its virtual counter, and timer */
CP15_WRITE64(cntv_cval, 3, c14)
CP15_WRITE(cntv_ctl, 0, c14, c3, 1)

enum {
  SCTLR_MMU = 1 << 0,
  SCTLR_ALIGNMENT_CHECK = 1 << 1,
  SCTLR_DATA_CACHE = 1 << 2,
  SCTLR_BRANCH_PREDICTION = 1 << 11,
  SCTLR_INSTRUCTION_CACHE = 1 << 12,
  SCTLR_HIGH_VECTORS = 1 << 13,
  SCTLR_TEX_REMAP = 1 << 28,
  SCTLR_ACCESS_FLAG = 1 << 29,
  SCTLR_THUMB_EXCEPTIONS = 1 << 30,
  ACTLR_SMP = 1 << 6,     /* A7: must be set before a cache is turned on (ARM DDI 0464F, 4.3.31) */
  CPACR_NEON = 0xf << 20, /* coprocessors 10 and 11, in all modes */
  PMCR_ENABLE = 1 << 0,
};
#define PMCNTEN_CYCLES (UINT32_C(1) << 31)

/* FPEXC.EN (ARM DDI 0406C, B4.1). */
static inline void neon_enable(void) {
  __asm volatile(".fpu neon\n\tvmsr fpexc, %0" ::"r"(UINT32_C(1) << 30));
}

static inline void cp15_isb(void) { __asm volatile("isb" ::: "memory"); }
static inline void cp15_dsb(void) { __asm volatile("dsb" ::: "memory"); }

#endif
