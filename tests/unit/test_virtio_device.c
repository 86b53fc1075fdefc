/* What the virtio network driver agrees on with its device, against a fake of it: versions,
 * features, filters and checksums. */
#include <errno.h>

#include "datapath.h"
#include "log.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "unit.h"
#include "virtio_rig.h"

static struct virtio_rig *const rig = &virtio_rig;
static struct fake_virtio_net *const fake = &virtio_rig.fake;
static struct nic *const nic = &virtio_rig.virtio.nic;

static void start_and_enable(void) {
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
}

/* True if the log has `text` in a line since it was last looked at. */
static bool logged(const char *text) { return strstr(host_console(), text) != NULL; }

/* ---- start ---- */

static void a_legacy_device_is_refused_with_the_option_to_give(void **state) {
  (void)state;
  fake->version = 1;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_true(logged("legacy device at 0xa003e00, not supported: "
                     "qemu -global virtio-mmio.force-legacy=false"));
  assert_int_equal(nic->state, NIC_INIT);
  assert_int_equal(fake->resets, 0); /* it was not touched */
}

static void what_is_no_network_device_is_no_device(void **state) {
  (void)state;
  fake->device_id = 0; /* an empty slot */
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_true(logged("no such device at 0xa003e00: qemu -device virtio-net-device"));
  fake->device_id = 2;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake->device_id = 1;
  fake->version = 3;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake->version = 2;
  fake->magic = UINT32_MAX;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_int_equal(fake->resets, 0);
  fake->magic = 0x74726976;
  start_and_enable();
}

static void a_device_that_does_not_agree_is_no_device(void **state) {
  (void)state;
  fake->offered[1] = 0; /* not even version 1 */
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_true(logged("no agreement on features"));
  assert_int_equal(fake->status, 0x80); /* it is told */
  fake->offered[1] = 1;
  fake->refuses_features = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  fake->refuses_features = false;
  fake->never_resets = true;
  assert_int_equal(nic_start(nic), -ENODEV);
  assert_true(logged("does not reset"));
  fake->never_resets = false;
  fake->queue_max = 128; /* too short for what is sent */
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), -ENODEV);
  assert_true(logged("queue 1 of the device at 0xa003e00 has no room for 256 descriptors"));
  assert_int_equal(nic->state, NIC_STARTED);
  fake->queue_max = 256;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  virtio_rig_check();
}

static void a_device_that_has_changed_is_not_enabled(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_CSUM; /* which lwIP counts on */
  assert_int_equal(nic_set_interface_enable(nic, true), -ENODEV);
  assert_int_equal(fake->status, 0);
  fake->offered[0] |= FAKE_VIRTIO_CSUM;
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
}

static void starts_quiet_and_takes_the_features_it_knows(void **state) {
  (void)state;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(fake->status, 0);
  assert_false(host_irq_enabled(FAKE_VIRTIO_IRQ));
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_int_equal(fake->status, 15);
  assert_int_equal(fake->accepted[0], FAKE_VIRTIO_ALL & ~FAKE_VIRTIO_MRG_RXBUF);
  assert_int_equal(fake->accepted[1], 1);
  assert_int_equal(nic->offloads, NIC_OFFLOAD_TX_TCP_UDP | NIC_OFFLOAD_RX_TCP_UDP);
  virtio_rig_check();
}

/* ---- address, filter ---- */

static void the_address_is_the_hosts_until_another_is_set(void **state) {
  static const uint8_t hosts[] = {2, 0, 0, 0xaa, 0xbb, 0xcc}, other[] = {2, 0, 0, 0, 0, 9};

  (void)state;
  start_and_enable();
  assert_memory_equal(nic->mac, hosts, 6);
  assert_int_equal(fake->commands, 3); /* none sets it */
  assert_int_equal(nic_set_interface_enable(nic, false), 0);
  assert_int_equal(nic_set_mac(nic, other), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_memory_equal(fake->mac, other, 6);
  assert_memory_equal(nic->mac, other, 6);
}

static void an_address_that_was_set_before_the_start_stays(void **state) {
  static const uint8_t other[] = {2, 0, 0, 0, 0, 9};

  (void)state;
  assert_int_equal(nic_set_mac(nic, other), 0);
  start_and_enable();
  assert_memory_equal(fake->mac, other, 6);
  assert_memory_equal(nic->mac, other, 6);
}

static void a_device_without_an_address_gets_the_boards(void **state) {
  static const uint8_t boards[] = {2, 0, 0, 0x12, 0x34, 0x56};

  (void)state;
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_MAC;
  start_and_enable();
  assert_memory_equal(nic->mac, boards, 6);
  assert_memory_equal(fake->mac, boards, 6);
}

static void the_device_filters_as_it_is_told(void **state) {
  static const uint8_t group[] = {1, 0, 0x5e, 0, 0, 1};
  static const uint8_t table[] = {0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1};
  uint8_t many[] = {1, 0, 0x5e, 1, 0, 0};

  (void)state;
  start_and_enable();
  assert_int_equal(fake->promiscuous | fake->all_multicast, 0);
  assert_int_equal(nic_join_group(nic, group), 0);
  assert_memory_equal(fake->table, table, sizeof table);
  assert_int_equal(nic_set_promiscuous(nic, true), 0);
  assert_int_equal(fake->promiscuous, 1);
  assert_int_equal(nic_set_promiscuous(nic, false), 0);
  assert_int_equal(fake->promiscuous, 0);
  for (many[5] = 0; many[5] < NIC_GROUPS_MAX; many[5]++)
    assert_int_equal(nic_join_group(nic, many), 0);
  assert_int_equal(fake->all_multicast, 1); /* one is over the list */
  assert_int_equal(fake->table[4], NIC_GROUPS_MAX);
  assert_int_equal(nic_leave_group(nic, group), 0);
  virtio_rig_check();
}

static void a_filter_that_is_not_there_or_not_taken_stops_nothing(void **state) {
  (void)state;
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_CTRL_VQ; /* the others are of no use without */
  start_and_enable();
  assert_int_equal(fake->commands, 0);
  assert_int_equal(fake->accepted[0] & (FAKE_VIRTIO_CTRL_RX | FAKE_VIRTIO_CTRL_MAC_ADDR), 0);
  assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(nic_stop(nic), 0);

  fake->offered[0] |= FAKE_VIRTIO_CTRL_VQ;
  fake->refuses_commands = true;
  (void)host_console();
  start_and_enable();
  assert_true(logged("does not take its filter"));
  assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(rig->received, 2);
  virtio_rig_check();
}

static void a_control_queue_that_does_not_answer_hangs_nothing(void **state) {
  (void)state;
  fake->hold_control = true;
  start_and_enable();
  assert_true(logged("control queue does not answer"));
  nic_set_all_multicast(nic, true);
  assert_int_equal(fake->asked, 1); /* whose memory the device still has */
  assert_true(virtio_rig_wire());
  virtio_rig_run();
  assert_int_equal(rig->received, 1);
  fake->hold_control = false;
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_set_power_state(nic, NIC_POWER_ON), 0);
  assert_int_equal(fake->all_multicast, 1); /* after a reset it is asked again */
  virtio_rig_check();
}

static void a_device_without_a_link_status_is_up(void **state) {
  (void)state;
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_STATUS;
  fake->link = false;
  start_and_enable();
  assert_true(nic_link_is_active(nic));
}

/* ---- checksums ---- */

enum { TCP = 6, UDP = 17, ETHERNET = 14, SEGMENT = 61 };

struct packet_kind {
  uint8_t protocol;
  uint8_t option_bytes; /* of IPv4 */
  uint16_t fragment;    /* that field of the header */
  uint16_t ethertype;
};

/* A frame with a segment or datagram, its checksum 0, into `bytes`; returns its length. */
static uint16_t make_frame(const struct packet_kind *kind, uint8_t *bytes) {
  uint16_t ip_bytes = (uint16_t)(20 + kind->option_bytes);
  uint16_t length = (uint16_t)(ip_bytes + SEGMENT);
  uint8_t *ip = bytes + ETHERNET;

  for (unsigned i = 0; i < ETHERNET + (unsigned)length; i++)
    bytes[i] = (uint8_t)(i * 11 + 3);
  bytes[12] = (uint8_t)(kind->ethertype >> 8);
  bytes[13] = (uint8_t)kind->ethertype;
  ip[0] = (uint8_t)(0x40 | ip_bytes / 4);
  ip[2] = (uint8_t)(length >> 8);
  ip[3] = (uint8_t)length;
  ip[6] = (uint8_t)(kind->fragment >> 8);
  ip[7] = (uint8_t)kind->fragment;
  ip[9] = kind->protocol;
  memset(ip + ip_bytes + (kind->protocol == TCP ? 16 : 6), 0, 2);
  return (uint16_t)(ETHERNET + length);
}

static void kept(struct pbuf *part) { fail_msg("%p is ours and was freed", (void *)part); }

/* A frame over the first `first` bytes of `bytes` and the rest, with an empty part between. */
static void transmit(uint8_t *bytes, uint16_t length, uint16_t first) {
  static struct pbuf_custom pbufs[3];
  const uint16_t lengths[] = {first, 0, (uint16_t)(length - first)};
  struct pbuf *frame = NULL;

  for (unsigned i = 0; i < 3; i++) {
    struct pbuf *part = pbuf_alloced_custom(PBUF_RAW, lengths[i], PBUF_RAM, &pbufs[i], bytes,
                                            ETHERNET + 80 + SEGMENT);

    pbufs[i].custom_free_function = kept;
    bytes += lengths[i];
    if (frame == NULL)
      frame = part;
    else
      pbuf_cat(frame, part);
  }
  assert_int_equal(datapath_transmit(nic, frame), 0);
  virtio_rig_run();
  for (struct pbuf *part = frame; part != NULL; part = part->next)
    assert_int_equal(part->ref, 1);
}

/* The sum that a receiver verifies: that of the segment with its pseudo header is 0. */
static uint16_t verify(const uint8_t *frame, const struct packet_kind *kind) {
  const uint8_t *ip = frame + ETHERNET;
  ip4_addr_t source, destination;
  struct pbuf_custom pbuf = {.custom_free_function = NULL};
  static uint8_t segment[SEGMENT];
  struct pbuf *whole =
      pbuf_alloced_custom(PBUF_RAW, SEGMENT, PBUF_RAM, &pbuf, segment, sizeof segment);

  memcpy(segment, ip + 20 + kind->option_bytes, SEGMENT);
  memcpy(&source, ip + 12, 4);
  memcpy(&destination, ip + 16, 4);
  return inet_chksum_pseudo(whole, kind->protocol, SEGMENT, &source, &destination);
}

static void the_device_makes_checksums_and_no_pbuf_is_changed(void **state) {
  static const struct packet_kind kinds[] = {
      {.protocol = TCP, .ethertype = 0x0800},
      {.protocol = UDP, .ethertype = 0x0800},
      {.protocol = TCP, .option_bytes = 40, .ethertype = 0x0800}};
  static _Alignas(8) uint8_t bytes[ETHERNET + 80 + SEGMENT], before[sizeof bytes];

  (void)state;
  start_and_enable();
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint16_t length = make_frame(&kinds[i], bytes);

    memcpy(before, bytes, length);
    for (uint16_t first = 1; first < length; first++) { /* wherever the first part ends */
      unsigned slot = fake->sent % FAKE_VIRTIO_SENT_MAX;

      transmit(bytes, length, first);
      assert_int_equal(fake->frames[slot].length, length);
      assert_int_equal(fake->frames[slot].flags, 1);
      assert_int_equal(verify(fake->frames[slot].data, &kinds[i]), 0);
      assert_memory_equal(bytes, before, length);
      assert_memory_equal(fake->frames[slot].data, before, ETHERNET + 20);
    }
  }
  assert_int_equal(nic->counters[NIC_OUT_COPIES], 0);
  virtio_rig_check();
}

static void frames_that_need_none_are_sent_as_they_are(void **state) {
  static const struct packet_kind kinds[] = {
      {.protocol = UDP, .ethertype = 0x86dd}, /* IPv6: lwIP makes it */
      {.protocol = UDP, .ethertype = 0x0800, .fragment = 0x2000},
      {.protocol = UDP, .ethertype = 0x0800, .fragment = 0x0001},
      {.protocol = 1, .ethertype = 0x0800}, /* ICMP */
      {.protocol = TCP, .ethertype = 0x0806}};
  static _Alignas(8) uint8_t bytes[ETHERNET + 80 + SEGMENT];

  (void)state;
  start_and_enable();
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint16_t length = make_frame(&kinds[i], bytes);

    transmit(bytes, length, 40);
    assert_int_equal(fake->frames[i].flags, 0);
    assert_int_equal(fake->frames[i].parts, 2);
    assert_int_equal(fake->frames[i].length, length);
    assert_memory_equal(fake->frames[i].data, bytes, length);
  }
  transmit(bytes, ETHERNET + 19, 10); /* cut short within the IP header, and then behind it */
  assert_int_equal(fake->frames[5].flags, 0);
  make_frame(&(struct packet_kind){.protocol = TCP, .ethertype = 0x0800}, bytes);
  transmit(bytes, ETHERNET + 20 + 17, 10);
  assert_int_equal(fake->frames[6].flags, 0);
  bytes[ETHERNET] = 0x44; /* a header shorter than the shortest */
  transmit(bytes, ETHERNET + 20 + 40, 10);
  assert_int_equal(fake->frames[7].flags, 0);
  virtio_rig_check();
}

static void without_the_feature_nothing_is_asked_of_the_device(void **state) {
  static _Alignas(8) uint8_t bytes[ETHERNET + 80 + SEGMENT];
  uint16_t length = make_frame(&(struct packet_kind){.protocol = TCP, .ethertype = 0x0800}, bytes);

  (void)state;
  fake->offered[0] &= ~(uint32_t)(FAKE_VIRTIO_CSUM | FAKE_VIRTIO_GUEST_CSUM);
  start_and_enable();
  assert_int_equal(nic->offloads, 0);
  transmit(bytes, length, 30);
  assert_int_equal(fake->frames[0].flags, 0);
  assert_memory_equal(fake->frames[0].data, bytes, length);
  assert_int_equal(nic_stop(nic), 0);
  fake->offered[0] |= FAKE_VIRTIO_GUEST_CSUM;
  start_and_enable();
  assert_int_equal(nic->offloads, NIC_OFFLOAD_RX_TCP_UDP);
}

static void what_the_device_vouches_for_is_marked(void **state) {
  static const uint8_t flags[] = {0, 1, 2, 3, 4};
  uint8_t frame[VIRTIO_RIG_FRAME] = {2};

  (void)state;
  start_and_enable();
  for (uint32_t i = 0; i < sizeof flags; i++) {
    memcpy(frame + 14, &i, sizeof i);
    assert_true(fake_virtio_net_receive(fake, frame, sizeof frame, flags[i]));
    virtio_rig_run();
    assert_int_equal(rig->received, i + 1);
  }
  assert_int_equal(rig->checked, 3);                  /* NEEDS_CSUM, DATA_VALID, both */
  for (unsigned i = 0; i < VIRTIO_RIG_PACKETS; i++) { /* the mark goes with the frame */
    rig->wired = rig->received;
    assert_true(virtio_rig_wire());
    virtio_rig_run();
  }
  assert_int_equal(rig->checked, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_legacy_device_is_refused_with_the_option_to_give, virtio_rig_setup),
      cmocka_unit_test_setup(what_is_no_network_device_is_no_device, virtio_rig_setup),
      cmocka_unit_test_setup(a_device_that_does_not_agree_is_no_device, virtio_rig_setup),
      cmocka_unit_test_setup(a_device_that_has_changed_is_not_enabled, virtio_rig_setup),
      cmocka_unit_test_setup(starts_quiet_and_takes_the_features_it_knows, virtio_rig_setup),
      cmocka_unit_test_setup(the_address_is_the_hosts_until_another_is_set, virtio_rig_setup),
      cmocka_unit_test_setup(an_address_that_was_set_before_the_start_stays, virtio_rig_setup),
      cmocka_unit_test_setup(a_device_without_an_address_gets_the_boards, virtio_rig_setup),
      cmocka_unit_test_setup(the_device_filters_as_it_is_told, virtio_rig_setup),
      cmocka_unit_test_setup(a_filter_that_is_not_there_or_not_taken_stops_nothing,
                             virtio_rig_setup),
      cmocka_unit_test_setup(a_control_queue_that_does_not_answer_hangs_nothing, virtio_rig_setup),
      cmocka_unit_test_setup(a_device_without_a_link_status_is_up, virtio_rig_setup),
      cmocka_unit_test_setup(the_device_makes_checksums_and_no_pbuf_is_changed, virtio_rig_setup),
      cmocka_unit_test_setup(frames_that_need_none_are_sent_as_they_are, virtio_rig_setup),
      cmocka_unit_test_setup(without_the_feature_nothing_is_asked_of_the_device, virtio_rig_setup),
      cmocka_unit_test_setup(what_the_device_vouches_for_is_marked, virtio_rig_setup),
  };

  host_reset();
  log_set_level(NULL, LOG_WARNING);
  lwip_init();
  return cmocka_run_group_tests_name("virtio_device", tests, NULL, NULL);
}
