/* The timers within a Cortex-A9 MPCore: the global one is the clock, a core's private one fires
 * once (ARM DDI 0407I, chapter 4). */
#include "a9_timer.h"

#include "a9_ticks.h"
#include "board.h"
#include "port.h"

enum {
  GLOBAL_COUNTER_LOW = 0x200,
  GLOBAL_COUNTER_HIGH = 0x204,
  GLOBAL_CONTROL = 0x208,
  PRIVATE_LOAD = 0x600,
  PRIVATE_CONTROL = 0x608,
  PRIVATE_CONTROL_INTERRUPT = 1 << 2,
  PRIVATE_STATUS = 0x60c,
  CONTROL_ENABLE = 1 << 0,

  READ_TRIES_MAX = 4, /* the high half moves once in 18 minutes, or more */
};

static uint32_t reg_read(uintptr_t offset) { return mmio_read(BOARD_A9_PERIPHBASE + offset); }

static void reg_write(uintptr_t offset, uint32_t value) {
  mmio_write(BOARD_A9_PERIPHBASE + offset, value);
}

void a9_timer_start(void) {
  reg_write(GLOBAL_CONTROL, 0);
  reg_write(GLOBAL_COUNTER_LOW, 0);
  reg_write(GLOBAL_COUNTER_HIGH, 0);
  reg_write(GLOBAL_CONTROL, a9_prescaler() | CONTROL_ENABLE);
  reg_write(PRIVATE_CONTROL, a9_prescaler());
}

/* Microseconds. The halves are one reading when the high one is the same before and after (4.4.1).
 */
static void read_clock(uint32_t *high, uint32_t *low) {
  for (unsigned tries = 0; tries < READ_TRIES_MAX; tries++) {
    *high = reg_read(GLOBAL_COUNTER_HIGH);
    *low = reg_read(GLOBAL_COUNTER_LOW);
    if (reg_read(GLOBAL_COUNTER_HIGH) == *high)
      break;
  }
  a9_make_us(high, low);
}

uint64_t port_clock_us(void) {
  uint32_t high, low;

  read_clock(&high, &low);
  return (uint64_t)high << 32 | low;
}

/* 2^32 us are 4294967 ms and 296 us. So no 64-bit number is divided, which the core cannot do. */
uint32_t port_clock_ms(void) {
  uint32_t high, low;

  read_clock(&high, &low);
  return high * 4294967 + low / 1000 + (high * 296 + low % 1000) / 1000;
}

/* A load lasts one tick longer than its value (4.1.1): so rounding down does not make it early. */
void port_timer_arm(uint32_t delay_us) {
  reg_write(PRIVATE_CONTROL, a9_prescaler());
  reg_write(PRIVATE_LOAD, a9_ticks_of(delay_us > 0 ? delay_us : 1));
  reg_write(PRIVATE_CONTROL, a9_prescaler() | PRIVATE_CONTROL_INTERRUPT | CONTROL_ENABLE);
}

void port_timer_stop(void) { reg_write(PRIVATE_CONTROL, a9_prescaler()); }

void a9_timer_acknowledge(void) { reg_write(PRIVATE_STATUS, 1); }
