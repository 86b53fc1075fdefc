/* The console's commands for drivers and interfaces. */
#include "nic_commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "registry.h"
#include "ringif.h"
#include "sim_wire.h"

/* Tells how an action went; its arguments were all right. */
static bool tell(const char *what, int error) {
  if (error == 0)
    console_print("done\r\n");
  else
    console_print("%s: refused, error %d (%s)\r\n", what, -error, strerror(-error));
  return true;
}

/* ---- nic ---- */

static bool list(void) {
  struct registry_entry *entry;

  console_print("driver (version)  device  name  link      address            [state]\r\n");
  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    const struct nic *nic = entry->device->nic;
    bool active = entry->state == REGISTRY_ACTIVATED;
    char name[REGISTRY_NAME_BYTES], driver[20], mac[18] = "-";

    (void)snprintf(driver, sizeof driver, "%s (%s)", entry->driver->ops->name,
                   entry->driver->version);
    if (active)
      (void)snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0], nic->mac[1],
                     nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);
    console_print("%-17s %-7s %-5s %-9s %-18s [%s]\r\n", driver, entry->device->name,
                  registry_name(entry, name), active ? nic_link_name(nic->link.status) : "-", mac,
                  registry_state_name(entry));
  }
  return true;
}

static bool install(const char *driver) {
  struct registry_entry *entry;
  int error = registry_install(driver, &entry);

  if (error == -ENOENT) {
    console_print("%s: no such driver; nic list shows them\r\n", driver);
    return true;
  }
  return tell("install", error);
}

static bool set_power(struct nic *nic, const char *power) {
  if (strcmp(power, "low") == 0)
    return tell("power", nic_set_power_state(nic, NIC_POWER_LOW));
  if (strcmp(power, "on") == 0)
    return tell("power", nic_set_power_state(nic, NIC_POWER_ON));
  return false;
}

/* The available ones are shown where none is given. */
static bool set_media(struct nic *nic, const char *name) {
  for (unsigned media = 1; media <= NIC_MEDIA_1000_FULL; media <<= 1) {
    if ((nic->ops->caps.media & media) == 0)
      continue;
    if (name == NULL)
      console_print("%s%s\r\n", nic_media_name((enum nic_media)media),
                    nic->media == media ? " (selected)" : "");
    else if (strcmp(name, nic_media_name((enum nic_media)media)) == 0)
      return tell("media", nic_set_media(nic, (enum nic_media)media));
  }
  if (name != NULL)
    console_print("%s: no such medium; nic media NAME lists them\r\n", name);
  return true;
}

static bool set_mac(struct netif *netif, const char *text) {
  unsigned octet[6];
  uint8_t mac[6];
  char end;

  if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &octet[0], &octet[1], &octet[2], &octet[3],
             &octet[4], &octet[5], &end) != 6)
    return false;
  for (unsigned i = 0; i < 6; i++)
    mac[i] = (uint8_t)octet[i];
  return tell("mac", ringif_set_mac(netif, mac));
}

static bool set_filter(struct nic *nic, const char *what, const char *value) {
  bool on = strcmp(value, "on") == 0;

  if (!on && strcmp(value, "off") != 0)
    return false;
  if (strcmp(what, "promisc") == 0)
    return tell(what, nic_set_promiscuous(nic, on));
  nic_set_all_multicast(nic, on);
  return tell(what, 0);
}

/* nic ACTION INTERFACE [VALUE] */
static bool act_on(struct registry_entry *entry, const char *action, const char *value) {
  struct nic *nic = entry->device->nic;
  unsigned long number;

  if (strcmp(action, "media") == 0)
    return set_media(nic, value);
  if (value == NULL) {
    if (strcmp(action, "enable") == 0)
      return tell(action, nic_set_interface_enable(nic, true));
    if (strcmp(action, "disable") == 0)
      return tell(action, nic_set_interface_enable(nic, false));
    return false;
  }
  if (strcmp(action, "power") == 0)
    return set_power(nic, value);
  if (strcmp(action, "mac") == 0)
    return set_mac(&entry->netif, value);
  if (strcmp(action, "mtu") == 0)
    return console_number(value, 0, UINT16_MAX, &number) &&
           tell(action, ringif_set_mtu(&entry->netif, (uint16_t)number));
  if (strcmp(action, "promisc") == 0 || strcmp(action, "allmulti") == 0)
    return set_filter(nic, action, value);
  return false;
}

static bool nic(unsigned words, char *word[]) {
  struct registry_entry *entry;

  if (words == 1 || (words == 2 && strcmp(word[1], "list") == 0))
    return list();
  if (words == 3 && strcmp(word[1], "install") == 0)
    return install(word[2]);
  if (words < 3 || words > 4)
    return false;
  entry = registry_find(word[2]);
  if (entry == NULL) {
    console_print("%s: no such interface; nic list shows them\r\n", word[2]);
    return true;
  }
  if (words == 3 && strcmp(word[1], "uninstall") == 0)
    return tell("uninstall", registry_uninstall(word[2]));
  return act_on(entry, word[1], words == 4 ? word[3] : NULL);
}

/* ---- figures ---- */

/* Runs `show` on each activated interface. */
static void for_each(void (*show)(const char *name, const struct nic *nic)) {
  struct registry_entry *entry;

  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    char name[REGISTRY_NAME_BYTES];

    if (entry->state == REGISTRY_ACTIVATED)
      show(registry_name(entry, name), entry->device->nic);
  }
}

static void show_counters(const char *name, const struct nic *from) {
  for (unsigned c = 0; c < NIC_COUNTER_COUNT; c++) {
    if (from->counters[c] != 0)
      console_print("%s %s %" PRIu32 "\r\n", name, nic_counter_name((enum nic_counter)c),
                    from->counters[c]);
  }
  console_print("%s dropped %" PRIu32 "\r\n", name, nic_dropped(from));
}

static bool stats(unsigned words, char *word[]) {
  (void)word;
  if (words == 1)
    for_each(show_counters);
  return words == 1;
}

/* Where each packet of a pool is; the places must add up. */
static void show_pool(const char *name, const struct nic *from) {
  const struct packet_pool *pool = &from->pool;
  unsigned submission = packet_queue_count(&from->rx_submission);
  unsigned completion = packet_queue_count(&from->rx_completion);
  unsigned ring = ring_count(&from->rx_ring.ring);
  unsigned sum = pool->free_count + submission + ring + completion + pool->held;

  console_print("%s packets %u: rest %u, submission %u, ring %u, completion %u, ", name,
                pool->options.packets, pool->free_count, submission, ring, completion);
  console_print("stack %u (most %u)%s\r\n", pool->held, pool->held_high_water,
                sum == pool->options.packets ? "" : " MISSING");
}

static bool pools(unsigned words, char *word[]) {
  (void)word;
  if (words == 1)
    for_each(show_pool);
  return words == 1;
}

static void show_queue(const char *name, const char *which, const struct packet_queue *queue) {
  console_print(
      "%s %-13s %2u of %2u, in %" PRIu32 ", out %" PRIu32 ", most %u, refused %" PRIu32 "%s\r\n",
      name, which, packet_queue_count(queue), ring_size(&queue->ring), queue->enqueued,
      queue->dequeued, queue->high_water, queue->refused, queue->enabled ? "" : " (disabled)");
}

static void show_queues(const char *name, const struct nic *from) {
  show_queue(name, "tx_submission", &from->tx_submission);
  show_queue(name, "tx_completion", &from->tx_completion);
  show_queue(name, "rx_submission", &from->rx_submission);
  show_queue(name, "rx_completion", &from->rx_completion);
}

static bool queues(unsigned words, char *word[]) {
  (void)word;
  if (words == 1)
    for_each(show_queues);
  return words == 1;
}

/* ---- simulated NICs ---- */

/* The simulated device of interface `name`, or NULL, with the reason told. */
static struct sim_device *find_device(const char *name) {
  struct registry_entry *entry = registry_find(name);
  struct sim_device *device = entry != NULL ? sim_wire_device(entry->device->nic) : NULL;

  if (device == NULL)
    console_print("%s: no simulated NIC; nic list shows them\r\n", name);
  return device;
}

/* What the peer sends, from its next tick on. */
static bool profile(unsigned words, char *word[]) {
  struct sim_device *device;
  struct sim_peer_config config;
  unsigned long period, burst;

  if (words < 2 || words > 5 || (device = find_device(word[1])) == NULL)
    return words >= 2 && words <= 5;
  config = device->peer.config;
  period = config.period_ms;
  burst = config.burst;
  if (words >= 3)
    config.profile = sim_peer_profile_parse(word[2]);
  if (config.profile == SIM_PEER_PROFILE_COUNT ||
      (words >= 4 && !console_number(word[3], 1, 3600000, &period)) ||
      (words == 5 && !console_number(word[4], 1, SIM_PEER_BURST_MAX, &burst)))
    return false;
  config.period_ms = (uint32_t)period;
  config.burst = (uint8_t)burst;
  sim_device_set_peer(device, &config);
  console_print("%s, %lu frames every %lu ms\r\n", sim_peer_profile_name(config.profile), burst,
                period);
  return true;
}

static void show_faults(const struct sim_faults *faults) {
  for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
    console_print("%-15s %4u of 1000, struck %" PRIu32 "\r\n", sim_fault_name((enum sim_fault)i),
                  faults->probability[i], faults->struck[i]);
}

static bool set_fault(struct sim_faults *faults, const char *name, const char *value) {
  enum sim_fault fault = sim_fault_parse(name);
  unsigned long number;

  if (strcmp(name, "seed") == 0) {
    if (!console_number(value, 1, UINT32_MAX, &number))
      return false;
    sim_faults_seed(faults, (uint32_t)number);
    return tell(name, 0);
  }
  if (!console_number(value, 0, SIM_FAULT_ALWAYS, &number))
    return false;
  if (strcmp(name, "all") == 0) {
    for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
      faults->probability[i] = (uint16_t)number;
  } else if (fault == SIM_FAULT_COUNT) {
    return false;
  } else {
    faults->probability[fault] = (uint16_t)number;
  }
  return tell(name, 0);
}

static bool fault(unsigned words, char *word[]) {
  struct sim_device *device;

  if (words != 2 && words != 4)
    return false;
  device = find_device(word[1]);
  if (device == NULL)
    return true;
  if (words == 4)
    return set_fault(&device->faults, word[2], word[3]);
  show_faults(&device->faults);
  return true;
}

const struct console_command nic_commands[NIC_COMMANDS] = {
    {"nic",
     "[list] | install DRIVER | uninstall|enable|disable|media NAME | power NAME low|on | "
     "media NAME MEDIUM | mac NAME X:X:X:X:X:X | mtu NAME N | promisc|allmulti NAME on|off",
     "drivers, devices and interfaces", nic},
    {"stats", "", "the interfaces' counters that are not 0", stats},
    {"pool", "", "where each packet is", pools},
    {"pcap", CAPTURE_USAGE, "writes an interface's frames to the second UART or a file",
     capture_command},
    {"profile", "NAME [echo|flood|imix|replay|peer [PERIOD_MS [BURST]]]",
     "what the peer of a simulated NIC sends, from its next tick on", profile},
    {"fault", "NAME [FAULT|all THOUSANDTHS | seed N]", "what goes wrong on a simulated NIC", fault},
    {"queues", "", "the four queues of each interface", queues},
};
