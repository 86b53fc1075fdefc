/* Fragments: each holds its part of the packet, which stays unchanged. */
#include "unit.h"

#include "lwip/init.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip_hooks.h"

enum { MTU = 1280, DATA_BYTES = 3000, PARTS_MAX = 12, FRAGMENTS_MAX = 4 };

static mem_size_t heap_at_rest; /* bytes: TCP's room for an acknowledgement */
static struct netif netif;
static uint8_t seen[DATA_BYTES]; /* the data, reassembled */
static unsigned bytes_seen, fragments;
static struct pbuf *held[FRAGMENTS_MAX]; /* as a ring does */

/* Takes a fragment whose data begins at `header` bytes and belongs at `offset` in the packet. */
static void take(struct pbuf *fragment, uint16_t header, unsigned offset) {
  uint16_t length = (uint16_t)(fragment->tot_len - header);

  assert_true(fragment->tot_len <= MTU);
  assert_true(offset + length <= DATA_BYTES);
  assert_int_equal(pbuf_copy_partial(fragment, seen + offset, length, header), length);
  bytes_seen += length;
  assert_true(fragments < FRAGMENTS_MAX);
  pbuf_ref(fragment);
  held[fragments++] = fragment;
}

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *destination) {
  struct ip_hdr header;

  (void)from;
  (void)destination;
  assert_int_equal(pbuf_copy_partial(packet, &header, IP_HLEN, 0), IP_HLEN);
  take(packet, IP_HLEN, (lwip_ntohs(header._offset) & IP_OFFMASK) * 8u);
  return ERR_OK;
}

static err_t output_ip6(struct netif *from, struct pbuf *packet, const ip6_addr_t *destination) {
  struct ip6_frag_hdr header;

  (void)from;
  (void)destination;
  assert_int_equal(pbuf_copy_partial(packet, &header, IP6_FRAG_HLEN, IP6_HLEN), IP6_FRAG_HLEN);
  take(packet, IP6_HLEN + IP6_FRAG_HLEN,
       lwip_ntohs(header._fragment_offset) & IP6_FRAG_OFFSET_MASK);
  return ERR_OK;
}

static err_t cut(struct pbuf *packet, bool ip6) {
  ip4_addr_t neighbor;
  ip6_addr_t all;

  ip4_addr_set_loopback(&neighbor);
  ip6_addr_set_allnodes_linklocal(&all);
  return ip6 ? ringif_ip6_frag(packet, &netif, &all) : ringif_ip4_frag(packet, &netif, &neighbor);
}

/* Cuts a packet of that many pbufs, with `bytes` of data, up twice. */
static void check(bool ip6, unsigned count, unsigned bytes) {
  uint8_t data[IP6_HLEN + DATA_BYTES] = {ip6 ? 0x60 : 0x45};
  uint16_t header = ip6 ? IP6_HLEN : IP_HLEN, length = (uint16_t)(header + bytes),
           lengths[PARTS_MAX];
  struct pbuf *parts[PARTS_MAX];

  for (unsigned i = header; i < length; i++)
    data[i] = (uint8_t)(i * 7 + i / 256);
  for (unsigned i = 0, at = 0; i < count; i++, at += lengths[i - 1]) {
    lengths[i] = (uint16_t)(i + 1 == count ? length - at : length / count);
    parts[i] = pbuf_alloc(PBUF_RAW, lengths[i], PBUF_RAM);
    assert_non_null(parts[i]);
    if (i != 0)
      pbuf_cat(parts[0], parts[i]);
  }
  assert_int_equal(pbuf_take(parts[0], data, length), ERR_OK);
  for (unsigned round = 0; round < 2; round++) {
    memset(seen, 0, sizeof seen);
    fragments = bytes_seen = 0;
    assert_int_equal(cut(parts[0], ip6), ERR_OK);
    assert_int_equal(bytes_seen, bytes);
    assert_memory_equal(seen, data + header, bytes);
    for (unsigned i = 0; i < count; i++)
      assert_int_equal(parts[i]->len, lengths[i]);
    assert_int_equal(parts[0]->tot_len, length);
    assert_int_equal(pbuf_memcmp(parts[0], 0, data, length), 0);
    while (fragments != 0)
      pbuf_free(held[--fragments]);
  }
  assert_int_equal(parts[0]->ref, 1);
  pbuf_free(parts[0]);
  assert_int_equal(lwip_stats.mem.used, heap_at_rest);
}

static void a_packet_can_be_sent_again(void **state) {
  (void)state;
  for (unsigned ip6 = 0; ip6 < 2; ip6++) {
    check(ip6 != 0, 1, DATA_BYTES);
    check(ip6 != 0, 2, DATA_BYTES);
  }
}

/* Such as a segment written in small pieces that meets a smaller MTU. */
static void one_in_many_parts_is_cut_up_too(void **state) {
  (void)state;
  for (unsigned ip6 = 0; ip6 < 2; ip6++)
    check(ip6 != 0, PARTS_MAX, 1440);
}

/* The device would find no datagram to make it for: of a datagram of zeros from nobody to nobody,
 * it is that of the protocol and the length. */
static void the_devices_checksum_is_made_before(void **state) {
  (void)state;
  NETIF_SET_CHECKSUM_CTRL(&netif, (u16_t)~NETIF_CHECKSUM_GEN_UDP);
  for (unsigned ip6 = 0; ip6 < 2; ip6++) {
    struct pbuf *packet =
        pbuf_alloc(PBUF_RAW, (u16_t)((ip6 != 0 ? IP6_HLEN : IP_HLEN) + DATA_BYTES), PBUF_RAM);
    uint8_t *header;

    assert_non_null(packet);
    header = packet->payload;
    memset(header, 0, packet->len);
    header[0] = ip6 != 0 ? 0x60 : 0x45;
    header[ip6 != 0 ? 6 : 9] = IP_PROTO_UDP;
    fragments = bytes_seen = 0;
    assert_int_equal(cut(packet, ip6 != 0), ERR_OK);
    assert_int_equal(bytes_seen, DATA_BYTES);
    assert_int_equal(seen[6] << 8 | seen[7], 0xffff - IP_PROTO_UDP - DATA_BYTES);
    while (fragments != 0)
      pbuf_free(held[--fragments]);
    pbuf_free(packet);
  }
  NETIF_SET_CHECKSUM_CTRL(&netif, NETIF_CHECKSUM_ENABLE_ALL);
}

/* Such an MTU may have been set on a netif. */
static void without_room_for_data_nothing_is_cut(void **state) {
  (void)state;
  for (uint16_t mtu = 1; mtu < IP6_HLEN + IP6_FRAG_HLEN + 8; mtu++) {
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP6_HLEN + 100, PBUF_RAM);

    assert_non_null(packet);
    memset(packet->payload, 0, packet->len);
    netif.mtu6 = mtu;
    fragments = 0;
    assert_int_equal(cut(packet, true), ERR_VAL);
    assert_int_equal(fragments, 0);
    pbuf_free(packet);
  }
  netif.mtu6 = MTU;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_packet_can_be_sent_again),
      cmocka_unit_test(one_in_many_parts_is_cut_up_too),
      cmocka_unit_test(the_devices_checksum_is_made_before),
      cmocka_unit_test(without_room_for_data_nothing_is_cut),
  };

  lwip_init();
  heap_at_rest = lwip_stats.mem.used;
  netif.mtu = netif.mtu6 = MTU;
  netif.output = output;
  netif.output_ip6 = output_ip6;
  return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
