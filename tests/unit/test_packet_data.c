/* A product's own data in a pbuf (LWIP_PBUF_CUSTOM_DATA) is new in each packet, as in lwIP's own.
 * This program has the pool with that option. */
#include "unit.h"

#include "lwip/opt.h"
#undef LWIP_PBUF_CUSTOM_DATA_INIT
#define LWIP_PBUF_CUSTOM_DATA_INIT(pbuf) data_initialized(pbuf)
static const void *initialized;
static void data_initialized(const void *pbuf) { initialized = pbuf; }

#include "packet_pool.c"

static void data_is_new_each_time(void **state) {
  static const struct packet_pool_options options = {
      .packets = 1, .buffer_size = 128, .alignment = 32, .held_max = 1};
  static _Alignas(32) uint8_t memory[PACKET_POOL_BYTES(1, 128, 0, 32)];
  static struct packet_pool pool;
  struct pbuf *packet;

  (void)state;
  assert_int_equal(packet_pool_init(&pool, &options, memory, sizeof memory), 0);
  packet = packet_pool_get(&pool);
  assert_ptr_equal(initialized, packet);
  initialized = NULL;
  packet_pool_hand_over(&pool, packet);
  pbuf_free(packet);
  assert_ptr_equal(initialized, packet);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(data_is_new_each_time)};

  return cmocka_run_group_tests_name("packet_data", tests, NULL, NULL);
}
