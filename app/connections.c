/* TCP services with a few connections at a time: slots, callbacks, and an end to those that
 * hang. */
#include "connections.h"

#include "log.h"
#include "ringif.h"

enum {
  CONNECTIONS_MAX = 4,
  BACKLOG = 2,
  POLL_HALF_SECONDS = 4, /* a poll of a connection, in lwIP's coarse ticks of 500 ms */
  IDLE_POLLS_MAX = 60,   /* polls without progress until a connection is given up: 2 minutes */
};

static struct connection connections[CONNECTIONS_MAX];

static void connection_free(struct connection *connection) {
  if (connection->unsent != NULL)
    pbuf_free(connection->unsent);
  *connection = (struct connection){.pcb = NULL};
}

/* Ends the connection from our side; if there is no memory for the FIN, by a reset. Returns
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

static err_t connection_advance(struct connection *connection) {
  if (connection->service->send != NULL)
    connection->service->send(connection);
  if (connection->peer_closed && connection->unsent == NULL)
    return connection_close(connection);
  return ERR_OK;
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
  struct connection *connection = argument;

  (void)error; /* always ERR_OK in lwIP 2 */
  connection->idle_polls = 0;
  if (data == NULL) {
    connection->peer_closed = true;
  } else if (connection->service->keeps_data) {
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

/* A MAC that gathers sends a constant from where it is. For one that does not, lwIP copies it
 * behind its headers once, else the kit would copy both each time that it is sent. */
static uint8_t copy_for(const struct netif *netif) {
  const struct nic_caps *caps = &ringif_nic(netif)->ops->caps;

  return caps->tx_fragments_max > 1 && caps->tx_alignment == 1 ? 0 : TCP_WRITE_FLAG_COPY;
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
    log_warning("tcp", "port %u: all %d connections are taken", pcb->local_port, CONNECTIONS_MAX);
    tcp_abort(pcb);
    return ERR_ABRT;
  }
  *connection = (struct connection){
      .pcb = pcb, .service = argument, .copies = copy_for(ip_current_input_netif())};
  tcp_arg(pcb, connection);
  tcp_recv(pcb, received);
  tcp_sent(pcb, sent);
  tcp_poll(pcb, polled, POLL_HALF_SECONDS);
  tcp_err(pcb, failed);
  return connection_advance(connection);
}

void connections_listen(const struct tcp_service *service) {
  struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
  struct tcp_pcb *listening = NULL;

  if (pcb != NULL && tcp_bind(pcb, IP_ANY_TYPE, service->port) == ERR_OK)
    listening = tcp_listen_with_backlog(pcb, BACKLOG);
  if (listening == NULL) {
    log_error("tcp", "TCP port %u: no memory to listen", service->port);
    if (pcb != NULL)
      tcp_abort(pcb);
    return;
  }
  tcp_arg(listening, (void *)(uintptr_t)service);
  tcp_accept(listening, accepted);
}
