/* The services of the demo: echo (RFC 862) over UDP and TCP, discard (863) and chargen (864). */
#include "services.h"

#include <string.h>

#include "log.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

enum {
  ECHO_PORT = 7,
  DISCARD_PORT = 9,
  CHARGEN_PORT = 19,
  CONNECTIONS_MAX = 4,
  BACKLOG = 2,
  POLL_HALF_SECONDS = 4, /* a poll of a connection, in lwIP's coarse ticks of 500 ms */
  IDLE_POLLS_MAX = 60,   /* polls without progress until a connection is given up: 2 minutes */
  CHARGEN_LINE = 74,     /* 72 characters and CR LF */
  CHARGEN_CHARACTERS = 95,
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
  uint8_t line;           /* chargen: the line that is sent next, by its first character */
  bool peer_closed;       /* the other side sends no more: close when all is sent */
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

/* Each line begins with the character after that which the one before began with (RFC 864). */
static void send_chargen(struct connection *connection) {
  static const char characters[] =
      " !\"#$%&'()*+,-./"
      "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
      "{|}~ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdef";

  _Static_assert(sizeof characters - 1 >= CHARGEN_CHARACTERS - 1 + CHARGEN_LINE - 2,
                 "a line may begin at any character");
  while (tcp_sndbuf(connection->pcb) >= CHARGEN_LINE) {
    char line[CHARGEN_LINE];

    memcpy(line, characters + connection->line, CHARGEN_LINE - 2);
    memcpy(line + CHARGEN_LINE - 2, "\r\n", 2);
    if (tcp_write(connection->pcb, line, sizeof line, TCP_WRITE_FLAG_COPY) != ERR_OK)
      break;
    connection->line = (uint8_t)((connection->line + 1) % CHARGEN_CHARACTERS);
  }
  (void)tcp_output(connection->pcb);
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
  *connection = (struct connection){.pcb = pcb, .service = *(const enum service *)argument};
  tcp_arg(pcb, connection);
  tcp_recv(pcb, received);
  tcp_sent(pcb, sent);
  tcp_poll(pcb, polled, POLL_HALF_SECONDS);
  tcp_err(pcb, failed);
  return connection_advance(connection);
}

/* The answer goes out in the buffer that the question came in. */
static void udp_echo(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                     u16_t port) {
  (void)argument;
  (void)udp_sendto(pcb, data, from, port); /* a drop is counted where it happens */
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
