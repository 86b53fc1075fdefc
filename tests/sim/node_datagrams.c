/* A node's other traffic: UDP whole and in fragments, pings, groups; and packets that it hoards. */
#include <string.h>

#include "lwip/igmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/mld6.h"
#include "lwip/prot/icmp.h"
#include "lwip/raw.h"
#include "lwip/udp.h"
#include "node_parts.h"
#include "reply.h"

enum {
  UDP_PORT = 7001,
  CLOSED_PORT = 7002,
  HEADER = 12, /* bytes of a datagram's header */
  UDP_MAGIC = 0x51d05eed,
  DATA_MAX = 4000,
  HOARD_MAX = 64,
  GROUPS = 20, /* more than a NIC's list holds */
  GROUPS6_MAX = 2,
};

enum kind { ONE_WAY, ASK, ANSWER };

/* Precedes a datagram's data; the bytes that follow are the pattern of flow `number`. */
struct header {
  uint32_t magic;
  uint32_t number; /* with the kind in the lowest two bits */
  uint32_t length; /* of everything */
};
_Static_assert(sizeof(struct header) == HEADER, "it is on the wire");

static struct dice dice, command_dice;
static struct udp_pcb *udp;
static struct raw_pcb *raw;
static struct pbuf *hoard[HOARD_MAX];
static unsigned hoarded;
static bool joined4[GROUPS], joined6[GROUPS];
static uint32_t number;
static uint32_t asked[2]; /* the first number that counts as an answer, IPv4 and IPv6 */
static bool answered[2];

bool node_address_of(unsigned port, bool ip6, ip_addr_t *address) {
  if (!ip6) {
    IP_ADDR4(address, 10, 0, 0, 1 + port);
    return true;
  }
  if (port == WORLD_TESTER || node.entry == NULL || !node.config.ip6)
    return false;
  IP_ADDR6(address, PP_HTONL(0xfe800000), 0, PP_HTONL(0x000000ff),
           lwip_htonl(0xfe51d001 + (uint32_t)port));
  ip6_addr_assign_zone(ip_2_ip6(address), IP6_UNICAST, &node.entry->netif);
  return true;
}

/* ---- UDP ---- */

/* Each kind of pbuf that the stack hands to a driver: one piece, or a chain onto data that is not
 * ours, which may change (PBUF_REF: it is copied) or not (PBUF_ROM). */
static struct pbuf *make(uint32_t length, enum kind kind) {
  struct header header = {.magic = UDP_MAGIC, .number = ++number << 2 | kind, .length = length};
  const uint8_t *data = world_pattern + world_pattern_at(number, node.config.id, 0);
  unsigned way = dice_below(&dice, 4);
  struct pbuf *first, *rest;

  if (way < 2) {
    first = pbuf_alloc(PBUF_TRANSPORT, (u16_t)length, PBUF_RAM);
    if (first != NULL) {
      memcpy(first->payload, &header, HEADER);
      memcpy((uint8_t *)first->payload + HEADER, data, length - HEADER);
    }
    return first;
  }
  first = pbuf_alloc(PBUF_TRANSPORT, HEADER, PBUF_RAM);
  rest = pbuf_alloc(PBUF_RAW, (u16_t)(length - HEADER), way == 2 ? PBUF_REF : PBUF_ROM);
  if (first == NULL || rest == NULL) {
    if (first != NULL)
      pbuf_free(first);
    if (rest != NULL)
      pbuf_free(rest);
    return NULL;
  }
  memcpy(first->payload, &header, HEADER);
  rest->payload = (void *)(uintptr_t)data;
  pbuf_cat(first, rest);
  return first;
}

static uint32_t send(struct pbuf *data, const ip_addr_t *address, u16_t port) {
  if (data == NULL)
    return 0;
  if (node.entry != NULL && ip_addr_ismulticast(address))
    (void)udp_sendto_if(udp, data, address, port, &node.entry->netif);
  else
    (void)udp_sendto(udp, data, address, port);
  pbuf_free(data);
  return number;
}

static uint32_t send_to(const ip_addr_t *address, u16_t port, uint32_t length, enum kind kind) {
  return send(node_heap_has_room(length) ? make(length, kind) : NULL, address, port);
}

static uint32_t draw_length(void) {
  switch (dice_below(&dice, 4)) {
  case 0:
    return dice_from(&dice, HEADER + 1, 100);
  case 1:
    return dice_from(&dice, 1440, 1500);
  case 2:
    return dice_from(&dice, HEADER + 1, 1472);
  default:
    return dice_from(&dice, 1473, DATA_MAX);
  }
}

void node_udp_send(void) {
  unsigned port = dice_chance(&dice, 800000) ? 1 - node.config.id : WORLD_TESTER;
  unsigned burst = dice_chance(&dice, 100000) ? dice_from(&dice, 2, 30) : 1;
  ip_addr_t address;

  if (!node_address_of(port, dice_chance(&dice, 400000), &address))
    return;
  while (burst-- != 0)
    (void)send_to(&address, dice_chance(&dice, 30000) ? CLOSED_PORT : UDP_PORT, draw_length(),
                  dice_chance(&dice, 600000) ? ASK : ONE_WAY);
}

void node_echo_request(bool ip6) {
  ip_addr_t address;
  uint32_t sent;

  if (!node_address_of(1 - node.config.id, ip6, &address))
    return;
  sent = send(make(64, ASK), &address, UDP_PORT); /* from memory that applications leave */
  if (asked[ip6] == 0)
    asked[ip6] = sent;
}

bool node_echoed(bool ip6) {
  bool was = answered[ip6];

  if (was) {
    answered[ip6] = false;
    asked[ip6] = 0;
  }
  return was;
}

/* A datagram's data agrees with its header, unless the network has changed it in a way that no
 * checksum sees. */
static bool is_right(const struct pbuf *data, const struct header *header, unsigned sender) {
  uint32_t at = world_pattern_at(header->number >> 2, sender, 0), offset = HEADER;

  if (header->magic != UDP_MAGIC || header->length != data->tot_len)
    return false;
  for (const struct pbuf *part = data; part != NULL; part = part->next) {
    uint32_t skip = part == data ? HEADER : 0;

    if (part->len < skip)
      return false;
    if (memcmp((const uint8_t *)part->payload + skip, world_pattern + at + offset - HEADER,
               part->len - skip) != 0)
      return false;
    offset += part->len - skip;
  }
  return true;
}

void node_hoard_release(void) {
  while (hoarded != 0)
    pbuf_free(hoard[--hoarded]);
}

static void done_with(struct pbuf *data) {
  if (node.config.defect == NODE_DEFECT_PBUF_LEAK && dice_chance(&dice, 2000))
    return;
  if (hoarded < node.weather.hoard && hoarded < HOARD_MAX)
    hoard[hoarded++] = data;
  else
    pbuf_free(data);
}

/* A remote command: the interface is switched, perhaps twice, while it receives. */
static void obey(void) {
  static const enum node_act commands[] = {NODE_ENABLE, NODE_POWER, NODE_INSTALL, NODE_SETTINGS,
                                           NODE_TAP};
  enum node_act act;

  if (!node.weather.obeys || !dice_chance(&command_dice, 2000))
    return;
  act = commands[dice_below(&command_dice, sizeof commands / sizeof *commands)];
  node_lifecycle_act(act);
  if (dice_chance(&command_dice, 500000))
    node_lifecycle_act(act);
}

static void take(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                 u16_t port) {
  struct header header;
  enum kind kind;

  (void)argument;
  if (pbuf_copy_partial(data, &header, HEADER, 0) == HEADER && header.magic == UDP_MAGIC) {
    kind = (enum kind)(header.number & 3);
    if (data->len < HEADER ||
        !is_right(data, &header, kind == ANSWER ? node.config.id : 1 - node.config.id))
      world_wrong_datagram(node.config.id);
    else if (kind == ASK) { /* the answer goes out in the request's buffer */
      header.number = (header.number & ~UINT32_C(3)) | ANSWER;
      memcpy(data->payload, &header, HEADER);
      pbuf_ref(data); /* which may be kept as well */
      if (!reply_to_datagram(pcb, data, false)) {
        pbuf_free(data); /* lwIP sends nothing that has another owner */
        (void)udp_sendto(pcb, data, from, port);
      }
    } else if (kind == ANSWER && asked[IP_IS_V6(from)] != 0 &&
               header.number >> 2 >= asked[IP_IS_V6(from)]) {
      answered[IP_IS_V6(from)] = true;
    }
  }
  obey();
  done_with(data);
}

/* ---- pings ---- */

static u8_t take_echo(void *argument, struct raw_pcb *pcb, struct pbuf *packet,
                      const ip_addr_t *from) {
  (void)argument;
  (void)pcb;
  (void)from;
  (void)packet;
  return 0;
}

void node_ping(void) {
  struct icmp_echo_hdr *echo;
  struct pbuf *packet;
  ip_addr_t address;
  u16_t length = (u16_t)(sizeof *echo + dice_below(&dice, 1400));

  if (raw == NULL ||
      !node_address_of(dice_chance(&dice, 500000) ? 1 - node.config.id : WORLD_TESTER, false,
                       &address))
    return;
  packet = pbuf_alloc(PBUF_IP, length, PBUF_RAM);
  if (packet == NULL)
    return;
  echo = packet->payload;
  memset(echo, 0x55, length);
  ICMPH_TYPE_SET(echo, ICMP_ECHO);
  ICMPH_CODE_SET(echo, 0);
  echo->id = lwip_htons((u16_t)node.config.id);
  echo->seqno = lwip_htons((u16_t)++number);
  echo->chksum = 0;
  echo->chksum = inet_chksum(echo, length);
  (void)raw_sendto(raw, packet, &address);
  pbuf_free(packet);
}

/* ---- groups ---- */

static void group_address(unsigned group, bool ip6, ip_addr_t *address) {
  if (ip6)
    IP_ADDR6(address, PP_HTONL(0xff020000), 0, 0, lwip_htonl(0x5100 + group));
  else
    IP_ADDR4(address, 239, 1, 2, group);
}

void node_multicast_send(void) {
  bool ip6 = dice_chance(&dice, 500000) && node.config.ip6;
  ip_addr_t address;

  if (node.entry == NULL)
    return;
  group_address(dice_below(&dice, GROUPS), ip6, &address);
  if (ip6)
    ip6_addr_assign_zone(ip_2_ip6(&address), IP6_MULTICAST, &node.entry->netif);
  (void)send_to(&address, UDP_PORT, dice_from(&dice, HEADER + 1, 500), ONE_WAY);
}

static void leave(unsigned group) {
  ip_addr_t address;

  group_address(group, false, &address);
  if (joined4[group])
    (void)igmp_leavegroup_netif(&node.entry->netif, ip_2_ip4(&address));
  group_address(group, true, &address);
  ip6_addr_assign_zone(ip_2_ip6(&address), IP6_MULTICAST, &node.entry->netif);
  if (joined6[group])
    (void)mld6_leavegroup_netif(&node.entry->netif, ip_2_ip6(&address));
  joined4[group] = joined6[group] = false;
}

void node_leave_groups(void) {
  for (unsigned group = 0; group < GROUPS; group++)
    leave(group);
}

void node_membership(void) {
  unsigned group = dice_below(&dice, GROUPS), joined = 0;
  ip_addr_t address;

  if (node.entry == NULL)
    return;
  if (joined4[group] || joined6[group]) {
    leave(group);
    return;
  }
  group_address(group, false, &address);
  joined4[group] = igmp_joingroup_netif(&node.entry->netif, ip_2_ip4(&address)) == ERR_OK;
  group_address(group, true, &address);
  ip6_addr_assign_zone(ip_2_ip6(&address), IP6_MULTICAST, &node.entry->netif);
  /* lwIP has four IPv6 groups, and the interface's own addresses need some of them. */
  for (unsigned i = 0; i < GROUPS; i++)
    joined += joined6[i];
  if (joined < GROUPS6_MAX)
    joined6[group] = mld6_joingroup_netif(&node.entry->netif, ip_2_ip6(&address)) == ERR_OK;
}

void node_datagrams_start(void) {
  dice = dice_of(node.config.seed, 4);
  command_dice = dice_of(node.config.seed, 10);
  udp = udp_new_ip_type(IPADDR_TYPE_ANY);
  raw = node.config.fast ? NULL : raw_new(IP_PROTO_ICMP); /* a raw PCB sees all packets, slowly */
  if (udp == NULL || (raw == NULL && !node.config.fast) ||
      udp_bind(udp, IP_ANY_TYPE, UDP_PORT) != ERR_OK)
    world_fail("node %u has no memory for its datagrams", node.config.id);
  udp_recv(udp, take, NULL);
  if (raw != NULL)
    raw_recv(raw, take_echo, NULL);
}
