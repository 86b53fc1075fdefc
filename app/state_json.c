/* The state as JSON: a list of small sections, each a function that appends what it knows. */
#include "state_json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "board.h"
#include "interfaces.h"
#include "lwip/init.h"
#include "lwip/stats.h"
#include "port.h"
#include "registry.h"
#include "sim_wire.h"

struct text {
  char *bytes;
  size_t size, length;
  bool full; /* something did not fit */
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...) {
  size_t left = text->size - text->length;
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = vsnprintf(text->bytes + text->length, left, format, arguments);
  va_end(arguments);
  if ((size_t)length >= left)
    text->full = true;
  else
    text->length += (size_t)length;
}

static const char *boolean(bool value) { return value ? "true" : "false"; }

/* ---- the sections of a device ---- */

static void add_device(struct text *text, struct registry_entry *entry, unsigned part) {
  (void)part;
  add(text, "{\"device\":\"%s\",\"driver\":\"%s\",\"version\":\"%s\",\"state\":\"%s\"",
      entry->device->name, entry->driver->ops->name, entry->driver->version,
      registry_state_name(entry));
}

static void add_interface(struct text *text, struct registry_entry *entry, unsigned part) {
  const struct nic *nic = entry->device->nic;
  const uint8_t *mac = nic->mac;

  (void)part;
  add(text, ",\"name\":\"en%u\",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\",\"mtu\":%u",
      entry->netif.num, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], nic->mtu);
  add(text, ",\"link\":\"%s\",\"speed\":%u,\"duplex\":\"%s\",\"media\":\"%s\"",
      nic_link_name(nic->link.status), nic->link.speed_mbps,
      nic->link.full_duplex ? "full" : "half", nic_media_name(nic->media));
  add(text, ",\"promisc\":%s,\"dhcp\":%s", boolean(nic->filter.promiscuous),
      boolean(interfaces_by_dhcp(entry)));
}

static void add_addresses(struct text *text, struct registry_entry *entry, unsigned part) {
  struct netif *netif = &entry->netif;

  (void)part;
  add(text, ",\"ip\":[\"%s/%d\"", ip4addr_ntoa(netif_ip4_addr(netif)),
      __builtin_popcount(ip4_addr_get_u32(netif_ip4_netmask(netif))));
  for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
    if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
      add(text, ",\"%s\"", ip6addr_ntoa(netif_ip6_addr(netif, i)));
  }
  add(text, "]");
}

static void add_packets(struct text *text, struct registry_entry *entry, unsigned part) {
  const struct nic *nic = entry->device->nic;
  const struct packet_pool *pool = &nic->pool;

  (void)part;
  add(text, ",\"pool\":{\"size\":%u,\"rest\":%u,\"submission\":%u,\"ring\":%u",
      pool->options.packets, pool->free_count, packet_queue_count(&nic->rx_submission),
      ring_count(&nic->rx_ring.ring));
  add(text, ",\"completion\":%u,\"stack\":%u,\"most\":%u}", packet_queue_count(&nic->rx_completion),
      pool->held, pool->held_high_water);
  add(text, ",\"rings\":{\"rx\":[%u,%u],\"tx\":[%u,%u]}", ring_count(&nic->rx_ring.ring),
      ring_size(&nic->rx_ring.ring), ring_count(&nic->tx_ring.ring), ring_size(&nic->tx_ring.ring));
}

static void add_queue(struct text *text, const char *name, const struct packet_queue *queue) {
  add(text, "\"%s\":[%u,%u,%u,%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", name,
      packet_queue_count(queue), packet_queue_depth(queue), packet_queue_high_water(queue),
      queue->enqueued, queue->dequeued, queue->refused);
}

static void add_queues(struct text *text, struct registry_entry *entry, unsigned part) {
  const struct nic *nic = entry->device->nic;

  (void)part;
  add(text, ",\"queues\":{");
  add_queue(text, "tx_submission", &nic->tx_submission);
  add(text, ",");
  add_queue(text, "tx_completion", &nic->tx_completion);
  add(text, ",");
  add_queue(text, "rx_submission", &nic->rx_submission);
  add(text, ",");
  add_queue(text, "rx_completion", &nic->rx_completion);
  add(text, "}");
}

enum {
  COUNTERS_A_PART = 7,
  COUNTER_PARTS = (NIC_COUNTER_COUNT + COUNTERS_A_PART - 1) / COUNTERS_A_PART,
};

/* The first is always there, the others only if they are not 0. */
static void add_counters(struct text *text, struct registry_entry *entry, unsigned part) {
  const uint32_t *counters = entry->device->nic->counters;
  unsigned end = (part + 1) * COUNTERS_A_PART;

  if (part == 0)
    add(text, ",\"counters\":{\"%s\":%" PRIu32, nic_counter_name(0), counters[0]);
  for (unsigned i = part == 0 ? 1 : part * COUNTERS_A_PART; i < end && i < NIC_COUNTER_COUNT; i++) {
    if (counters[i] != 0)
      add(text, ",\"%s\":%" PRIu32, nic_counter_name((enum nic_counter)i), counters[i]);
  }
  if (part == COUNTER_PARTS - 1)
    add(text, "}");
}

static void add_sim(struct text *text, struct registry_entry *entry, unsigned part) {
  const struct sim_device *device = sim_wire_device(entry->device->nic);
  uint32_t left;

  (void)part;
  if (device == NULL)
    return;
  add(text, ",\"sim\":{\"profile\":\"%s\",\"period_ms\":%" PRIu32 ",\"burst\":%u,\"faults\":{",
      sim_peer_profile_name(device->peer.config.profile), device->peer.config.period_ms,
      device->peer.config.burst);
  for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
    add(text, "%s\"%s\":%u", i == 0 ? "" : ",", sim_fault_name((enum sim_fault)i),
        device->faults.probability[i]);
  left = timer_source_left_ms(&device->receive_timer);
  if (left == UINT32_MAX)
    add(text, "},\"receive_timer_ms\":null}");
  else
    add(text, "},\"receive_timer_ms\":%" PRIu32 "}", left);
}

static const struct {
  void (*add)(struct text *text, struct registry_entry *entry, unsigned part);
  unsigned parts;
} sections[] = {
    {add_device, 1},  {add_interface, 1}, {add_addresses, 1},
    {add_packets, 1}, {add_queues, 1},    {add_counters, COUNTER_PARTS},
    {add_sim, 1},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* ---- the whole ---- */

static void add_start(struct text *text) {
  uint64_t now_us = port_clock_us();
  uint32_t seconds = (uint32_t)(now_us / 1000000);
  unsigned ms = (unsigned)(now_us / 1000 % 1000);
  unsigned posted, sources = dispatch_count(registry_dispatch(), &posted);

  add(text, "{\"board\":\"%s\",\"lwip\":\"%s\"", BOARD_NAME, LWIP_VERSION_STRING);
  if (seconds == 0)
    add(text, ",\"uptime_ms\":%u", ms);
  else /* more than fits into 32 bits after 49 days */
    add(text, ",\"uptime_ms\":%" PRIu32 "%03u", seconds, ms);
  add(text, ",\"dispatch\":[%u,%u]", posted, sources);
  add(text, ",\"heap\":{\"used\":%u,\"most\":%u,\"size\":%u},\"devices\":[",
      (unsigned)lwip_stats.mem.used, (unsigned)lwip_stats.mem.max, (unsigned)lwip_stats.mem.avail);
}

/* Appends the next part, and steps to the one after it. */
static void add_part(struct text *text, struct state_json *state) {
  struct registry_entry *entry = registry_entry(state->device);
  bool last = registry_entry(state->device + 1u) == NULL;

  if (!state->begun) {
    add_start(text);
    state->begun = true;
    return;
  }
  if (state->section == 0 && state->part == 0)
    state->active = entry->state == REGISTRY_ACTIVATED;
  if (state->section == SECTIONS || (state->section > 0 && !state->active)) {
    add(text, last ? "}]}\n" : "},");
    state->device++;
    state->section = 0;
    return;
  }
  sections[state->section].add(text, entry, state->part);
  if (++state->part == sections[state->section].parts) {
    state->part = 0;
    state->section++;
  }
}

size_t state_json_write(struct state_json *state, char *bytes, size_t size) {
  struct text text = {.bytes = bytes, .size = size};

  while (!text.full && registry_entry(state->device) != NULL) {
    struct state_json before = *state;
    size_t length = text.length;

    add_part(&text, state);
    if (text.full) {
      *state = before;
      text.length = length;
    }
  }
  return text.length;
}
