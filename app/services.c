/* The services of the demo: echo (RFC 862) over UDP and TCP, discard (863) and chargen (864). */
#include "services.h"

#include "log.h"
#include "lwip/inet_chksum.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "ringif.h"

enum {
  ECHO_PORT = 7,
  DISCARD_PORT = 9,
  CHARGEN_PORT = 19,
  CONNECTIONS_MAX = 4,
  BACKLOG = 2,
  POLL_HALF_SECONDS = 4, /* a poll of a connection, in lwIP's coarse ticks of 500 ms */
  IDLE_POLLS_MAX = 60,   /* polls without progress until a connection is given up: 2 minutes */
  KNOWN_SUM_MIN = 512,   /* bytes of data whose sum is not worth to be made again */
  CHARGEN_LINE = 74,     /* 72 characters and CR LF */
  CHARGEN_LINES = 95,    /* until they come again */
};

enum service {
  ECHO,
  DISCARD,
  CHARGEN,
};

struct connection {
  struct tcp_pcb *pcb;    /* NULL: the slot is free */
  enum service service;   /* what it talks to */
  struct pbuf *unsent;    /* received, still to be echoed */
  uint16_t unsent_offset; /* bytes of its first pbuf that are already sent */
  uint16_t idle_polls;    /* polls since it last moved */
  uint16_t chargen_at;    /* where in chargen's text its next byte is */
  uint8_t chargen_copy; /* TCP_WRITE_FLAG_COPY, or 0 where the text can be sent from where it is */
  bool peer_closed;     /* the other side sends no more: close when all is sent */
};

static struct connection connections[CONNECTIONS_MAX];

static void connection_free(struct connection *connection) {
  if (connection->unsent != NULL)
    pbuf_free(connection->unsent);
  *connection = (struct connection){.pcb = NULL};
}

/* Ends the connection from our side; where there is no memory for the FIN, by a reset. Returns
 * ERR_ABRT in that case, which a callback has to pass on. */
static err_t connection_close(struct connection *connection) {
  struct tcp_pcb *pcb = connection->pcb;

  tcp_arg(pcb, NULL);
  tcp_recv(pcb, NULL);
  tcp_sent(pcb, NULL);
  tcp_poll(pcb, NULL, 0);
  tcp_err(pcb, NULL);
  connection_free(connection);
  if (tcp_close(pcb) == ERR_OK)
    return ERR_OK;
  tcp_abort(pcb);
  return ERR_ABRT;
}

/* Sends as much of what was received as the send buffer takes; the window opens as it goes, so that
 * a peer that does not read its echo stops being read. */
static void send_echo(struct connection *connection) {
  struct tcp_pcb *pcb = connection->pcb;

  while (connection->unsent != NULL) {
    struct pbuf *first = connection->unsent;
    uint16_t length = (uint16_t)(first->len - connection->unsent_offset);

    if (length > tcp_sndbuf(pcb))
      length = tcp_sndbuf(pcb);
    if (length != 0) {
      if (tcp_write(pcb, (uint8_t *)first->payload + connection->unsent_offset, length,
                    TCP_WRITE_FLAG_COPY) != ERR_OK)
        break; /* no memory now: `sent` or `poll` tries again */
      connection->unsent_offset = (uint16_t)(connection->unsent_offset + length);
      tcp_recved(pcb, length);
    }
    if (connection->unsent_offset < first->len)
      break;
    connection->unsent_offset = 0;
    connection->unsent = first->next;
    if (first->next != NULL)
      pbuf_ref(first->next);
    pbuf_free(first);
  }
  (void)tcp_output(pcb);
}

/* Each line begins with the character after that which the one before began with (RFC 864): all
 * lines, and as many of the first again as a segment has that begins at the end of all. */
#define CHARACTER(n)    ' ' + (n) % CHARGEN_LINES
#define CHARACTERS_4(n) CHARACTER(n), CHARACTER(n + 1), CHARACTER(n + 2), CHARACTER(n + 3)
#define CHARACTERS_24(n)                                                                           \
  CHARACTERS_4(n), CHARACTERS_4(n + 4), CHARACTERS_4(n + 8), CHARACTERS_4(n + 12),                 \
      CHARACTERS_4(n + 16), CHARACTERS_4(n + 20)
#define LINE(n)     CHARACTERS_24(n), CHARACTERS_24(n + 24), CHARACTERS_24(n + 48), '\r', '\n'
#define LINES_5(n)  LINE(n), LINE(n + 1), LINE(n + 2), LINE(n + 3), LINE(n + 4)
#define LINES_20(n) LINES_5(n), LINES_5(n + 5), LINES_5(n + 10), LINES_5(n + 15)

static const char chargen_text[] = {LINES_20(0),  LINES_20(20), LINES_20(40),
                                    LINES_20(60), LINES_20(80), LINES_20(100)};

_Static_assert(sizeof chargen_text >= CHARGEN_LINES * CHARGEN_LINE + TCP_MSS,
               "a segment may begin anywhere in the lines");

/* Whole segments, each from one place. */
static void send_chargen(struct connection *connection) {
  struct tcp_pcb *pcb = connection->pcb;
  uint16_t length = tcp_mss(pcb);

  while (tcp_sndbuf(pcb) >= length && tcp_write(pcb, chargen_text + connection->chargen_at, length,
                                                connection->chargen_copy) == ERR_OK)
    connection->chargen_at =
        (uint16_t)((connection->chargen_at + length) % (CHARGEN_LINES * CHARGEN_LINE));
  (void)tcp_output(pcb);
}

/* A MAC that gathers sends the text from where it is. For one that does not, the text is copied
 * behind its headers once, and not with them for each time that it is sent. */
static uint8_t copy_for(const struct netif *netif) {
  const struct nic_caps *caps = &ringif_nic(netif)->ops->caps;

  return caps->tx_fragments_max > 1 && caps->tx_alignment == 1 ? 0 : TCP_WRITE_FLAG_COPY;
}

static err_t connection_advance(struct connection *connection) {
  if (connection->service == ECHO)
    send_echo(connection);
  if (connection->peer_closed && connection->unsent == NULL)
    return connection_close(connection);
  if (connection->service == CHARGEN)
    send_chargen(connection);
  return ERR_OK;
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  struct connection *connection = argument;

  (void)error; /* always ERR_OK in lwIP 2 */
  connection->idle_polls = 0;
  if (data == NULL) {
    connection->peer_closed = true;
  } else if (connection->service == ECHO) {
    if (connection->unsent == NULL)
      connection->unsent = data;
    else
      pbuf_cat(connection->unsent, data);
  } else {
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
  }
  return connection_advance(connection);
}

static err_t sent(void *argument, struct tcp_pcb *pcb, u16_t length) {
  struct connection *connection = argument;

  (void)pcb;
  (void)length;
  connection->idle_polls = 0;
  return connection_advance(connection);
}

static err_t polled(void *argument, struct tcp_pcb *pcb) {
  struct connection *connection = argument;

  (void)pcb;
  if (++connection->idle_polls > IDLE_POLLS_MAX)
    return connection_close(connection);
  return connection_advance(connection);
}

static void failed(void *argument, err_t error) {
  (void)error; /* the pcb is gone already */
  connection_free(argument);
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error) {
  struct connection *connection = NULL;

  if (error != ERR_OK || pcb == NULL)
    return ERR_VAL;
  for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
    if (connections[i].pcb == NULL)
      connection = &connections[i];
  }
  if (connection == NULL) {
    log_warning("services", "port %u: all %d connections are taken", pcb->local_port,
                CONNECTIONS_MAX);
    tcp_abort(pcb);
    return ERR_ABRT;
  }
  *connection = (struct connection){.pcb = pcb,
                                    .service = *(const enum service *)argument,
                                    .chargen_copy = copy_for(ip_current_input_netif())};
  tcp_arg(pcb, connection);
  tcp_recv(pcb, received);
  tcp_sent(pcb, sent);
  tcp_poll(pcb, polled, POLL_HALF_SECONDS);
  tcp_err(pcb, failed);
  return connection_advance(connection);
}

/* Finds the sum of a datagram's data without reading it, from the checksum that lwIP has just found
 * right: what is left of that without the headers. False where that is not less work. */
static bool sum_is_known(struct pbuf *data, uint16_t *sum) {
  const struct udp_hdr *header = (const void *)((const uint8_t *)data->payload - UDP_HLEN);

  if (data->tot_len < KNOWN_SUM_MIN || header->chksum == 0 ||
      (ip_current_input_netif()->chksum_flags & NETIF_CHECKSUM_CHECK_UDP) == 0 ||
      (ip_current_netif()->chksum_flags & NETIF_CHECKSUM_GEN_UDP) == 0 ||
      pbuf_add_header(data, UDP_HLEN) != 0)
    return false;
  *sum = ip_chksum_pseudo_partial(data, IP_PROTO_UDP, data->tot_len, UDP_HLEN,
                                  ip_current_src_addr(), ip_current_dest_addr());
  pbuf_remove_header(data, UDP_HLEN);
  return true;
}

/* The answer goes out in the buffer that the question came in, by the interface that it came by,
 * and from the address that was asked (RFC 1122, 4.1.3.5). */
static void udp_echo(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                     u16_t port) {
  const ip_addr_t *to = ip_current_dest_addr();
  struct netif *netif = ip_current_netif();
  uint16_t sum = 0;

  (void)argument; /* a drop is counted where it happens */
  if (ip_addr_ismulticast(to) || ip_addr_isbroadcast(to, netif)) {
    (void)udp_sendto_if(pcb, data, from, port, netif);
  } else {
    bool known = sum_is_known(data, &sum);

    (void)udp_sendto_if_src_chksum(pcb, data, from, port, netif, known, sum, to);
  }
  pbuf_free(data);
}

static void listen(u16_t port, const enum service *service) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
  struct tcp_pcb *listening = NULL;

  if (pcb != NULL && tcp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK)
    listening = tcp_listen_with_backlog(pcb, BACKLOG);
  if (listening == NULL) {
    log_error("services", "TCP port %u: no memory to listen", port);
    if (pcb != NULL)
      tcp_abort(pcb);
    return;
  }
  tcp_arg(listening, (void *)(uintptr_t)service);
  tcp_accept(listening, accepted);
}

void services_start(void) {
  static const enum service echo = ECHO, discard = DISCARD, chargen = CHARGEN;
  struct udp_pcb *udp = udp_new_ip_type(IPADDR_TYPE_ANY);

  if (udp == NULL || udp_bind(udp, IP_ANY_TYPE, ECHO_PORT) != ERR_OK)
    log_error("services", "UDP port %d: no memory to listen", ECHO_PORT);
  else
    udp_recv(udp, udp_echo, NULL);
  listen(ECHO_PORT, &echo);
  listen(DISCARD_PORT, &discard);
  listen(CHARGEN_PORT, &chargen);
}
