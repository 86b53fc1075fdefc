/* A fuzzer of the whole stack, with a state: frames, time, what the application does, scarce
 * memory. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "lwip_port.h"
#include "log.h"
#include "port.h"
#include "stack_parts.h"

enum {
  RECORDS_MAX = 200,
  TIMERS_MAX = 200000,       /* in a run */
  QUIET_MS = 100 * 1000,     /* until nothing but a connection may be left */
  CONNECTION_MS = 60 * 1000, /* until it is looked for again */
  CONNECTIONS_END = 20,      /* after as many times of that: retransmissions take 7 minutes */
};

void stack_fails(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fprintf(stderr, "the stack: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  abort();
}

static void exits(int status) {
  fprintf(stderr, "%s\n", host_console());
  stack_fails("an assertion: exit with status %d", status);
}

/* ---- input ---- */

static const uint8_t *next, *end;

void input_is(const uint8_t *data, size_t size) {
  next = data;
  end = size != 0 ? data + size : data;
}

bool input_is_left(void) { return next < end; }

uint8_t take8(void) { return next < end ? *next++ : 0; }

uint16_t take16(void) {
  const uint8_t high = take8();

  return (uint16_t)(high << 8 | take8());
}

uint32_t take32(void) {
  const uint32_t high = take16();

  return high << 16 | take16();
}

/* ---- time ---- */

static unsigned timers;

static void run_timers(void) {
  if (++timers > TIMERS_MAX)
    stack_fails("timers run without end");
  sys_check_timeouts();
  wire_settles();
}

/* In their order, each with a time that is not past. */
static void look_at_timeouts(void) {
  unsigned count = 0;
  uint32_t last = port_clock_ms();

  for (const struct sys_timeo *timeout = *sys_timeouts_get_next_timeout(); timeout != NULL;
       timeout = timeout->next) {
    if (++count > memp_pools[MEMP_SYS_TIMEOUT]->num)
      stack_fails("the list of timeouts has no end");
    if ((int32_t)(timeout->time - last) < 0)
      stack_fails("the list of timeouts is out of order");
    last = timeout->time;
  }
}

void time_passes(uint32_t ms, bool at_once) {
  while (!at_once && ms != 0) {
    uint32_t step = sys_timeouts_sleeptime();

    if (step > ms)
      step = ms;
    if (step == 0)
      step = 1;
    host_run_for_us(UINT64_C(1000) * step);
    ms -= step;
    run_timers();
  }
  if (at_once) {
    host_run_for_us(UINT64_C(1000) * ms);
    run_timers();
  }
  look_at_timeouts();
}

static void some_time_passes(void) {
  static const uint32_t times[] = {1,    10,   100,  250,   500,   1000,
                                   1500, 3000, 6000, 15000, 35000, 75000};
  const unsigned which = take8();

  time_passes(times[(which & 0x7f) % LWIP_ARRAYSIZE(times)], which >= 0x80);
}

/* ---- a run ---- */

static void record(void) {
  static void (*const kinds[RECORD_KINDS])(void) = {
      [RECORD_TCP] = frame_tcp,
      [RECORD_TCP + 1] = frame_tcp,
      [RECORD_TCP + 2] = frame_tcp,
      [RECORD_SYN] = frame_syn,
      [RECORD_UDP] = frame_udp,
      [RECORD_DHCP] = frame_dhcp,
      [RECORD_DNS] = frame_dns,
      [RECORD_ARP] = frame_arp,
      [RECORD_ICMP] = frame_icmp,
      [RECORD_ICMP6] = frame_icmp6,
      [RECORD_ND] = frame_nd,
      [RECORD_GROUP] = frame_group_query,
      [RECORD_FRAGMENT] = frame_fragment,
      [RECORD_RAW] = frame_raw,
      [RECORD_ACKNOWLEDGED] = peers_acknowledge,
      [RECORD_TIME] = some_time_passes,
      [RECORD_APPLICATION] = app_does_something,
      [RECORD_APPLICATION + 1] = app_does_something,
  };

  kinds[take8() % RECORD_KINDS]();
  wire_settles();
}

/* Nothing is in the way of the stack any more; all that it still has ends within some time. */
static void all_ends(void) {
  memory_is_scarce(0);
  wire.refuses = 0;
  wire.keeps = false;
  wire_frees_kept();
  wire.neighbors_answer = true;
  app_ends();
  dhcp_stop(&wire.netif);
  dhcp_cleanup(&wire.netif);
  netif_set_link_up(&wire.netif);
  netif_set_up(&wire.netif);
  time_passes(QUIET_MS, false);
  for (unsigned i = 0; tcp_active_pcbs != NULL || tcp_tw_pcbs != NULL; i++) {
    if (i == CONNECTIONS_END)
      stack_fails("a connection stands still, in state %u",
                  tcp_active_pcbs != NULL ? tcp_active_pcbs->state : tcp_tw_pcbs->state);
    time_passes(CONNECTION_MS, false);
  }
}

static void stack_answers(void) {
  ip4_addr_t own, mask;
  uint32_t sequence;

  IP4_ADDR(&own, 10, 0, 0, 15);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_set_addr(&wire.netif, &own, &mask, IP4_ADDR_ANY4);
  wire.echo_replies = wire.echo6_replies = wire.syn_acks = wire.echoed = 0;
  frame_ping(false);
  wire_settles();
  if (wire.echo_replies == 0)
    stack_fails("no answer to a ping");
  if (ip6_addr_ispreferred(netif_ip6_addr_state(&wire.netif, 0))) {
    frame_ping(true);
    wire_settles();
    time_passes(1000, false);
    if (wire.echo6_replies == 0)
      stack_fails("no answer to a ping over IPv6");
  }
  frame_check_segment(TCP_SYN, 99, 0, "");
  wire_settles();
  if (wire.syn_acks == 0)
    stack_fails("no connection is accepted");
  sequence = wire.syn_ack_sequence;
  frame_check_segment(TCP_ACK | TCP_PSH, 100, sequence + 1, "x");
  wire_settles();
  if (wire.echoed == 0)
    stack_fails("nothing is echoed");
  frame_check_segment(TCP_RST, 101, 0, "");
  wire_settles();
  if (tcp_active_pcbs != NULL)
    stack_fails("a connection stays after a reset");
  time_passes(1000, false); /* TCP's timer ends */
}

static struct memory_use at_rest;

static void stack_has_all_back(void) {
  const struct memory_use now = memory_used();

  if (memcmp(&now, &at_rest, sizeof now) != 0) {
    memory_print();
    stack_fails("not all memory is free: %u objects of pools (of %u), %u of the heap (of %u)",
                now.pools, at_rest.pools, now.objects, at_rest.objects);
  }
  if (wire.received != 0)
    stack_fails("%u received frames are not free", wire.received);
}

static void start(void) {
  host_reset();
  host_on_exit(exits);
  lwip_port_init(1);
  lwip_init();
  app_start();
  at_rest = memory_used();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool started;
  uint8_t flags;

  if (!started)
    start();
  started = true;
  lwip_port_init(1);
  input_is(data, size);
  timers = 0;
  flags = take8();
  wire.sent = 0;
  wire.last_bytes = 0;
  wire.fast = (flags & 1) != 0;
  wire.neighbors_answer = (flags & 2) == 0;
  wire_add();
  app_begins();
  if ((flags & 4) != 0)
    (void)dhcp_start(&wire.netif);
  if ((flags & 8) == 0)
    time_passes(2000, false);
  for (unsigned i = 0; i < RECORDS_MAX && input_is_left(); i++)
    record();
  input_is((const uint8_t *)"", 0);
  all_ends();
  stack_answers();
  wire_remove();
  stack_has_all_back();
  return 0;
}
