/* TCP services of a few connections at a time: what they have in common. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/tcp.h"

struct connection;

/* What a service does with its connections. */
struct tcp_service {
  uint16_t port;
  bool keeps_data; /* what is received stays in connection->unsent, until `send` has taken it */
  void (*send)(struct connection *connection); /* sends what it can now; NULL: nothing ever */
};

/* One that is open. */
struct connection {
  struct tcp_pcb *pcb;               /* NULL: the slot is free */
  const struct tcp_service *service; /* what it talks to */
  struct pbuf *unsent;               /* received, still to be sent back */
  uint16_t unsent_offset;            /* bytes of its first pbuf that are already sent */
  uint16_t position;                 /* of what a service sends by itself */
  uint16_t idle_polls;               /* polls since it last moved */
  uint8_t copies;   /* TCP_WRITE_FLAG_COPY, or 0 where constants can be sent from where they are */
  bool peer_closed; /* the other side sends no more: close when all is sent */
};

/* Accepts connections to `service`, which has to stay. Main loop, once for each. */
void connections_listen(const struct tcp_service *service);

#endif
