/* IPv6 fragments: each has its part of the packet, which stays as it was. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/ip6_frag.h"
#include "lwip/prot/ip6.h"
#include "lwip_hooks.h"

enum { MTU = 1280, DATA_BYTES = 3000, PARTS = 3 };

static struct netif netif;
static uint8_t seen[DATA_BYTES]; /* the data, put together again */
static unsigned fragments, bytes_seen;

static err_t output(struct netif *from, struct pbuf *packet, const ip6_addr_t *destination) {
  struct ip6_frag_hdr header;
  uint16_t offset, length = (uint16_t)(packet->tot_len - IP6_HLEN - IP6_FRAG_HLEN);

  (void)from;
  (void)destination;
  assert_true(packet->tot_len <= MTU);
  assert_int_equal(pbuf_copy_partial(packet, &header, IP6_FRAG_HLEN, IP6_HLEN), IP6_FRAG_HLEN);
  offset = lwip_ntohs(header._fragment_offset) & IP6_FRAG_OFFSET_MASK;
  assert_true(offset + length <= DATA_BYTES);
  assert_int_equal(pbuf_copy_partial(packet, seen + offset, length, IP6_HLEN + IP6_FRAG_HLEN),
                   length);
  bytes_seen += length;
  fragments++;
  return ERR_OK;
}

static void a_packet_can_be_sent_again(void **state) {
  static const uint16_t lengths[PARTS] = {IP6_HLEN + 100, 900, 2000};
  struct pbuf *parts[PARTS];
  uint8_t data[IP6_HLEN + DATA_BYTES] = {0x60};
  ip6_addr_t destination;

  (void)state;
  netif.mtu = netif.mtu6 = MTU;
  netif.output_ip6 = output;
  ip6_addr_set_allnodes_linklocal(&destination);
  for (unsigned i = IP6_HLEN; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 7 + i / 256);
  for (unsigned i = 0; i < PARTS; i++) {
    parts[i] = pbuf_alloc(PBUF_RAW, lengths[i], PBUF_RAM);
    assert_non_null(parts[i]);
    if (i != 0)
      pbuf_cat(parts[0], parts[i]);
  }
  assert_int_equal(pbuf_take(parts[0], data, sizeof data), ERR_OK);
  for (unsigned round = 0; round < 2; round++) {
    memset(seen, 0, sizeof seen);
    fragments = bytes_seen = 0;
    assert_int_equal(ringif_ip6_frag(parts[0], &netif, &destination), ERR_OK);
    assert_int_equal(fragments, 3);
    assert_int_equal(bytes_seen, DATA_BYTES);
    assert_memory_equal(seen, data + IP6_HLEN, DATA_BYTES);
    for (unsigned i = 0; i < PARTS; i++)
      assert_int_equal(parts[i]->len, lengths[i]);
    assert_int_equal(parts[0]->tot_len, sizeof data);
    assert_int_equal(pbuf_memcmp(parts[0], 0, data, sizeof data), 0);
  }
  pbuf_free(parts[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_packet_can_be_sent_again),
  };

  lwip_init();
  return cmocka_run_group_tests_name("ip6_fragment", tests, NULL, NULL);
}
