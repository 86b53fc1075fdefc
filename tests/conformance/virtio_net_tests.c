/* What only the driver of a virtio network device has to do: buffers used in the device's order,
 * notifications, features, the control queue, checksums. */
#include <errno.h>

#include "datapath.h"
#include "dma.h"
#include "fake_virtio_net.h"
#include "frame.h"
#include "log.h"
#include "lwip/inet_chksum.h"
#include "port.h"
#include "suite.h"
#include "virtio_net.h"

enum { RX = 0, TX = 1, BATCH = 20, BATCH_BYTES = 200 };

static struct fake_virtio_net *const fake = &fake_virtio_net;

/* ---- rings: the device uses buffers in its own order ---- */

static uint8_t batch[BATCH][BATCH_BYTES];
static unsigned batched;

static enum fake_verdict receive_backwards(const uint8_t *frame, uint32_t length) {
  assert_int_equal(length, BATCH_BYTES);
  memcpy(batch[batched++], frame, length);
  if (batched == BATCH)
    fake_virtio_net_receive_backwards(fake, batch, BATCH_BYTES, BATCH);
  return FAKE_RECEIVED;
}

static void it_takes_buffers_back_in_the_order_of_the_device(void) {
  const struct fake_mac *forwards = rig.mac;
  struct fake_mac backwards = *rig.mac;

  backwards.receive = receive_backwards;
  for (unsigned round = 0; round < 100; round++) {
    rig.mac = &backwards;
    batched = 0;
    for (unsigned i = 0; i < BATCH; i++)
      (void)rig_wire(BATCH_BYTES);
    rig.mac = forwards;
    rig_run();
    rig_wire_all(round % 7, 100);
    rig_check_idle();
  }
  assert_int_equal(rig.delivered, rig.wired);
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

static void it_frees_frames_in_the_order_of_the_device(void) {
  rig_hold_tx(true);
  fake->backwards = true;
  for (unsigned round = 0; round < 2 * VIRTIO_NET_TX_FRAMES; round++) {
    for (unsigned i = 0; i < VIRTIO_NET_TX_FRAMES; i++)
      rig_must_transmit(100, 1, 8);
    rig_run();
    rig_send(1 + round % VIRTIO_NET_TX_FRAMES);
    rig_run();
    rig_send(VIRTIO_NET_TX_FRAMES);
    rig_run();
    rig_check_idle();
  }
  rig_check_equal("frames that were sent", rig.sent, rig.accepted);
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 0);
}

static void a_length_that_cannot_be_is_an_error_of_one_frame(void) {
  static const uint32_t lengths[] = {0, 11, 12, 12 + RIG_BUFFER + 1, UINT32_MAX};

  for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    fake->queues[RX].taken++;
    fake_virtio_net_use(fake, RX, 2 * i, lengths[i]);
    rig_run();
    rig.wired++;
    assert_int_equal(rig.nic->counters[NIC_IN_ERROR], i + 1);
  }
  rig_check_traffic();
}

static void what_was_not_given_and_is_used_is_cured_by_a_reset(void) {
  static const uint32_t ids[] = {1, 128, 200, 0x10000, UINT32_MAX};

  for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
    fake_virtio_net_use(fake, RX, ids[i], 100);
    rig_run();
    assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 2 * i + 1);
    rig_hold_tx(true);
    rig_must_transmit(100, 1, 8);
    rig_run();
    fake_virtio_net_use(fake, TX, 16, 0); /* a frame that is not in flight */
    rig_run();
    assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 2 * i + 2);
    rig_hold_tx(false);
    rig_check_traffic();
  }
}

/* The device's used index runs ahead of what it was given. */
static void more_used_than_given_is_cured_by_a_reset(void) {
  static const uint16_t ahead[] = {VIRTIO_NET_RX_BUFFERS + 1, 300, 0x8000, 0xffff};

  for (unsigned i = 0; i < sizeof ahead / sizeof *ahead; i++) {
    const uint32_t at = fake->queues[RX].device + 2;
    uint16_t index;

    host_dma_read(at, &index, sizeof index);
    index = (uint16_t)(index + ahead[i]);
    host_dma_give_back(at, &index, sizeof index);
    nic_watch(rig.nic);
    rig_run();
    assert_int_equal(rig.nic->counters[NIC_RECOVERIES], i + 1);
    rig_check_traffic();
  }
}

/* ---- notifications, interrupts ---- */

static void a_batch_is_told_once(void) {
  for (unsigned i = 0; i < 8; i++)
    rig_must_transmit(100, 2, 8);
  rig_run();
  assert_int_equal(rig.sent, 8);
  assert_int_equal(fake->notifications, 1);
}

/* A device at work says that it needs no notification, and finds the next frames itself. */
static void a_device_that_looks_by_itself_is_not_told(void) {
  rig_hold_tx(true);
  fake->no_notify = true;
  for (unsigned i = 0; i < 8; i++) {
    rig_must_transmit(100, 1, 8);
    rig_run();
  }
  assert_int_equal(fake->notifications, 1);
  rig_send(8);
  rig_run();
  assert_int_equal(rig.sent, 8);
  rig_check_idle();
}

static void a_burst_is_one_interrupt(void) {
  uint32_t before = rig.nic->counters[NIC_INTERRUPTS];

  for (unsigned i = 0; i < 8; i++) {
    assert_int_equal(rig_wire(100), FAKE_RECEIVED);
    dma_publish(); /* now the device sees that it is not to interrupt */
  }
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_INTERRUPTS], before + 1);
  assert_int_equal(rig.delivered, 8);
}

static void the_link_is_told_by_an_interrupt(void) {
  rig_set_link(false);
  rig_run();
  assert_int_equal(rig.nic->link.status, NIC_LINK_INACTIVE);
  rig_set_link(true);
  rig_run();
  assert_int_equal(rig.nic->link.status, NIC_LINK_ACTIVE);
}

/* ---- versions, features ---- */

/* True if a line of the log since the last check contains `text`. */
static bool logged(const char *text) { return strstr(host_console(), text) != NULL; }

static void what_is_not_there_is_named_with_the_option_to_give(void) {
  fake->version = 1;
  assert_int_equal(nic_start(rig.nic), -ENODEV);
  assert_true(logged("legacy device at 0xa003e00, not supported: "
                     "qemu -global virtio-mmio.force-legacy=false"));
  fake->device_id = 0; /* an empty slot */
  assert_int_equal(nic_start(rig.nic), -ENODEV);
  assert_true(logged("no such device at 0xa003e00: qemu -device virtio-net-device"));
  assert_int_equal(fake->resets, 0); /* it was not touched */
}

static void a_device_that_does_not_agree_is_no_device(void) {
  fake->offered[1] = 0; /* not even version 1 */
  assert_int_equal(nic_start(rig.nic), -ENODEV);
  assert_true(logged("no agreement on features"));
  assert_int_equal(fake->status, 0x80); /* it is notified */
  fake->offered[1] = 1;
  fake->refuses_features = true;
  assert_int_equal(nic_start(rig.nic), -ENODEV);
  fake->refuses_features = false;
  fake->never_resets = true;
  assert_int_equal(nic_start(rig.nic), -ENODEV);
  assert_true(logged("does not reset"));
  fake->never_resets = false;
  fake->queue_max = 128; /* too short for what is sent */
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -ENODEV);
  assert_true(logged("queue 1 of the device at 0xa003e00 has no room for 256 descriptors"));
  assert_int_equal(rig.nic->state, NIC_STARTED);
  fake->queue_max = 256;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
}

static void a_device_that_has_changed_is_not_enabled(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_CSUM; /* lwIP counts on it */
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -ENODEV);
  assert_int_equal(fake->status, 0);
  fake->offered[0] |= FAKE_VIRTIO_CSUM;
  fake->refuses_features = true; /* all of them, now */
  assert_int_equal(nic_set_interface_enable(rig.nic, true), -ENODEV);
  assert_int_equal(rig.nic->state, NIC_STARTED);
  fake->refuses_features = false;
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
}

static void it_takes_the_features_it_knows(void) {
  assert_int_equal(nic_start(rig.nic), 0);
  assert_int_equal(fake->status, 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  assert_int_equal(fake->status, 15);
  assert_int_equal(fake->accepted[0], FAKE_VIRTIO_ALL & ~FAKE_VIRTIO_MRG_RXBUF);
  assert_int_equal(fake->accepted[1], 1);
  assert_int_equal(rig.nic->offloads, NIC_OFFLOAD_TX_TCP_UDP | NIC_OFFLOAD_RX_TCP_UDP);
}

/* Such a device may refuse to work with a driver that does not accept them (6.1); it may have any
 * others. */
static void it_takes_the_features_of_the_platform(void) {
  fake->offered[1] = UINT32_MAX;
  rig_enable();
  assert_int_equal(fake->accepted[1], 1 | FAKE_VIRTIO_HIGH_PLATFORM);
  rig_check_traffic();
}

/* A device's MTU is the interface's; one that no buffer holds, or that is none, is not accepted
 * (5.1.4.2). */
static void the_devices_mtu_bounds_the_interfaces(void) {
  static const struct {
    uint16_t devices, ours;
    bool taken;
  } cases[] = {{1500, 1500, true},  {1280, 1280, true},        {576, 576, true},  {68, 68, true},
               {1501, 1500, false}, {UINT16_MAX, 1500, false}, {67, 1500, false}, {0, 1500, false}};

  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig_boot_again();
    fake->mtu = cases[i].devices;
    rig_enable();
    assert_int_equal((fake->accepted[0] & FAKE_VIRTIO_MTU) != 0, cases[i].taken);
    assert_int_equal(rig.nic->mtu, cases[i].ours);
    assert_int_equal(nic_set_mtu(rig.nic, (uint16_t)(cases[i].ours + 1)), -EINVAL);
    assert_int_equal(nic_set_mtu(rig.nic, NIC_MTU_MIN), 0);
    assert_int_equal(nic_stop(rig.nic), 0); /* what was set stays */
    rig_enable();
    assert_int_equal(rig.nic->mtu, NIC_MTU_MIN);
    assert_int_equal(nic_set_mtu(rig.nic, cases[i].ours), 0);
    assert_int_equal(nic_stop(rig.nic), 0);
  }
  rig_boot_again();
  fake->mtu = 1000;
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_MTU;
  rig_enable();
  assert_int_equal(rig.nic->mtu, 1500);
}

/* Its interrupt may be lost. */
static void a_device_that_asks_for_a_reset_is_seen_by_the_watch(void) {
  fake->status |= 0x40;
  nic_watch(rig.nic);
  rig_run();
  assert_int_equal(rig.nic->counters[NIC_RECOVERIES], 1);
  assert_int_equal(fake->status, 15);
  nic_watch(rig.nic);
  rig_check_traffic();
}

/* ---- address, filter ---- */

static void check_address(const uint8_t *address) {
  assert_memory_equal(rig.nic->mac, address, ETH_ADDRESS_BYTES);
  assert_memory_equal(fake->mac, address, ETH_ADDRESS_BYTES);
}

static const uint8_t other[] = {2, 0, 0, 0, 0, 9};

static void the_address_is_the_hosts_until_another_is_set(void) {
  static const uint8_t hosts[] = {2, 0, 0, 0xaa, 0xbb, 0xcc};

  rig_enable();
  check_address(hosts);
  assert_int_equal(fake->commands, 3); /* no command sets it */
  assert_int_equal(nic_set_interface_enable(rig.nic, false), 0);
  assert_int_equal(nic_set_mac(rig.nic, other), 0);
  assert_int_equal(nic_set_interface_enable(rig.nic, true), 0);
  check_address(other);
}

/* It is read while the host changes it: half of the old one, and half of the new (2.5.1). */
static void an_address_that_changes_is_read_again(void) {
  static const uint8_t hosts[] = {2, 0, 0, 0xaa, 0xbb, 0xcc};

  fake->changes = 3;
  rig_enable();
  check_address(hosts);
  assert_int_equal(nic_stop(rig.nic), 0);
  fake->changes = UINT32_MAX; /* it never stops changing: the last value read counts */
  assert_int_equal(nic_start(rig.nic), 0);
  fake->changes = 0;
}

static void an_address_that_was_set_before_the_start_stays(void) {
  assert_int_equal(nic_set_mac(rig.nic, other), 0);
  rig_enable();
  check_address(other);
}

static void an_address_that_is_not_taken_is_told(void) {
  assert_int_equal(nic_set_mac(rig.nic, other), 0);
  fake->refuses_commands = true;
  rig_enable();
  assert_true(logged("does not take its new address"));
}

static void a_device_without_an_address_gets_the_boards(void) {
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_MAC;
  rig_enable();
  check_address(rig.nic->config->mac);
}

static void the_device_filters_as_it_is_told(void) {
  static const uint8_t group[] = {1, 0, 0x5e, 0, 0, 1};
  static const uint8_t table[] = {0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1};
  uint8_t many[] = {1, 0, 0x5e, 1, 0, 0};

  rig_enable();
  assert_int_equal(fake->promiscuous | fake->all_multicast, 0);
  assert_int_equal(nic_join_group(rig.nic, group), 0);
  assert_memory_equal(fake->table, table, sizeof table);
  for (many[5] = 0; many[5] < NIC_GROUPS_MAX; many[5]++)
    assert_int_equal(nic_join_group(rig.nic, many), 0);
  assert_int_equal(fake->all_multicast, 1); /* one more than the list holds */
  assert_int_equal(fake->table[4], NIC_GROUPS_MAX);
  assert_int_equal(nic_leave_group(rig.nic, group), 0);
}

static void a_filter_that_is_not_there_or_not_taken_stops_nothing(void) {
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_CTRL_VQ; /* the others are useless without it */
  rig_enable();
  assert_int_equal(fake->commands, 0);
  assert_int_equal(fake->accepted[0] & (FAKE_VIRTIO_CTRL_RX | FAKE_VIRTIO_CTRL_MAC_ADDR), 0);
  rig_wire_all(1, 100);
  assert_int_equal(nic_stop(rig.nic), 0);

  fake->offered[0] |= FAKE_VIRTIO_CTRL_VQ;
  fake->refuses_commands = true;
  (void)host_console();
  rig_enable();
  assert_true(logged("does not take its filter"));
  rig_wire_all(1, 100);
  assert_int_equal(rig.delivered, 2);
}

static void a_control_queue_that_does_not_answer_hangs_nothing(void) {
  fake->hold_control = true;
  rig_enable();
  assert_true(logged("control queue does not answer"));
  nic_set_all_multicast(rig.nic, true);
  assert_int_equal(fake->asked, 1); /* the device still owns its memory */
  rig_wire_all(1, 100);
  assert_int_equal(rig.delivered, 1);
  fake->hold_control = false;
  assert_int_equal(nic_set_power_state(rig.nic, NIC_POWER_LOW), 0);
  assert_int_equal(nic_set_power_state(rig.nic, NIC_POWER_ON), 0);
  assert_int_equal(fake->all_multicast, 1); /* after a reset the command is sent again */
}

static void a_device_without_a_link_status_is_up(void) {
  fake->offered[0] &= ~(uint32_t)FAKE_VIRTIO_STATUS;
  fake->link = false;
  rig_enable();
  assert_true(nic_link_is_active(rig.nic));
}

/* ---- checksums ---- */

static const struct frame_packet tcp = {.ethertype = 0x0800, .protocol = FRAME_TCP};
static _Alignas(8) uint8_t bytes[FRAME_PACKET_MAX];

static void kept(struct pbuf *part) { fail_msg("%p is ours and was freed", (void *)part); }

/* Sends a frame with its first `first` bytes in one buffer, and the rest in another. */
static void transmit(uint16_t length, uint16_t first) {
  static struct pbuf_custom pbufs[2];
  const uint16_t lengths[] = {first, (uint16_t)(length - first)};
  struct pbuf *frame = NULL;
  uint8_t *start = bytes;

  for (unsigned i = 0; i < 2; i++) {
    struct pbuf *part =
        pbuf_alloced_custom(PBUF_RAW, lengths[i], PBUF_RAM, &pbufs[i], start, lengths[i]);

    pbufs[i].custom_free_function = kept;
    start += lengths[i];
    if (frame == NULL)
      frame = part;
    else
      pbuf_cat(frame, part);
  }
  assert_int_equal(datapath_transmit(rig.nic, frame), 0);
  rig_run();
  for (struct pbuf *part = frame; part != NULL; part = part->next)
    assert_int_equal(part->ref, 1);
}

/* The sum that a receiver verifies: over the segment with its pseudo header it is 0. */
static uint16_t verify(const uint8_t *frame, const struct frame_packet *kind) {
  const uint8_t *ip = frame + ETH_HEADER_BYTES;
  ip4_addr_t source, destination;
  struct pbuf_custom pbuf = {.custom_free_function = NULL};
  static uint8_t segment[FRAME_SEGMENT];
  struct pbuf *whole =
      pbuf_alloced_custom(PBUF_RAW, FRAME_SEGMENT, PBUF_RAM, &pbuf, segment, sizeof segment);

  memcpy(segment, ip + 20 + kind->option_bytes, FRAME_SEGMENT);
  memcpy(&source, ip + 12, 4);
  memcpy(&destination, ip + 16, 4);
  return inet_chksum_pseudo(whole, kind->protocol, FRAME_SEGMENT, &source, &destination);
}

static void the_device_makes_checksums_and_no_pbuf_is_changed(void) {
  static const struct frame_packet kinds[] = {
      {.protocol = FRAME_TCP, .ethertype = 0x0800},
      {.protocol = FRAME_UDP, .ethertype = 0x0800},
      {.protocol = FRAME_TCP, .option_bytes = 40, .ethertype = 0x0800}};
  static uint8_t before[sizeof bytes];

  rig.foreign = true;
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint16_t length = frame_make_packet(bytes, &kinds[i]);

    memcpy(before, bytes, length);
    for (uint16_t first = ETH_ADDRESS_BYTES; first < length; first++) { /* wherever it ends */
      transmit(length, first);
      assert_int_equal(fake->last.length, length);
      assert_int_equal(fake->last.flags, 1);
      assert_int_equal(verify(fake->last.data, &kinds[i]), 0);
      assert_memory_equal(bytes, before, length);
      assert_memory_equal(fake->last.data, before, ETH_HEADER_BYTES + 20);
    }
  }
  assert_int_equal(rig.nic->counters[NIC_OUT_COPIES], 0);
}

static void frames_that_need_none_are_sent_as_they_are(void) {
  static const struct frame_packet kinds[] = {
      {.protocol = FRAME_UDP, .ethertype = 0x86dd}, /* IPv6: lwIP makes it */
      {.protocol = FRAME_UDP, .ethertype = 0x0800, .fragment = 0x2000},
      {.protocol = FRAME_UDP, .ethertype = 0x0800, .fragment = 0x0001},
      {.protocol = 1, .ethertype = 0x0800}, /* ICMP */
      {.protocol = FRAME_TCP, .ethertype = 0x0806}};

  rig.foreign = true;
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint16_t length = frame_make_packet(bytes, &kinds[i]);

    transmit(length, 40);
    assert_int_equal(fake->last.flags, 0);
    assert_int_equal(fake->last.parts, 2);
    assert_int_equal(fake->last.length, length);
    assert_memory_equal(fake->last.data, bytes, length);
  }
  transmit(ETH_HEADER_BYTES + 19, 10); /* cut short within the IP header, and then after it */
  assert_int_equal(fake->last.flags, 0);
  frame_make_packet(bytes, &tcp);
  transmit(ETH_HEADER_BYTES + 20 + 17, 10);
  assert_int_equal(fake->last.flags, 0);
  bytes[ETH_HEADER_BYTES] = 0x44; /* a header shorter than the shortest */
  transmit(ETH_HEADER_BYTES + 20 + 40, 10);
  assert_int_equal(fake->last.flags, 0);
}

static void without_the_feature_nothing_is_asked_of_the_device(void) {
  uint16_t length = frame_make_packet(bytes, &tcp);

  fake->offered[0] &= ~(uint32_t)(FAKE_VIRTIO_CSUM | FAKE_VIRTIO_GUEST_CSUM);
  rig.foreign = true;
  rig_enable();
  assert_int_equal(rig.nic->offloads, 0);
  transmit(length, 30);
  assert_int_equal(fake->last.flags, 0);
  assert_memory_equal(fake->last.data, bytes, length);
  assert_int_equal(nic_stop(rig.nic), 0);
  fake->offered[0] |= FAKE_VIRTIO_GUEST_CSUM;
  rig_enable();
  assert_int_equal(rig.nic->offloads, NIC_OFFLOAD_RX_TCP_UDP);
}

/* Without the feature no frame comes whose checksum is yet to be made (5.1.6.4). */
static void what_is_not_to_be_offloaded_is_not_negotiated(void) {
  uint16_t length = frame_make_packet(bytes, &tcp);

  rig.foreign = true;
  rig_offload_nothing();
  rig_enable();
  assert_int_equal(fake->accepted[0] & (FAKE_VIRTIO_CSUM | FAKE_VIRTIO_GUEST_CSUM), 0);
  transmit(length, 30);
  assert_int_equal(fake->last.flags, 0);
  assert_memory_equal(fake->last.data, bytes, length);
}

static void what_the_device_vouches_for_is_marked(void) {
  for (fake->rx_flags = 0; fake->rx_flags < 5; fake->rx_flags++)
    rig_wire_all(1, 100);
  assert_int_equal(rig.checked, 3); /* NEEDS_CSUM, DATA_VALID, both */
  fake->rx_flags = 0;
  rig_wire_all(RIG_PACKETS, 100); /* the mark goes with the frame */
  assert_int_equal(rig.checked, 3);
}

const struct suite_test virtio_net_tests[] = {
    SUITE_TEST(it_takes_buffers_back_in_the_order_of_the_device),
    SUITE_TEST(it_frees_frames_in_the_order_of_the_device),
    SUITE_TEST(a_length_that_cannot_be_is_an_error_of_one_frame),
    SUITE_TEST(more_used_than_given_is_cured_by_a_reset),
    SUITE_TEST(what_was_not_given_and_is_used_is_cured_by_a_reset),
    SUITE_TEST(a_batch_is_told_once),
    SUITE_TEST(a_device_that_looks_by_itself_is_not_told),
    SUITE_TEST(a_burst_is_one_interrupt),
    SUITE_TEST(the_link_is_told_by_an_interrupt),
    SUITE_TEST_BARE(what_is_not_there_is_named_with_the_option_to_give),
    SUITE_TEST_BARE(a_device_that_does_not_agree_is_no_device),
    SUITE_TEST_BARE(a_device_that_has_changed_is_not_enabled),
    SUITE_TEST_BARE(it_takes_the_features_it_knows),
    SUITE_TEST_BARE(it_takes_the_features_of_the_platform),
    SUITE_TEST_BARE(the_devices_mtu_bounds_the_interfaces),
    SUITE_TEST(a_device_that_asks_for_a_reset_is_seen_by_the_watch),
    SUITE_TEST_BARE(the_address_is_the_hosts_until_another_is_set),
    SUITE_TEST_BARE(an_address_that_changes_is_read_again),
    SUITE_TEST_BARE(an_address_that_was_set_before_the_start_stays),
    SUITE_TEST_BARE(an_address_that_is_not_taken_is_told),
    SUITE_TEST_BARE(a_device_without_an_address_gets_the_boards),
    SUITE_TEST_BARE(the_device_filters_as_it_is_told),
    SUITE_TEST_BARE(a_filter_that_is_not_there_or_not_taken_stops_nothing),
    SUITE_TEST_BARE(a_control_queue_that_does_not_answer_hangs_nothing),
    SUITE_TEST_BARE(a_device_without_a_link_status_is_up),
    SUITE_TEST(the_device_makes_checksums_and_no_pbuf_is_changed),
    SUITE_TEST(frames_that_need_none_are_sent_as_they_are),
    SUITE_TEST_BARE(without_the_feature_nothing_is_asked_of_the_device),
    SUITE_TEST_BARE(what_is_not_to_be_offloaded_is_not_negotiated),
    SUITE_TEST(what_the_device_vouches_for_is_marked),
    SUITE_TESTS_END,
};
