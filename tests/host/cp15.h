/* The generic timer's registers (ARM DDI 0406C, chapter B8), which a test models. */
#ifndef CP15_H
#define CP15_H

#include <stdint.h>

uint32_t cp15_read_cntfrq(void);
uint64_t cp15_read_cntpct(void);
void cp15_write_cntp_cval(uint64_t value);
void cp15_write_cntp_ctl(uint32_t value);
uint64_t cp15_read_cntvct(void);
void cp15_write_cntv_cval(uint64_t value);
void cp15_write_cntv_ctl(uint32_t value);
static inline void cp15_isb(void) {}

#endif
