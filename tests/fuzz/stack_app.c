/* The application of the fuzzer of the whole stack: the demo's services, and one that does what the
 * input says. */
#include <stdio.h>
#include <string.h>

#include "chargen.h"
#include "console.h"
#include "control_page.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/igmp.h"
#include "lwip/mld6.h"
#include "lwip/sys.h"
#include "lwip/udp.h"
#include "lwip_reclaim.h"
#include "services.h"
#include "stack_parts.h"
#include "state_json.h"

enum { OWN = 4, HELD_MAX = 8, OWN_PORT = 81 };

/* A connection of ours. */
static struct own {
  struct tcp_pcb *pcb;
  struct pbuf *held;
  uint32_t owed; /* bytes that were taken and not yet told to the stack */
} owned[OWN];

static struct tcp_pcb *listening;
static struct udp_pcb *udp;
static struct dispatch_queue events;
static const char text[4096] = "to be sent";

/* ---- what the control page needs ---- */

enum console_result console_run_remote(char *line, char *answer, size_t size) {
  (void)snprintf(answer, size, "%.20s", line);
  return CONSOLE_DONE;
}

size_t state_json_write(struct state_json *state, char *to, size_t size) {
  if (state->section++ == 6)
    return 0;
  memset(to, '1', LWIP_MIN(size, STATE_JSON_PART_BYTES));
  return LWIP_MIN(size, STATE_JSON_PART_BYTES);
}

void app_run_events(void) { (void)dispatch_run(&events); }

/* ---- connections ---- */

static void forget(struct own *own) {
  if (own->held != NULL)
    pbuf_free(own->held);
  *own = (struct own){.pcb = NULL};
}

static void let_go(struct own *own) {
  tcp_arg(own->pcb, NULL);
  tcp_recv(own->pcb, NULL);
  tcp_sent(own->pcb, NULL);
  tcp_poll(own->pcb, NULL, 0);
  tcp_err(own->pcb, NULL);
  forget(own);
}

static err_t ends(struct own *own, bool by_reset) {
  struct tcp_pcb *pcb = own->pcb;

  let_go(own);
  if (!by_reset && tcp_close(pcb) == ERR_OK)
    return ERR_OK;
  tcp_abort(pcb);
  return ERR_ABRT;
}

/* What a callback does at last: most often nothing. */
static err_t does(struct own *own, unsigned what) {
  switch (what & 15) {
  case 8:
    return ends(own, false);
  case 9:
    return ends(own, true);
  case 10:
    (void)tcp_write(own->pcb, text, take16() % sizeof text, take8() & 3);
    (void)tcp_output(own->pcb);
    return ERR_OK;
  case 11:
    (void)tcp_shutdown(own->pcb, 0, 1);
    return ERR_OK;
  case 12:
    if (own->owed != 0)
      tcp_recved(own->pcb, (u16_t)own->owed);
    own->owed = 0;
    return ERR_OK;
  default:
    return ERR_OK;
  }
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  struct own *own = argument;
  const unsigned what = take8();

  (void)error;
  if (own == NULL || own->pcb != pcb)
    stack_fails("a callback for a connection that was let go");
  if (data == NULL && pcb->state == TIME_WAIT)
    return ends(own, false); /* nobody would be told that it has ended */
  if (data == NULL)
    return (what & 16) != 0 ? ends(own, (what & 1) != 0) : does(own, what);
  if ((what & 0xe0) == 0xe0) /* not now */
    return ERR_MEM;
  if ((what & 0x40) == 0)
    tcp_recved(pcb, data->tot_len);
  else
    own->owed += data->tot_len;
  if ((what & 0x20) != 0 && own->held == NULL)
    own->held = data;
  else
    pbuf_free(data);
  return does(own, what);
}

static err_t sent(void *argument, struct tcp_pcb *pcb, u16_t length) {
  (void)pcb;
  (void)length;
  return does(argument, take8());
}

static err_t polled(void *argument, struct tcp_pcb *pcb) {
  (void)pcb;
  return does(argument, take8());
}

static void failed(void *argument, err_t error) {
  (void)error;
  forget(argument);
}

static struct own *free_one(void) {
  for (unsigned i = 0; i < OWN; i++)
    if (owned[i].pcb == NULL)
      return &owned[i];
  return NULL;
}

static void take_on(struct own *own, struct tcp_pcb *pcb) {
  own->pcb = pcb;
  tcp_arg(pcb, own);
  tcp_recv(pcb, received);
  tcp_sent(pcb, sent);
  tcp_poll(pcb, polled, 3);
  tcp_err(pcb, failed);
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error) {
  struct own *own = free_one();

  (void)argument;
  if (error != ERR_OK || pcb == NULL)
    return ERR_VAL;
  if (own == NULL)
    return ERR_MEM;
  take_on(own, pcb);
  return does(own, take8());
}

static err_t connected(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)pcb;
  (void)error;
  return does(argument, take8());
}

static void listen(void) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

  if (pcb == NULL)
    return;
  if (tcp_bind(pcb, IP_ANY_TYPE, OWN_PORT) == ERR_OK)
    listening = tcp_listen_with_backlog(pcb, 2);
  if (listening == NULL)
    tcp_abort(pcb);
  else
    tcp_accept(listening, accepted);
}

static void connect(unsigned how) {
  struct own *own = free_one();
  const ip_addr_t to = peer_address((how & 1) != 0, how >> 1);
  struct tcp_pcb *pcb;

  if (own == NULL)
    return;
  pcb = tcp_new_ip_type(IP_GET_TYPE(&to));
  if (pcb == NULL)
    return;
  if ((how & 0x80) != 0)
    ip_set_option(pcb, SOF_KEEPALIVE);
  if ((how & 0x40) != 0)
    tcp_nagle_disable(pcb);
  tcp_setprio(pcb, (u8_t)((how & 0x20) != 0 ? TCP_PRIO_MIN : TCP_PRIO_NORMAL));
  take_on(own, pcb);
  if (tcp_connect(pcb, &to, (u16_t)(80 + (how >> 3 & 3)), connected) != ERR_OK)
    (void)ends(own, true);
}

static void own_does(unsigned which, unsigned what) {
  struct own *own = &owned[which % OWN];

  if (own->pcb == NULL)
    return;
  if ((what & 16) != 0 && own->held != NULL) {
    pbuf_free(own->held);
    own->held = NULL;
  }
  if ((what & 32) != 0)
    (void)tcp_shutdown(own->pcb, 1, 0);
  else
    (void)does(own, 8 + what % 8);
}

/* ---- names and datagrams ---- */

static void found(const char *name, const ip_addr_t *address, void *argument) {
  ip_addr_t ignored;

  (void)address;
  (void)argument;
  if ((take8() & 0xc0) == 0xc0)
    (void)dns_gethostbyname(name, &ignored, found, NULL);
}

static void lookup(unsigned which) {
  static const char *const names[] = {
      "a",
      "b.test",
      "c.example.org",
      "host.local",
      "x..y",
      "a-name-that-is-so-long-that-it-only-just-fits-the-table-of-lwIP",
      ""};
  ip_addr_t address;

  (void)dns_gethostbyname_addrtype(names[(which & 15) % LWIP_ARRAYSIZE(names)], &address, found,
                                   NULL, (u8_t)(which >> 6));
}

static void datagram_received(void *argument, struct udp_pcb *pcb, struct pbuf *data,
                              const ip_addr_t *from, u16_t port) {
  (void)argument;
  (void)pcb;
  (void)from;
  (void)port;
  pbuf_free(data);
}

static void send_datagram(unsigned how) {
  const ip_addr_t to = peer_address((how & 1) != 0, how >> 1);
  const uint16_t length =
      (how & 0x80) != 0 ? (uint16_t)(1400 + (how >> 3 & 15) * 150) : (uint16_t)how;
  struct pbuf *data = pbuf_alloc(PBUF_TRANSPORT, (how & 0x80) != 0 ? 0 : length, PBUF_RAM);
  struct pbuf *more = (how & 0x80) != 0 ? pbuf_alloc(PBUF_RAW, length, PBUF_ROM) : NULL;

  if (more != NULL) {
    more->payload = (void *)(uintptr_t)text;
    if (data != NULL)
      pbuf_cat(data, more);
    else
      pbuf_free(more);
  }
  if (data != NULL) {
    if (udp != NULL)
      (void)udp_sendto(udp, data, &to, 7);
    pbuf_free(data);
  }
}

/* ---- the interface ---- */

static void set_address(unsigned last) {
  ip4_addr_t address, mask, gateway;

  IP4_ADDR(&address, 10, 0, 0, last);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 0, 0, 2);
  netif_set_addr(&wire.netif, &address, &mask, &gateway);
}

static void groups(unsigned which) {
  ip4_addr_t group;
  ip6_addr_t group6;

  IP4_ADDR(&group, 224, 0, 0, 5 + (which >> 2 & 1));
  IP6_ADDR(&group6, PP_HTONL(0xff020000), 0, 0, PP_HTONL(5));
  ip6_addr_assign_zone(&group6, IP6_MULTICAST, &wire.netif);
  switch (which & 3) {
  case 0:
    (void)igmp_joingroup_netif(&wire.netif, &group);
    break;
  case 1:
    (void)igmp_leavegroup_netif(&wire.netif, &group);
    break;
  case 2:
    (void)mld6_joingroup_netif(&wire.netif, &group6);
    break;
  default:
    (void)mld6_leavegroup_netif(&wire.netif, &group6);
  }
}

static void dhcp_does(unsigned what) {
  switch (what % 6) {
  case 0:
  case 1:
    (void)dhcp_start(&wire.netif);
    break;
  case 2:
    if (dhcp_supplied_address(&wire.netif))
      (void)dhcp_renew(&wire.netif);
    break;
  case 3:
    dhcp_release_and_stop(&wire.netif);
    break;
  case 4:
    dhcp_inform(&wire.netif);
    break;
  default:
    dhcp_network_changed_link_up(&wire.netif);
  }
}

static void interface_does(unsigned what) {
  ip_addr_t server;

  switch (what % 12) {
  case 0:
    netif_set_link_down(&wire.netif);
    break;
  case 1:
  case 2:
    netif_set_link_up(&wire.netif);
    break;
  case 3:
    netif_set_down(&wire.netif);
    break;
  case 4:
  case 5:
    netif_set_up(&wire.netif);
    break;
  case 6:
    set_address(15 + (what >> 6));
    break;
  case 7:
    netif_set_ip6_autoconfig_enabled(&wire.netif, what >> 7);
    break;
  case 8:
    groups(what >> 4);
    break;
  case 9:
    server = peer_address((what & 0x80) != 0, what >> 4);
    dns_setserver(what >> 6 & 1, &server);
    break;
  case 10:
    wire.neighbors_answer = what < 128;
    break;
  default:
    dhcp_stop(&wire.netif);
    dhcp_cleanup(&wire.netif);
    wire_remove();
    wire_add();
  }
}

void app_does_something(void) {
  const unsigned what = take8(), how = take8();

  switch (what % 12) {
  case 0:
    connect(how);
    break;
  case 1:
  case 2:
    own_does(how, take8());
    break;
  case 3:
    lookup(how);
    break;
  case 4:
    dhcp_does(how);
    break;
  case 5:
    interface_does(how);
    break;
  case 6:
    send_datagram(how);
    break;
  case 7:
    lwip_reclaim();
    break;
  case 8:
    wire.refuses = (uint8_t)how;
    break;
  case 9:
    wire.keeps = (how & 1) != 0;
    wire_frees_kept();
    break;
  case 10:
    if (listening != NULL)
      (void)tcp_close(listening);
    listening = NULL;
    if ((how & 1) != 0)
      listen();
    break;
  default:
    memory_is_scarce((how & 0x80) != 0 ? take32() : how);
  }
}

/* ---- a run ---- */

void app_start(void) {
  services_start();
  chargen_start();
  control_page_start(&events);
}

void app_begins(void) {
  ip_addr_t server = peer_address(false, 1);

  memset(dns_queries, 0, sizeof dns_queries);
  dns_setserver(0, &server);
  server = peer_address(true, 1);
  dns_setserver(1, &server);
  listen();
  udp = udp_new_ip_type(IPADDR_TYPE_ANY);
  (void)udp_bind(udp, IP_ANY_TYPE, 1000);
  udp_recv(udp, datagram_received, NULL);
}

void app_ends(void) {
  for (unsigned i = 0; i < OWN; i++)
    if (owned[i].pcb != NULL)
      (void)ends(&owned[i], false);
  if (listening != NULL)
    (void)tcp_close(listening);
  listening = NULL;
  udp_remove(udp);
  udp = NULL;
}
