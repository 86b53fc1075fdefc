/* A NIC on paper: rings in plain memory, and a device that does what the test says. */
#include "paper_nic.h"

#include "datapath.h"
#include "unit.h"

static struct paper_nic *paper_of(struct nic *nic) { return (struct paper_nic *)nic; }

static int start(struct nic *nic) {
  paper_of(nic)->starts++;
  nic->offloads &= (uint8_t)~paper_of(nic)->lacks;
  return paper_of(nic)->start_error;
}

static int enable(struct nic *nic) {
  struct paper_nic *paper = paper_of(nic);

  paper->enables++;
  if (paper->enable_error != 0)
    return paper->enable_error;
  nic_ring_init(&nic->rx_ring, paper->rx_slots, PAPER_RING);
  nic_ring_init(&nic->tx_ring, paper->tx_slots, PAPER_RING);
  /* Every index starts where it soon wraps. */
  nic->rx_ring.ring.head = nic->rx_ring.ring.tail = paper->filled = UINT32_MAX - 5;
  nic->tx_ring.ring.head = nic->tx_ring.ring.tail = paper->done = UINT32_MAX - 5;
  return 0;
}

static void disable(struct nic *nic) {
  paper_of(nic)->disables++;
  paper_of(nic)->unmasked = false;
}

static bool rx_post(struct nic *nic, struct pbuf *packet) {
  assert_false(ring_full(&nic->rx_ring.ring));
  nic_ring_push(&nic->rx_ring, packet);
  return true;
}

static struct pbuf *rx_reap(struct nic *nic) {
  if (nic->rx_ring.ring.tail == paper_of(nic)->filled)
    return NULL;
  return nic_ring_pop(&nic->rx_ring);
}

static bool tx_post(struct nic *nic, struct pbuf *frame) {
  if (ring_full(&nic->tx_ring.ring))
    return false;
  nic_ring_push(&nic->tx_ring, frame);
  return true;
}

static struct pbuf *tx_reap(struct nic *nic) {
  if (nic->tx_ring.ring.tail == paper_of(nic)->done)
    return NULL;
  return nic_ring_pop(&nic->tx_ring);
}

static void doorbell(struct nic *nic, enum nic_direction which) {
  struct paper_nic *paper = paper_of(nic);

  if (which == NIC_RX) {
    paper->doorbells_rx++;
    nic->rx_stalled = false;
    return;
  }
  paper->doorbells_tx++;
  while (!paper->hold_tx && paper->done != nic->tx_ring.ring.head) {
    struct pbuf *frame = paper->tx_slots[ring_slot(&nic->tx_ring.ring, paper->done++)];
    unsigned i = paper->sent++ % PAPER_SENT_MAX;

    paper->sent_length[i] = frame->tot_len;
    pbuf_copy_partial(frame, paper->sent_data[i], sizeof paper->sent_data[i], 0);
  }
}

static void interrupt(struct nic *nic) { paper_of(nic)->unmasked = false; }

/* What arrived while masked interrupts at once. */
static void irq_unmask(struct nic *nic) {
  struct paper_nic *paper = paper_of(nic);

  if (paper->before_unmask != NULL)
    paper->before_unmask(paper);
  paper->unmasked = true;
  if (nic->rx_ring.ring.tail != paper->filled)
    nic_interrupt(nic);
}

static void read_link(struct nic *nic, struct nic_link *state) {
  *state = (struct nic_link){.status = paper_of(nic)->link ? NIC_LINK_ACTIVE : NIC_LINK_INACTIVE,
                             .speed_mbps = paper_of(nic)->slow ? 10 : 100,
                             .full_duplex = paper_of(nic)->full_duplex};
}

bool paper_receive(struct paper_nic *paper, const void *frame, uint16_t length) {
  struct nic *nic = &paper->nic;
  struct pbuf *packet;

  if (nic->state != NIC_ENABLED || paper->filled == nic->rx_ring.ring.head)
    return false;
  packet = paper->rx_slots[ring_slot(&nic->rx_ring.ring, paper->filled++)];
  memcpy(packet->payload, frame, length);
  packet_set_length(packet, paper->error_frames ? 0 : length);
  if (paper->checked)
    packet->flags |= PACKET_FLAG_CHECKED;
  if (paper->error_frames)
    nic_count(nic, NIC_IN_ERROR);
  if (paper->unmasked)
    nic_interrupt(nic);
  return true;
}

struct nic_ops paper_ops = {
    .name = "paper",
    .caps = {.tx_fragments_max = 2,
             .tx_alignment = 1,
             .mtu_max = ETH_MTU,
             .media = NIC_MEDIA_AUTO,
             .promiscuous = true},
    .start = start,
    .enable = enable,
    .disable = disable,
    .rx_post = rx_post,
    .rx_reap = rx_reap,
    .tx_post = tx_post,
    .tx_reap = tx_reap,
    .doorbell = doorbell,
    .interrupt = interrupt,
    .turn = datapath_run,
    .irq_unmask = irq_unmask,
    .read_link = read_link,
};
