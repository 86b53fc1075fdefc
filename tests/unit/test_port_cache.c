/* Cache maintenance by line: a write-back cache on paper, and nothing is lost between it and
 * memory. */
#include "unit.h"

#include "cache_model.h"

enum {
  LINE_MAX = 64,
  LINES = 24,
  BYTES = LINES * LINE_MAX,
  MARGIN = 2 * LINE_MAX, /* on both sides of a range */
};

/* What a device sees, and what the processor sees if it has a copy of the line. */
static _Alignas(LINE_MAX) uint8_t memory[BYTES];
static uint8_t copies[BYTES];
static struct {
  bool present, dirty;
  unsigned operations; /* on this line since the test's last round */
} lines[BYTES / 4];
static unsigned line_size;
static bool in_order; /* the last operation is followed by a barrier */

uint32_t cp15_read_ctr(void) {
  return (uint32_t)__builtin_ctz(line_size / 4) << 16 | 0x80000003; /* 3: instructions' */
}

void cp15_dsb(void) { in_order = true; }

static unsigned line_of(uintptr_t address) {
  uintptr_t offset = address - (uintptr_t)memory;

  assert_true(offset < BYTES);
  return (unsigned)offset / line_size;
}

static void drop(unsigned line) { lines[line].present = lines[line].dirty = false; }

static void write_back(unsigned line) {
  if (lines[line].dirty)
    memcpy(memory + line * line_size, copies + line * line_size, line_size);
  lines[line].dirty = false;
}

static unsigned operate_on(uintptr_t address) {
  unsigned line = line_of(address);

  lines[line].operations++;
  in_order = false;
  return line;
}

void cp15_write_dccmvac(uintptr_t address) { write_back(operate_on(address)); }

void cp15_write_dcimvac(uintptr_t address) { drop(operate_on(address)); }

void cp15_write_dccimvac(uintptr_t address) {
  unsigned line = operate_on(address);

  write_back(line);
  drop(line);
}

/* ---- the processor ---- */

static uint8_t *copy_of(unsigned offset) {
  unsigned line = offset / line_size;

  if (!lines[line].present)
    memcpy(copies + line * line_size, memory + line * line_size, line_size);
  lines[line].present = true;
  return copies + offset;
}

static uint8_t cpu_read(unsigned offset) { return *copy_of(offset); }

static void cpu_write(unsigned offset, uint8_t value) {
  *copy_of(offset) = value;
  lines[offset / line_size].dirty = true;
}

/* ---- tests ---- */

static void forget_all(void) {
  memset(memory, 0, sizeof memory);
  memset(lines, 0, sizeof lines);
  in_order = false;
}

/* Each line of the range was worked on once, no other line was, and a barrier came last. */
static void check_lines(unsigned start, unsigned length) {
  unsigned end = start + length;

  assert_true(in_order);
  for (unsigned line = 0; line < BYTES / line_size; line++) {
    bool inside = length != 0 && (line + 1) * line_size > start && line * line_size < end;

    if (length != 0)
      assert_int_equal(lines[line].operations, inside);
    lines[line].operations = 0;
  }
}

/* What the processor has written in the range is in memory, and still in its cache. */
static void check_clean(unsigned start, unsigned length) {
  forget_all();
  for (unsigned i = 0; i < BYTES; i++)
    cpu_write(i, (uint8_t)(i % 251 + 1));
  cache_dma_clean(memory + start, length);
  for (unsigned i = start; i < start + length; i++)
    assert_int_equal(memory[i], (uint8_t)(i % 251 + 1));
  check_lines(start, length);
  for (unsigned i = 0; i < BYTES; i++)
    assert_int_equal(cpu_read(i), (uint8_t)(i % 251 + 1));
}

/* The processor has old copies of the range, and has written right next to it, when a device writes
 * there: it reads what the device wrote, and what it has written itself is not lost. */
static void check_invalidate(unsigned start, unsigned length) {
  unsigned end = start + length;

  forget_all();
  for (unsigned i = 0; i < BYTES; i++)
    (void)cpu_read(i);
  for (unsigned i = 0; i < BYTES; i++) {
    bool shared = i / line_size == start / line_size || i / line_size == end / line_size;

    if (!shared && (i < start || i >= end))
      cpu_write(i, (uint8_t)(i % 251 + 1));
  }
  for (unsigned i = start; i < end; i++)
    memory[i] = (uint8_t)(i % 241 + 2);
  cache_dma_invalidate(memory + start, length);
  check_lines(start, length);
  for (unsigned i = start; i < end; i++)
    assert_int_equal(cpu_read(i), (uint8_t)(i % 241 + 2));
  for (unsigned i = 0; i < BYTES; i++) {
    bool shared = i / line_size == start / line_size || i / line_size == end / line_size;

    if (!shared && (i < start || i >= end))
      assert_int_equal(cpu_read(i), (uint8_t)(i % 251 + 1));
  }
}

/* A line that the range shares with other data is not discarded with what was written to them. */
static void check_neighbours(unsigned start, unsigned length) {
  forget_all();
  for (unsigned i = 0; i < BYTES; i++)
    cpu_write(i, (uint8_t)(i % 251 + 1));
  cache_dma_invalidate(memory + start, length);
  for (unsigned i = 0; i < BYTES; i++)
    if (i < start || i >= start + length)
      assert_int_equal(cpu_read(i), (uint8_t)(i % 251 + 1));
}

static void each_range(void (*check)(unsigned start, unsigned length)) {
  for (line_size = 16; line_size <= LINE_MAX; line_size *= 2) {
    for (unsigned offset = 0; offset < line_size; offset += offset < 4 ? 1 : 5) {
      for (unsigned length = 0; length <= 18 * line_size; length += length < 80 ? 1 : 13)
        check(MARGIN + offset, length);
    }
  }
}

static void a_device_sees_what_was_written(void **state) {
  (void)state;
  each_range(check_clean);
}

static void the_processor_sees_what_a_device_wrote(void **state) {
  (void)state;
  each_range(check_invalidate);
}

static void what_lies_beside_is_kept(void **state) {
  (void)state;
  each_range(check_neighbours);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_device_sees_what_was_written),
      cmocka_unit_test(the_processor_sees_what_a_device_wrote),
      cmocka_unit_test(what_lies_beside_is_kept),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
