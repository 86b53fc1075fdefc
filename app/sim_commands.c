/* The console's commands for the simulated NICs: what their peers send, and what goes wrong. */
#include <inttypes.h>
#include <string.h>

#include "console.h"
#include "sim_wire.h"

/* The simulated device of interface `name`, or NULL, with the reason told. */
static struct sim_device *find_device(const char *name) {
  struct registry_entry *entry = registry_find(name);
  struct sim_device *device = entry != NULL ? sim_wire_device(entry->device->nic) : NULL;

  if (device == NULL)
    console_print("%s: no simulated NIC; nic list shows them\r\n", name);
  return device;
}

/* What the peer sends, from its next tick on. */
static enum console_result profile(unsigned words, char *word[]) {
  struct sim_device *device;
  struct sim_peer_config config;
  unsigned long period, burst;

  if (words < 2 || words > 5)
    return CONSOLE_USAGE;
  device = find_device(word[1]);
  if (device == NULL)
    return CONSOLE_REFUSED;
  config = device->peer.config;
  period = config.period_ms;
  burst = config.burst;
  if (words >= 3)
    config.profile = sim_peer_profile_parse(word[2]);
  if (config.profile == SIM_PEER_PROFILE_COUNT ||
      (words >= 4 && !console_number(word[3], 1, 3600000, &period)) ||
      (words == 5 && !console_number(word[4], 1, SIM_PEER_BURST_MAX, &burst)))
    return CONSOLE_USAGE;
  config.period_ms = (uint32_t)period;
  config.burst = (uint8_t)burst;
  if (words > 2)
    sim_device_set_peer(device, &config);
  console_print("%s, %lu frames every %lu ms\r\n", sim_peer_profile_name(config.profile), burst,
                period);
  return CONSOLE_DONE;
}

/* What comes unsolicited besides; without an argument, its figures. */
static enum console_result flood(unsigned words, char *word[]) {
  unsigned long per_second = SIM_FLOOD_LINE_RATE;
  struct sim_device *device;
  const struct sim_flood *now;
  enum sim_flood_kind kind;

  if (words < 2 || words > 4)
    return CONSOLE_USAGE;
  device = find_device(word[1]);
  if (device == NULL)
    return CONSOLE_REFUSED;
  now = &device->peer.flood;
  kind = now->kind;
  if (words == 3 && strcmp(word[2], "off") == 0)
    per_second = 0;
  else if (words >= 3)
    kind = sim_flood_parse(word[2]);
  if (kind == SIM_FLOOD_COUNT ||
      (words == 4 && !console_number(word[3], 1, SIM_FLOOD_RATE_MAX, &per_second)))
    return CONSOLE_USAGE;
  if (words > 2)
    sim_device_set_flood(device, kind, (uint32_t)per_second);
  console_print("%s, %" PRIu32 " a second: %" PRIu32 " came, %" PRIu32 " found no buffer\r\n",
                sim_flood_name(now->kind), now->per_second, now->sent, now->lost);
  return CONSOLE_DONE;
}

static const char *fault_name(unsigned index) {
  return index < SIM_FAULT_COUNT ? sim_fault_name((enum sim_fault)index) : NULL;
}

static void show_faults(const struct sim_faults *faults) {
  for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
    console_print("%-15s %4u of 1000, struck %" PRIu32 "\r\n", fault_name(i),
                  faults->probability[i], faults->struck[i]);
}

static enum console_result set_fault(struct sim_faults *faults, const char *name,
                                     const char *value) {
  enum sim_fault fault = sim_fault_parse(name);
  unsigned long number;

  if (strcmp(name, "seed") == 0) {
    if (!console_number(value, 1, UINT32_MAX, &number))
      return CONSOLE_USAGE;
    sim_faults_seed(faults, (uint32_t)number);
    return console_tell(name, 0);
  }
  if (!console_number(value, 0, SIM_FAULT_ALWAYS, &number))
    return CONSOLE_USAGE;
  if (strcmp(name, "all") == 0) {
    for (unsigned i = 0; i < SIM_FAULT_COUNT; i++)
      faults->probability[i] = (uint16_t)number;
  } else if (fault == SIM_FAULT_COUNT) {
    return CONSOLE_USAGE;
  } else {
    faults->probability[fault] = (uint16_t)number;
  }
  return console_tell(name, 0);
}

static enum console_result fault(unsigned words, char *word[]) {
  struct sim_device *device;

  if (words != 2 && words != 4)
    return CONSOLE_USAGE;
  device = find_device(word[1]);
  if (device == NULL)
    return CONSOLE_REFUSED;
  if (words == 4)
    return set_fault(&device->faults, word[2], word[3]);
  show_faults(&device->faults);
  return CONSOLE_DONE;
}

const struct console_command sim_commands[] = {
    {"nic fault", "NAME [FAULT|all THOUSANDTHS | seed N]", "what goes wrong on a simulated NIC",
     fault, true, fault_name},
    {"nic profile", "NAME [echo|flood|imix|replay|peer|session [PERIOD_MS [BURST]]]",
     "what a simulated NIC's peer sends", profile, true, NULL},
    {"nic flood", "NAME [broadcast|udp|fragments|syn|arp|nd [PER_SECOND] | off]",
     "frames for a simulated NIC at the line's rate", flood, true, NULL},
    {.name = NULL},
};
