/* The Internet checksum, without the assembly: its cases, and that it reads only the data. */
#include "unit.h"

#include <stdlib.h>

#include "checksum_cases.h"
#include "internet_checksum.h"
#include "lwip/inet_chksum.h"
#include "lwip/pbuf.h"

static void test_every_length_and_start(void **state) {
  struct checksum_case wrong;
  (void)state;

  for (unsigned i = 0; i < CHECKSUM_VARIANTS; i++)
    if (checksum_cases(checksum_variants[i].checksum, &wrong) != CHECKSUM_CASES)
      fail_msg("%s: %s, %zu bytes from %u: 0x%04x, not 0x%04x", checksum_variants[i].name,
               wrong.pattern, wrong.length, wrong.offset, (unsigned)wrong.sum,
               (unsigned)wrong.right_sum);
}

static uint16_t blind_to_byte_1999(const void *data, size_t length) {
  return internet_checksum(data, length < 2000 ? length : 1999);
}

static void test_the_cases_find_what_is_wrong(void **state) {
  struct checksum_case wrong;
  (void)state;

  assert_int_equal(checksum_cases(blind_to_byte_1999, &wrong), 2000);
  assert_int_equal(wrong.length, 2000);
  assert_int_not_equal(wrong.sum, wrong.right_sum);
}

/* The sanitizer sees a read before or after the memory, to the byte. */
static void test_nothing_beside_the_data_is_read(void **state) {
  (void)state;
  for (size_t offset = 0; offset < 8; offset++)
    for (size_t length = 0; length < 200; length++) {
      uint8_t *memory = malloc(offset + length + (offset + length == 0));

      assert_non_null(memory);
      memset(memory, 0x80, offset + length);
      (void)internet_checksum(memory + offset, length);
      free(memory);
    }
}

/* Pieces of odd lengths at odd places. */
static void test_a_chain_has_the_sum_of_its_bytes(void **state) {
  static const uint8_t data[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                 0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  struct pbuf pieces[3] = {{.payload = (void *)(uintptr_t)&data[0], .len = 3},
                           {.payload = (void *)(uintptr_t)&data[3], .len = 8},
                           {.payload = (void *)(uintptr_t)&data[11], .len = 9}};
  (void)state;

  pieces[0].next = &pieces[1];
  pieces[1].next = &pieces[2];
  assert_int_equal(inet_chksum_pbuf(&pieces[0]), lwip_htons(0xb861));
  assert_int_equal(inet_chksum(data, sizeof data), lwip_htons(0xb861));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_length_and_start),
      cmocka_unit_test(test_the_cases_find_what_is_wrong),
      cmocka_unit_test(test_nothing_beside_the_data_is_read),
      cmocka_unit_test(test_a_chain_has_the_sum_of_its_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
