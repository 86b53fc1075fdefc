/* The LAN9118 driver and its fake under the kit, with a stack that checks what it gets. */
#include "lan9118_rig.h"

#include "datapath.h"
#include "nic.h"
#include "unit.h"

struct lan9118_rig fifo_rig;
const uint8_t fifo_rig_station[6] = {2, 0, 0, 0x12, 0x34, 0x56};

static struct nic *const nic = &fifo_rig.lan9118.nic;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(RIG_PACKETS, RIG_BUFFER, 0, 32, RIG_DEPTH)];
static struct pbuf_custom tx_pbufs[RIG_TX_PARTS];

static struct nic_config config = {
    .ops = &lan9118_ops,
    .base = FAKE_LAN9118_BASE,
    .irq = FAKE_LAN9118_IRQ,
    .pool = {.packets = RIG_PACKETS,
             .buffer_size = RIG_BUFFER,
             .alignment = 4,
             .held_max = RIG_PACKETS},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = RIG_DEPTH,
    .batch = 8,
    .budget = 16,
    .mac = {2, 0, 0, 0x12, 0x34, 0x56},
};

static unsigned length_of(uint32_t number) { return 60 + number * 97 % (nic->mtu + 14U - 60 + 1); }

/* The bytes of frame `number` behind its destination address. */
static void fill(uint8_t *frame, uint32_t number, unsigned length) {
  memcpy(frame, fifo_rig_station, sizeof fifo_rig_station);
  for (unsigned i = 6; i < length; i++)
    frame[i] = (uint8_t)(number * 7 + i * 13 + (i >> 8));
}

bool fifo_rig_wire_of(uint32_t number, unsigned length, uint32_t errors) {
  uint8_t frame[2600];

  fill(frame, number, length);
  return fake_lan9118_receive(&fifo_rig.fake, frame, length, errors);
}

bool fifo_rig_wire(uint32_t number) { return fifo_rig_wire_of(number, length_of(number), 0); }

/* The stack: it checks that frames come whole and in order, and keeps the first ones. */
static void input(struct nic *from, struct pbuf *frame) {
  uint8_t expected[2048];

  assert_ptr_equal(from, nic);
  fill(expected, fifo_rig.received, length_of(fifo_rig.received));
  assert_int_equal(frame->tot_len, length_of(fifo_rig.received));
  assert_memory_equal(frame->payload, expected, frame->tot_len);
  fifo_rig.received++;
  if (fifo_rig.hoarded < fifo_rig.hoard)
    fifo_rig.hoarded_frames[fifo_rig.hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

int fifo_rig_setup(void **state) {
  (void)state;
  host_reset();
  memset(&fifo_rig, 0, sizeof fifo_rig);
  config.pool.buffer_size = RIG_BUFFER;
  fake_lan9118_attach(&fifo_rig.fake);
  host_connect_irq(FAKE_LAN9118_IRQ, interrupt, nic);
  assert_int_equal(nic_init(nic, &config, &fifo_rig.dispatch), 0);
  nic->input = input;
  return 0;
}

int fifo_rig_setup_enabled(void **state) {
  fifo_rig_setup(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(nic_link_is_active(nic));
  return 0;
}

/* RSFL and TSFL as the emulator has them: with a status, and not again while it waits. */
int fifo_rig_setup_edges(void **state) {
  fifo_rig_setup_enabled(state);
  fifo_rig.fake.edges = true;
  return 0;
}

int fifo_rig_setup_tight(void **state) {
  fifo_rig_setup(state);
  assert_int_equal(nic_free(nic), 0);
  config.pool.buffer_size = RIG_TIGHT_BUFFER;
  assert_int_equal(nic_init(nic, &config, &fifo_rig.dispatch), 0);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  return 0;
}

void fifo_rig_run(void) {
  for (unsigned turns = 0; dispatch_run(&fifo_rig.dispatch); turns++)
    assert_true(turns < 1000);
}

void fifo_rig_check_conservation(void) {
  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   RIG_PACKETS);
  assert_int_equal(fifo_rig.fake.bad_accesses, 0);
}

static void tx_free(struct pbuf *pbuf) {
  (void)pbuf;
  fifo_rig.tx_freed++;
}

struct pbuf *fifo_rig_tx_part(unsigned i, unsigned offset, unsigned length) {
  struct pbuf *part;

  tx_pbufs[i % RIG_TX_PARTS].custom_free_function = tx_free;
  part = pbuf_alloced_custom(PBUF_RAW, (u16_t)length, PBUF_RAM, &tx_pbufs[i % RIG_TX_PARTS],
                             fifo_rig.tx_memory[i % RIG_TX_PARTS] + offset, (u16_t)length);
  assert_non_null(part);
  return part;
}

int fifo_rig_transmit(unsigned i, unsigned length) {
  struct pbuf *frame = fifo_rig_tx_part(i, 0, length);
  int error;

  memset(fifo_rig.tx_memory[i % RIG_TX_PARTS], (int)i, length);
  error = datapath_transmit(nic, frame);
  pbuf_free(frame);
  return error;
}
