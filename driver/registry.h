/* The driver registry: drivers are installed, listed and uninstalled while the system runs.
 *
 * A driver that is compiled in is available. Installing it matches it with a free device of the
 * board that it is for, starts the NIC, binds it to lwIP and enables it: it appears as an
 * interface. Uninstalling undoes all of that. The board lists its devices; the application is told
 * of interfaces that come and go. All functions are for the main loop. */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "dispatch.h"
#include "lwip/netif.h"
#include "nic.h"

/* A driver that is compiled in. */
struct nic_driver {
  const char *version;
  const struct nic_ops *ops; /* its name is the driver's */
};

/* A device of the board, for the driver config->ops. */
struct nic_device {
  const char *name;                /* "sim0" */
  const struct nic_config *config; /* what the board says of it */
  struct nic *nic;                 /* memory for an instance of the driver */
};

enum registry_state {
  REGISTRY_AVAILABLE, /* the device is free */
  REGISTRY_ACTIVATED, /* it is an interface, which may be disabled or in low power */
  REGISTRY_DRAINING,  /* uninstalled, but the application still holds packets of it */
};

/* An entry of the registry, one for each device. */
struct registry_entry {
  const struct nic_device *device;
  const struct nic_driver *driver;
  enum registry_state state;
  struct netif netif; /* while it is activated */
};

/* How the application takes part. */
struct registry_hooks {
  /* The interface has been added, is down and has no address: set it up, but do not enable its
   * NIC. */
  void (*installed)(struct registry_entry *entry);
  /* The interface is about to go. */
  void (*uninstalling)(struct registry_entry *entry);
};

/* Fills `entries`, one for each of `devices`; nothing is installed yet. A device whose driver is
 * not in `drivers` cannot be used. */
void registry_start(struct dispatch_queue *dispatch, const struct registry_hooks *hooks,
                    struct registry_entry *entries, const struct nic_device *devices,
                    unsigned device_count, const struct nic_driver *drivers, unsigned driver_count);

/* Installs a driver by name on the first free device for it. Returns 0 with `*entry` set, or, with
 * nothing changed: -ENOENT (no such driver, or no device for it), -EBUSY (its devices are all
 * taken, or still draining), or the error that kept it from starting. */
int registry_install(const char *driver, struct registry_entry **entry);

/* Uninstalls the interface `name` ("en1"): connections over it get an error, the device is stopped.
 * Returns 0, or, with nothing changed: -ENOENT, -EBUSY (its frames are just being given back). */
int registry_uninstall(const char *name);

/* The entry of interface `name`, or NULL. */
struct registry_entry *registry_find(const char *name);

/* Entry number `index`, or NULL beyond the last. A draining one becomes available here once all its
 * packets are back. */
struct registry_entry *registry_entry(unsigned index);

/* The dispatch queue of all instances. */
const struct dispatch_queue *registry_dispatch(void);

/* Writes the interface's name, such as "en1", to `name` and returns it; "-" if there is none. */
enum { REGISTRY_NAME_BYTES = 8 };
const char *registry_name(const struct registry_entry *entry, char name[REGISTRY_NAME_BYTES]);

/* The state by name: "available", "activated enabled", "activated disabled", "activated recovering"
 * (its device could not be reset), "activated low power", "draining". */
const char *registry_state_name(const struct registry_entry *entry);

#endif
