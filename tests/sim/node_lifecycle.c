/* What an operator does to a node's interface, and how everything is put right again. */
#include "fast_path.h"
#include "node_parts.h"
#include "pcap.h"
#include "ringif.h"

static struct dice dice;
static struct registry_entry entries[NODE_DEVICES];
static struct nic_device devices[NODE_DEVICES];
static struct nic_driver driver;
static struct pcap_tap pcap_tap;

static void pcap_write(const void *data, size_t length) {
  (void)data;
  (void)length;
}

void node_pcap_stop(void) { pcap_stop(&pcap_tap); }

static void set_address(struct netif *netif) {
  ip4_addr_t address, netmask;

  IP4_ADDR(&address, 10, 0, 0, 1 + node.config.id);
  IP4_ADDR(&netmask, 255, 255, 255, 0);
  netif_set_addr(netif, &address, &netmask, IP4_ADDR_ANY4);
}

static void installed(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;

  node.entry = entry;
  node_tap_netif(netif);
  if (node.config.fast)
    netif->input = fast_path_input;
  set_address(netif);
  if (node.config.ip6)
    netif_create_ip6_linklocal_address(netif, 1);
  netif_set_up(netif);
  netif_set_default(netif);
  node.report.installs++;
}

static void uninstalling(struct registry_entry *entry) {
  (void)entry;
  node_pcap_stop();
  node_leave_groups();
  node.entry = NULL;
}

static void uninstall(void) {
  char name[REGISTRY_NAME_BYTES];

  if (registry_uninstall(registry_name(node.entry, name)) != 0)
    world_fail("node %u: %s is not uninstalled", node.config.id, name);
}

/* Fails if the application still holds packets of both NICs, or if the hardware is bad. */
static void install(void) {
  struct registry_entry *entry;

  (void)registry_install("sim", &entry);
}

static struct node_nic *own_nic(void) { return node_nic_of(node.entry->device->nic); }

static void change_settings(struct nic *nic) {
  switch (dice_below(&dice, 4)) {
  case 0:
    (void)nic_set_promiscuous(nic, dice_chance(&dice, 500000));
    break;
  case 1:
    nic_set_all_multicast(nic, dice_chance(&dice, 500000));
    break;
  case 2:
    (void)ringif_set_mtu(&node.entry->netif, (uint16_t)dice_from(&dice, 1280, 1500));
    break;
  default:
    (void)nic_set_media(nic, dice_chance(&dice, 500000) ? NIC_MEDIA_AUTO : NIC_MEDIA_100_FULL);
  }
}

void node_lifecycle_act(enum node_act act) {
  static const struct pcap_filter all = {.kind = PCAP_ALL};
  struct nic *nic;

  if (act == NODE_INSTALL) {
    if (node.entry != NULL)
      uninstall();
    else
      install();
    return;
  }
  if (node.entry == NULL)
    return;
  nic = node.entry->device->nic;
  switch (act) {
  case NODE_ENABLE:
    (void)nic_set_interface_enable(nic, nic->state != NIC_ENABLED);
    break;
  case NODE_POWER:
    (void)nic_set_power_state(nic, nic->state == NIC_LOW ? NIC_POWER_ON : NIC_POWER_LOW);
    break;
  case NODE_CARRIER:
    sim_device_set_carrier(&own_nic()->device, (sim_device_read(&own_nic()->device, SIM_STATUS) &
                                                SIM_STATUS_LINK) == 0);
    break;
  case NODE_SETTINGS:
    change_settings(nic);
    break;
  case NODE_TAP:
    if (pcap_tap.nic != NULL)
      pcap_stop(&pcap_tap);
    else
      (void)pcap_start(&pcap_tap, nic, PCAP_SNAPLEN_MAX, &all, pcap_write);
    break;
  default:
    break;
  }
}

bool node_lifecycle_heal(void) {
  struct nic *nic;

  for (unsigned i = 0; i < NODE_DEVICES; i++) {
    if (node_nics[i].device.carrier_back_us == 0) /* a flap ends by itself */
      sim_device_set_carrier(&node_nics[i].device, true);
  }
  if (node.entry == NULL)
    install();
  if (node.entry == NULL)
    return false; /* lwIP still holds packets of both NICs, fragments perhaps */
  nic = node.entry->device->nic;
  if (nic->state == NIC_LOW && nic_set_power_state(nic, NIC_POWER_ON) != 0)
    world_fail("node %u does not come out of low power", node.config.id);
  if (nic_set_interface_enable(nic, true) != 0)
    world_fail("node %u: its interface cannot be enabled", node.config.id);
  (void)nic_set_promiscuous(nic, false);
  (void)ringif_set_mtu(&node.entry->netif, nic_mtu_max(nic));
  return true;
}

void node_lifecycle_close(void) {
  if (node.entry != NULL)
    uninstall();
}

static void describe(unsigned i) {
  struct node_nic *own = &node_nics[i];
  const struct node_config *config = &node.config;

  own->config = (struct nic_config){
      .ops = &node_ops_of_sim,
      .base = (uintptr_t)&own->device,
      .irq = 1 + i,
      .pool = {.packets = config->packets,
               .buffer_size = config->buffer_size,
               .headroom = NODE_HEADROOM,
               .alignment = NODE_ALIGNMENT,
               .held_max = config->held_max},
      .memory = own->memory,
      .memory_size = sizeof own->memory,
      .queue_depth = config->queue_depth,
      .batch = config->batch,
      .budget = config->budget,
      .low_keeps_buffers = config->low_keeps_buffers,
      .mac = {2, 0, 0, 0x51, 0xd0, (uint8_t)(1 + config->id)},
  };
  devices[i] = (struct nic_device){
      .name = i == 0 ? "sim0" : "sim1", .config = &own->config, .nic = &own->sim.nic};
  sim_device_init(&own->device, &(struct sim_peer_config){.burst = 1}, 1 + i);
  sim_faults_seed(&own->device.faults, (uint32_t)dice_next(&dice));
  node_port_connect(1 + i, &own->sim.nic);
}

void node_lifecycle_start(void) {
  static const struct registry_hooks hooks = {installed, uninstalling};

  dice = dice_of(node.config.seed, 5);
  for (unsigned i = 0; i < NODE_DEVICES; i++)
    describe(i);
  driver = (struct nic_driver){.version = "1.0", .ops = &node_ops_of_sim};
  registry_start(&node.dispatch, &hooks, entries, devices, NODE_DEVICES, &driver, 1);
}
