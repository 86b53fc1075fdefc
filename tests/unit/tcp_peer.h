/* A connection with a peer that the test is: what lwIP sends to it, and time that passes. */
#ifndef TCP_PEER_H
#define TCP_PEER_H

#include "unit.h"

#include "tcp_connection.h"

enum {
  SECOND = 1000 / TCP_SLOW_INTERVAL, /* in ticks */
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE,
  PEER_FIRST = 5000, /* sequence number */
  DEFAULT_MSS = 536, /* RFC 9293, 3.7.1 */
};

static struct netif wire;
static unsigned segments;
static struct tcp_hdr sent; /* the last one */
static uint16_t sent_length;
static bool keep; /* what is sent is under way, until the test frees it */
static struct pbuf *kept[4];

static inline err_t take(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
  (void)netif, (void)to;
  if (keep) {
    pbuf_ref(packet);
    kept[segments] = packet;
  }
  segments++;
  assert_int_equal(pbuf_copy_partial(packet, &sent, TCP_HLEN, IP_HLEN), TCP_HLEN);
  sent_length = (uint16_t)(packet->tot_len - IP_HLEN - TCPH_HDRLEN_BYTES(&sent));
  return ERR_OK;
}

static inline int set_up(void **state) {
  wire_add(&wire, take);
  netif_set_default(&wire);
  (void)setup(state);
  ip_addr_copy_from_ip4(pcb->local_ip, *netif_ip4_addr(&wire));
  IP_ADDR4(&pcb->remote_ip, 10, 0, 0, 2);
  pcb->local_port = PORT;
  pcb->remote_port = PEER_PORT;
  pcb->mss = TCP_MSS;
  pcb->cwnd = 10 * TCP_MSS;
  pcb->rcv_wnd = pcb->rcv_ann_wnd = TCP_WND;
  pcb->pollinterval = UINT8_MAX; /* polling sends, too */
  segments = 0;
  memset(&sent, 0, sizeof sent); /* nothing of the last test's */
  return 0;
}

/* All there is, and not just `pcb`: in a test that has failed that may be gone already. */
static inline int tear_down(void **state) {
  (void)state;
  while (tcp_active_pcbs != NULL)
    tcp_abort(tcp_active_pcbs);
  while (tcp_tw_pcbs != NULL)
    tcp_abort(tcp_tw_pcbs);
  netif_remove(&wire);
  return 0;
}

/* After a connection that has ended by itself. */
static inline void set_up_again(void) {
  pcb = NULL;
  (void)tear_down(NULL);
  (void)set_up(NULL);
}

static inline void pass(unsigned ticks) {
  while (ticks-- != 0)
    tcp_slowtmr();
}

static inline void acknowledgement_comes(uint32_t acknowledged, uint16_t window) {
  segment_comes(&wire, pcb, TCP_ACK, pcb->rcv_nxt, acknowledged, window);
}

static inline void write_bytes(uint16_t length, uint8_t flags) {
  static const char data[TCP_SND_BUF];

  assert_int_equal(tcp_write(pcb, data, length, flags), ERR_OK);
}

static inline void open(void) {
  ip_addr_t to;

  tcp_abort(pcb);
  segments = 0;
  pcb = tcp_new();
  IP_ADDR4(&to, 10, 0, 0, 2);
  assert_int_equal(tcp_connect(pcb, &to, PEER_PORT, NULL), ERR_OK);
  pcb->pollinterval = UINT8_MAX;
}

static inline void syn_is_answered(uint16_t mss) {
  const uint8_t option[] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};

  options_come(&wire, pcb, TCP_SYN | TCP_ACK, PEER_FIRST, pcb->snd_nxt, WINDOW, option,
               sizeof option, 1);
  assert_int_equal(pcb->state, ESTABLISHED);
  assert_int_equal(pcb->rcv_nxt, PEER_FIRST + 1);
  assert_int_equal(pcb->snd_wnd, WINDOW);
  assert_int_equal(pcb->snd_queuelen, pcb->unacked == NULL ? 0 : 1);
}

#endif
