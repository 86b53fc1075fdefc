/* The NIC on paper under the kit, with a stack that counts and hoards packets, or stops the NIC. */
#include "paper_rig.h"

#include "datapath.h"

#include "unit.h"

struct paper_nic paper;
struct nic *const nic = &paper.nic;
struct dispatch_queue dispatch;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(PACKETS, BUFFER, 0, 32, DEPTH)];

const struct nic_config config = {
    .ops = &paper_ops,
    .irq = PAPER_IRQ,
    .pool = {.packets = PACKETS, .buffer_size = BUFFER, .alignment = 32, .held_max = HELD_MAX},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = DEPTH,
    .batch = BATCH,
    .budget = BUDGET,
    .mac = {2, 0, 0, 0, 0, 1},
};

unsigned received, hoarded, flood;
bool hoard, stop_in_input, reset_in_input;
struct pbuf *hoarded_frames[64];
uint8_t last_number;

static void input(struct nic *from, struct pbuf *frame) {
  received++;
  last_number = pbuf_get_at(frame, 14);
  if (flood != 0 && wire(1, 60))
    flood--;
  if (stop_in_input)
    assert_int_equal(nic_stop(from), 0);
  if (reset_in_input) {
    assert_int_equal(nic_set_interface_enable(from, false), 0);
    assert_int_equal(nic_set_interface_enable(from, true), 0);
  }
  if (hoard)
    hoarded_frames[hoarded++] = frame;
  else
    pbuf_free(frame);
}

int paper_setup(void **state) {
  (void)state;
  host_reset();
  memset(&dispatch, 0, sizeof dispatch);
  memset(&paper, 0, sizeof paper);
  paper.link = true;
  paper_ops.caps.tx_fragments_max = 2;
  paper_ops.caps.tx_alignment = 1;
  received = hoarded = flood = 0;
  hoard = stop_in_input = reset_in_input = false;
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
  return 0;
}

int paper_setup_enabled(void **state) {
  paper_setup(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  return 0;
}

unsigned run(void) {
  unsigned turns = 0;

  while (dispatch_run(&dispatch))
    assert_true(++turns < 1000);
  return turns;
}

bool wire(uint8_t number, uint16_t length) {
  uint8_t frame[2048] = {2, 0, 0, 0, 0, 1};

  frame[14] = number;
  return paper_receive(&paper, frame, length);
}

struct pbuf *frame_of(uint16_t length, uint8_t fill) {
  struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);

  assert_non_null(frame);
  memset(frame->payload, fill & 0xfe, length);
  return frame;
}

void transmit(struct pbuf *frame, int expected) {
  assert_int_equal(datapath_transmit(nic, frame), expected);
  pbuf_free(frame);
}

void check_conservation(void) {
  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   PACKETS);
}
