/* What lwIP's TCP leaves undone when memory, a window or the network is short. */
#ifndef TCP_REPAIR_H
#define TCP_REPAIR_H

/* Sorts the segments that wait to be sent. When a fast retransmission cannot be sent at once, for
 * want of memory or of room in a queue, lwIP 2.2.1 puts the rest of what is to be sent again before
 * it; a congestion window of one segment then never reaches any of it, and the connection hangs
 * until it times out. To be called a few times a second. Main loop, not from within lwIP's TCP. */
void tcp_repair(void);

#endif
