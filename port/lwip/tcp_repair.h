/* What lwIP's TCP leaves undone where memory, windows or the network are short. */
#ifndef TCP_REPAIR_H
#define TCP_REPAIR_H

/* Sorts what waits to be sent. When a fast retransmission cannot be sent at once, for want of
 * memory or of room in a queue, lwIP 2.2.1 puts the rest of what is to be sent again before it; a
 * congestion window of one segment then never reaches any of it, and the connection waits for its
 * end. Called some times a second. Main loop, not from within lwIP's TCP. */
void tcp_repair(void);

#endif
