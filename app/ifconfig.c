/* ifconfig: the interfaces as lwIP sees them, their addresses and what they let in. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "fast_path.h"
#include "interfaces.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include "lwip/prot/ip6.h"
#include "netif/ethernet.h"
#include "ringif.h"

enum { IP6_PREFIX_BITS = 64 }; /* the only length that lwIP knows */

/* ---- showing ---- */

static unsigned prefix_of(const struct netif *netif) {
  return (unsigned)__builtin_popcount(ip4_addr_get_u32(netif_ip4_netmask(netif)));
}

static const char *ip6_state_name(uint8_t state) {
  if (ip6_addr_isvalid(state))
    return "";
  /* Duplicated: another station has it, which does not change. */
  return ip6_addr_isduplicated(state) ? " duplicated" : " tentative";
}

static void show_addresses(struct registry_entry *entry) {
  struct netif *netif = &entry->netif;
  char gateway[IP4ADDR_STRLEN_MAX];

  ip4addr_ntoa_r(netif_ip4_gw(netif), gateway, sizeof gateway);
  if (!ip4_addr_isany(netif_ip4_addr(netif)))
    console_print("    inet %s/%u gw %s%s\r\n", ip4addr_ntoa(netif_ip4_addr(netif)),
                  prefix_of(netif), gateway, interfaces_by_dhcp(entry) ? " dhcp" : "");
  else if (interfaces_by_dhcp(entry))
    console_print("    inet none, dhcp\r\n");
  for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
    uint8_t state = netif_ip6_addr_state(netif, i);

    if (!ip6_addr_isinvalid(state))
      console_print("    inet6 %s/%d%s\r\n", ip6addr_ntoa(netif_ip6_addr(netif, i)),
                    IP6_PREFIX_BITS, ip6_state_name(state));
  }
}

static uint32_t packets(const struct nic *nic, enum nic_counter ucast) {
  return nic->counters[ucast] + nic->counters[ucast + 1] + nic->counters[ucast + 2];
}

static void show(struct registry_entry *entry) {
  const struct nic *nic = entry->device->nic;
  char name[REGISTRY_NAME_BYTES];

  console_print(
      "%s: <%s%s%s%s%s> mtu %u\r\n", registry_name(entry, name),
      netif_is_up(&entry->netif) ? "up" : "down", nic->state == NIC_ENABLED ? ",running" : "",
      nic->filter.promiscuous ? ",promisc" : "", nic->filter.all_multicast ? ",allmulti" : "",
      entry->netif.input == fast_path_input ? ",fast" : "", nic->mtu);
  console_print("    ether %02x:%02x:%02x:%02x:%02x:%02x\r\n", nic->mac[0], nic->mac[1],
                nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);
  show_addresses(entry);
  console_print("    media %s, %s", nic_media_name(nic->media), nic_link_name(nic->link.status));
  if (nic_link_is_active(nic))
    console_print(" at %u Mbit/s %s duplex", nic->link.speed_mbps,
                  nic->link.full_duplex ? "full" : "half");
  console_print("\r\n    in  %" PRIu32 " packets, %" PRIu32 " bytes; out %" PRIu32
                " packets, %" PRIu32 " bytes",
                packets(nic, NIC_IN_UCAST_PKTS), nic->counters[NIC_IN_OCTETS],
                packets(nic, NIC_OUT_UCAST_PKTS), nic->counters[NIC_OUT_OCTETS]);
  console_print("; dropped %" PRIu32 "\r\n", nic_dropped(nic));
}

_Static_assert(NIC_IN_BROADCAST_PKTS == NIC_IN_UCAST_PKTS + 2 &&
                   NIC_OUT_BROADCAST_PKTS == NIC_OUT_UCAST_PKTS + 2,
               "packets() adds up three counters that follow each other");

/* ---- changing ---- */

static int add_ip6(struct netif *netif, const ip6_addr_t *address) {
  s8_t index;

  if (netif->mtu < IP6_MIN_MTU_LENGTH)
    return -ENOTSUP;
  if (netif_add_ip6_address(netif, address, &index) != ERR_OK)
    return -ENOSPC;
  return 0;
}

/* False for what no interface can have: an unspecified, group, broadcast or loopback address (RFC
 * 1122, 3.2.1.3; RFC 4291, 2.5 and 2.7). */
static bool is_of_one_host(const ip_addr_t *address) {
  uint8_t first;

  if (IP_IS_V6(address))
    return !ip6_addr_isany(ip_2_ip6(address)) && !ip6_addr_isloopback(ip_2_ip6(address)) &&
           !ip6_addr_ismulticast(ip_2_ip6(address));
  first = ip4_addr1(ip_2_ip4(address));
  return first != 0 && first != 127 && first < 224;
}

/* IP/BITS [gw IP] */
static enum console_result set_address(struct registry_entry *entry, char *text,
                                       const char *gateway_text) {
  char *slash = strchr(text, '/');
  unsigned long bits;
  ip_addr_t address, gateway = IPADDR4_INIT(0);

  if (slash == NULL || !console_number(slash + 1, 0, 128, &bits))
    return CONSOLE_USAGE;
  *slash = '\0';
  if (!console_address(text, &address) ||
      (gateway_text != NULL && !console_address(gateway_text, &gateway)))
    return CONSOLE_USAGE;
  if (IP_IS_V6_VAL(address)) {
    if (bits != IP6_PREFIX_BITS || gateway_text != NULL)
      return CONSOLE_USAGE;
  } else if (bits > 32 || !IP_IS_V4_VAL(gateway)) {
    return CONSOLE_USAGE;
  }
  if (!is_of_one_host(&address)) {
    console_print("%s: not the address of one host; valid: such as 10.0.2.15/24 or fec0::7/64\r\n",
                  text);
    return CONSOLE_REFUSED;
  }
  if (IP_IS_V6_VAL(address))
    return console_tell("address", add_ip6(&entry->netif, ip_2_ip6(&address)));
  interfaces_set_address(entry, ip_2_ip4(&address), (unsigned)bits, ip_2_ip4(&gateway));
  return console_tell("address", 0);
}

/* Six pairs of hexadecimal digits with colons between them. */
static bool parse_mac(const char *text, uint8_t mac[ETH_ADDRESS_BYTES]) {
  for (unsigned i = 0; i < ETH_ADDRESS_BYTES; i++) {
    char *end;

    mac[i] = (uint8_t)strtoul(text, &end, 16);
    if (!isxdigit((unsigned char)text[0]) || end != text + 2 ||
        *end != (i + 1 < ETH_ADDRESS_BYTES ? ':' : '\0'))
      return false;
    text = end + 1;
  }
  return true;
}

static enum console_result set_flag(struct registry_entry *entry, const char *what,
                                    const char *value) {
  struct nic *nic = entry->device->nic;
  bool on = strcmp(value, "on") == 0;

  if (!on && strcmp(value, "off") != 0)
    return CONSOLE_USAGE;
  if (strcmp(what, "promisc") == 0)
    return console_tell(what, nic_set_promiscuous(nic, on));
  if (strcmp(what, "allmulti") == 0)
    nic_set_all_multicast(nic, on);
  else
    entry->netif.input = on ? fast_path_input : ethernet_input;
  return console_tell(what, 0);
}

static enum console_result change(struct registry_entry *entry, unsigned words, char *word[]) {
  const char *what = word[0], *value = words > 1 ? word[1] : NULL;
  struct nic *nic = entry->device->nic;
  uint8_t mac[ETH_ADDRESS_BYTES];
  unsigned long number;

  if (words == 1 && strcmp(what, "up") == 0)
    return console_tell(what, nic_set_interface_enable(nic, true));
  if (words == 1 && strcmp(what, "down") == 0)
    return console_tell(what, nic_set_interface_enable(nic, false));
  if (words == 1 && strcmp(what, "dhcp") == 0) {
    interfaces_use_dhcp(entry);
    return console_tell(what, 0);
  }
  if (words == 1 || (words == 3 && strcmp(value, "gw") == 0))
    return set_address(entry, word[0], words == 3 ? word[2] : NULL);
  if (words != 2)
    return CONSOLE_USAGE;
  if (strcmp(what, "mac") == 0 && parse_mac(value, mac))
    return console_tell(what, ringif_set_mac(&entry->netif, mac));
  if (strcmp(what, "mtu") == 0 && console_number(value, 0, UINT16_MAX, &number))
    return console_tell(what, ringif_set_mtu(&entry->netif, (uint16_t)number));
  if (strcmp(what, "promisc") == 0 || strcmp(what, "allmulti") == 0 || strcmp(what, "fast") == 0)
    return set_flag(entry, what, value);
  return CONSOLE_USAGE;
}

static enum console_result ifconfig(unsigned words, char *word[]) {
  struct registry_entry *entry;

  if (words == 1) {
    for (unsigned i = 0; (entry = registry_entry(i)) != NULL; i++) {
      if (entry->state == REGISTRY_ACTIVATED)
        show(entry);
    }
    return CONSOLE_DONE;
  }
  entry = console_interface(word[1]);
  if (entry == NULL)
    return CONSOLE_REFUSED;
  if (words > 2)
    return change(entry, words - 2, word + 2);
  show(entry);
  return CONSOLE_DONE;
}

const struct console_command ifconfig_commands[] = {
    {"ifconfig", "[NAME [up|down|dhcp|IP/N [gw IP]|mac X|mtu N|FLAG on|off]]",
     "shows or sets; FLAG: promisc, allmulti, fast", ifconfig, true, NULL},
    {.name = NULL},
};
