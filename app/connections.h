/* What TCP services with a few connections at a time have in common. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/tcp.h"

struct connection;

/* What a service does with its connections. */
struct tcp_service {
  uint16_t port;
  bool keeps_data; /* what is received stays in connection->unsent until `send` has taken it */
  void (*send)(struct connection *connection); /* sends what it can now; NULL: it never sends */
};

/* A connection that is open. */
struct connection {
  struct tcp_pcb *pcb;               /* NULL: the slot is free */
  const struct tcp_service *service; /* the service that it is to */
  struct pbuf *unsent;               /* received, still to be sent back */
  uint16_t unsent_offset;            /* bytes of its first pbuf that are already sent */
  uint16_t position;                 /* of the service's own, in what it sends */
  uint16_t idle_polls;               /* polls since it last moved */
  uint8_t copies;   /* TCP_WRITE_FLAG_COPY, or 0 if constants can be sent from where they are */
  bool peer_closed; /* the other side has ended: close when all is sent */
};

/* Accepts connections to `service`, which must stay valid. Main loop, once for each service. */
void connections_listen(const struct tcp_service *service);

#endif
