/* The interfaces of the demo: which addresses they get, and a log line for each change. */
#ifndef INTERFACES_H
#define INTERFACES_H

#include <stdbool.h>

#include "dispatch.h"
#include "lwip/ip4_addr.h"
#include "registry.h"

/* Lists the board's devices in the registry and installs the drivers that the board wants from the
 * start: its MACs get their addresses by DHCP, the simulated NICs have fixed ones. A driver that
 * does not start is logged and left out. Main loop, once. */
void interfaces_start(struct dispatch_queue *dispatch);

/* True if an activated interface gets its IPv4 address by DHCP, or has the default one for want of
 * a server; false if the address is fixed. Main loop. */
bool interfaces_by_dhcp(const struct registry_entry *entry);

/* Makes an activated interface ask a DHCP server for its address. Main loop. */
void interfaces_use_dhcp(struct registry_entry *entry);

/* Gives an activated interface the fixed address `address` with a netmask of `prefix` bits (0 to
 * 32) and the router `gateway` (0.0.0.0: none). Connections over its old address get an error. Main
 * loop. */
void interfaces_set_address(struct registry_entry *entry, const ip4_addr_t *address,
                            unsigned prefix, const ip4_addr_t *gateway);

#endif
