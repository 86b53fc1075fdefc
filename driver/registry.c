/* The driver registry: drivers are installed, listed and uninstalled while the system runs. */
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "netif/ethernet.h"
#include "ringif.h"

static struct {
  struct dispatch_queue *dispatch;
  const struct registry_hooks *hooks;
  struct registry_entry *entries;
  unsigned count;
} registry;

void registry_start(struct dispatch_queue *dispatch, const struct registry_hooks *hooks,
                    struct registry_entry *entries, const struct nic_device *devices,
                    unsigned device_count, const struct nic_driver *drivers,
                    unsigned driver_count) {
  registry.dispatch = dispatch;
  registry.hooks = hooks;
  registry.entries = entries;
  registry.count = device_count;
  for (unsigned i = 0; i < device_count; i++) {
    memset(&entries[i], 0, sizeof entries[i]);
    entries[i].device = &devices[i];
    for (unsigned d = 0; d < driver_count; d++) {
      if (drivers[d].ops == devices[i].config->ops)
        entries[i].driver = &drivers[d];
    }
  }
}

struct registry_entry *registry_entry(unsigned index) {
  struct registry_entry *entry;

  if (index >= registry.count)
    return NULL;
  entry = &registry.entries[index];
  if (entry->state == REGISTRY_DRAINING && nic_free(entry->device->nic) == 0)
    entry->state = REGISTRY_AVAILABLE;
  return entry;
}

const struct dispatch_queue *registry_dispatch(void) { return registry.dispatch; }

const char *registry_name(const struct registry_entry *entry, char name[REGISTRY_NAME_BYTES]) {
  if (entry->state != REGISTRY_ACTIVATED)
    return "-";
  (void)snprintf(name, REGISTRY_NAME_BYTES, "%c%c%u", entry->netif.name[0], entry->netif.name[1],
                 entry->netif.num);
  return name;
}

struct registry_entry *registry_find(const char *name) {
  for (unsigned i = 0; i < registry.count; i++) {
    char own[REGISTRY_NAME_BYTES];

    if (registry.entries[i].state == REGISTRY_ACTIVATED &&
        strcmp(registry_name(&registry.entries[i], own), name) == 0)
      return &registry.entries[i];
  }
  return NULL;
}

const char *registry_state_name(const struct registry_entry *entry) {
  if (entry->state == REGISTRY_AVAILABLE)
    return "available";
  if (entry->state == REGISTRY_DRAINING)
    return "draining";
  switch (entry->device->nic->state) {
  case NIC_ENABLED:
    return "activated enabled";
  case NIC_LOW:
    return "activated low power";
  default:
    return entry->device->nic->recovering ? "activated recovering" : "activated disabled";
  }
}

/* lwIP numbers its interfaces upwards for ever: take the lowest free number instead, so that an
 * interface that comes back gets its name again. */
static void number_interface(struct registry_entry *entry) {
  for (unsigned number = 0; number < registry.count; number++) {
    bool taken = false;

    for (unsigned i = 0; i < registry.count; i++) {
      const struct registry_entry *other = &registry.entries[i];

      taken = taken ||
              (other != entry && other->state == REGISTRY_ACTIVATED && other->netif.num == number);
    }
    if (!taken) {
      entry->netif.num = (u8_t)number;
      return;
    }
  }
}

static int install_on(struct registry_entry *entry) {
  struct nic *nic = entry->device->nic;
  char name[REGISTRY_NAME_BYTES];
  int error = nic_init(nic, entry->device->config, registry.dispatch);

  if (error != 0)
    return error;
  memset(&entry->netif, 0, sizeof entry->netif);
  if (netif_add_noaddr(&entry->netif, nic, ringif_init, ethernet_input) == NULL) {
    (void)nic_free(nic);
    return -EIO; /* ringif has logged why */
  }
  number_interface(entry);
  entry->state = REGISTRY_ACTIVATED;
  log_info("registry", "%s (%s) on %s is %s", entry->driver->ops->name, entry->driver->version,
           entry->device->name, registry_name(entry, name));
  registry.hooks->installed(entry);
  error = nic_set_interface_enable(nic, true);
  if (error != 0)
    (void)registry_uninstall(registry_name(entry, name));
  return error;
}

int registry_install(const char *driver, struct registry_entry **installed) {
  int error = -ENOENT;
  struct registry_entry *entry;

  for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
    if (entry->driver == NULL || strcmp(entry->driver->ops->name, driver) != 0)
      continue;
    if (entry->state != REGISTRY_AVAILABLE) {
      error = -EBUSY;
      continue;
    }
    error = install_on(entry);
    if (error == 0)
      *installed = entry;
    return error;
  }
  return error;
}

int registry_uninstall(const char *name) {
  struct registry_entry *entry = registry_find(name);

  if (entry == NULL)
    return -ENOENT;
  if (entry->device->nic->state == NIC_STOPPING)
    return -EBUSY;
  log_info("registry", "%s on %s was %s", entry->driver->ops->name, entry->device->name, name);
  registry.hooks->uninstalling(entry);
  (void)ringif_remove(&entry->netif);
  entry->state = REGISTRY_DRAINING;
  (void)registry_entry((unsigned)(entry - registry.entries));
  return 0;
}
