/* A MAC driver under the datapath, with a stack that counts or hoards; the fake of the MAC is the
 * test's. */
#include "mac_rig.h"

#include "unit.h"

#include "datapath.h"

enum { TX_PBUFS = 256, TX_BYTES = 64 };

static struct nic *rig_nic;
static bool (*receive_from_wire)(const uint8_t *frame, uint32_t length);
static struct dispatch_queue dispatch;
static _Alignas(RIG_ALIGNMENT)
    uint8_t memory[NIC_MEMORY_BYTES(RIG_PACKETS, RIG_BUFFER, 0, RIG_ALIGNMENT, RIG_DEPTH)];
static _Alignas(8) uint8_t tx_memory[TX_PBUFS][TX_BYTES];
static struct pbuf_custom tx_pbufs[TX_PBUFS];
static struct nic_config config;
unsigned rig_tx_made, rig_tx_freed;
unsigned rig_received, rig_hoard, rig_hoarded;
struct pbuf *rig_hoarded_frames[RIG_PACKETS];

/* The stack: it checks that frames come in order, and keeps the first `rig_hoard` of them. */
static void input(struct nic *from, struct pbuf *frame) {
  uint32_t number;

  assert_ptr_equal(from, rig_nic);
  memcpy(&number, (uint8_t *)frame->payload + ETH_HEADER_BYTES, sizeof number);
  assert_int_equal(number, rig_received);
  assert_int_equal(frame->tot_len, RIG_FRAME);
  rig_received++;
  if (rig_hoarded < rig_hoard)
    rig_hoarded_frames[rig_hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

void rig_setup(struct nic *nic, const struct nic_ops *ops, uintptr_t base, unsigned irq,
               bool (*receive)(const uint8_t *frame, uint32_t length)) {
  host_reset();
  memset(&dispatch, 0, sizeof dispatch);
  rig_nic = nic;
  receive_from_wire = receive;
  rig_received = rig_hoard = rig_hoarded = rig_tx_made = rig_tx_freed = 0;
  config = (struct nic_config){
      .ops = ops,
      .base = base,
      .irq = irq,
      .pool = {.packets = RIG_PACKETS,
               .buffer_size = RIG_BUFFER,
               .alignment = RIG_ALIGNMENT,
               .held_max = RIG_PACKETS},
      .memory = memory,
      .memory_size = sizeof memory,
      .queue_depth = RIG_DEPTH,
      .batch = 8,
      .budget = 16,
      .mac = {2, 0, 0, 0x12, 0x34, 0x56},
  };
  host_connect_irq(irq, interrupt, nic);
  assert_int_equal(nic_init(nic, &config, &dispatch), 0);
  nic->input = input;
}

void rig_run(void) {
  for (unsigned turns = 0; dispatch_run(&dispatch); turns++)
    assert_true(turns < 1000);
}

void rig_check_conservation(void) {
  assert_int_equal(rig_nic->pool.free_count + packet_queue_count(&rig_nic->rx_submission) +
                       ring_count(&rig_nic->rx_ring.ring) +
                       packet_queue_count(&rig_nic->rx_completion) + rig_nic->pool.held,
                   RIG_PACKETS);
}

bool rig_wire_to(const uint8_t *destination, uint32_t number) {
  uint8_t frame[RIG_FRAME] = {0};

  memcpy(frame, destination, ETH_ADDRESS_BYTES);
  memcpy(frame + ETH_HEADER_BYTES, &number, sizeof number);
  return receive_from_wire(frame, sizeof frame);
}

bool rig_wire(uint32_t number) { return rig_wire_to(rig_nic->mac, number); }

static void tx_free(struct pbuf *pbuf) {
  (void)pbuf;
  rig_tx_freed++;
}

struct pbuf *rig_tx_chain(unsigned parts, bool gap) {
  struct pbuf *frame = NULL;
  uint8_t byte = (uint8_t)rig_tx_made;

  for (unsigned i = 0; i < parts; i++) {
    unsigned slot = rig_tx_made++ % TX_PBUFS;
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

void rig_transmit(struct pbuf *frame) {
  assert_int_equal(datapath_transmit(rig_nic, frame), 0);
  pbuf_free(frame); /* the datapath has a reference of its own */
}
