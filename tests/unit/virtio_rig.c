/* The virtio network driver under the kit, against a fake of its device, and a stack that counts.
 */
#include "virtio_rig.h"

#include "datapath.h"
#include "unit.h"

enum { PARTS = 1024 }; /* that can be on their way at a time */

struct virtio_rig virtio_rig;

static struct virtio_net_rings rings;
static _Alignas(64) uint8_t
    memory[NIC_MEMORY_BYTES(VIRTIO_RIG_PACKETS, VIRTIO_RIG_BUFFER, 24, 64, VIRTIO_RIG_DEPTH)];
static const struct nic_config config = {
    .ops = &virtio_net_ops,
    .base = FAKE_VIRTIO_BASE,
    .irq = FAKE_VIRTIO_IRQ,
    .pool = {.packets = VIRTIO_RIG_PACKETS,
             .buffer_size = VIRTIO_RIG_BUFFER,
             .headroom = 24,
             .alignment = 64,
             .held_max = VIRTIO_RIG_PACKETS},
    .memory = memory,
    .memory_size = sizeof memory,
    .queue_depth = VIRTIO_RIG_DEPTH,
    .batch = 8,
    .budget = 16,
    .mac = {2, 0, 0, 0x12, 0x34, 0x56},
};

static _Alignas(8) uint8_t part_memory[PARTS][VIRTIO_RIG_PART];
static struct pbuf_custom part_pbufs[PARTS];
static unsigned next_part;

/* It checks that frames come in order, in aligned buffers. */
static void input(struct nic *from, struct pbuf *frame) {
  struct virtio_rig *rig = &virtio_rig;
  uint32_t number;

  assert_ptr_equal(from, rig->nic);
  assert_int_equal((uintptr_t)frame->payload % 64, 0);
  assert_int_equal(frame->tot_len, VIRTIO_RIG_FRAME);
  memcpy(&number, (uint8_t *)frame->payload + 14, sizeof number);
  assert_int_equal(number, rig->received);
  rig->received++;
  if ((frame->flags & PACKET_FLAG_CHECKED) != 0)
    rig->checked++;
  if (rig->hoarded < rig->hoard)
    rig->hoarded_frames[rig->hoarded++] = frame;
  else
    pbuf_free(frame);
}

static void interrupt(void *context) { nic_interrupt(context); }

int virtio_rig_setup(void **state) {
  struct virtio_rig *rig = &virtio_rig;

  (void)state;
  host_reset();
  memset(rig, 0, sizeof *rig);
  rig->virtio.rings = &rings;
  rig->nic = &rig->virtio.nic;
  fake_virtio_net_attach(&rig->fake);
  host_connect_irq(FAKE_VIRTIO_IRQ, interrupt, rig->nic);
  assert_int_equal(nic_init(rig->nic, &config, &rig->dispatch), 0);
  rig->nic->input = input;
  return 0;
}

int virtio_rig_setup_enabled(void **state) {
  virtio_rig_setup(state);
  assert_int_equal(nic_start(virtio_rig.nic), 0);
  assert_int_equal(nic_set_interface_enable(virtio_rig.nic, true), 0);
  assert_true(nic_link_is_active(virtio_rig.nic));
  return 0;
}

void virtio_rig_run(void) {
  for (unsigned turns = 0; dispatch_run(&virtio_rig.dispatch); turns++)
    assert_true(turns < 1000);
}

bool virtio_rig_wire(void) {
  uint8_t frame[VIRTIO_RIG_FRAME] = {2, 0, 0, 0xaa, 0xbb, 0xcc};

  memcpy(frame + 14, &virtio_rig.wired, sizeof virtio_rig.wired);
  if (!fake_virtio_net_receive(&virtio_rig.fake, frame, sizeof frame, 0))
    return false;
  virtio_rig.wired++;
  return true;
}

void virtio_rig_check(void) {
  const struct nic *nic = virtio_rig.nic;

  assert_int_equal(nic->pool.free_count + packet_queue_count(&nic->rx_submission) +
                       ring_count(&nic->rx_ring.ring) + packet_queue_count(&nic->rx_completion) +
                       nic->pool.held,
                   VIRTIO_RIG_PACKETS);
  assert_int_equal(virtio_rig.fake.bad_accesses, 0);
}

static void part_free(struct pbuf *part) {
  (void)part;
  virtio_rig.parts_freed++;
}

static uint8_t byte_of(unsigned number, unsigned part) { return (uint8_t)(number * 7 + part); }

int virtio_rig_transmit(unsigned number, unsigned parts) {
  struct pbuf *frame = NULL;
  int error;

  for (unsigned i = 0; i < parts; i++) {
    unsigned slot = next_part++ % PARTS;
    struct pbuf *part;

    part_pbufs[slot].custom_free_function = part_free;
    memset(part_memory[slot], byte_of(number, i), VIRTIO_RIG_PART);
    part = pbuf_alloced_custom(PBUF_RAW, (u16_t)(VIRTIO_RIG_PART - i), PBUF_RAM, &part_pbufs[slot],
                               part_memory[slot], VIRTIO_RIG_PART);
    assert_non_null(part);
    if (frame == NULL)
      frame = part;
    else
      pbuf_cat(frame, part);
  }
  error = datapath_transmit(virtio_rig.nic, frame);
  pbuf_free(frame); /* the datapath has a reference of its own */
  return error;
}

bool virtio_rig_was_sent(unsigned sent, unsigned number, unsigned parts) {
  const uint8_t *data = virtio_rig.fake.frames[sent % FAKE_VIRTIO_SENT_MAX].data;
  uint32_t length = 0;

  for (unsigned i = 0; i < parts; i++) {
    for (unsigned j = 0; j < VIRTIO_RIG_PART - i; j++) {
      if (data[length++] != byte_of(number, i))
        return false;
    }
  }
  return virtio_rig.fake.frames[sent % FAKE_VIRTIO_SENT_MAX].length == length;
}
