/* The packet tap over a NIC on paper: it writes what has passed, and leaves no trace when it is
 * off. */
#include "unit.h"

#include <errno.h>

#include "datapath.h"
#include "dma.h"
#include "lwip/init.h"
#include "paper_nic.h"
#include "pcap.h"
#include "port.h"

enum { PACKETS = 8, DEPTH = 8, STREAM_BYTES = 4096 };

static struct paper_nic paper;
static struct nic *const nic = &paper.nic;
static struct dispatch_queue dispatch;
static struct pcap_tap tap;
static uint8_t stream[STREAM_BYTES];
static size_t written, parsed;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, 1536, 0, 32, DEPTH)];

static const struct nic_config config = {
    .ops = &paper_ops,
    .pool = {.packets = PACKETS, .buffer_size = 1536, .alignment = 32, .held_max = 6},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = DEPTH,
    .batch = 4,
    .budget = 8,
    .mac = {2, 0, 0, 0, 0, 1},
};

static const struct pcap_filter everything = {.kind = PCAP_ALL};

static void take(const void *data, size_t length) {
  assert_true(written + length <= sizeof stream);
  memcpy(stream + written, data, length);
  written += length;
}

static unsigned received;
static bool take_off; /* the tap, by a frame's receiver, which then answers it */

static void input(struct nic *from, struct pbuf *frame) {
  received++;
  if (take_off) {
    pcap_stop(&tap);
    assert_int_equal(datapath_transmit(from, frame), 0);
  }
  pbuf_free(frame);
}

static int setup(void **state) {
  (void)state;
  host_reset();
  memset(&dispatch, 0, sizeof dispatch);
  memset(&paper, 0, sizeof paper);
  memset(&tap, 0, sizeof tap);
  paper.link = true;
  written = 0;
  received = 0;
  take_off = false;
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  return 0;
}

static uint32_t next_word(void) {
  uint32_t word;

  assert_true(parsed + 4 <= written);
  memcpy(&word, stream + parsed, 4);
  parsed += 4;
  return word;
}

/* Checks the next record and returns its bytes. */
static const uint8_t *next_record(uint64_t time_us, uint32_t captured, uint32_t length) {
  const uint8_t *data;

  assert_int_equal(next_word(), time_us / 1000000);
  assert_int_equal(next_word(), time_us % 1000000);
  assert_int_equal(next_word(), captured);
  assert_int_equal(next_word(), length);
  data = stream + parsed;
  parsed += captured;
  assert_true(parsed <= written);
  return data;
}

static void receive(const void *frame, uint16_t length) {
  assert_true(paper_receive(&paper, frame, length));
  while (dispatch_run(&dispatch)) {
  }
}

static void writes_header_and_frames_of_both_directions(void **state) {
  uint8_t frame[300] = {2, 0, 0, 0, 0, 1};
  struct pbuf *head = pbuf_alloc(PBUF_RAW, 14, PBUF_RAM);
  struct pbuf *tail = pbuf_alloc(PBUF_RAW, 50, PBUF_RAM);

  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  host_run_until_us(3123005);
  frame[99] = 7;
  receive(frame, sizeof frame);
  host_run_until_us(4000000);
  memset(head->payload, 0, 14);
  memset(tail->payload, 9, 50);
  pbuf_cat(head, tail);
  assert_int_equal(datapath_transmit(nic, head), 0);
  pbuf_free(head);
  while (dispatch_run(&dispatch)) {
  }
  parsed = 0;
  assert_int_equal(next_word(), 0xa1b2c3d4);
  assert_int_equal(next_word(), 4 << 16 | 2);
  parsed += 8;
  assert_int_equal(next_word(), 100);
  assert_int_equal(next_word(), 1);
  assert_int_equal(next_record(3123005, 100, 300)[99], 7);
  assert_int_equal(next_record(4000000, 64, 64)[63], 9);
  assert_int_equal(parsed, written);
  assert_int_equal(tap.captured, 2);
}

/* The device has written past a cache, which still holds what was there before. */
static void what_is_captured_is_what_the_device_has_written(void **state) {
  const struct host_dma_options cache = {.line = 32};
  uint8_t frame[100] = {2, 0, 0, 0, 0, 1, [99] = 7}, before[100];
  struct pbuf *packet;

  (void)state;
  host_dma_start(&cache);
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  packet = paper.rx_slots[ring_slot(&nic->rx_ring.ring, paper.filled)];
  dma_invalidate(packet->payload, packet->len); /* as its driver does when it is posted */
  memcpy(before, packet->payload, sizeof before);
  assert_true(paper_receive(&paper, before, sizeof before));
  host_dma_write((uint32_t)(uintptr_t)packet->payload, frame, sizeof frame);
  dma_observe();
  while (dispatch_run(&dispatch)) {
  }
  host_dma_stop();
  parsed = 24;
  assert_memory_equal(next_record(port_clock_us(), 100, 100), frame, sizeof frame);
}

static void is_taken_off_without_a_trace(void **state) {
  uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  receive(frame, sizeof frame);
  pcap_stop(&tap);
  pcap_stop(&tap);
  assert_ptr_equal(nic->ops, &paper_ops);
  written = 0;
  receive(frame, sizeof frame);
  assert_int_equal(written, 0);
}

static unsigned own_turns;

static void own_turn(void *context) {
  own_turns++;
  datapath_run(context);
}

/* It calls the driver's own functions, not the tap's. */
static void takes_the_place_of_the_drivers_turn(void **state) {
  uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  assert_int_equal(nic_stop(nic), 0);
  paper_ops.turn = own_turn;
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  receive(frame, sizeof frame);
  assert_int_equal(received, 1);
  assert_true(own_turns > 0);
  own_turns = 0;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  receive(frame, sizeof frame);
  paper_ops.turn = datapath_run;
  assert_int_equal(received, 2);
  assert_int_equal(own_turns, 0);
}

static void is_taken_off_in_the_middle_of_a_turn(void **state) {
  uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  take_off = true;
  for (unsigned i = 0; i < 6; i++)
    assert_true(paper_receive(&paper, frame, sizeof frame));
  while (dispatch_run(&dispatch)) {
  }
  assert_int_equal(received, 6);
  assert_int_equal(paper.sent, 6);
  assert_int_equal(tap.captured, 4); /* the batch that had been taken from the ring */
}

static void refuses_a_second_tap_and_a_wrong_snaplen(void **state) {
  struct pcap_tap second = {.nic = NULL};

  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 63, &everything, take), -EINVAL);
  assert_int_equal(pcap_start(&tap, nic, 1519, &everything, take), -EINVAL);
  assert_int_equal(written, 0);
  assert_int_equal(pcap_start(&tap, nic, 1518, &everything, take), 0);
  assert_int_equal(pcap_start(&tap, nic, 1518, &everything, take), -EBUSY);
  assert_int_equal(pcap_start(&second, nic, 1518, &everything, take), -EBUSY);
}

/* A frame that the device has no room for is captured when it goes, once. */
static void a_frame_that_waits_is_captured_when_it_goes(void **state) {
  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  paper.hold_tx = true;
  for (unsigned i = 0; i < PAPER_RING + 2; i++) {
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, 60, PBUF_RAM);

    memset(frame->payload, 0, 60);
    assert_int_equal(datapath_transmit(nic, frame), 0);
    pbuf_free(frame);
    while (dispatch_run(&dispatch)) {
    }
  }
  assert_int_equal(tap.captured, PAPER_RING);
  paper.hold_tx = false;
  nic->ops->doorbell(nic, NIC_TX);
  nic_interrupt(nic);
  while (dispatch_run(&dispatch)) {
  }
  assert_int_equal(paper.sent, PAPER_RING + 2);
  assert_int_equal(tap.captured, PAPER_RING + 2);
}

/* Its bytes are not the wire's. */
static void a_bad_frame_is_not_captured(void **state) {
  static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1};

  (void)state;
  assert_int_equal(pcap_start(&tap, nic, 100, &everything, take), 0);
  paper.error_frames = true;
  receive(frame, sizeof frame);
  assert_int_equal(nic->counters[NIC_IN_ERROR], 1);
  assert_int_equal(tap.captured, 0);
  paper.error_frames = false;
  receive(frame, sizeof frame);
  assert_int_equal(tap.captured, 1);
}

static void filters(void **state) {
  static const struct {
    const char *name;
    uint8_t type[2];
    uint8_t protocol;
    uint8_t from, port; /* low bytes of the source's and the destination's */
    bool wanted[7];
  } frames[] = {
      /*                                        all   arp  icmp  tcp tcp80  udp udp80 */
      {"arp", {0x08, 0x06}, 0, 0, 0, {true, true, false, false, false, false, false}},
      {"icmp", {0x08, 0x00}, 1, 0, 0, {true, false, true, false, false, false, false}},
      {"tcp 80", {0x08, 0x00}, 6, 0, 80, {true, false, false, true, true, false, false}},
      {"tcp 81", {0x08, 0x00}, 6, 0, 81, {true, false, false, true, false, false, false}},
      {"tcp from 80", {0x08, 0x00}, 6, 80, 81, {true, false, false, true, true, false, false}},
      {"udp 80", {0x08, 0x00}, 17, 0, 80, {true, false, false, false, false, true, true}},
      {"icmp6", {0x86, 0xdd}, 58, 0, 0, {true, false, true, false, false, false, false}},
      {"tcp 80 on 6", {0x86, 0xdd}, 6, 0, 80, {true, false, false, true, true, false, false}},
      {"udp from 80 on 6",
       {0x86, 0xdd},
       17,
       80,
       81,
       {true, false, false, false, false, true, true}},
      {"icmp on 6", {0x86, 0xdd}, 1, 0, 0, {true, false, false, false, false, false, false}},
      {"other", {0x88, 0xb5}, 6, 0, 80, {true, false, false, false, false, false, false}},
  };
  static const struct pcap_filter all[7] = {{PCAP_ALL, 0}, {PCAP_ARP, 0},  {PCAP_ICMP, 0},
                                            {PCAP_TCP, 0}, {PCAP_TCP, 80}, {PCAP_UDP, 0},
                                            {PCAP_UDP, 80}};

  (void)state;
  for (unsigned f = 0; f < 7; f++) {
    for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
      uint8_t frame[80] = {2, 0, 0, 0, 0, 1};
      bool ip6 = frames[i].type[0] == 0x86;
      size_t before;

      memcpy(frame + 12, frames[i].type, 2);
      frame[ip6 ? 20 : 23] = frames[i].protocol;
      frame[(ip6 ? 54 : 34) + 1] = frames[i].from;
      frame[(ip6 ? 54 : 34) + 3] = frames[i].port;
      written = 0;
      assert_int_equal(pcap_start(&tap, nic, 100, &all[f], take), 0);
      before = written;
      receive(frame, sizeof frame);
      if ((written > before) != frames[i].wanted[f])
        fail_msg("filter %u and %s", f, frames[i].name);
      assert_int_equal(tap.captured, frames[i].wanted[f]);
      assert_int_equal(tap.passed, !frames[i].wanted[f]);
      pcap_stop(&tap);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(writes_header_and_frames_of_both_directions, setup),
      cmocka_unit_test_setup(what_is_captured_is_what_the_device_has_written, setup),
      cmocka_unit_test_setup(is_taken_off_without_a_trace, setup),
      cmocka_unit_test_setup(takes_the_place_of_the_drivers_turn, setup),
      cmocka_unit_test_setup(is_taken_off_in_the_middle_of_a_turn, setup),
      cmocka_unit_test_setup(refuses_a_second_tap_and_a_wrong_snaplen, setup),
      cmocka_unit_test_setup(a_frame_that_waits_is_captured_when_it_goes, setup),
      cmocka_unit_test_setup(a_bad_frame_is_not_captured, setup),
      cmocka_unit_test_setup(filters, setup),
  };

  host_reset();
  lwip_init();
  return cmocka_run_group_tests_name("pcap", tests, NULL, NULL);
}
