/* The packet tap: a NIC around a NIC that writes what it sends and receives as a pcap stream.
 *
 * It stands between the datapath and the MAC driver, as another set of nic_ops, and copies what
 * passes; without it the path is as short as before. The stream is libpcap's file format,
 * version 2.4, with microseconds and link type 1 (Ethernet). */
#ifndef PCAP_H
#define PCAP_H

#include <stddef.h>
#include <stdint.h>

#include "nic.h"

enum {
  PCAP_SNAPLEN_MIN = 64,
  PCAP_SNAPLEN_MAX = 1518,
};

enum pcap_kind {
  PCAP_ALL,
  PCAP_ARP,
  PCAP_ICMP, /* ICMPv6, too */
  PCAP_TCP,
  PCAP_UDP,
};

/* Which frames are written. Ports are found behind IPv4 and IPv6 headers without options and
 * extension headers. */
struct pcap_filter {
  enum pcap_kind kind;
  uint16_t port; /* of TCP or UDP, of either side; 0: any */
};

struct pcap_tap {
  struct nic_ops ops;          /* what the NIC is driven by while it is tapped */
  const struct nic_ops *inner; /* the MAC driver's own */
  struct nic *nic;             /* the tapped NIC; NULL: none */
  struct pcap_filter filter;
  uint16_t snaplen;  /* bytes of a frame that are written, at most */
  uint32_t captured; /* frames written */
  uint32_t passed;   /* frames that the filter left out */
  void (*write)(const void *data, size_t length);
};

/* Starts to write `nic`'s frames, after the stream's header, by `write`, which may take its time
 * but must lose nothing. Returns 0, -EBUSY if the tap is in use or the NIC tapped already, -EINVAL
 * for a snaplen out of range. Main loop. */
int pcap_start(struct pcap_tap *tap, struct nic *nic, uint16_t snaplen,
               const struct pcap_filter *filter, void (*write)(const void *data, size_t length));

/* Takes the tap off, if it is on. Main loop; before the NIC is freed. */
void pcap_stop(struct pcap_tap *tap);

#endif
