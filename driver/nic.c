/* The lifecycle of a NIC: init, start, set_interface_enable, set_power_state, stop, free. */
#include "nic.h"

#include <errno.h>
#include <string.h>

#include "datapath.h"
#include "port.h"

static const char *const counter_names[] = {
#define NIC_COUNTER_NAME(name, text) text,
    NIC_COUNTERS(NIC_COUNTER_NAME)
#undef NIC_COUNTER_NAME
};

const char *nic_counter_name(enum nic_counter counter) { return counter_names[counter]; }

uint32_t nic_dropped(const struct nic *nic) {
  uint32_t dropped = 0;

  for (unsigned i = NIC_IN_RUNT; i <= NIC_OUT_STOPPED; i++)
    dropped += nic->counters[i];
  return dropped;
}

int nic_init(struct nic *nic, const struct nic_config *config, struct dispatch_queue *dispatch) {
  if (nic->state != NIC_ABSENT)
    return -EPERM;
  if (config->batch == 0 || config->batch > config->queue_depth || config->budget == 0 ||
      config->pool.buffer_size < ETH_HEADER_BYTES + ETH_TAG_BYTES ||
      config->ops->caps.tx_alignment > MEM_ALIGNMENT)
    return -EINVAL; /* for the last: a copy of a frame would not be aligned either */
  nic->config = config;
  nic->ops = config->ops;
  nic->base = config->base;
  nic->dispatch = dispatch;
  nic->mtu_max = config->ops->caps.mtu_max;
  nic->mtu = nic_mtu_max(nic);
  nic->media = NIC_MEDIA_AUTO;
  memcpy(nic->mac, config->mac, sizeof nic->mac);
  nic->link = (struct nic_link){.status = NIC_LINK_INVALID};
  nic->filter = (struct nic_filter){.promiscuous = false};
  memset(nic->counters, 0, sizeof nic->counters);
  nic->state = NIC_INIT;
  return 0;
}

/* The packets take the front of the memory, which is aligned for them; the queues' slots follow. */
static int make_pool_and_queues(struct nic *nic) {
  const struct nic_config *config = nic->config;
  size_t slots_bytes = 4 * sizeof(struct pbuf *) * config->queue_depth;
  struct pbuf **slots;
  int error;

  if (config->memory_size < slots_bytes)
    return -ENOMEM;
  error = packet_pool_init(&nic->pool, &config->pool, config->memory,
                           config->memory_size - slots_bytes);
  if (error != 0)
    return error;
  slots = (struct pbuf **)(void *)((uint8_t *)config->memory +
                                   PACKET_POOL_BYTES(
                                       (size_t)config->pool.packets, config->pool.buffer_size,
                                       config->pool.headroom, config->pool.alignment));

  struct {
    struct packet_queue *queue;
    struct dispatch_source *data_available;
  } const queues[] = {
      {&nic->tx_submission, &nic->tx_event},
      {&nic->tx_completion, NULL},
      {&nic->rx_submission, NULL}, /* datapath_refill() asks to be told when it has run dry */
      {&nic->rx_completion, NULL},
  };
  for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
    error = packet_queue_init(queues[i].queue, slots + i * config->queue_depth, config->queue_depth,
                              queues[i].data_available);
    if (error != 0)
      return error;
  }
  return 0;
}

void nic_set_ops(struct nic *nic, const struct nic_ops *ops) {
  nic->ops = ops;
  nic->interrupt_event.action = ops->turn;
}

int nic_start(struct nic *nic) {
  int error;

  if (nic->state != NIC_INIT)
    return -EPERM;
  if (nic->pool.held != 0) /* since a stop: the pool, made anew, would give them out again */
    return -EBUSY;
  error = make_pool_and_queues(nic);
  if (error != 0)
    return error;
  error = dispatch_add(nic->dispatch, &nic->interrupt_event, nic->ops->turn, nic);
  if (error != 0)
    return error;
  error = dispatch_add(nic->dispatch, &nic->tx_event, tx_packet_available, nic);
  if (error != 0)
    goto remove_interrupt_event;
  nic->offloads = NIC_OFFLOADS_ARE_USED ? nic->ops->caps.offloads : 0;
  error = nic->ops->start(nic);
  if (error != 0)
    goto remove_tx_event;
  nic->state = NIC_STARTED;
  return 0;

remove_tx_event:
  dispatch_remove(&nic->tx_event);
remove_interrupt_event:
  dispatch_remove(&nic->interrupt_event);
  return error;
}

static void set_queues_enable(struct nic *nic, bool enable) {
  packet_queue_set_enable(&nic->tx_submission, enable);
  packet_queue_set_enable(&nic->tx_completion, enable);
  packet_queue_set_enable(&nic->rx_submission, enable);
  packet_queue_set_enable(&nic->rx_completion, enable);
  nic->pool.recycle = enable ? &nic->rx_submission : NULL;
}

/* A ring's tail at a watch; if nothing waits, one that it cannot have: an entry that is put in
 * later has not waited since this watch. */
static uint32_t watched_tail(const struct ring *ring, bool waits) { return ring->tail - !waits; }

/* The device was turned on just now: its rings are empty. */
static void watch_from_now(struct nic *nic) {
  nic->stalled_watches = 0;
  nic->deaf_watches = 0;
  nic->watched_tx_tail = watched_tail(&nic->tx_ring.ring, false);
  nic->watched_rx_tail = watched_tail(&nic->rx_ring.ring, false);
}

/* Enables or disables each of the NIC's lines. Not inlined: it is called three times. */
static __attribute__((noinline)) void set_irq(const struct nic *nic, bool on) {
  const struct nic_config *config = nic->config;
  unsigned line = config->irq;

  do {
    if (on)
      port_irq_enable(line);
    else
      port_irq_disable(line);
  } while (line++ < config->irq_last);
}

/* Turns the device on with all the buffers it can take. */
static int hardware_on(struct nic *nic) {
  int error;

  nic->rx_stalled = false;
  nic->faulted = false;
  nic->link_event = false;
  nic->irq_is_off = false;
  error = nic->ops->enable(nic);
  if (error != 0)
    return error;
  watch_from_now(nic);
  set_queues_enable(nic, true);
  nic->state = NIC_ENABLED;
  nic->recovering = false;
  if (nic->ops->set_filter != NULL)
    nic->ops->set_filter(nic);
  datapath_refill(nic);
  set_irq(nic, true);
  nic->ops->irq_unmask(nic);
  return 0;
}

static void give_back_received(void *context, struct pbuf *packet) {
  struct nic *nic = context;

  if (packet->len != 0) /* else the MAC driver has counted the error */
    nic_count(nic, NIC_IN_STOPPED);
  packet_pool_put(&nic->pool, packet);
}

static void give_back_empty(void *context, struct pbuf *packet) {
  struct nic *nic = context;

  packet_pool_put(&nic->pool, packet);
}

static void give_back_unsent(void *context, struct pbuf *frame) {
  struct nic *nic = context;

  nic_count(nic, NIC_OUT_STOPPED);
  pbuf_free(frame);
}

static void give_back_sent(void *context, struct pbuf *frame) {
  (void)context;
  pbuf_free(frame);
}

/* Turns the device off and takes back what was on its rings. What it had completed before is not
 * lost: frames it sent count as sent, frames it received as received and dropped. */
static void hardware_off(struct nic *nic) {
  struct pbuf *packet;

  set_irq(nic, false);
  nic->ops->disable(nic);
  nic->state = NIC_STOPPING;
  nic->pool.recycle = NULL;
  while ((packet = nic->ops->tx_reap(nic)) != NULL)
    give_back_sent(nic, packet);
  while ((packet = nic->ops->rx_reap(nic)) != NULL)
    give_back_received(nic, packet);
  while (!ring_empty(&nic->tx_ring.ring))
    give_back_unsent(nic, nic_ring_pop(&nic->tx_ring));
  while (!ring_empty(&nic->rx_ring.ring))
    give_back_empty(nic, nic_ring_pop(&nic->rx_ring));
}

/* Fills rx_submission with packets at rest, for as many as it has places. */
static void keep_buffers(struct nic *nic) {
  struct pbuf *packet;

  packet_queue_set_enable(&nic->rx_submission, true);
  while (packet_queue_count(&nic->rx_submission) < packet_queue_depth(&nic->rx_submission) &&
         (packet = packet_pool_get(&nic->pool)) != NULL)
    (void)packet_queue_put(&nic->rx_submission, packet);
  packet_queue_set_enable(&nic->rx_submission, false);
}

/* The device is off: gives back everything else that was under way. */
static void come_to_rest(struct nic *nic, enum nic_state state) {
  packet_queue_purge(&nic->tx_submission, give_back_unsent, nic);
  packet_queue_purge(&nic->tx_completion, give_back_sent, nic);
  packet_queue_purge(&nic->rx_submission, give_back_empty, nic);
  packet_queue_purge(&nic->rx_completion, give_back_received, nic);
  if (state == NIC_LOW && nic->config->low_keeps_buffers)
    keep_buffers(nic);
  nic->state = state;
  nic_poll_link(nic);
}

static void quiesce(struct nic *nic, enum nic_state state) {
  set_queues_enable(nic, false);
  hardware_off(nic);
  come_to_rest(nic, state);
}

int nic_set_interface_enable(struct nic *nic, bool enable) {
  int error;

  switch (nic->state) {
  case NIC_STARTED:
    if (!enable) {
      nic->recovering = false;
      return 0;
    }
    error = hardware_on(nic);
    if (error == 0)
      nic_poll_link(nic);
    return error;
  case NIC_ENABLED:
    if (!enable)
      quiesce(nic, NIC_STARTED);
    return 0;
  case NIC_LOW:
    if (enable)
      return -EPERM;
    come_to_rest(nic, NIC_STARTED); /* with the buffers that were kept */
    return 0;
  case NIC_ABSENT:
  case NIC_STOPPING:
  case NIC_INIT:
    break;
  }
  return -EPERM;
}

int nic_set_power_state(struct nic *nic, enum nic_power power) {
  int error;

  if (nic->state == NIC_ENABLED) {
    if (power == NIC_POWER_LOW)
      quiesce(nic, NIC_LOW);
    return 0;
  }
  if (nic->state != NIC_LOW)
    return -EPERM;
  if (power == NIC_POWER_LOW)
    return 0;
  error = hardware_on(nic);
  if (error == 0)
    nic_poll_link(nic);
  return error;
}

int nic_stop(struct nic *nic) {
  (void)nic_set_interface_enable(nic, false);
  if (nic->state != NIC_STARTED)
    return -EPERM;
  dispatch_remove(&nic->tx_event);
  dispatch_remove(&nic->interrupt_event);
  nic->state = NIC_INIT;
  return 0;
}

int nic_free(struct nic *nic) {
  if (nic->state != NIC_INIT)
    return -EPERM;
  if (nic->pool.held != 0)
    return -EBUSY;
  nic->state = NIC_ABSENT;
  return 0;
}

int nic_recover(struct nic *nic) {
  int error;

  if (nic->state != NIC_ENABLED)
    return -EPERM;
  nic_count(nic, NIC_RECOVERIES);
  hardware_off(nic);
  error = hardware_on(nic);
  if (error != 0) {
    set_queues_enable(nic, false);
    nic->recovering = true; /* unless whoever is told of the link switches it off */
    come_to_rest(nic, NIC_STARTED);
  }
  return error;
}

void nic_poll_link(struct nic *nic) {
  struct nic_link link = {.status = NIC_LINK_INVALID};

  if (nic->state >= NIC_ENABLED) /* or in low power */
    link.status = NIC_LINK_INACTIVE;
  if (nic->state == NIC_ENABLED)
    nic->ops->read_link(nic, &link);
  if (link.status == nic->link.status && link.speed_mbps == nic->link.speed_mbps &&
      link.full_duplex == nic->link.full_duplex)
    return;
  nic->link = link;
  if (nic->link_changed != NULL)
    nic->link_changed(nic);
}

/* Counts the watches in a row in which something `stands` still; true at number `limit` alone, as
 * the reset that follows starts the count anew. Not inlined: it is called twice. */
static __attribute__((noinline)) bool has_stood(uint8_t *watches, bool stands, unsigned limit) {
  *watches = stands ? (uint8_t)(*watches + 1) : 0;
  return *watches == limit;
}

/* A device that loses frames although it has buffers no longer knows of them. */
static void watch_receiver(struct nic *nic) {
  const struct ring *rx = &nic->rx_ring.ring;
  uint16_t losses = (uint16_t)nic->counters[NIC_IN_OVERFLOW];
  bool waits = !ring_empty(rx);
  bool deaf = waits && rx->tail == nic->watched_rx_tail && losses != nic->watched_losses;

  nic->watched_rx_tail = watched_tail(rx, waits);
  nic->watched_losses = losses;
  if (has_stood(&nic->deaf_watches, deaf, NIC_RX_TIMEOUT_MS / NIC_WATCH_MS))
    nic->faulted = true;
}

static void watch_transmitter(struct nic *nic) {
  const struct ring *tx = &nic->tx_ring.ring;
  bool waits = !ring_empty(tx);
  bool stalled = waits && tx->tail == nic->watched_tx_tail && nic_link_is_active(nic);

  nic->watched_tx_tail = watched_tail(tx, waits);
  if (has_stood(&nic->stalled_watches, stalled, NIC_TX_TIMEOUT_MS / NIC_WATCH_MS)) {
    nic_count(nic, NIC_TX_TIMEOUTS);
    nic->faulted = true;
  }
}

void nic_watch(struct nic *nic) {
  if (nic->recovering && nic->state == NIC_STARTED) { /* what was in flight has been given back */
    nic_count(nic, NIC_RECOVERIES);
    (void)hardware_on(nic);
  }
  nic_poll_link(nic);
  if (nic->state != NIC_ENABLED)
    return;
  watch_transmitter(nic);
  watch_receiver(nic);
  if (nic->irq_is_off)
    nic->faulted = true;
  dispatch_post(&nic->interrupt_event);
}

/* The event of an interrupt before this one still waits: this one came in vain. */
static __attribute__((cold, noinline)) void came_in_vain(struct nic *nic) {
  if (nic->last_in_vain + 1 != nic->counters[NIC_INTERRUPTS])
    nic->irqs_in_vain = 0;
  nic->last_in_vain = nic->counters[NIC_INTERRUPTS];
  if (++nic->irqs_in_vain < NIC_IRQ_STORM)
    return;
  nic->irq_is_off = true;
  nic_count(nic, NIC_IRQ_STORMS);
  set_irq(nic, false);
}

void nic_interrupt(struct nic *nic) {
  nic->counters[NIC_INTERRUPTS]++;
  nic->ops->interrupt(nic);
  if (dispatch_post(&nic->interrupt_event))
    came_in_vain(nic);
}
