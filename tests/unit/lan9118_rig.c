/* The LAN9118 driver and its fake under the kit, with a stack that checks what it gets. */
#include "lan9118_rig.h"

#include "datapath.h"
#include "nic.h"
#include "unit.h"

struct lan9118_rig rig;
const uint8_t rig_station[6] = {2, 0, 0, 0x12, 0x34, 0x56};

static struct nic *const nic = &rig.lan9118.nic;
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
  memcpy(frame, rig_station, sizeof rig_station);
  for (unsigned i = 6; i < length; i++)
    frame[i] = (uint8_t)(number * 7 + i * 13 + (i >> 8));
}

bool rig_wire_of(uint32_t number, unsigned length, uint32_t errors) {
  uint8_t frame[2600];

  fill(frame, number, length);
  return fake_lan9118_receive(&rig.fake, frame, length, errors);
}

bool rig_wire(uint32_t number) { return rig_wire_of(number, length_of(number), 0); }

/* The stack: it checks that frames come whole and in order, and keeps the first ones. */
static void input(struct nic *from, struct pbuf *frame) {
  uint8_t expected[2048];

  assert_ptr_equal(from, nic);
  fill(expected, rig.received, length_of(rig.received));
  assert_int_equal(frame->tot_len, length_of(rig.received));
  assert_memory_equal(frame->payload, expected, frame->tot_len);
  rig.received++;
  if (rig.hoarded < rig.hoard)
    rig.hoarded_frames[rig.hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

int rig_setup(void **state) {
  (void)state;
  host_reset();
  memset(&rig, 0, sizeof rig);
  config.pool.buffer_size = RIG_BUFFER;
  fake_lan9118_attach(&rig.fake);
  host_connect_irq(FAKE_LAN9118_IRQ, interrupt, nic);
  assert_int_equal(nic_init(nic, &config, &rig.dispatch), 0);
  nic->input = input;
  return 0;
}

int rig_setup_enabled(void **state) {
  rig_setup(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(nic_link_is_active(nic));
  return 0;
}

/* RSFL and TSFL as the emulator has them: with a status, and not again while it waits. */
int rig_setup_edges(void **state) {
  rig_setup_enabled(state);
  rig.fake.edges = true;
  return 0;
}

int rig_setup_tight(void **state) {
  rig_setup(state);
  assert_int_equal(nic_free(nic), 0);
  config.pool.buffer_size = RIG_TIGHT_BUFFER;
  assert_int_equal(nic_init(nic, &config, &rig.dispatch), 0);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  return 0;
}

void rig_run(void) {
  for (unsigned turns = 0; dispatch_run(&rig.dispatch); turns++)
    assert_true(turns < 1000);
}

void rig_check_conservation(void) {
  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   RIG_PACKETS);
  assert_int_equal(rig.fake.bad_accesses, 0);
}

static void tx_free(struct pbuf *pbuf) {
  (void)pbuf;
  rig.tx_freed++;
}

struct pbuf *rig_tx_part(unsigned i, unsigned offset, unsigned length) {
  struct pbuf *part;

  tx_pbufs[i % RIG_TX_PARTS].custom_free_function = tx_free;
  part = pbuf_alloced_custom(PBUF_RAW, (u16_t)length, PBUF_RAM, &tx_pbufs[i % RIG_TX_PARTS],
                             rig.tx_memory[i % RIG_TX_PARTS] + offset, (u16_t)length);
  assert_non_null(part);
  return part;
}

int rig_transmit(unsigned i, unsigned length) {
  struct pbuf *frame = rig_tx_part(i, 0, length);
  int error;

  memset(rig.tx_memory[i % RIG_TX_PARTS], (int)i, length);
  error = datapath_transmit(nic, frame);
  pbuf_free(frame);
  return error;
}
