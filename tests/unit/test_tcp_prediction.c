/* TCP's header prediction has the same effect as lwIP without it: two connections get the same
 * segments, but one of them with an option that does nothing, so they are not predicted. Nor does
 * either lose a packet. */
#include "unit.h"

#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/prot/tcp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

enum {
  SIDES = 2, /* the second one's segments have options */
  OPTION_BYTES = 4,
  PORT = 9,
  PACKETS = 64,
  ROUNDS = 60000,
  PEER_SEQUENCE = 0x7ffff000, /* which wraps as a signed number */
};

static struct side {
  struct tcp_pcb *pcb; /* NULL: closed */
  uint32_t sequence;   /* lwIP's first */
  uint32_t sent;       /* a sum over everything that it has sent */
  uint32_t received;   /* and over what the application has received */
  uint32_t held;       /* bytes that the application has not yet taken over */
  uint32_t arrived;    /* a sum over what was acknowledged */
  bool refuses;        /* it takes nothing */
  bool ended;          /* the other side has closed */
} sides[SIDES];

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

/* ---- the wire ---- */

static struct netif wire;

static struct packet_memory {
  struct pbuf_custom custom;
  bool used;
  _Alignas(8) uint8_t data[1536];
} packets[PACKETS];

static void packet_freed(struct pbuf *packet) {
  ((struct packet_memory *)(void *)packet)->used = false;
}

static struct pbuf *packet_of(uint16_t length) {
  for (unsigned i = 0; i < PACKETS; i++)
    if (!packets[i].used) {
      packets[i].used = true;
      packets[i].custom.custom_free_function = packet_freed;
      return pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &packets[i].custom, packets[i].data,
                                 sizeof packets[i].data);
    }
  fail_msg("lwIP keeps all packets");
  return NULL;
}

static uint32_t mixed(uint32_t sum, uint32_t value) { return (sum ^ value) * 0x01000193u + 1; }

static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  uint8_t bytes[1536];
  const struct tcp_hdr *header = (const void *)(bytes + IP_HLEN);
  struct side *side;

  (void)netif;
  (void)to;
  pbuf_copy_partial(packet, bytes, sizeof bytes, 0);
  side = &sides[lwip_ntohs(header->dest) - 1000];
  if ((TCPH_FLAGS(header) & TCP_SYN) != 0)
    side->sequence = lwip_ntohl(header->seqno);
  side->sent = mixed(side->sent, lwip_ntohl(header->seqno) - side->sequence);
  side->sent = mixed(side->sent, lwip_ntohl(header->ackno));
  side->sent = mixed(side->sent, header->_hdrlen_rsvd_flags);
  side->sent = mixed(side->sent, header->wnd);
  for (unsigned i = IP_HLEN + TCP_HLEN; i < packet->tot_len; i++)
    side->sent = mixed(side->sent, bytes[i]);
  return ERR_OK;
}

static err_t wire_init(struct netif *netif) {
  netif->output = output;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

struct segment {
  bool is_strangers; /* from another host, with the same ports */
  uint8_t flags;
  uint16_t window, length;
  uint32_t sequence, acknowledged; /* relative to the first ones */
};

/* Segments that were predicted: data, acknowledgements of data, and both. */
static struct { unsigned data, acknowledgement, both; } predicted;

static void count_predicted(const struct segment *segment, bool acknowledges) {
  if (segment->length == 0)
    predicted.acknowledgement += acknowledges;
  else if (acknowledges)
    predicted.both++;
  else
    predicted.data++;
}

/* Only a segment of the connection that got the previous one is predicted. */
static void to_front(struct tcp_pcb *pcb) {
  struct tcp_pcb **at = &tcp_active_pcbs;

  while (*at != NULL && *at != pcb)
    at = &(*at)->next;
  if (*at == NULL)
    return;
  *at = pcb->next;
  pcb->next = tcp_active_pcbs;
  tcp_active_pcbs = pcb;
}

static void give(unsigned which, const struct segment *segment) {
  uint16_t options = which == 1 && (segment->flags & TCP_SYN) == 0 ? OPTION_BYTES : 0;
  uint16_t length = (uint16_t)(IP_HLEN + TCP_HLEN + options + segment->length);
  struct pbuf *packet = packet_of(length);
  struct ip_hdr *ip = packet->payload;
  struct tcp_hdr *tcp = (void *)((uint8_t *)packet->payload + IP_HLEN);
  uint8_t *data = (uint8_t *)(tcp + 1);
  ip_addr_t from = IPADDR4_INIT_BYTES(10, 2, 0, segment->is_strangers ? 3 : 2);
  const struct tcp_pcb *pcb = sides[which].pcb;
  bool acknowledges = pcb != NULL && sides[which].sequence + segment->acknowledged != pcb->lastack;

  memset(packet->payload, 0, IP_HLEN + TCP_HLEN);
  IPH_VHL_SET(ip, 4, IP_HLEN / 4);
  IPH_LEN_SET(ip, lwip_htons(length));
  IPH_TTL_SET(ip, 64);
  IPH_PROTO_SET(ip, IP_PROTO_TCP);
  memcpy(&ip->src, ip_2_ip4(&from), 4);
  memcpy(&ip->dest, netif_ip4_addr(&wire), 4);
  IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
  tcp->src = lwip_htons((uint16_t)(1000 + which));
  tcp->dest = PP_HTONS(PORT);
  tcp->seqno = lwip_htonl(PEER_SEQUENCE + segment->sequence);
  tcp->ackno = lwip_htonl(sides[which].sequence + segment->acknowledged);
  TCPH_HDRLEN_FLAGS_SET(tcp, 5 + options / 4, segment->flags);
  tcp->wnd = lwip_htons(segment->window);
  memset(data, LWIP_TCP_OPT_NOP, options);
  for (uint32_t i = 0; i < segment->length; i++)
    data[options + i] = (uint8_t)((segment->sequence + i) * 7 >> 3);
  pbuf_remove_header(packet, IP_HLEN);
  tcp->chksum = ip_chksum_pseudo(packet, IP_PROTO_TCP, packet->tot_len, &from, &wire.ip_addr);
  pbuf_add_header_force(packet, IP_HLEN);
  if (pcb != NULL)
    to_front(sides[which].pcb);
  assert_int_equal(ip_input(packet, &wire), ERR_OK);
  if (tcp->src != lwip_htons((uint16_t)(1000 + which)))
    return; /* lwIP converts a header to host byte order unless it predicts it */
  assert_int_equal(which, 0);
  count_predicted(segment, acknowledges);
}

static void give_both(const struct segment *segment) {
  for (unsigned i = 0; i < SIDES; i++)
    give(i, segment);
}

/* ---- the application ---- */

/* No more than both have memory for: data that only one accepts would make a difference. */
static void say(struct tcp_pcb *pcb, const char *text) {
  if (pcb->snd_queuelen < 2)
    (void)tcp_write(pcb, text, (uint16_t)strlen(text), TCP_WRITE_FLAG_COPY);
}

static void leave(struct side *side) {
  struct tcp_pcb *pcb = side->pcb;

  side->pcb = NULL;
  tcp_arg(pcb, NULL), tcp_recv(pcb, NULL), tcp_sent(pcb, NULL), tcp_err(pcb, NULL);
  (void)tcp_close(pcb);
}

static err_t take(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  struct side *side = argument;

  (void)error;
  if (data == NULL) {
    side->ended = true;
    return ERR_OK;
  }
  if (side->refuses)
    return ERR_MEM;
  side->received = mixed(side->received, data->flags & PBUF_FLAG_PUSH);
  for (const struct pbuf *p = data; p != NULL; p = p->next)
    for (unsigned i = 0; i < p->len; i++)
      side->received = mixed(side->received, ((const uint8_t *)p->payload)[i]);
  side->held += data->tot_len;
  if (side->received % 4 == 0) { /* within the callback, or later */
    tcp_recved(pcb, (uint16_t)side->held);
    side->held = 0;
  }
  if (side->received % 16 == 1)
    say(pcb, "answer");
  pbuf_free(data);
  if (side->received % 256 == 2) {
    side->pcb = NULL;
    tcp_abort(pcb);
    return ERR_ABRT;
  }
  if (side->received % 256 == 3)
    leave(side);
  return ERR_OK;
}

static err_t arrived(void *argument, struct tcp_pcb *pcb, u16_t length) {
  struct side *side = argument;

  side->arrived = mixed(side->arrived ^ side->received, length);
  switch ((side->arrived >> 13) % 32) {
  case 0:
    side->pcb = NULL;
    tcp_abort(pcb);
    return ERR_ABRT;
  case 1:
    leave(side);
    return ERR_OK;
  case 2:
    (void)tcp_shutdown(pcb, 1, 0);
    return ERR_OK;
  default:
    if ((side->arrived >> 18) % 4 == 0)
      say(pcb, "more");
    return ERR_OK;
  }
}

static void failed(void *argument, err_t error) {
  (void)error;
  ((struct side *)argument)->pcb = NULL;
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error) {
  struct side *side = &sides[pcb->remote_port - 1000];

  (void)argument;
  assert_int_equal(error, ERR_OK);
  side->pcb = pcb;
  tcp_arg(pcb, side);
  tcp_recv(pcb, take);
  tcp_sent(pcb, arrived);
  tcp_err(pcb, failed);
  return ERR_OK;
}

/* ---- the comparison ---- */

#define SAME(field) assert_int_equal(a->field, b->field)
#define SAME_SEQUENCE(field)                                                                       \
  assert_int_equal(a->field - sides[0].sequence, b->field - sides[1].sequence)

static unsigned segments_in(const struct tcp_seg *segment) {
  unsigned count = 0;

  for (; segment != NULL; segment = segment->next)
    count++;
  return count;
}

static void compare(void) {
  const struct tcp_pcb *a = sides[0].pcb, *b = sides[1].pcb;

  assert_int_equal(a == NULL, b == NULL);
  assert_int_equal(sides[0].sent, sides[1].sent);
  assert_int_equal(sides[0].received, sides[1].received);
  assert_int_equal(sides[0].held, sides[1].held);
  assert_int_equal(sides[0].arrived, sides[1].arrived);
  assert_int_equal(sides[0].ended, sides[1].ended);
  if (a == NULL)
    return;
  SAME(state), SAME(flags), SAME(tmr), SAME(polltmr);
  SAME(rcv_nxt), SAME(rcv_wnd), SAME(rcv_ann_wnd), SAME(rcv_ann_right_edge);
  SAME(rtime), SAME(mss), SAME(rttest), SAME(sa), SAME(sv), SAME(rto);
  SAME(nrtx), SAME(dupacks), SAME_SEQUENCE(lastack);
  if (a->rttest != 0)
    SAME_SEQUENCE(rtseq);
  if ((a->flags & TF_RTO) != 0)
    SAME_SEQUENCE(rto_end);
  SAME(cwnd), SAME(ssthresh), SAME(bytes_acked);
  SAME_SEQUENCE(snd_nxt), SAME(snd_wl1), SAME_SEQUENCE(snd_wl2), SAME_SEQUENCE(snd_lbb);
  SAME(snd_wnd), SAME(snd_wnd_max), SAME(snd_buf), SAME(snd_queuelen), SAME(unsent_oversize);
  SAME(persist_cnt), SAME(persist_backoff), SAME(persist_probe), SAME(keep_cnt_sent);
  assert_int_equal(segments_in(a->unsent), segments_in(b->unsent));
  assert_int_equal(segments_in(a->unacked), segments_in(b->unacked));
  assert_int_equal(segments_in(a->ooseq), segments_in(b->ooseq));
  assert_int_equal(a->refused_data == NULL, b->refused_data == NULL);
}

/* ---- the traffic ---- */

static void abort_all(void) {
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  while (tcp_tw_pcbs != NULL)
    tcp_abort(tcp_tw_pcbs);
}

static void open_both(void) {
  abort_all();
  memset(sides, 0, sizeof sides);
  give_both(&(struct segment){.flags = TCP_SYN, .window = 5000});
  give_both(&(struct segment){.flags = TCP_ACK, .window = 5000, .sequence = 1, .acknowledged = 1});
  for (unsigned i = 0; i < SIDES; i++)
    assert_non_null(sides[i].pcb);
}

/* Most segments are the next ones with data; the others differ in one or several ways. */
static struct segment random_segment(const struct tcp_pcb *pcb) {
  struct segment segment = {.flags = TCP_ACK | (random_below(2) != 0 ? TCP_PSH : 0),
                            .window = (uint16_t)pcb->snd_wnd,
                            .length = (uint16_t)(1 + random_below(1400)),
                            .sequence = pcb->rcv_nxt - PEER_SEQUENCE,
                            .acknowledged = pcb->lastack - sides[0].sequence};

  while (random_below(3) == 0)
    switch (random_below(11)) {
    case 0:
      segment.length = 0;
      break;
    case 1:
      segment.length = 1;
      break;
    case 2:
      segment.sequence += random_below(3000); /* a gap, or beyond the window */
      break;
    case 3:
      segment.sequence -= random_below(3000); /* old, at least in part */
      break;
    case 4:
      segment.acknowledged = pcb->snd_nxt - sides[0].sequence;
      break;
    case 5:
      segment.acknowledged += random_below(10) - 5;
      break;
    case 6:
      segment.window = (uint16_t)random_below(6000);
      break;
    case 7:
      segment.flags |= random_below(20) == 0 ? TCP_FIN : 0;
      break;
    case 8:
      segment.flags |= random_below(20) == 0 ? TCP_RST : TCP_URG;
      break;
    case 9:
      segment.is_strangers = random_below(4) == 0;
      break;
    default:
      segment.flags ^= random_below(20) == 0 ? TCP_ACK : 0;
    }
  /* Out of order it would trip an assertion of lwIP: ooseq tcplen > rcv_wnd. */
  if (segment.sequence != pcb->rcv_nxt - PEER_SEQUENCE)
    segment.flags &= (uint8_t)~TCP_FIN;
  return segment;
}

static void applications_do_something(void) {
  unsigned what = random_below(12);

  for (unsigned i = 0; i < SIDES; i++) {
    struct side *side = &sides[i];

    if (side->pcb == NULL)
      continue;
    if (what < 4 && side->held != 0) {
      tcp_recved(side->pcb, (uint16_t)side->held);
      side->held = 0;
    } else if (what == 4) {
      say(side->pcb, "of its own accord");
      (void)tcp_output(side->pcb);
    } else if (what == 5) {
      side->refuses = !side->refuses;
      side->pcb->keep_cnt_sent = side->pcb->persist_probe = 1; /* what comes answers a probe */
    } else if (what == 6 && side->pcb->state == ESTABLISHED) {
      if (side->received % 8 == 0)
        (void)tcp_shutdown(side->pcb, 1, 0);
    }
  }
  if (what >= 9)
    tcp_tmr();
}

static void both_go_the_same_way(void **state) {
  struct tcp_pcb *listening = tcp_new();
  unsigned connections = 0;

  (void)state;
  assert_int_equal(tcp_bind(listening, IP_ADDR_ANY, PORT), ERR_OK);
  listening = tcp_listen(listening);
  tcp_accept(listening, accepted);
  for (unsigned round = 0; round < ROUNDS; round++) {
    struct segment segment;

    if (sides[0].pcb == NULL || sides[0].ended || sides[0].pcb->state > CLOSE_WAIT) {
      open_both();
      connections++;
    }
    segment = random_segment(sides[0].pcb);
    give_both(&segment);
    compare();
    if (random_below(4) == 0) {
      applications_do_something();
      compare();
    }
  }
  abort_all();
  tcp_close(listening);
  for (unsigned i = 0; i < PACKETS; i++)
    assert_false(packets[i].used);
  assert_true(connections > 50 && connections < ROUNDS / 20); /* long ones, and many */
  assert_in_range(predicted.data, 5000, ROUNDS);
  assert_in_range(predicted.acknowledgement, 100, ROUNDS);
  assert_in_range(predicted.both, 500, ROUNDS);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(both_go_the_same_way)};
  ip4_addr_t own, mask;

  host_reset();
  lwip_init();
  IP4_ADDR(&own, 10, 2, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_add(&wire, &own, &mask, NULL, NULL, wire_init, ip_input);
  netif_set_default(&wire);
  netif_set_up(&wire);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
