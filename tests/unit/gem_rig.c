/* The Cadence GEM driver under the datapath, on a register-level fake of the MAC, with a stack that
 * counts or hoards. */
#include "gem_rig.h"

#include "unit.h"

#include "datapath.h"

enum { TX_PBUFS = 256, TX_BYTES = 64 };

struct fake_cadence_gem fake_gem;
static struct cadence_gem_rings gem_rings;
unsigned gem_tx_clock;
struct cadence_gem gem;
static struct nic *const nic = &gem.nic;
static struct dispatch_queue dispatch;
static _Alignas(32) uint8_t memory[NIC_MEMORY_BYTES(GEM_PACKETS, GEM_BUFFER, 0, 32, GEM_DEPTH)];
static _Alignas(8) uint8_t tx_memory[TX_PBUFS][TX_BYTES];
static struct pbuf_custom tx_pbufs[TX_PBUFS];
unsigned gem_tx_made, gem_tx_freed;

static struct nic_config config = {
    .ops = &cadence_gem_ops,
    .base = FAKE_GEM_BASE,
    .irq = FAKE_GEM_IRQ,
    .pool = {.packets = GEM_PACKETS,
             .buffer_size = GEM_BUFFER,
             .alignment = 32,
             .held_max = GEM_PACKETS},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = GEM_DEPTH,
    .batch = 8,
    .budget = 16,
    .mac = {2, 0, 0, 0x12, 0x34, 0x56},
};

/* The stack: it checks that frames come in order, and keeps the first `hoard` of them. */
unsigned gem_received, gem_hoard, gem_hoarded;
struct pbuf *gem_hoarded_frames[GEM_PACKETS];

static void input(struct nic *from, struct pbuf *frame) {
  uint32_t number;

  assert_ptr_equal(from, nic);
  memcpy(&number, (uint8_t *)frame->payload + 14, sizeof number);
  assert_int_equal(number, gem_received);
  assert_int_equal(frame->tot_len, GEM_FRAME);
  gem_received++;
  if (gem_hoarded < gem_hoard)
    gem_hoarded_frames[gem_hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

static void set_tx_clock(unsigned speed_mbps) { gem_tx_clock = speed_mbps; }

int gem_setup(void **state) {
  (void)state;
  host_reset();
  memset(&dispatch, 0, sizeof dispatch);
  memset(&gem, 0, sizeof gem);
  gem.rings = &gem_rings;
  gem.set_tx_clock = set_tx_clock;
  gem_received = gem_hoard = gem_hoarded = gem_tx_made = gem_tx_freed = gem_tx_clock = 0;
  fake_cadence_gem_attach(&fake_gem);
  host_connect_irq(FAKE_GEM_IRQ, interrupt, nic);
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
  return 0;
}

int gem_setup_enabled(void **state) {
  gem_setup(state);
  assert_int_equal(nic_start(nic), 0);
  assert_int_equal(nic_set_interface_enable(nic, true), 0);
  assert_true(nic_link_is_active(nic));
  return 0;
}

void gem_run(void) {
  for (unsigned turns = 0; dispatch_run(&dispatch); turns++)
    assert_true(turns < 1000);
}

void gem_check_conservation(void) {
  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   GEM_PACKETS);
  assert_int_equal(fake_gem.bad_accesses, 0);
}

bool gem_wire_to(const uint8_t *destination, uint32_t number) {
  uint8_t frame[GEM_FRAME] = {0};

  memcpy(frame, destination, ETH_ADDRESS_BYTES);
  memcpy(frame + 14, &number, sizeof number);
  return fake_cadence_gem_receive(&fake_gem, frame, sizeof frame);
}

bool gem_wire(uint32_t number) { return gem_wire_to(nic->mac, number); }

static void tx_free(struct pbuf *pbuf) {
  (void)pbuf;
  gem_tx_freed++;
}

struct pbuf *gem_tx_chain(unsigned parts, bool gap) {
  struct pbuf *frame = NULL;
  uint8_t byte = (uint8_t)gem_tx_made;

  for (unsigned i = 0; i < parts; i++) {
    unsigned slot = gem_tx_made++ % TX_PBUFS;
    uint16_t length = gap && i == 1 ? 0 : (uint16_t)(20 + i);
    struct pbuf *part;

    tx_pbufs[slot].custom_free_function = tx_free;
    for (unsigned b = 0; b < length; b++)
      tx_memory[slot][b] = byte++;
    part =
        pbuf_alloced_custom(PBUF_RAW, length, PBUF_RAM, &tx_pbufs[slot], tx_memory[slot], TX_BYTES);
    assert_non_null(part);
    if (frame == NULL)
      frame = part;
    else
      pbuf_cat(frame, part);
  }
  return frame;
}

struct pbuf *gem_tx_frame(void) {
  return gem_tx_chain(1, false);
}

void gem_transmit(struct pbuf *frame) {
  assert_int_equal(datapath_transmit(nic, frame), 0);
  pbuf_free(frame); /* the datapath has a reference of its own */
}
