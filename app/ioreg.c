/* ioreg: the machine as a tree, from the board down to each queue, with live properties. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "board.h"
#include "console.h"
#include "lwip/init.h"
#include "port.h"
#include "registry.h"
#include "sim_wire.h"

/* One line of the tree: its place, name, class and present state. */
static void print_node(const char *branch, const char *name, const char *class, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

static void print_node(const char *branch, const char *name, const char *class, const char *format,
                       ...) {
  char properties[96];
  va_list arguments;

  va_start(arguments, format);
  (void)vsnprintf(properties, sizeof properties, format, arguments);
  va_end(arguments);
  console_print("%s+-o %s  <class %s", branch, name, class);
  console_print(", %s>\r\n", properties);
}

static void print_queue(const char *branch, const char *name, const struct packet_queue *queue) {
  print_node(branch, name, "packet_queue", "%u of %u, in %" PRIu32 ", out %" PRIu32 "%s",
             packet_queue_count(queue), packet_queue_depth(queue), queue->enqueued, queue->dequeued,
             packet_queue_enabled(queue) ? "" : ", disabled");
}

static void print_netif(const char *branch, const struct registry_entry *entry) {
  const struct netif *netif = &entry->netif;
  char name[REGISTRY_NAME_BYTES];

  print_node(branch, registry_name(entry, name), "netif", "%s, link %s, %s, mtu %u",
             netif_is_up(netif) ? "up" : "down", netif_is_link_up(netif) ? "active" : "inactive",
             ip4addr_ntoa(netif_ip4_addr(netif)), netif->mtu);
}

static void print_action(const char *branch, const char *name,
                         const struct dispatch_source *source) {
  print_node(branch, name, "dispatch_source", "%s",
             (registry_dispatch()->pending & source->bit) != 0 ? "posted" : "idle");
}

static void print_timer(const char *branch, const char *name, const struct timer_source *source) {
  uint32_t left = timer_source_left_ms(source);

  if (left == UINT32_MAX)
    print_node(branch, name, "timer_source", "not armed");
  else
    print_node(branch, name, "timer_source", "armed, due in %" PRIu32 " ms", left);
}

/* An instance of a driver, and all that belongs to it. */
static void print_instance(const struct registry_entry *entry, bool last) {
  const struct nic *nic = entry->device->nic;
  const struct packet_pool *pool = &nic->pool;
  const struct sim_device *sim = sim_wire_device(nic);
  unsigned in_flight = packet_queue_count(&nic->tx_submission) + ring_count(&nic->tx_ring.ring);
  const char *branch = last ? "        " : "  |     ";

  print_node(last ? "    " : "  | ", nic->ops->name, "nic",
             "registered, matched, active, busy %u, retain %u", in_flight, pool->held);
  print_node(branch, "pool", "packet_pool", "%u of %u bytes, rest %u, stack %u",
             pool->options.packets, pool->options.buffer_size, pool->free_count, pool->held);
  print_node(branch, "rx_ring", "nic_ring", "%u of %u", ring_count(&nic->rx_ring.ring),
             ring_size(&nic->rx_ring.ring));
  print_node(branch, "tx_ring", "nic_ring", "%u of %u", ring_count(&nic->tx_ring.ring),
             ring_size(&nic->tx_ring.ring));
  print_queue(branch, "tx_submission", &nic->tx_submission);
  print_queue(branch, "tx_completion", &nic->tx_completion);
  print_queue(branch, "rx_submission", &nic->rx_submission);
  print_queue(branch, "rx_completion", &nic->rx_completion);
  print_action(branch, "tx_packet_available", &nic->tx_event);
  print_action(branch, "interrupt_event", &nic->interrupt_event);
  if (sim != NULL)
    print_timer(branch, "receive_timer", &sim->receive_timer);
  print_netif(branch, entry);
}

static enum console_result ioreg(unsigned words, char *word[]) {
  unsigned posted, sources = dispatch_count(registry_dispatch(), &posted);
  struct registry_entry *entry;

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  print_node("", BOARD_NAME, "board", "lwIP %s, up %" PRIu32 " s", LWIP_VERSION_STRING,
             (uint32_t)(port_clock_us() / 1000000));
  print_node("  ", "dispatch", "dispatch_queue", "%u sources, %u posted", sources, posted);
  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    const struct nic_config *config = entry->device->config;

    print_node("  ", entry->device->name, "nic_device", "base 0x%08lx, irq %u, %s",
               (unsigned long)config->base, config->irq, registry_state_name(entry));
    if (entry->state == REGISTRY_ACTIVATED)
      print_instance(entry, registry_entry(i + 1) == NULL);
  }
  return CONSOLE_DONE;
}

const struct console_command ioreg_commands[] = {
    {"ioreg", "", "all of the kit as a tree", ioreg, false, NULL},
    {.name = NULL},
};
