/* A TCP client for the simulated peer: connects to the echo port, sends, checks what comes back,
 * closes.
 *
 * It has as little of RFC 9293 as that needs: one segment is under way at a time, and is sent again
 * every SIM_TCP_RESEND_MS until its echo is there. */
#ifndef SIM_TCP_H
#define SIM_TCP_H

#include <stdbool.h>
#include <stdint.h>

enum {
  SIM_TCP_HEADER_BYTES = 20,
  SIM_TCP_DATA_BYTES = 256, /* in each segment */
  SIM_TCP_RESEND_MS = 200,
};

enum sim_tcp_verdict {
  SIM_TCP_NOTHING, /* go on */
  SIM_TCP_ECHOED,  /* a paced session has got back all that it has sent */
  SIM_TCP_RIGHT,   /* the session has ended, and every byte came back */
  SIM_TCP_WRONG,   /* something else came; the session is reset */
};

struct sim_tcp {
  enum { SIM_TCP_CLOSED, SIM_TCP_SYN_SENT, SIM_TCP_ESTABLISHED, SIM_TCP_FIN_SENT } state;
  uint16_t port;         /* ours; the other side's is 7 */
  uint16_t segments;     /* data segments still to be sent */
  uint8_t due;           /* what is to be sent: flags of the implementation */
  bool paced;            /* the next segment waits for sim_tcp_continue() */
  bool again;            /* what is due has been sent before */
  uint64_t now_us;       /* as of the last sim_tcp_tick() */
  uint64_t resend_us;    /* when what is under way is sent again; 0: nothing is */
  uint32_t send_next;    /* sequence number of our next byte */
  uint32_t receive_next; /* sequence number of the next byte of the other side */
  uint32_t sent;         /* data bytes sent */
  uint32_t verified;     /* data bytes that came back */
};

/* Opens a session of `segments` data segments, from a port that was not used lately. If `paced`, it
 * stays open, and sends one segment now and one at each sim_tcp_continue(). */
void sim_tcp_open(struct sim_tcp *tcp, uint16_t segments, bool paced);

/* Sends the next segment of a paced session. False if it is not open, or still busy with the one
 * before. */
bool sim_tcp_continue(struct sim_tcp *tcp);

/* Sends again what has been under way for too long. */
void sim_tcp_tick(struct sim_tcp *tcp, uint64_t now_us);

/* When that is next to be looked at; UINT64_MAX: never. */
uint64_t sim_tcp_next(const struct sim_tcp *tcp);

/* Gives up a session that is open, with a reset. */
void sim_tcp_reset(struct sim_tcp *tcp);

/* True if it has a segment to send. */
bool sim_tcp_has_segment(const struct sim_tcp *tcp);

/* Writes that segment (header and data) into `segment` of `size` bytes, from and to the given IPv4
 * addresses. Returns its length, or 0 if it does not fit and is lost. */
uint32_t sim_tcp_send(struct sim_tcp *tcp, uint8_t *segment, uint32_t size, const uint8_t from[4],
                      const uint8_t to[4]);

/* The segment cannot be sent now, and is lost. */
void sim_tcp_drop(struct sim_tcp *tcp);

/* Takes a segment of `length` bytes that came from `from`. */
enum sim_tcp_verdict sim_tcp_receive(struct sim_tcp *tcp, const uint8_t *segment, uint32_t length,
                                     const uint8_t from[4], const uint8_t to[4]);

#endif
