/* An established connection, for tests of lwIP's TCP. */
#ifndef TCP_CONNECTION_H
#define TCP_CONNECTION_H

#include "lwip/priv/tcp_priv.h"
#include "tcp_segment.h"

enum {
  SEQUENCE = 0xffffff00, /* just before the sequence numbers wrap */
  WINDOW = 1460,
  SEGMENT = 100,
  PORT = 80,
  PEER_PORT = 40000,
};

static struct tcp_pcb *pcb; /* NULL once it is gone */

/* cmocka's set-up and teardown: the connection is established, and ends. */
static inline int setup(void **state) {
  (void)state;
  pcb = tcp_new();
  assert_non_null(pcb);
  pcb->state = ESTABLISHED;
  pcb->rcv_nxt = SEQUENCE;
  pcb->rcv_wnd = WINDOW;
  pcb->snd_wnd = pcb->snd_wnd_max = WINDOW;
  pcb->lastack = pcb->snd_nxt = pcb->snd_lbb = SEQUENCE;
  pcb->snd_wl1 = pcb->rcv_nxt - 1;
  pcb->snd_wl2 = SEQUENCE;
  TCP_REG_ACTIVE(pcb);
  return 0;
}

static inline int teardown(void **state) {
  (void)state;
  if (pcb != NULL)
    tcp_abort(pcb);
  return 0;
}

#endif
