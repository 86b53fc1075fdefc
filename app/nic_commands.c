/* The console's commands for drivers, their lifecycle and their figures. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "console.h"
#include "registry.h"

/* ---- nic: drivers and their lifecycle ---- */

static enum console_result list(unsigned words, char *word[]) {
  struct registry_entry *entry;

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
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
  return CONSOLE_DONE;
}

static const char *driver_name(unsigned index) {
  struct registry_entry *entry = registry_entry(index);

  return entry != NULL ? entry->driver->ops->name : NULL;
}

static enum console_result install(unsigned words, char *word[]) {
  struct registry_entry *entry;
  int error;

  if (words != 2)
    return CONSOLE_USAGE;
  error = registry_install(word[1], &entry);
  if (error != -ENOENT)
    return console_tell("install", error);
  console_print("%s: no such driver; nic list shows them\r\n", word[1]);
  return CONSOLE_REFUSED;
}

static enum console_result uninstall(unsigned words, char *word[]) {
  if (words != 2)
    return CONSOLE_USAGE;
  if (console_interface(word[1]) == NULL)
    return CONSOLE_REFUSED;
  return console_tell("uninstall", registry_uninstall(word[1]));
}

static enum console_result set_enable(const char *what, bool on, unsigned words, char *word[]) {
  struct registry_entry *entry;

  if (words != 2)
    return CONSOLE_USAGE;
  entry = console_interface(word[1]);
  if (entry == NULL)
    return CONSOLE_REFUSED;
  return console_tell(what, nic_set_interface_enable(entry->device->nic, on));
}

static enum console_result enable(unsigned words, char *word[]) {
  return set_enable("enable", true, words, word);
}

static enum console_result disable(unsigned words, char *word[]) {
  return set_enable("disable", false, words, word);
}

static enum console_result power(unsigned words, char *word[]) {
  struct registry_entry *entry;
  bool on = words == 3 && strcmp(word[2], "on") == 0;

  if (words != 3 || (!on && strcmp(word[2], "low") != 0))
    return CONSOLE_USAGE;
  entry = console_interface(word[1]);
  if (entry == NULL)
    return CONSOLE_REFUSED;
  return console_tell("power",
                      nic_set_power_state(entry->device->nic, on ? NIC_POWER_ON : NIC_POWER_LOW));
}

static const char *medium_name(unsigned index) {
  return 1u << index <= NIC_MEDIA_1000_FULL ? nic_media_name((enum nic_media)(1u << index)) : NULL;
}

/* Without a medium, shows the available ones. */
static enum console_result media(unsigned words, char *word[]) {
  struct registry_entry *entry;
  struct nic *nic;

  if (words < 2 || words > 3)
    return CONSOLE_USAGE;
  entry = console_interface(word[1]);
  if (entry == NULL)
    return CONSOLE_REFUSED;
  nic = entry->device->nic;
  for (unsigned medium = 1; medium <= NIC_MEDIA_1000_FULL; medium <<= 1) {
    if ((nic->ops->caps.media & medium) == 0)
      continue;
    if (words == 2)
      console_print("%s%s\r\n", nic_media_name((enum nic_media)medium),
                    nic->media == medium ? " (selected)" : "");
    else if (strcmp(word[2], nic_media_name((enum nic_media)medium)) == 0)
      return console_tell("media", nic_set_media(nic, (enum nic_media)medium));
  }
  if (words == 2)
    return CONSOLE_DONE;
  console_print("%s: no such medium; nic media %s lists them\r\n", word[2], word[1]);
  return CONSOLE_REFUSED;
}

/* ---- figures ---- */

typedef void (*show_nic)(const char *name, struct nic *nic);

/* Runs `show` on each activated interface, or on that called `only`. */
static enum console_result show(show_nic what, const char *only) {
  struct registry_entry *entry;

  if (only != NULL && console_interface(only) == NULL)
    return CONSOLE_REFUSED;
  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    char name[REGISTRY_NAME_BYTES];

    if (entry->state == REGISTRY_ACTIVATED &&
        (only == NULL || strcmp(only, registry_name(entry, name)) == 0))
      what(registry_name(entry, name), entry->device->nic);
  }
  return CONSOLE_DONE;
}

static void show_counters(const char *name, struct nic *from) {
  for (unsigned c = 0; c < NIC_COUNTER_COUNT; c++) {
    if (from->counters[c] != 0)
      console_print("%s %s %" PRIu32 "\r\n", name, nic_counter_name((enum nic_counter)c),
                    from->counters[c]);
  }
  console_print("%s dropped %" PRIu32 "\r\n", name, nic_dropped(from));
}

static void show_and_clear_counters(const char *name, struct nic *from) {
  show_counters(name, from);
  memset(from->counters, 0, sizeof from->counters);
}

static enum console_result stats(unsigned words, char *word[]) {
  bool clear = words > 1 && strcmp(word[words - 1], "-z") == 0;

  words -= clear ? 1 : 0;
  if (words > 2)
    return CONSOLE_USAGE;
  return show(clear ? show_and_clear_counters : show_counters, words == 2 ? word[1] : NULL);
}

/* Where each packet of a pool is; the places must add up. */
static void show_pool(const char *name, struct nic *from) {
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

static enum console_result pools(unsigned words, char *word[]) {
  return words <= 2 ? show(show_pool, words == 2 ? word[1] : NULL) : CONSOLE_USAGE;
}

static void show_queue(const char *name, const char *which, const struct packet_queue *queue) {
  console_print("%s %-13s %2u of %2u, in %" PRIu32 ", out %" PRIu32 ", most %u, refused %" PRIu32
                "%s\r\n",
                name, which, packet_queue_count(queue), packet_queue_depth(queue), queue->enqueued,
                queue->dequeued, packet_queue_high_water(queue), queue->refused,
                packet_queue_enabled(queue) ? "" : " (disabled)");
}

static void show_queues(const char *name, struct nic *from) {
  show_queue(name, "tx_submission", &from->tx_submission);
  show_queue(name, "tx_completion", &from->tx_completion);
  show_queue(name, "rx_submission", &from->rx_submission);
  show_queue(name, "rx_completion", &from->rx_completion);
}

static enum console_result queues(unsigned words, char *word[]) {
  return words <= 2 ? show(show_queues, words == 2 ? word[1] : NULL) : CONSOLE_USAGE;
}

const struct console_command nic_commands[] = {
    {"nic list", "", "drivers, their devices and interfaces", list, false, NULL},
    {"nic install", "DRIVER", "a driver on its first free device", install, true, driver_name},
    {"nic uninstall", "NAME", "an interface's driver", uninstall, true, NULL},
    {"nic enable", "NAME", "frames flow", enable, true, NULL},
    {"nic disable", "NAME", "frames do not flow", disable, true, NULL},
    {"nic power", "NAME low|on", "suspends an interface, or wakes it", power, true, NULL},
    {"nic media", "NAME [MEDIUM]", "shows the media, or selects one", media, true, medium_name},
    {"stats", "[NAME] [-z]", "counters that are not 0; -z clears them", stats, false, NULL},
    {"pool", "[NAME]", "where each packet is", pools, false, NULL},
    {"queues", "[NAME]", "the four queues", queues, false, NULL},
    {"pcap", CAPTURE_USAGE, "its frames, to the second UART or a file", capture_command, false,
     NULL},
    {.name = NULL},
};
