/* A NIC's subjects of the watchdog: its reception and its transmission. */
#include "nic_progress.h"

/* Remembers the count; true if it differs from the last one. */
static bool counted(struct watchdog_subject *subject, uint32_t count) {
  bool differs = count != subject->moved;

  subject->moved = count;
  return differs;
}

static bool rx_moves(struct watchdog_subject *subject) {
  const struct nic *nic = subject->device->nic;

  if (nic->state != NIC_ENABLED)
    return true;
  return counted(subject, nic->rx_completion.enqueued) ||
         (!ring_empty(&nic->rx_ring.ring) && packet_queue_empty(&nic->rx_completion) &&
          !nic->rx_stalled);
}

static bool tx_moves(struct watchdog_subject *subject) {
  const struct nic *nic = subject->device->nic;

  if (nic->state != NIC_ENABLED)
    return true;
  return counted(subject, nic->tx_submission.dequeued + nic->tx_completion.enqueued +
                              nic->counters[NIC_TX_TIMEOUTS] + nic->counters[NIC_RECOVERIES]) ||
         (ring_empty(&nic->tx_ring.ring) && packet_queue_empty(&nic->tx_submission)) ||
         !nic_link_is_active(nic);
}

const struct watchdog_kind nic_rx_progress = {"rx", rx_moves};
const struct watchdog_kind nic_tx_progress = {"tx", tx_moves};
