/* The console's packet tap: an interface's frames go to the second UART or, by semihosting, to a
 * file. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "console.h"
#include "nic.h"

/* pcap NAME stop | pcap NAME start [file FILE] [SNAPLEN] [FILTER] */
enum console_result capture_command(unsigned words, char *word[]);

/* Ends a capture of `nic`, which is about to go. Main loop. */
void capture_forget(const struct nic *nic);

#define CAPTURE_USAGE "NAME stop | start [file FILE] [SNAPLEN] [arp|icmp|tcp [PORT]|udp [PORT]]"

#endif
