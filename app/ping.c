/* ping: ICMP echo requests to a host, by address or name, as a job of the console. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "lwip/dns.h"
#include "lwip/icmp.h"
#include "lwip/icmp6.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/raw.h"
#include "lwip/timeouts.h"
#include "port.h"

enum {
  COUNT_DEFAULT = 4,
  SIZE_DEFAULT = 56,
  SIZE_MAX_BYTES = 1452, /* in one frame over either IP */
  INTERVAL_DEFAULT_MS = 1000,
  WAIT_MS = 1000, /* for the last reply */
  IDENTIFIER = 0x7269,
  WAITING_MAX = 256, /* requests whose replies are waited for at a time */
};

static struct {
  struct raw_pcb *pcb; /* NULL: none is under way */
  ip_addr_t target;
  uint32_t interval_ms;
  uint16_t count, size;
  uint16_t sent, received, timed;
  uint8_t waits[WAITING_MAX / 8]; /* for the last requests, a bit each, by their sequence numbers */
  uint64_t least_us, most_us, sum_us;
} job;
static unsigned question; /* the number of the name that is looked up */

static void tick(void *unused);

static bool is_v6(void) { return IP_IS_V6_VAL(job.target); }

static void finish(void) {
  unsigned lost = job.sent == 0 ? 0 : (unsigned)(job.sent - job.received) * 100u / job.sent;

  sys_untimeout(tick, NULL);
  raw_remove(job.pcb);
  job.pcb = NULL;
  console_print("%u packets transmitted, %u received, %u%% packet loss\r\n", job.sent, job.received,
                lost);
  if (job.timed > 0) {
    uint32_t mean = (uint32_t)(job.sum_us / job.timed);
    uint32_t least = (uint32_t)job.least_us, most = (uint32_t)job.most_us;

    console_print("rtt min/avg/max = %" PRIu32 ".%03" PRIu32 "/%" PRIu32 ".%03" PRIu32 "/%" PRIu32
                  ".%03" PRIu32 " ms\r\n",
                  least / 1000, least % 1000, mean / 1000, mean % 1000, most / 1000, most % 1000);
  }
  console_job_end();
}

static void cancel(void) {
  console_print("^C\r\n");
  finish();
}

/* ---- a request out, a reply in ---- */

static uint8_t bit_of(uint16_t sequence) { return (uint8_t)(1u << sequence % 8); }

static uint8_t *waits_of(uint16_t sequence) { return &job.waits[sequence % WAITING_MAX / 8]; }

/* The time of a request is in its data, where there is room: it comes back with that. */
static err_t send_request(void) {
  const uint32_t now_us = (uint32_t)port_clock_us(); /* modulo 2^32 */
  struct pbuf *request =
      pbuf_alloc(PBUF_IP, (u16_t)(sizeof(struct icmp_echo_hdr) + job.size), PBUF_RAM);
  struct icmp_echo_hdr *header;
  err_t error;

  if (request == NULL)
    return ERR_MEM;
  header = request->payload;
  *header = (struct icmp_echo_hdr){
      .type = is_v6() ? (u8_t)ICMP6_TYPE_EREQ : ICMP_ECHO,
      .id = PP_HTONS(IDENTIFIER),
      .seqno = lwip_htons(job.sent),
  };
  for (unsigned i = 0; i < job.size; i++)
    ((uint8_t *)(header + 1))[i] = (uint8_t)i;
  if (job.size >= sizeof now_us)
    memcpy(header + 1, &now_us, sizeof now_us);
  if (!is_v6()) /* that of ICMPv6 is made by raw_sendto() */
    header->chksum = inet_chksum(request->payload, request->tot_len);
  *waits_of(job.sent) |= bit_of(job.sent);
  error = raw_sendto(job.pcb, request, &job.target);
  pbuf_free(request);
  return error;
}

/* True for one of the last requests that has had no reply. */
static bool is_waited_for(uint16_t sequence) {
  return (uint16_t)(job.sent - sequence) < WAITING_MAX &&
         (*waits_of(sequence) & bit_of(sequence)) != 0;
}

/* A reply without the time of its request, whose data had no room for it, or that comes back cut
 * short, counts as any other. */
static void count_reply(const struct pbuf *packet, unsigned offset, const ip_addr_t *from,
                        uint16_t sequence) {
  uint32_t us;

  *waits_of(sequence) &= (uint8_t)~bit_of(sequence);
  job.received++;
  console_print("%u bytes from %s: icmp_seq=%u", packet->tot_len - offset, ipaddr_ntoa(from),
                sequence);
  if (job.size >= sizeof us &&
      pbuf_copy_partial(packet, &us, sizeof us, (u16_t)(offset + sizeof(struct icmp_echo_hdr))) ==
          sizeof us) {
    us = (uint32_t)port_clock_us() - us;
    if (job.timed == 0 || us < job.least_us)
      job.least_us = us;
    if (us > job.most_us)
      job.most_us = us;
    job.sum_us += us;
    job.timed++;
    console_print(" time=%" PRIu32 ".%03" PRIu32 " ms", us / 1000, us % 1000);
  }
  console_print("\r\n");
}

/* Looks at each packet of the protocol; what is not our reply is left to the stack. */
static u8_t received(void *unused, struct raw_pcb *pcb, struct pbuf *packet,
                     const ip_addr_t *from) {
  struct icmp_echo_hdr header;
  unsigned offset = IP_IS_V6(from) ? IP6_HLEN : IPH_HL_BYTES((struct ip_hdr *)packet->payload);

  (void)unused;
  (void)pcb;
  if (pbuf_copy_partial(packet, &header, sizeof header, (u16_t)offset) != sizeof header ||
      header.type != (is_v6() ? (u8_t)ICMP6_TYPE_EREP : ICMP_ER) ||
      header.id != PP_HTONS(IDENTIFIER) || !ip_addr_cmp(from, &job.target))
    return 0;
  if (is_waited_for(lwip_ntohs(header.seqno))) {
    count_reply(packet, offset, from, lwip_ntohs(header.seqno));
    if (job.received == job.count) { /* the stack still uses the pcb: it goes in the next turn */
      sys_untimeout(tick, NULL);
      sys_timeout(0, tick, NULL);
    }
  }
  pbuf_free(packet);
  return 1;
}

static void tick(void *unused) {
  err_t error;

  (void)unused;
  if (job.sent == job.count) {
    finish();
    return;
  }
  job.sent++;
  error = send_request();
  if (error != ERR_OK)
    console_print("icmp_seq=%u not sent: %s\r\n", job.sent,
                  error == ERR_RTE ? "no route" : "no memory, or the link is down");
  sys_timeout(job.sent == job.count && job.interval_ms < WAIT_MS ? WAIT_MS : job.interval_ms, tick,
              NULL);
}

/* ---- the command ---- */

static void begin(void) {
  console_print("PING %s: %u data bytes\r\n", ipaddr_ntoa(&job.target), job.size);
  job.pcb = raw_new_ip_type(IP_GET_TYPE(&job.target), is_v6() ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP);
  if (job.pcb == NULL) {
    console_print("ping: no memory\r\n");
    console_job_end();
    return;
  }
  if (is_v6()) {
    job.pcb->chksum_reqd = 1;
    job.pcb->chksum_offset = 2; /* RFC 3542, 3.1 */
  }
  raw_recv(job.pcb, received, NULL);
  (void)raw_bind(job.pcb, is_v6() ? IP6_ADDR_ANY : IP4_ADDR_ANY);
  console_job_start(cancel);
  tick(NULL);
}

static void cancel_name(void) {
  question++;
  console_print("^C\r\n");
  console_job_end();
}

static void name_found(const char *name, const ip_addr_t *address, void *number) {
  if ((uintptr_t)number != question)
    return; /* it was given up */
  if (address == NULL) {
    console_print("%s: no such name, or no server answers\r\n", name);
    console_job_end();
    return;
  }
  job.target = *address;
  begin();
}

/* Seconds with up to three decimals, as milliseconds. */
static bool parse_interval(const char *text, uint32_t *ms) {
  char *end;
  unsigned long whole = strtoul(text, &end, 10), part = 0, weight = 100;

  if (end == text || *text == '-' || whole > 3600)
    return false;
  if (*end == '.') {
    for (end++; *end >= '0' && *end <= '9'; end++, weight /= 10)
      part += weight * (unsigned long)(*end - '0');
  }
  *ms = (uint32_t)(whole * 1000 + part);
  return *end == '\0' && *ms >= 10;
}

static bool parse_options(unsigned words, char *word[]) {
  unsigned long number;

  job.count = COUNT_DEFAULT;
  job.size = SIZE_DEFAULT;
  job.interval_ms = INTERVAL_DEFAULT_MS;
  for (unsigned i = 1; i + 1 < words; i += 2) {
    if (strcmp(word[i], "-c") == 0 && console_number(word[i + 1], 1, UINT16_MAX, &number))
      job.count = (uint16_t)number;
    else if (strcmp(word[i], "-s") == 0 && console_number(word[i + 1], 0, SIZE_MAX_BYTES, &number))
      job.size = (uint16_t)number;
    else if (strcmp(word[i], "-i") != 0 || !parse_interval(word[i + 1], &job.interval_ms))
      return false;
  }
  return words % 2 == 0; /* its name, pairs, the host */
}

static enum console_result ping(unsigned words, char *word[]) {
  const char *host = word[words - 1];

  memset(&job, 0, sizeof job);
  if (!parse_options(words, word) || strlen(host) >= DNS_MAX_NAME_LENGTH)
    return CONSOLE_USAGE;
  switch (dns_gethostbyname(host, &job.target, name_found, (void *)(uintptr_t)++question)) {
  case ERR_OK: /* an address */
    begin();
    return CONSOLE_DONE;
  case ERR_INPROGRESS:
    console_job_start(cancel_name);
    return CONSOLE_DONE;
  default:
    console_print("%s: no address, and no DNS server is known (dns server IP)\r\n", host);
    return CONSOLE_REFUSED;
  }
}

const struct console_command ping_commands[] = {
    {"ping", "[-c COUNT] [-s BYTES] [-i SECONDS] HOST", "echo requests; Ctrl-C ends it", ping,
     false, NULL},
    {.name = NULL},
};
