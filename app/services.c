/* The services echo (RFC 862), over UDP and TCP, and discard (863). */
#include "services.h"

#include "connections.h"
#include "log.h"
#include "lwip/udp.h"
#include "reply.h"

enum {
  ECHO_PORT = 7,
  DISCARD_PORT = 9,
};

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

/* Answers by the interface that the request came by, from the address that it was sent to (RFC
 * 1122, 4.1.3.5). */
static __attribute__((noinline)) void answer(struct udp_pcb *pcb, struct pbuf *data,
                                             const ip_addr_t *from, u16_t port) {
  const ip_addr_t *to = ip_current_dest_addr();
  struct netif *netif = ip_current_netif(); /* which counts what it drops */

  if (ip_addr_ismulticast(to) || ip_addr_isbroadcast(to, netif))
    (void)udp_sendto_if(pcb, data, from, port, netif);
  else
    (void)udp_sendto_if_src(pcb, data, from, port, netif, to);
  pbuf_free(data);
}

/* The answer goes out in the buffer that the request came in, if it can. A datagram from the echo
 * port is not answered: the answer would be answered, and so on without end. */
static void udp_echo(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from,
                     u16_t port) {
  (void)argument;
  if (port == ECHO_PORT)
    pbuf_free(data);
  else if (!reply_to_datagram(pcb, data, true))
    answer(pcb, data, from, port);
}

void services_start(void) {
  static const struct tcp_service echo = {.port = ECHO_PORT, .keeps_data = true, .send = send_echo};
  static const struct tcp_service discard = {.port = DISCARD_PORT};
  struct udp_pcb *udp = udp_new_ip_type(IPADDR_TYPE_ANY);

  if (udp == NULL || udp_bind(udp, IP_ANY_TYPE, ECHO_PORT) != ERR_OK)
    log_error("services", "UDP port %d: no memory to listen", ECHO_PORT);
  else
    udp_recv(udp, udp_echo, NULL);
  connections_listen(&echo);
  connections_listen(&discard);
}
