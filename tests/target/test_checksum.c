/* A firmware that checks the Internet checksum on the board, and prints how long it takes. */
#include "board.h"
#include "checksum_cases.h"
#include "internet_checksum.h"
#include "log.h"
#include "port.h"

enum { ROUNDS = 1000 };

static _Alignas(8) uint8_t data[1536];

static uint16_t nothing(const void *from, size_t length) {
  (void)from;
  (void)length;
  return 0;
}

static uint32_t rounds_us(checksum_function *volatile checksum, const void *from, size_t length) {
  uint64_t start_us = port_clock_us();

  for (int i = 0; i < ROUNDS; i++)
    (void)checksum(from, length);
  return (uint32_t)(port_clock_us() - start_us);
}

/* Microseconds per thousand rounds are nanoseconds per round, and instructions per round if the
 * emulator's clock counts an instruction as a nanosecond. A function that does nothing takes
 * two. */
static void measure(size_t length, unsigned offset) {
  uint32_t call_ns = rounds_us(nothing, &data[offset], length);

  log_info("checksum", "%u bytes from %u: %u ns", (unsigned)length, offset,
           (unsigned)(rounds_us(internet_checksum, &data[offset], length) - call_ns));
}

static void check(const struct checksum_variant *variant) {
  struct checksum_case wrong;
  unsigned right = checksum_cases(variant->checksum, &wrong);

  if (right == CHECKSUM_CASES)
    log_info("checksum", "ok %u cases of %s", right, variant->name);
  else
    log_error("checksum", "%s: %s, %u bytes from %u: 0x%04x, not 0x%04x", variant->name,
              wrong.pattern, (unsigned)wrong.length, wrong.offset, (unsigned)wrong.sum,
              (unsigned)wrong.right_sum);
}

int main(void) {
  static const size_t lengths[] = {20, 64, 536, 1460, 1472};

  board_init();
  for (unsigned offset = 0; offset < 4; offset++)
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
      measure(lengths[i], offset);
  for (unsigned i = 0; i < CHECKSUM_VARIANTS; i++)
    check(&checksum_variants[i]);
  port_console_flush();
  for (;;)
    port_sleep();
}
