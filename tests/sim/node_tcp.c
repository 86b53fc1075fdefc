/* A node's TCP traffic: flows whose every byte is known, opened to and accepted from the other. */
#include <string.h>

#include "lwip/nd6.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "node_parts.h"

enum {
  SERVER_PORT = 7000,
  CLIENT_PORT = 10000, /* flow 0's: the server recognizes a flow by it */
  CLIENT_PORTS = 50000,
  ENDS_MAX = 10,
  OPEN_MAX = 4, /* flows that a node has open at a time */
  POLL_HALF_SECONDS = 2,
  IDLE_POLLS_MAX = 240, /* polls without progress until an end gives up: 4 minutes */
  HEAP_ROOM = 2000,     /* bytes */
  KEPT_MAX = 3000,      /* bytes that a slow reader keeps */
};

/* One end of a flow. */
static struct end {
  struct tcp_pcb *pcb; /* NULL: the slot is free */
  uint32_t flow;
  unsigned side; /* 0: client */
  struct pbuf *kept;
  uint32_t acked; /* what the other end had acknowledged when TCP was last asked for its deadline */
  uint16_t idle_polls;
  bool peer_closed, shut, no_copy;
} ends[ENDS_MAX];

static struct dice dice, patience, haste;
static bool impatient; /* ends leave in the middle of a callback */
static bool hasty;     /* ends close in the accept function, and refuse what comes after it */

static struct world_flow *flow_of(const struct end *end) {
  struct world_flow *flow = world_flow(end->flow);

  if (flow == NULL)
    world_fail("node %u: flow %u is open here and nowhere else", node.config.id, end->flow);
  return flow;
}

static void end_free(struct end *end) {
  flow_of(end)->open[end->side] = false;
  flow_of(end)->progress++;
  if (end->kept != NULL)
    pbuf_free(end->kept);
  *end = (struct end){.pcb = NULL};
}

static void forget_callbacks(struct tcp_pcb *pcb) {
  tcp_arg(pcb, NULL);
  tcp_recv(pcb, NULL);
  tcp_sent(pcb, NULL);
  tcp_poll(pcb, NULL, 0);
  tcp_err(pcb, NULL);
}

static void end_abort(struct end *end) {
  struct tcp_pcb *pcb = end->pcb;

  flow_of(end)->excused = true;
  forget_callbacks(pcb);
  end_free(end);
  tcp_abort(pcb);
}

/* True if an end has left, by a reset or as if everything were done; `result` is the callback's. */
static bool leaves(struct end *end, err_t *result) {
  struct tcp_pcb *pcb = end->pcb;

  if (!impatient || !dice_chance(&patience, 5000))
    return false;
  if (dice_chance(&patience, 500000)) {
    end_abort(end);
    *result = ERR_ABRT;
    return true;
  }
  flow_of(end)->excused = flow_of(end)->left = true;
  forget_callbacks(pcb);
  end_free(end);
  *result = ERR_OK;
  if (tcp_close(pcb) != ERR_OK)
    world_fail("node %u: an open connection cannot be closed", node.config.id);
  return true;
}

/* ---- sending ---- */

static void send_more(struct end *end) {
  struct world_flow *flow = flow_of(end);
  uint32_t left;

  while ((left = flow->total[end->side] - flow->sent[end->side]) != 0) {
    uint32_t at = world_pattern_at(flow->id, end->side, flow->sent[end->side]);
    uint32_t length = left < tcp_sndbuf(end->pcb) ? left : tcp_sndbuf(end->pcb);
    uint32_t piece = dice_chance(&dice, 100000) ? 1 + dice_below(&dice, 100) : 1460;

    if (length > piece)
      length = piece;
    if (length == 0 || !node_heap_has_room(end->no_copy ? 0 : length) ||
        tcp_write(end->pcb, world_pattern + at, (u16_t)length,
                  end->no_copy ? 0 : TCP_WRITE_FLAG_COPY) != ERR_OK)
      break;
    flow->sent[end->side] += length;
  }
  (void)tcp_output(end->pcb);
}

/* ---- receiving ---- */

/* Two bits changed in two fragments of a segment may leave its checksum as it was. */
static bool may_be_wrong(void) { return node.tcp_in_fragments && world_has_changed_bits(); }

static void check_bytes(struct end *end, const struct pbuf *data) {
  struct world_flow *flow = flow_of(end);
  unsigned direction = 1 - end->side;

  for (const struct pbuf *part = data; part != NULL; part = part->next) {
    uint32_t got = flow->got[direction];

    if (got + part->len > flow->sent[direction])
      world_fail("node %u: flow %u: %u bytes came, and %u were sent", node.config.id, flow->id,
                 got + part->len, flow->sent[direction]);
    if (memcmp(part->payload, world_pattern + world_pattern_at(flow->id, direction, got),
               part->len) != 0 &&
        !may_be_wrong())
      world_fail("node %u: flow %u: wrong bytes from position %u on", node.config.id, flow->id,
                 got);
    flow->got[direction] += part->len;
    node.report.bytes += part->len;
  }
}

static void take(struct end *end, struct pbuf *data) {
  check_bytes(end, data);
  if (node.config.defect == NODE_DEFECT_LOST_BYTES && dice_chance(&dice, 5000))
    flow_of(end)->got[1 - end->side]--;
  tcp_recved(end->pcb, data->tot_len);
  pbuf_free(data);
}

/* Everything was sent, and more is still awaited: closes its half. When the other side has closed
 * its half, the end is done. */
static err_t advance(struct end *end) {
  struct world_flow *flow = flow_of(end);
  struct tcp_pcb *pcb = end->pcb;

  if (!end->shut) {
    send_more(end);
    if (flow->sent[end->side] == flow->total[end->side] && (pcb->refused_data == NULL || hasty))
      end->shut = tcp_shutdown(pcb, 0, 1) == ERR_OK;
  }
  if (!end->shut || !end->peer_closed)
    return ERR_OK;
  if (end->kept != NULL) { /* from now on lwIP may drop the pcb without reporting it */
    take(end, end->kept);
    end->kept = NULL;
  }
  flow->whole[end->side] = true;
  forget_callbacks(pcb);
  end_free(end);
  if (tcp_close(pcb) != ERR_OK)
    world_fail("node %u: a connection that is shut cannot be closed", node.config.id);
  return ERR_OK;
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  struct end *end = argument;
  struct world_flow *flow = flow_of(end);

  (void)pcb;
  end->idle_polls = 0;
  flow->progress++;
  if (leaves(end, &error)) {
    if (data != NULL)
      pbuf_free(data);
    return error;
  }
  if (data == NULL) {
    uint32_t kept = end->kept != NULL ? end->kept->tot_len : 0;

    if (flow->got[1 - end->side] + kept != flow->total[1 - end->side] && !flow->excused)
      world_fail("node %u: flow %u ends after %u bytes of %u", node.config.id, flow->id,
                 flow->got[1 - end->side] + kept, flow->total[1 - end->side]);
    end->peer_closed = true;
  } else if (node.weather.slow_reader) {
    if (end->kept != NULL && end->kept->tot_len > KEPT_MAX && (!end->shut || hasty))
      return ERR_MEM; /* lwIP keeps it and offers it again */
    if (end->kept == NULL)
      end->kept = data;
    else
      pbuf_cat(end->kept, data);
  } else {
    struct pbuf *kept = end->kept;

    end->kept = NULL;
    if (kept != NULL)
      take(end, kept);
    take(end, data);
  }
  return advance(end);
}

void node_tcp_read(void) {
  for (unsigned i = 0; i < ENDS_MAX; i++) {
    struct pbuf *kept = ends[i].kept;

    if (ends[i].pcb == NULL || kept == NULL)
      continue;
    ends[i].kept = NULL;
    take(&ends[i], kept);
    (void)advance(&ends[i]);
  }
}

/* ---- the rest of a connection's life ---- */

static err_t sent(void *argument, struct tcp_pcb *pcb, u16_t length) {
  struct end *end = argument;
  err_t error;

  (void)pcb;
  (void)length;
  end->idle_polls = 0;
  flow_of(end)->progress++;
  return leaves(end, &error) ? error : advance(end);
}

static err_t polled(void *argument, struct tcp_pcb *pcb) {
  struct end *end = argument;
  err_t error;

  (void)pcb;
  if (++end->idle_polls > IDLE_POLLS_MAX) {
    end_abort(end);
    return ERR_ABRT;
  }
  return leaves(end, &error) ? error : advance(end);
}

static void failed(void *argument, err_t error) {
  struct end *end = argument;
  struct world_flow *flow = flow_of(end);

  if (!flow->excused)
    world_fail("node %u: flow %u dies of error %d in calm weather, %u of %u bytes sent, %u of %u "
               "received",
               node.config.id, flow->id, error, flow->sent[end->side], flow->total[end->side],
               flow->got[1 - end->side], flow->total[1 - end->side]);
  end_free(end); /* the pcb is gone already */
}

static struct end *end_new(struct tcp_pcb *pcb, struct world_flow *flow, unsigned side) {
  for (unsigned i = 0; i < ENDS_MAX; i++) {
    struct end *end = &ends[i];

    if (end->pcb != NULL)
      continue;
    *end = (struct end){
        .pcb = pcb, .flow = flow->id, .side = side, .no_copy = dice_chance(&dice, 300000)};
    flow->open[side] = true;
    tcp_arg(pcb, end);
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_poll(pcb, polled, POLL_HALF_SECONDS);
    tcp_err(pcb, failed);
    if (dice_chance(&dice, 500000))
      tcp_nagle_disable(pcb);
    return end;
  }
  return NULL;
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error) {
  struct world_flow *flow = NULL;
  struct end *end;

  (void)argument;
  if (error != ERR_OK || pcb == NULL)
    return ERR_VAL;
  for (unsigned i = 0; i < WORLD_FLOWS; i++) {
    if (world_flows[i].id != 0 &&
        CLIENT_PORT + world_flows[i].id % CLIENT_PORTS == pcb->remote_port)
      flow = &world_flows[i];
  }
  if (flow == NULL || flow->open[1] || (end = end_new(pcb, flow, 1)) == NULL) {
    if (flow != NULL)
      flow->excused = true; /* the client has not been notified yet */
    tcp_abort(pcb);
    return ERR_ABRT;
  }
  if (hasty)
    return advance(end);
  send_more(end);
  return ERR_OK;
}

static err_t connected(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)pcb;
  return leaves(argument, &error) ? error : advance(argument);
}

void node_tcp_open(void) {
  unsigned other = 1 - node.config.id, own = 0;
  struct world_flow *flow = NULL;
  struct tcp_pcb *pcb;
  struct end *end;
  ip_addr_t address;

  for (unsigned i = 0; i < ENDS_MAX; i++)
    own += ends[i].pcb != NULL && ends[i].side == 0;
  if (own >= OPEN_MAX || !node_address_of(other, dice_chance(&dice, 400000), &address))
    return;
  flow = world_flow_open(node.config.id);
  if (flow == NULL || (pcb = tcp_new_ip_type(IP_GET_TYPE(&address))) == NULL)
    return;
  for (unsigned i = 0; i < 2; i++)
    flow->total[i] = (uint32_t)dice_scale(&dice, 1, dice_chance(&dice, 50000) ? 1000000 : 60000);
  end = end_new(pcb, flow, 0);
  if (end == NULL) {
    tcp_abort(pcb);
    return;
  }
  if (tcp_bind(pcb, NULL, (u16_t)(CLIENT_PORT + flow->id % CLIENT_PORTS)) != ERR_OK ||
      tcp_connect(pcb, &address, SERVER_PORT, connected) != ERR_OK)
    end_abort(end);
}

void node_tcp_abort_one(void) {
  unsigned i = dice_below(&dice, ENDS_MAX);

  if (ends[i].pcb != NULL)
    end_abort(&ends[i]);
}

bool node_tcp_idle(void) {
  for (unsigned i = 0; i < ENDS_MAX; i++) {
    if (ends[i].pcb != NULL)
      return false;
  }
  return tcp_active_pcbs == NULL && tcp_tw_pcbs == NULL;
}

/* The room for a segment with TCP's header; a longer one is sent in fragments. */
static int room_to(const struct tcp_pcb *pcb) {
  if (IP_IS_V6_VAL(pcb->remote_ip))
    return nd6_get_destination_mtu(ip_2_ip6(&pcb->remote_ip), &node.entry->netif) - IP6_HLEN;
  return node.entry->netif.mtu - IP_HLEN;
}

/* In ticks of TCP_SLOW_INTERVAL; 0 if nothing waits for an acknowledgement. */
static int ticks_to_retry(const struct tcp_pcb *pcb) {
  static const uint8_t persist[] = {3, 6, 12, 24, 48, 96, 120}; /* as lwIP's */

  if (pcb->unacked == NULL && pcb->unsent == NULL)
    return 0;
  /* Opened while there was no link, and so no MTU to go by, or before the MTU got smaller: its
   * segments are sent in fragments, each of which needs memory. */
  if (node.entry != NULL && pcb->mss + TCP_HLEN > room_to(pcb))
    return 0;
  if (pcb->persist_backoff != 0)
    return persist[pcb->persist_backoff - 1] - pcb->persist_cnt + 1;
  /* If the other has no room, it will after 20 s; the next SYN may be as far away again, and comes
   * after twice the time of the one before. */
  if (pcb->state == SYN_SENT)
    return 80 + LWIP_MIN(2 * pcb->rto, TCP_RTO_MAX);
  return pcb->rtime >= 0 ? pcb->rto - pcb->rtime + 1 : 1;
}

/* lwIP reports only whole segments to the application, and restarts its clock at the first byte of
 * one. */
static void note_acknowledged(struct end *end) {
  if (end->pcb->lastack == end->acked)
    return;
  end->acked = end->pcb->lastack;
  flow_of(end)->progress++;
}

uint64_t node_tcp_deadline(uint64_t *flows) {
  int longest = 0;

  *flows = 0;
  for (unsigned i = 0; i < ENDS_MAX; i++) {
    int ticks = ends[i].pcb != NULL ? ticks_to_retry(ends[i].pcb) : 0;

    if (ends[i].pcb != NULL)
      note_acknowledged(&ends[i]);
    if (ticks <= 0)
      continue;
    *flows |= UINT64_C(1) << (flow_of(&ends[i]) - world_flows);
    if (ticks > longest)
      longest = ticks;
  }
  return (uint64_t)longest * TCP_SLOW_INTERVAL * 1000;
}

void node_tcp_start(void) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

  dice = dice_of(node.config.seed, 3);
  patience = dice_of(node.config.seed, 8);
  haste = dice_of(node.config.seed, 35); /* the kept seeds have none by it */
  impatient = dice_chance(&patience, 200000);
  hasty = dice_chance(&haste, 100000);
  memset(ends, 0, sizeof ends);
  if (pcb == NULL || tcp_bind(pcb, IP_ANY_TYPE, SERVER_PORT) != ERR_OK ||
      (pcb = tcp_listen(pcb)) == NULL)
    world_fail("node %u cannot listen", node.config.id);
  tcp_accept(pcb, accepted);
}
