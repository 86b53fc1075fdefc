/* The console's commands for the stack: its neighbours, connections, counters and memory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/memp.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/udp.h"
#include "port.h"

/* ---- neighbours ---- */

static void print_neighbour(const char *address, const uint8_t mac[6], const struct netif *netif) {
  console_print("%-39s %02x:%02x:%02x:%02x:%02x:%02x  en%u", address, mac[0], mac[1], mac[2],
                mac[3], mac[4], mac[5], netif->num);
}

static enum console_result arp(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
    ip4_addr_t *address;
    struct netif *netif;
    struct eth_addr *mac;

    if (etharp_get_entry(i, &address, &netif, &mac)) {
      print_neighbour(ip4addr_ntoa(address), mac->addr, netif);
      console_print("\r\n");
    }
  }
  return CONSOLE_DONE;
}

static enum console_result nd(unsigned words, char *word[]) {
  static const char *const states[] = {
      [ND6_INCOMPLETE] = "incomplete", [ND6_REACHABLE] = "reachable", [ND6_STALE] = "stale",
      [ND6_DELAY] = "delay",           [ND6_PROBE] = "probe",
  };

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  for (unsigned i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
    const struct nd6_neighbor_cache_entry *entry = &neighbor_cache[i];

    if (entry->state == ND6_NO_ENTRY)
      continue;
    print_neighbour(ip6addr_ntoa(&entry->next_hop_address), entry->lladdr, entry->netif);
    console_print("  %s%s\r\n", states[entry->state], entry->isrouter ? ", router" : "");
  }
  return CONSOLE_DONE;
}

/* ---- connections ---- */

static const char *endpoint(char text[IPADDR_STRLEN_MAX + 8], const ip_addr_t *address,
                            uint16_t port) {
  char host[IPADDR_STRLEN_MAX] = "*";

  if (!ip_addr_isany(address))
    (void)ipaddr_ntoa_r(address, host, sizeof host);
  if (port == 0)
    (void)snprintf(text, IPADDR_STRLEN_MAX + 8, "%s:*", host);
  else
    (void)snprintf(text, IPADDR_STRLEN_MAX + 8, "%s:%u", host, port);
  return text;
}

static void print_pcb(const char *protocol, const char *local, const char *remote,
                      const char *state) {
  console_print("%-4s %-26s %-26s %s\r\n", protocol, local, remote, state);
}

static void show_connections(const struct tcp_pcb *pcb) {
  char local[IPADDR_STRLEN_MAX + 8], remote[IPADDR_STRLEN_MAX + 8];

  for (; pcb != NULL; pcb = pcb->next)
    print_pcb("tcp", endpoint(local, &pcb->local_ip, pcb->local_port),
              endpoint(remote, &pcb->remote_ip, pcb->remote_port), tcp_debug_state_str(pcb->state));
}

static void show_pcbs(void) {
  char local[IPADDR_STRLEN_MAX + 8], remote[IPADDR_STRLEN_MAX + 8];

  for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb != NULL; pcb = pcb->next)
    print_pcb("tcp", endpoint(local, &pcb->local_ip, pcb->local_port), "*:*", "LISTEN");
  show_connections(tcp_active_pcbs);
  show_connections(tcp_tw_pcbs);
  for (const struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next)
    print_pcb("udp", endpoint(local, &pcb->local_ip, pcb->local_port),
              endpoint(remote, &pcb->remote_ip, pcb->remote_port), "");
}

/* ---- memory ---- */

#define LWIP_MEMPOOL(name, number, size, text) text,
static const char *const pool_names[] = {
#include "lwip/priv/memp_std.h"
};
_Static_assert(sizeof pool_names / sizeof *pool_names == MEMP_MAX, "a name for each pool");

static void print_memory(const char *name, const struct stats_mem *stats) {
  console_print("%-16s used %u, most %u, of %u, refused %" PRIu32 "\r\n", name,
                (unsigned)stats->used, (unsigned)stats->max, (unsigned)stats->avail,
                (uint32_t)stats->err);
}

/* lwIP's pools, but for those that were never used. */
static void show_pools(void) {
  for (unsigned i = 0; i < MEMP_MAX; i++) {
    if (lwip_stats.memp[i]->max != 0)
      print_memory(pool_names[i], lwip_stats.memp[i]);
  }
}

static enum console_result netstat(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  show_pcbs();
  show_pools();
  return CONSOLE_DONE;
}

static enum console_result memory(unsigned words, char *word[]) {
  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  console_print("%-16s most %u, of %u\r\n", "stack", (unsigned)port_stack_most(),
                (unsigned)port_stack_size());
  print_memory("heap", &lwip_stats.mem);
  show_pools();
  return CONSOLE_DONE;
}

/* ---- counters ---- */

/* What lwIP counts for each protocol; its drops are those that no NIC counts. */
static enum console_result protocols(unsigned words, char *word[]) {
  static const struct {
    const char *name;
    const struct stats_proto *stats;
  } all[] = {
      {"arp", &lwip_stats.etharp},  {"ip", &lwip_stats.ip},   {"icmp", &lwip_stats.icmp},
      {"udp", &lwip_stats.udp},     {"tcp", &lwip_stats.tcp}, {"ip6", &lwip_stats.ip6},
      {"icmp6", &lwip_stats.icmp6}, {"nd6", &lwip_stats.nd6},
  };

  (void)word;
  if (words != 1)
    return CONSOLE_USAGE;
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
    const struct stats_proto *s = all[i].stats;

    console_print("%-6s received %lu, sent %lu, dropped %lu, bad checksum %lu\r\n", all[i].name,
                  (unsigned long)s->recv, (unsigned long)s->xmit, (unsigned long)s->drop,
                  (unsigned long)s->chkerr);
  }
  return CONSOLE_DONE;
}

/* ---- names ---- */

static unsigned question; /* the number of the one that is waited for */

static void cancel_dns(void) {
  question++;
  console_print("no answer yet\r\n");
  console_job_end();
}

static void tell_name(const char *name, const ip_addr_t *address) {
  if (address == NULL)
    console_print("%s: no such name, or no server answers\r\n", name);
  else
    console_print("%s is %s\r\n", name, ipaddr_ntoa(address));
}

static void name_found(const char *name, const ip_addr_t *address, void *number) {
  if ((uintptr_t)number != question)
    return; /* it was given up */
  tell_name(name, address);
  console_job_end();
}

static void show_servers(void) {
  for (u8_t i = 0; i < DNS_MAX_SERVERS; i++) {
    if (!ip_addr_isany(dns_getserver(i)))
      console_print("server %s\r\n", ipaddr_ntoa(dns_getserver(i)));
  }
}

static enum console_result dns(unsigned words, char *word[]) {
  ip_addr_t address;

  if (words == 1) {
    show_servers();
    return CONSOLE_DONE;
  }
  if (words == 3 && strcmp(word[1], "server") == 0 && console_address(word[2], &address)) {
    dns_setserver(0, &address);
    return console_tell("dns", 0);
  }
  if (words != 2 || strlen(word[1]) >= DNS_MAX_NAME_LENGTH)
    return CONSOLE_USAGE;
  switch (dns_gethostbyname(word[1], &address, name_found, (void *)(uintptr_t)++question)) {
  case ERR_OK:
    tell_name(word[1], &address);
    return CONSOLE_DONE;
  case ERR_INPROGRESS:
    console_job_start(cancel_dns);
    return CONSOLE_DONE;
  default:
    console_print("%s: no DNS server is known (dns server IP), or it is busy\r\n", word[1]);
    return CONSOLE_REFUSED;
  }
}

const struct console_command net_commands[] = {
    {"arp", "", "IPv4 neighbours", arp, false, NULL},
    {"nd", "", "IPv6 neighbours", nd, false, NULL},
    {"dns", "[NAME | server IP]", "a name's address; whom to ask", dns, false, NULL},
    {"netstat", "", "connections, and the pools they come from", netstat, false, NULL},
    {"proto", "", "what the stack counts of each protocol", protocols, false, NULL},
    {"mem", "", "stack, heap, pools and their high-water marks", memory, false, NULL},
    {.name = NULL},
};
