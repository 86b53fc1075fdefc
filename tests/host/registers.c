/* A page of registers that remember what was written, and in which order, and read as the test sets
 * them. */
#include "registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"

struct registers registers;

static uint32_t read_word(void *context, unsigned offset) {
  (void)context;
  return registers.read != NULL ? registers.read(offset) : registers.word[offset / 4];
}

static void note(unsigned offset, uint32_t value) {
  assert_true(registers.write_count < REGISTERS_WRITES_MAX);
  registers.writes[registers.write_count].offset = offset;
  registers.writes[registers.write_count++].value = value;
  if (registers.written != NULL)
    registers.written(offset, value);
}

static void write_word(void *context, unsigned offset, uint32_t value) {
  (void)context;
  registers.word[offset / 4] = value;
  note(offset, value);
}

static void write_half(void *context, unsigned offset, uint16_t value) {
  (void)context;
  note(offset, value);
}

void registers_attach(uintptr_t base) {
  const struct host_device device = {
      base, REGISTERS_BYTES, read_word, write_word, write_half, NULL,
  };

  memset(&registers, 0, sizeof registers);
  host_reset();
  host_attach(&device);
}

uint32_t registers_last(unsigned offset) {
  for (unsigned i = registers.write_count; i-- > 0;) {
    if (registers.writes[i].offset == offset)
      return registers.writes[i].value;
  }
  fail_msg("nothing was written to %#x", offset);
  return 0;
}

void registers_check(const uint32_t (*pairs)[2], unsigned count) {
  for (unsigned i = 0; i < count && i < registers.write_count; i++) {
    if (registers.writes[i].offset != pairs[i][0] || registers.writes[i].value != pairs[i][1])
      fail_msg("write %u is %#x to %#x, not %#x to %#x", i, registers.writes[i].value,
               registers.writes[i].offset, pairs[i][1], pairs[i][0]);
  }
  assert_int_equal(registers.write_count, count);
  registers.write_count = 0;
}
